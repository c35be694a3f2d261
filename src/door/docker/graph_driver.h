/* GraphDriver of an inspected container or image: where its root lies. */
#pragma once

#include "format/record.h"

/* What is NULL is left out: an image has no merged and no work. */
struct driver_data {
	char *lower, *merged, *upper, *work;
};
struct driver_view {
	struct driver_data data;
	char *name;
};

extern const struct record_type driver_data_type, driver_view_type;
