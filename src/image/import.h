/* `wherry-worker import`: a client's tar becomes an image of one layer. */
#pragma once

/* Failures are told to the daemon, and by it to the client. */
void import_main(int control);
