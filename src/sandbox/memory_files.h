/* Files that are given to a container with its create (secrets, configs) and lie in memory alone: one
 * tmpfs of the container's own holds all of them, and each is shown, read-only, at its place in the root.
 *
 * The tmpfs stands nowhere in the container's tree: it ends with the last of the files that are shown.
 * Where the kernel can, it is kept out of the swap space. */
#pragma once

#include "base/error.h"
#include "sandbox/spec.h"

struct descriptors {
	int *items; /* owned, and so is each of them */
	size_t count, capacity;
};
void descriptors_fini(struct descriptors *descriptors);

/* What they hold, from spec->files_folder: with the host's rights and by the host's path. */
bool memory_files_open(const struct sandbox_spec *spec, struct descriptors *out, struct error *err);

/* A detached mount of each, in the order of `files` (struct file_spec).  The caller is in a mount
 * namespace of its own, in which `root` is attached; its working folder is `root` afterwards. */
bool memory_files_make(int root, const struct record_list *files,
		       const struct descriptors *contents, struct descriptors *mounts,
		       struct error *err);
