/* `wherry-worker fetch`: everything between a reference and the bytes of its layers on the disk, see
 * image/worker_protocol.h.  Reads foreign bytes; confined to the network (image/confine.h). */
#pragma once

/* Failures are told to the daemon. */
void fetch_main(int control);
