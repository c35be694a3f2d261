/* `wherry-worker save`: images to an archive, straight to the client (image/worker_protocol.h). */
#pragma once

void save_main(int control);
