/* Containers whose hash is not the wanted one, beside what would be made of their service now. */
#pragma once

#include "cmd/compose/observe.h"

/* Sets container->changes and ->compared.  `containers`: all that are seen. */
bool observe_compare(struct compose *compose, const struct seen *seen,
		     struct seen_container *container, struct error *err);
