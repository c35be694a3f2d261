/* A record with a field of every kind, for the tests and fuzz targets of `record`. */
#pragma once

#include "format/record.h"

struct sample_item {
	char *name;
	int32_t number;
	struct sample_item *inner;
};

static const struct record_type sample_item_type;
static const struct record_field sample_item_fields[] = {
	RECORD_FIELD(struct sample_item, 1, "Name", RECORD_STRING, name),
	RECORD_FIELD_FLAGS(struct sample_item, 2, "Number", RECORD_I32, number, RECORD_OMIT_EMPTY),
	RECORD_NESTED(struct sample_item, 3, "Inner", RECORD_POINTER, inner, RECORD_OMIT_ABSENT,
		      &sample_item_type),
};
static const struct record_type sample_item_type =
	RECORD_TYPE(struct sample_item, sample_item_fields);

struct sample {
	bool flag;
	int8_t tristate;
	int64_t number;
	struct optional_i64 optional;
	double real;
	int32_t small;
	char *text;
	char *shown_empty;
	struct strings strings;
	struct strings command;
	struct pairs pairs;
	struct strings set;
	struct sample_item item;
	struct sample_item *pointer;
	struct record_list list;
	struct record_map map;
	struct record_map ports;
	char *json;
	struct buffer bytes;
	char *stored;
	char *secret;
};

static const struct record_field sample_fields[] = {
	RECORD_FIELD(struct sample, 1, "Flag", RECORD_BOOL, flag),
	RECORD_FIELD(struct sample, 2, "Tristate", RECORD_TRISTATE, tristate),
	RECORD_FIELD(struct sample, 3, "Number", RECORD_I64, number),
	RECORD_FIELD(struct sample, 4, "Optional", RECORD_OPTIONAL_I64, optional),
	RECORD_FIELD_FLAGS(struct sample, 5, "Real", RECORD_F64, real, RECORD_OMIT_EMPTY),
	RECORD_FIELD_FLAGS(struct sample, 6, "Small", RECORD_I32, small, RECORD_OMIT_EMPTY),
	RECORD_FIELD(struct sample, 7, "Text", RECORD_STRING, text),
	RECORD_FIELD_FLAGS(struct sample, 8, "ShownEmpty", RECORD_STRING, shown_empty,
			   RECORD_EMPTY_STRING),
	RECORD_FIELD(struct sample, 9, "Strings", RECORD_STRINGS, strings),
	RECORD_FIELD_FLAGS(struct sample, 10, "Command", RECORD_STRINGS, command,
			   RECORD_ONE_OR_MANY | RECORD_OMIT_EMPTY),
	RECORD_FIELD_FLAGS(struct sample, 11, "Pairs", RECORD_PAIRS, pairs, RECORD_EMPTY_LIST),
	RECORD_FIELD_FLAGS(struct sample, 12, "Set", RECORD_SET, set, RECORD_OMIT_ABSENT),
	RECORD_NESTED(struct sample, 13, "Item", RECORD_STRUCT, item, RECORD_OMIT_EMPTY,
		      &sample_item_type),
	RECORD_NESTED(struct sample, 14, "Pointer", RECORD_POINTER, pointer, RECORD_OMIT_EMPTY,
		      &sample_item_type),
	RECORD_NESTED(struct sample, 15, "List", RECORD_LIST, list, RECORD_EMPTY_LIST,
		      &sample_item_type),
	RECORD_NESTED(struct sample, 16, "Map", RECORD_MAP, map, 0, &sample_item_type),
	RECORD_NESTED(struct sample, 17, "Ports", RECORD_MAP_OF_LISTS, ports, RECORD_OMIT_EMPTY,
		      &sample_item_type),
	RECORD_FIELD_FLAGS(struct sample, 18, "Json", RECORD_JSON, json, RECORD_OMIT_ABSENT),
	RECORD_FIELD_FLAGS(struct sample, 19, "Bytes", RECORD_BYTES, bytes, RECORD_OMIT_ABSENT),
	RECORD_FIELD_FLAGS(struct sample, 20, "Stored", RECORD_STRING, stored,
			   RECORD_STORED_ONLY | RECORD_OMIT_ABSENT),
	RECORD_FIELD_FLAGS(struct sample, 21, "Secret", RECORD_STRING, secret,
			   RECORD_SECRET | RECORD_OMIT_ABSENT),
};
static const struct record_type sample_type = RECORD_TYPE(struct sample, sample_fields);

/* The JSON of a sample in which nothing is empty, with every name and value as the writer has them.
 */
#define SAMPLE_JSON                                                                                \
	"{\"Flag\":true,\"Tristate\":false,\"Number\":-9007199254740993,\"Optional\":0,"           \
	"\"Real\":0.1,\"Small\":-7,\"Text\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\","                      \
	"\"ShownEmpty\":\"x\",\"Strings\":[\"a\",\"\"],\"Command\":[\"sh\",\"-c\",\"true\"],"      \
	"\"Pairs\":{\"k\":\"v\",\"n\":null},\"Set\":{\"80/tcp\":{},\"53/udp\":{}},"                \
	"\"Item\":{\"Name\":\"i\",\"Number\":5},"                                                  \
	"\"Pointer\":{\"Name\":null,\"Inner\":{\"Name\":\"deep\"}},"                               \
	"\"List\":[{\"Name\":\"one\"},{\"Name\":\"two\",\"Number\":2}],"                           \
	"\"Map\":{\"bridge\":{\"Name\":\"b\"},\"host\":{\"Name\":null}},"                          \
	"\"Ports\":{\"80/tcp\":[{\"Name\":\"p\"},{\"Name\":\"q\"}],\"81/tcp\":null,"               \
	"\"82/tcp\":[]},\"Json\":{\"any\":[1,2.5,null]},\"Bytes\":\"AAEC\","                       \
	"\"Stored\":\"s\",\"Secret\":\"t\"}"
