/* What every *_test.c includes: cmocka and the headers it wants before it.  The name of a test is a
 * sentence; a test needs no root, network or sleep. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"
