/* PIDFile=: read when a forking parent has ended, awaited when it is not there yet. */
#pragma once

#include "shim/unit.h"

void unit_pid_file_look(struct unit_shim *u, bool wait);
void unit_pid_file_forget(struct unit_shim *u);
