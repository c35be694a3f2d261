/* A container's root filesystem as a detached mount: an overlay of layers, or a ready folder. */
#pragma once

#include "sandbox/spec.h"

/* The mount of the root; -1 on failure.  The caller's mount namespace must be a private one: before
 * Linux 6.5 (or with WHERRY_FORCE_FALLBACK=lowerdir) an overlay needs a place in it, which is the
 * writable folder, and so do the mapped copies of layers.
 *
 * `user_namespace` >= 0: files show the owners that this user namespace maps them to; the caller is
 * outside of it. */
int overlay_new(const struct sandbox_spec *spec, int user_namespace, struct error *err);

/* The same with the folder `top` (an O_PATH descriptor; -1: none) above all layers, itself read-only:
 * what a container wrote, for who looks at it with a writable folder of his own.  No user namespace. */
int overlay_new_below(const struct sandbox_spec *spec, int top, struct error *err);
