/* `wherry-worker pack`: a folder becomes a layer, or a tar (image/worker_protocol.h). */
#pragma once

void pack_main(int control);
