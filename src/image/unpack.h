/* `wherry-worker unpack`: one layer into one folder, see image/worker_protocol.h and
 * image/layer_unpack.h.  Reads foreign bytes; confined to the folder (image/confine.h). */
#pragma once

/* Failures are told to the daemon. */
void unpack_main(int control);
