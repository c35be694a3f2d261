/* One layer's tar, compressed or not, into one folder.  The hostile part of the work: it runs in
 * `wherry-worker unpack`, which has nothing but the folder (image/confine.h).
 *
 * libarchive reads the headers (ustar, pax, GNU, sparse files of all kinds); the files are made by
 * image/layer_tree.h.  Refused by name: entries and links that lead out of the layer, entries of
 * unknown types, owners beyond 32 bits, more bytes or entries than the limits say.  Extended
 * attributes kept: user.*, trusted.* without overlayfs's own, security.capability, POSIX ACLs;
 * others belong to the host they came from. */
#pragma once

#include "image/byte_source.h"
#include "image/content_hash.h"
#include "image/recipe.h"

#include <stdint.h>
#include <sys/types.h>

struct layer_limits {
	int64_t size;  /* bytes of the uncompressed tar */
	int64_t files; /* entries */

	/* Told how to write the tar again; NULL: not wanted.  It is finished, and on the disk with the
	 * layer. */
	struct recipe_writer *recipe;

	/* A tar that is no layer (a build's context, an archive that ADD unpacks): names mean nothing,
	 * the folder, which need not be empty, keeps its own attributes, and nothing waits for the disk. */
	bool plain;
	const struct layer_place *place; /* for plain ones; NULL: the root */
};

/* Where a plain tar goes, when that is not simply the root. */
struct layer_place {
	const char *
		folder; /* as struct layer_path has it, "" for the root: entries go below it, a "./"
			       sets its attributes */
	bool keep_kinds; /* a folder is not replaced by something else, nor the other way round */
	bool has_owner;	 /* everything gets this one */
	uid_t uid;
	gid_t gid;
};

struct layer_facts {
	char diff_id[CONTENT_DIGEST_SIZE]; /* "" with limits->place */
	int64_t size;  /* bytes of its regular files */
	int64_t files; /* entries */
	bool recipe; /* it was written; not so for a layer that has one name twice: what came first is
			  not there any more */
};

/* `root` is an empty folder; after a failure it holds whatever was made.  When it returns true the
 * layer is on the disk.  setlocale(LC_CTYPE, "C.UTF-8") must have been called: libarchive wants it
 * for pax names. */
bool layer_unpack(int root, const struct byte_source *source, const struct layer_limits *limits,
		  struct layer_facts *facts, struct error *err);
