#include "base/test.h"

#include "network/table_form.h"

#include <linux/netfilter.h>
#include <stdlib.h>

/* As table_render writes it and the kernel numbers it. */
static const struct table_form form = {
	NFPROTO_INET, "inet", "t",
	"table inet t {\n\tchain a {\n\t\taccept\n\t}\n\tchain b {\n\t}\n}\n",
	"table inet t {\n\tchain b {\n\t\tdrop\n\t}\n}\n"};

#define NUMBERS 8

static const struct {
	enum table_object_kind kind;
	const char *chain;
} whole[NUMBERS] = {
	{TABLE_CHAIN, "a"}, {TABLE_CHAIN, "b"},		  {TABLE_RULE, "a"},
	{TABLE_SET, NULL},  {TABLE_CHAIN, "base"},	  {TABLE_CHAIN, "rules-begin"},
	{TABLE_RULE, "b"},  {TABLE_CHAIN, "rules-other"},
};

/* The mark of the base, taken from what is rendered. */
static char *mark(const char *head)
{
	static const struct table_look none;
	static const struct buffer no_elements;
	scoped_buffer struct buffer text = {0};
	scoped_free char *line = str_format("add chain inet t %s", head);
	char *start, *end;

	table_render(&form, &none, TABLE_ABSENT, &no_elements, &text);
	for (start = strstr(text.data, line); start; start = strstr(start + 1, line)) {
		start += strlen("add chain inet t ");
		end = strchr(start, '\n');
		if (strncmp(start, "rules-begin", (size_t)(end - start)) != 0)
			return str_format("%.*s", (int)(end - start), start);
	}
	fail();
	return NULL;
}

static struct table_look look_at(bool current)
{
	struct table_look look = {.found = true};

	for (size_t i = 0; i < NUMBERS; i++) {
		struct table_object object = {whole[i].kind, i + 1, i,
					      str_dup_or_null(whole[i].chain)};

		vector_add(&look.objects, object);
	}
	free(look.objects.items[4].chain);
	look.objects.items[4].chain = mark("base-");
	if (current) {
		free(look.objects.items[7].chain);
		look.objects.items[7].chain = mark("rules-");
	}
	return look;
}

static void what_is_as_it_was_made_is_left_alone(void **state)
{
	struct table_look look = look_at(true);
	scoped_buffer struct buffer text = {0};

	assert_int_equal(table_judge(&form, &look), TABLE_CURRENT);
	table_render(&form, &look, TABLE_CURRENT, &text, &text);
	assert_int_equal(text.size, 0);
	look.found = false;
	assert_int_equal(table_judge(&form, &look), TABLE_ABSENT);
	table_look_fini(&look);
}

static void other_rules_are_put_into_chains_that_stay(void **state)
{
	static const struct buffer no_elements;
	struct table_look look = look_at(false);
	scoped_buffer struct buffer text = {0};
	scoped_free char *end = mark("rules-"), *expected = NULL;

	assert_int_equal(table_judge(&form, &look), TABLE_OTHER);
	table_render(&form, &look, TABLE_OTHER, &no_elements, &text);
	expected = str_format("flush chain inet t b\n"
			      "flush chain inet t rules-begin\n"
			      "flush chain inet t rules-other\n"
			      "delete chain inet t rules-begin\n"
			      "delete chain inet t rules-other\n"
			      "add chain inet t rules-begin\n"
			      "%sadd chain inet t %s\n",
			      form.rules, end);
	assert_string_equal(text.data, expected);
	table_look_fini(&look);
}

static void remove_at(struct table_look *look, size_t index)
{
	free(look->objects.items[index].chain);
	vector_remove(&look->objects, index);
}

/* Whatever of it is missing, whatever has come behind it, or took the place of something. */
static void what_others_have_changed_is_noticed(void **state)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		struct table_look look = look_at(true);

		remove_at(&look, i);
		assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
		table_look_fini(&look);
		look = look_at(true);
		look.objects.items[i].number = NUMBERS + 1;
		assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
		table_look_fini(&look);
	}
	for (int kind = TABLE_CHAIN; kind <= TABLE_SET; kind++) {
		struct table_object object = {(enum table_object_kind)kind, NUMBERS + 1, 0,
					      str_dup("b")};
		struct table_look look = look_at(true);

		vector_add(&look.objects, object);
		assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
		table_look_fini(&look);
	}
	struct table_look look = look_at(true);

	look.weakened = true;
	assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
	table_look_fini(&look);
}

static struct table_look look_at_sealed(void)
{
	struct table_look look = look_at(true);
	struct table_object object = {TABLE_CHAIN, NUMBERS + 4, 0, NULL};
	char name[TABLE_MARK_SIZE];

	assert_false(table_is_sealed(&look));
	table_seal(&look, name);
	object.chain = str_dup(name);
	vector_add(&look.objects, object);
	return look;
}

/* Another name, another rule or set of the same number. */
static void what_numbers_do_not_tell_breaks_the_seal(void **state)
{
	struct table_look look = look_at_sealed();

	assert_true(table_is_sealed(&look));
	assert_int_equal(table_judge(&form, &look), TABLE_CURRENT);
	table_look_fini(&look);
	for (size_t i = 0; i <= NUMBERS; i++) {
		look = look_at_sealed();
		str_replace(&look.objects.items[i].chain, "other");
		assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
		table_look_fini(&look);
		if (i == NUMBERS || whole[i].kind == TABLE_CHAIN)
			continue;
		look = look_at_sealed();
		look.objects.items[i].content++;
		assert_int_equal(table_judge(&form, &look), TABLE_ALTERED);
		table_look_fini(&look);
	}
}

static void what_was_altered_is_made_anew_with_its_elements(void **state)
{
	scoped_buffer struct buffer text = {0}, elements = {0};
	scoped_free char *base = mark("base-"), *end = mark("rules-"), *expected = NULL;
	struct table_look look = look_at(true);

	buffer_add_text(&elements, "add element inet t m { 1 }\n");
	table_render(&form, &look, TABLE_ALTERED, &elements, &text);
	expected = str_format("add table inet t\n"
			      "delete table inet t\n"
			      "%sadd chain inet t %s\n"
			      "add chain inet t rules-begin\n"
			      "%sadd chain inet t %s\n"
			      "add element inet t m { 1 }\n",
			      form.base, base, form.rules, end);
	assert_string_equal(text.data, expected);
	table_look_fini(&look);
}

static void one_that_is_not_to_be_there_goes(void **state)
{
	static const struct buffer no_elements;
	struct table_form none = {NFPROTO_BRIDGE, "bridge", "t", NULL, NULL};
	struct table_look look = look_at(true);
	scoped_buffer struct buffer text = {0};

	table_render(&none, &look, table_judge(&none, &look), &no_elements, &text);
	assert_string_equal(text.data, "delete table bridge t\n");
	table_look_fini(&look);
	look.found = false;
	text.size = 0;
	table_render(&none, &look, table_judge(&none, &look), &no_elements, &text);
	assert_int_equal(text.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_as_it_was_made_is_left_alone),
		cmocka_unit_test(other_rules_are_put_into_chains_that_stay),
		cmocka_unit_test(what_others_have_changed_is_noticed),
		cmocka_unit_test(what_numbers_do_not_tell_breaks_the_seal),
		cmocka_unit_test(what_was_altered_is_made_anew_with_its_elements),
		cmocka_unit_test(one_that_is_not_to_be_there_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
