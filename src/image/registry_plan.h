/* Which servers are asked for an image, in which order, and how far they are trusted.  Pure.
 *
 * docker.io: each mirror, then Docker's own registry.  Any other name: that host.  HTTPS with a good
 * certificate is a must, but for insecure registries: the loopback addresses, "localhost", and what the
 * settings name; these are tried with HTTPS and any certificate, then with plain HTTP. */
#pragma once

#include "base/text.h"

struct registry_endpoint {
	char *url;     /* "https://registry-1.docker.io", no slash at its end */
	char *host;    /* "registry-1.docker.io", "127.0.0.1:5000": for messages and certificates */
	bool insecure; /* any certificate does, and tokens may come from plain HTTP */
	bool fallback; /* only when the one before could not be reached at all */
	bool mirror;   /* never gets the registry's credentials; what it lacks the next may have */
};

struct registry_plan {
	struct registry_endpoint *items;
	size_t count, capacity;
};

struct registry_rules {
	const struct strings *mirrors;	/* URLs */
	const struct strings *insecure; /* "host", "host:port", "10.0.0.0/8" */
};

/* `domain` is that of a parsed reference. */
void registry_plan_make(const char *domain, const struct registry_rules *rules,
			struct registry_plan *out);
void registry_plan_fini(struct registry_plan *plan);

/* One of those rules: "host", "host:port", "[v6]:port", an address or a network; "http://" or "https://" in
 * front of it says nothing. */
bool registry_rule_is_valid(const char *rule);

bool registry_is_insecure(const char *host, const struct strings *insecure);
