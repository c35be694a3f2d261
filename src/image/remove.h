/* `wherry-worker remove-layers`: layers' folders, with everything in them, see image/worker_protocol.h. */
#pragma once

/* Failures are told to the daemon. */
void remove_main(int control);
