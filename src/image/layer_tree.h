/* Making the files of a layer below one folder, whatever the layer says.
 *
 * Every path is resolved by openat2(RESOLVE_IN_ROOT): links on the way are followed as they would
 * be in the container, so `bin/sh` goes through `bin -> usr/bin`, and nothing outside of the root
 * can be reached.  A thing that stands where another is to be is replaced, a folder with all that
 * is in it; only a folder over a folder is merged.  Folders on the way that no entry has made are
 * made 0755.
 *
 * Marks become overlayfs's: a whiteout a 0:0 character device, an opaque folder the xattr
 * trusted.overlay.opaque.  Order does not matter: what this layer itself has below a marked name
 * stays, and a folder in the place of a whiteout is opaque.
 *
 * Blocks on the disk.  The caller has umask 0 and the capabilities that owners, devices and xattrs
 * need. */
#pragma once

#include "base/memory.h"
#include "image/layer_path.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct layer_xattr {
	const char *name;
	const void *value;
	size_t size;
};

struct layer_attributes {
	uid_t uid;
	gid_t gid;
	mode_t mode; /* permission bits, with setuid, setgid and sticky */
	struct timespec mtime;
	const struct layer_xattr *xattrs;
	size_t xattr_count;
};

struct layer_tree;

/* `root` is borrowed. */
struct layer_tree *layer_tree_new(int root);
void layer_tree_free(struct layer_tree *tree);
scoped_define(layer_tree);

/* What stands at `path` itself, no link followed; *found false: nothing.  Makes the folders above it. */
bool layer_tree_look(struct layer_tree *tree, const struct layer_path *path, struct stat *st,
		     bool *found, struct error *err);

/* A new empty file, open for writing; attributes come last, when its bytes are there. */
bool layer_tree_file(struct layer_tree *tree, const struct layer_path *path, int *fd,
		     struct error *err);
bool layer_tree_finish_file(const struct layer_path *path, int fd,
			    const struct layer_attributes *attributes, struct error *err);

/* Also for the root itself (LAYER_ROOT).  Its mtime is set by layer_tree_finish, when nothing moves
 * it any more. */
bool layer_tree_folder(struct layer_tree *tree, const struct layer_path *path,
		       const struct layer_attributes *attributes, struct error *err);

bool layer_tree_symlink(struct layer_tree *tree, const struct layer_path *path, const char *target,
			const struct layer_attributes *attributes, struct error *err);

/* `target` must be there already. */
bool layer_tree_hardlink(struct layer_tree *tree, const struct layer_path *path,
			 const struct layer_path *target, struct error *err);

/* A device or fifo: `type` is S_IFCHR, S_IFBLK or S_IFIFO. */
bool layer_tree_node(struct layer_tree *tree, const struct layer_path *path, mode_t type,
		     dev_t device, const struct layer_attributes *attributes, struct error *err);

bool layer_tree_whiteout(struct layer_tree *tree, const struct layer_path *path, struct error *err);
bool layer_tree_opaque(struct layer_tree *tree, const struct layer_path *path, struct error *err);

/* Whether something that this layer had made was replaced by something later in it. */
bool layer_tree_has_replaced(const struct layer_tree *tree);

/* Folders' times; `durable`: then one syncfs, after which the layer survives a power cut. */
bool layer_tree_finish(struct layer_tree *tree, bool durable, struct error *err);
