/* The properties of one unit, as systemd answers GetAll of all interfaces. */
#pragma once

#include "systemd/bus_protocol.h"
#include "systemd/sd_bus.h"

/* Into a zeroed state what the answer has of it; what is of another type than it ever had is passed over. */
void bus_state_read(sd_bus_message *reply, struct bus_state *state);
