/* What shells are told when a command could not be started. */
#pragma once

/* 127 when the command was not found, 126 when it cannot be run, else 125; from the daemon's words,
 * because the API has no other place for it. */
int exit_code_of_start(const char *text);
