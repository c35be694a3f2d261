/* The sources of a COPY or ADD: found below their roots, walked, and hashed.  Paths never leave the root
 * they are looked up in, whatever links lie there (os/root.h). */
#pragma once

#include "base/text.h"
#include "format/dockerignore.h"

#include <sys/stat.h>

#define COPY_DIGEST_SIZE 72 /* "multi:" and 64 hex digits */

enum copy_place {
	COPY_FROM_TREE, /* the build context, or the root of another image */
	COPY_FROM_EXTRA, /* the build's own folder of what is in no context: here-documents, downloads */
};

struct copy_item {
	enum copy_place place;
	char *path; /* owned: below it, as it was written; may hold patterns when it is in the tree */
	bool unpack;  /* if it is an archive */
	int32_t mode; /* of a file that was downloaded; -1: its own */
};

/* What one COPY or ADD is to do. */
struct copy_order {
	const char *instruction; /* "COPY", "ADD": for error texts */
	struct {
		struct copy_item *items;
		size_t count, capacity;
	} items;
	const char *destination; /* absolute; ends with '/' where it names a folder */
	const struct strings *exclude;
	const char *chown;	/* as written; NULL: root */
	int32_t chmod;		/* -1: as it was */
	const char *chmod_text; /* "u=rwX,go=rX"; NULL: none */
	bool parents;		/* keep the folders of the sources */
	bool keep_owners;	/* of an image's files, when nobody says otherwise */
};
void copy_order_fini(struct copy_order *order);

struct copy_roots {
	int tree, extra;		   /* borrowed */
	const struct dockerignore *ignore; /* of the tree; NULL: nothing */
	bool is_context;		   /* else an image: for error texts */
};

/* One thing that a source names; links in its place were followed. */
struct copy_match {
	int root;    /* borrowed */
	char *path;  /* below it; "" for all of it */
	char *under; /* --parents: the folder below the destination; NULL: none */
	struct stat st;
	const struct copy_item *item; /* borrowed from the order */
};

struct copy_matches {
	struct copy_match *items;
	size_t count, capacity;
	struct dockerignore exclude;	   /* of the order */
	const struct dockerignore *ignore; /* borrowed */
};

/* In the order of the items, those of a pattern by name.  Fails in Docker's words where an item names
 * nothing. */
bool copy_find(const struct copy_order *order, const struct copy_roots *roots,
	       struct copy_matches *out, struct error *err);
void copy_matches_fini(struct copy_matches *matches);

/* The last part of its path. */
const char *copy_match_name(const struct copy_match *match);

struct copy_entry {
	int root;
	const char
		*path; /* below root: no link is followed in its last part but for a match's own */
	const char *below; /* the match, "" for itself */
	struct stat st;
	bool is_match;
	bool leaving; /* a folder, after all that is in it */
};
typedef bool copy_visit(void *data, const struct copy_entry *entry, struct error *err);

/* Everything of it that is not excluded, folders before what is in them, by name. */
bool copy_walk(const struct copy_matches *matches, const struct copy_match *match,
	       copy_visit *visit, void *data, struct error *err);

/* An entry's bytes (O_RDONLY), or O_PATH for what is no file or folder. */
int copy_entry_open(const struct copy_entry *entry, int flags, struct error *err);

/* A link's target. */
bool copy_entry_link(const struct copy_entry *entry, char *out, size_t size, struct error *err);

/* "file:<hex>", "dir:<hex>" or "multi:<hex>", of everything that would be copied: names, types, modes,
 * owners where they are kept, bytes; no times. */
bool copy_digest(const struct copy_order *order, const struct copy_matches *matches,
		 char out[static COPY_DIGEST_SIZE], struct error *err);
