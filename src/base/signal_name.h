/* Signals by name. */
#pragma once

/* "SIGKILL", "kill", "9"; 0: there is no such signal.  Real-time ones as RTMIN+3, RTMAX-1. */
int signal_from_name(const char *name);
