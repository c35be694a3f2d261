/* `wherry-worker fetch`: everything between a reference and the bytes of its layers on the disk, see
 * image/worker_protocol.h.  Reads foreign bytes; confined to the network (image/confine.h). */
#pragma once

/* Returns the exit status. */
int fetch_main(int control);
