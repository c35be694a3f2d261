/* `wherry-worker push`: images to a registry (image/worker_protocol.h).  Confined to the network. */
#pragma once

void push_main(int control);
