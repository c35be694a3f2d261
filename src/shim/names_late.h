/* `wherry-shim names`: a container that is connected to its first network with names while it runs.  Its
 * shim has no rights any more to open sockets in the container's network; this process has, gives them to
 * the shim and ends. */
#pragma once

/* Its exit code. */
int names_late_main(void);
