/* Functions that hide a length, an overflow or a failure.  Force-included in every file. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets atoi atol atoll strtok
