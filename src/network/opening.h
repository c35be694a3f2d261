/* On a bridge whose containers are kept apart (icc off): who is let through to a port of whom. */
#pragma once

#include "network/address.h"

struct opening {
	struct address from, to; /* IPv4: links know no other addresses */
	uint8_t protocol;
	uint16_t port;
};

struct openings {
	struct opening *items;
	size_t count, capacity;
};

/* None stands there twice. */
void openings_add(struct openings *openings, const struct opening *opening);
bool openings_have(const struct openings *openings, const struct opening *opening);
