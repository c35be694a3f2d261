/* The keys of unit files: tables of name, sections, parser and field.  For this folder. */
#pragma once

#include "unit/draft.h"

enum key_section {
	IN_UNIT = 1 << 0,
	IN_INSTALL = 1 << 1,
	IN_SERVICE = 1 << 2,
	IN_SOCKET = 1 << 3,
	IN_TIMER = 1 << 4,
	IN_PATH = 1 << 5,
	IN_MOUNT = 1 << 6,
	IN_SLICE = 1 << 7,
	IN_SCOPE = 1 << 8,
	IN_AUTOMOUNT = 1 << 9,
	IN_SWAP = 1 << 10,
	IN_CONTAINER = 1 << 11,

	IN_EXECUTION = IN_SERVICE | IN_SOCKET | IN_MOUNT | IN_SWAP,
	IN_LIMITS = IN_EXECUTION | IN_SLICE | IN_SCOPE,
};

struct unit_key;

/* Read `value` into the field, or say with unit_draft_warn() why not.  An empty value goes back to the default. */
typedef void unit_key_parser(struct unit_draft *draft, const struct unit_key *key,
			     const char *value);

struct unit_key {
	const char *name;
	uint16_t sections;
	unit_key_parser *parse;
	size_t offset;	/* of the field in struct unit_draft */
	int64_t number; /* these two: what the parser says */
	const void *extra;
};

#define UNIT_KEY(name, sections, parse, member, ...)                                               \
	{                                                                                          \
		name, sections, parse, offsetof(struct unit_draft, member), __VA_ARGS__            \
	}

struct unit_key_table {
	const struct unit_key *keys;
	size_t count;
};

extern const struct unit_key_table unit_keys_of_unit, unit_keys_of_service, unit_keys_of_kill,
	unit_keys_of_context, unit_keys_of_sandbox, unit_keys_of_limits, unit_keys_of_triggers,
	unit_keys_of_mount, unit_keys_of_container, unit_keys_without_effect;

/* Every line of a text: keys of the unit's type, others with a warning, X- ones kept. */
void unit_keys_apply(struct unit_draft *draft, const struct unit_text *text);

static inline void *unit_key_field(struct unit_draft *draft, const struct unit_key *key)
{
	return (char *)draft + key->offset;
}
