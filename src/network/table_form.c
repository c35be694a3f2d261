#include "network/table_form.h"

#include "base/id.h"
#include "format/sha256.h"

#include <string.h>

#define HASHED_BYTES 8
#define BASE_MARK    "base-"
#define RULES_MARK   "rules-"
#define BEGIN_MARK   "rules-begin"
#define SEAL_MARK    "seal-"

static void hash_mark(const char *head, const char *text, char mark[static TABLE_MARK_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	size_t length = strlen(head);

	memcpy(mark, head, length);
	sha256(text, strlen(text), hash);
	hex_encode(hash, HASHED_BYTES, mark + length);
}

/* ---- what is there ---- */

/* The number of the chain; 0: there is none. */
static uint64_t number_of(const struct table_look *look, const char *chain)
{
	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (object->kind == TABLE_CHAIN && str_equal(object->chain, chain))
			return object->number;
	}
	return 0;
}

/* The number of the one that ends the rules, whatever they are. */
static uint64_t number_of_end(const struct table_look *look)
{
	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (object->kind == TABLE_CHAIN && str_starts_with(object->chain, RULES_MARK) &&
		    !str_equal(object->chain, BEGIN_MARK))
			return object->number;
	}
	return 0;
}

/* How many have a number between these. */
static uint64_t count_between(const struct table_look *look, uint64_t first, uint64_t last)
{
	uint64_t count = 0;

	for (size_t i = 0; i < look->objects.count; i++)
		count += look->objects.items[i].number > first &&
			 look->objects.items[i].number < last;
	return count;
}

static bool is_seal(const struct table_object *object)
{
	return object->kind == TABLE_CHAIN && str_starts_with(object->chain, SEAL_MARK);
}

bool table_is_sealed(const struct table_look *look)
{
	for (size_t i = 0; i < look->objects.count; i++)
		if (is_seal(&look->objects.items[i]))
			return true;
	return false;
}

void table_seal(const struct table_look *look, char name[static TABLE_MARK_SIZE])
{
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (!is_seal(object))
			buffer_format(&text, "%d %llu %s %llx\n", (int)object->kind,
				      (unsigned long long)object->number,
				      object->chain ? object->chain : "",
				      (unsigned long long)object->content);
	}
	hash_mark(SEAL_MARK, text.size > 0 ? text.data : "", name);
}

/* Behind the rules there is their seal, or nothing: a worker may have been killed before. */
static bool is_end(const struct table_look *look, uint64_t end)
{
	char seal[TABLE_MARK_SIZE];

	table_seal(look, seal);
	return count_between(look, end, UINT64_MAX) == (number_of(look, seal) > end);
}

static bool is_whole(const struct table_look *look, uint64_t base, uint64_t begin, uint64_t end)
{
	return base && base < begin && begin < end && !look->weakened &&
	       count_between(look, 0, base) == base - 1 && count_between(look, base, begin) == 0 &&
	       count_between(look, begin, end) == end - begin - 1 && is_end(look, end);
}

enum table_state table_judge(const struct table_form *form, const struct table_look *look)
{
	char base[TABLE_MARK_SIZE], rules[TABLE_MARK_SIZE];

	if (!look->found)
		return TABLE_ABSENT;
	if (!form->base)
		return TABLE_ALTERED;
	hash_mark(BASE_MARK, form->base, base);
	hash_mark(RULES_MARK, form->rules, rules);
	if (!is_whole(look, number_of(look, base), number_of(look, BEGIN_MARK),
		      number_of_end(look)))
		return TABLE_ALTERED;
	return number_of(look, rules) ? TABLE_CURRENT : TABLE_OTHER;
}

/* ---- what is to be done ---- */

static void command(const struct table_form *form, const char *verb, const char *chain,
		    struct buffer *out)
{
	buffer_format(out, "%s %s %s%s%s\n", verb, form->family_name, form->name, chain ? " " : "",
		      chain ? chain : "");
}

static void render_rules(const struct table_form *form, struct buffer *out)
{
	char mark[TABLE_MARK_SIZE];

	command(form, "add chain", BEGIN_MARK, out);
	buffer_add_text(out, form->rules);
	hash_mark(RULES_MARK, form->rules, mark);
	command(form, "add chain", mark, out);
}

static void render_whole(const struct table_form *form, const struct buffer *elements,
			 struct buffer *out)
{
	char mark[TABLE_MARK_SIZE];

	command(form, "add table", NULL, out);
	command(form, "delete table", NULL, out);
	buffer_add_text(out, form->base);
	hash_mark(BASE_MARK, form->base, mark);
	command(form, "add chain", mark, out);
	render_rules(form, out);
	buffer_add(out, elements->data, elements->size);
}

/* The base has rules in it, which stay. */
static bool is_of_base(const struct table_look *look, const char *chain, uint64_t base)
{
	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (object->kind == TABLE_RULE && object->number < base &&
		    str_equal(object->chain, chain))
			return true;
	}
	return false;
}

/* Chains that came with the rules go with them, when all are empty: they lead to each other. */
static void render_emptying(const struct table_form *form, const struct table_look *look,
			    struct buffer *out)
{
	char mark[TABLE_MARK_SIZE];
	uint64_t base;

	hash_mark(BASE_MARK, form->base, mark);
	base = number_of(look, mark);
	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (object->kind == TABLE_CHAIN && object->number != base &&
		    !is_of_base(look, object->chain, base))
			command(form, "flush chain", object->chain, out);
	}
	for (size_t i = 0; i < look->objects.count; i++) {
		const struct table_object *object = &look->objects.items[i];

		if (object->kind == TABLE_CHAIN && object->number > base)
			command(form, "delete chain", object->chain, out);
	}
}

void table_render(const struct table_form *form, const struct table_look *look,
		  enum table_state state, const struct buffer *elements, struct buffer *out)
{
	if (!form->base) {
		if (state != TABLE_ABSENT)
			command(form, "delete table", NULL, out);
		return;
	}
	if (state == TABLE_CURRENT)
		return;
	if (state != TABLE_OTHER) {
		render_whole(form, elements, out);
		return;
	}
	render_emptying(form, look, out);
	render_rules(form, out);
}
