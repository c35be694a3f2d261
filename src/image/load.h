/* `wherry-worker load`: a client's archive of images (image/archive_index.h), in one pass: what looks
 * like a layer goes to an unpacker at once, what is small is kept until the end, when it says what the
 * layers were. */
#pragma once

/* Failures are told to the daemon, and by it to the client. */
void load_main(int control);
