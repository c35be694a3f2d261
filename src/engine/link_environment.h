/* The variables by which a container knows one that it is linked to.  A pure function. */
#pragma once

#include "base/text.h"

struct link_facts {
	const char *parent, *alias;    /* of the container that knows */
	const char *address;	       /* of the other: */
	const struct strings *exposed; /* "80/tcp" */
	const struct strings *env;
};

void link_environment(const struct link_facts *facts, struct strings *out);
