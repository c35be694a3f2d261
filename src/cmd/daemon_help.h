#pragma once

void daemon_print_help(void); /* what --help says, to stdout */
