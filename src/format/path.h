/* Paths as text only: nothing here looks at a file. */
#pragma once

/* The shortest equal path by the rules of Go's path.Clean: no "//", no "/./", ".." resolved against
 * the names before it, no slash at the end; "" is ".".  The caller frees. */
char *path_clean(const char *path);
