#include "format/yaml.h"

#include "base/test.h"

struct parsed {
	struct arena arena;
	struct yaml_documents documents;
	struct diagnostics diagnostics;
	bool good;
};

static void parse(const char *text, size_t size, bool duplicates_warn, struct parsed *out)
{
	*out = (struct parsed){0};
	out->good = yaml_parse(&out->arena, "f", text, size,
			       &(struct yaml_rules){duplicates_warn}, &out->documents,
			       &out->diagnostics);
	assert_int_equal(out->good, out->diagnostics.errors == 0);
}

static void parsed_fini(struct parsed *parsed)
{
	yaml_documents_fini(&parsed->documents);
	diagnostics_fini(&parsed->diagnostics);
	arena_fini(&parsed->arena);
}

#define scoped_parsed scoped_with(parsed_fini)

static void check_json(const char *text, const char *json)
{
	scoped_parsed struct parsed parsed;
	scoped_buffer struct buffer out = {0};

	parse(text, strlen(text), false, &parsed);
	if (!parsed.good)
		fail_msg("%s: %s", text, parsed.diagnostics.items[0].text);
	for (size_t i = 0; i < parsed.documents.count; i++)
		node_write_json(parsed.documents.items[i], &out);
	assert_string_equal(out.data, json);
}

static void plain_scalars_have_the_kinds_that_compose_knows(void **state)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{"", "null"},
		{"~", "null"},
		{"Null", "null"},
		{"true", "true"},
		{"FALSE", "false"},
		{"yes", "\"yes\""},
		{"off", "\"off\""},
		{"22:22", "\"22:22\""},
		{"2020-01-01", "\"2020-01-01\""},
		{"17", "17"},
		{"-17", "-17"},
		{"+17", "17"},
		{"1_000", "1000"},
		{"0x1F", "31"},
		{"0b101", "5"},
		{"0o17", "15"},
		{"0777", "511"},
		{"0", "0"},
		{"08", "8.0"},
		{"9223372036854775808", "9223372036854775808.0"},
		{"1.5", "1.5"},
		{".5", "0.5"},
		{"1e3", "1000.0"},
		{"1.2.3", "\"1.2.3\""},
		{"1e999", "\"1e999\""},
		{"1e", "\"1e\""},
		{"e3", "\"e3\""},
		{"_1", "\"_1\""},
		{".", "\".\""},
		{"\"17\"", "\"17\""},
		{"''", "\"\""},
		{"!!str 17", "\"17\""},
		{"!!str ~", "\"~\""},
		{"!!float 17", "17.0"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_parsed struct parsed parsed;
		scoped_buffer struct buffer out = {0};

		parse(rows[i].yaml, strlen(rows[i].yaml), false, &parsed);
		node_write_json(parsed.documents.items[0], &out);
		if (parsed.documents.items[0]->kind == NODE_FLOAT)
			assert_true(strtod(out.data, NULL) == strtod(rows[i].json, NULL));
		else
			assert_string_equal(out.data, rows[i].json);
	}
}

static void anchors_and_merges_are_resolved(void **state)
{
	check_json("a: &x {k: 1}\nb: *x\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1}}");
	check_json("e: &e {A: \"1\", B: \"2\"}\ns:\n  <<: *e\n  B: \"3\"\n",
		   "{\"e\":{\"A\":\"1\",\"B\":\"2\"},\"s\":{\"A\":\"1\",\"B\":\"3\"}}");
	check_json("q: &q {A: 1}\nr: &r {A: 2, B: 2}\ns: {<<: [*q, *r]}\n",
		   "{\"q\":{\"A\":1},\"r\":{\"A\":2,\"B\":2},\"s\":{\"A\":1,\"B\":2}}");
	check_json("\"<<\": {a: 1}\n", "{\"<<\":{\"a\":1}}");
	check_json("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
	check_json("--- {a: 1}\n--- [b]\n", "{\"a\":1}[\"b\"]");
	check_json("80: x\n~: y\n", "{\"80\":\"x\",\"~\":\"y\"}");
}

static void an_alias_is_a_copy_of_its_own(void **state)
{
	scoped_parsed struct parsed parsed;
	const char *text = "a: &x {k: 1}\nb: *x\n";

	parse(text, strlen(text), false, &parsed);
	assert_true(node_get(parsed.documents.items[0], "a") !=
		    node_get(parsed.documents.items[0], "b"));
}

static void values_know_their_place(void **state)
{
	scoped_parsed struct parsed parsed;
	const char *text = "a:\n  é: [x,  y]\n";

	parse(text, strlen(text), false, &parsed);
	const struct node_member *member = node_find(node_get(parsed.documents.items[0], "a"), "é");
	assert_int_equal(member->place.line, 2);
	assert_int_equal(member->place.column, 3);
	const struct node *last = member->value->members[1].value;
	assert_string_equal(last->place.file, "f");
	assert_int_equal(last->place.line, 2);
	assert_int_equal(last->place.column, 11);
	assert_true(last->plain);
}

static void tags_stay_on_the_node(void **state)
{
	scoped_parsed struct parsed parsed;
	const char *text = "a: !reset null\nb: !override [x]\n";

	parse(text, strlen(text), false, &parsed);
	assert_int_equal(node_get(parsed.documents.items[0], "a")->tag, NODE_TAG_RESET);
	assert_int_equal(node_get(parsed.documents.items[0], "b")->tag, NODE_TAG_OVERRIDE);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *yaml;
		unsigned line, column;
		const char *text;
	} rows[] = {
		{"a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' stands in line 1 already"},
		{"a:\n\tb: 1\n", 2, 1, "a tab cannot indent in YAML: use blanks"},
		{"a: *x\n", 1, 4, "nothing before this is called '&x'"},
		{"a: &x [*x]\n", 1, 8, "the alias '*x' stands inside what it names"},
		{"a: !thing 1\n", 1, 4, "unknown tag '!thing'; there are !reset and !override"},
		{"a: !!int x\n", 1, 4, "the value is not what its tag 'tag:yaml.org,2002:int' says"},
		{"? [x]\n: 1\n", 1, 3, "a key must be a text, not a list or a map"},
		{"<<: 1\n", 1, 1, "'<<' merges a map or a list of maps"},
		{"a: &a [1]\nb:\n  <<: *a\n", 3, 3, "'<<' merges a map or a list of maps"},
		{"a: \"\\0\"\n", 1, 4, "the text holds a NUL, which nothing can take"},
		{"a: [1, 2\nb: 1\n", 2, 2, NULL},
		{"a: 'x\n", 2, 1, NULL},
		{"\xff\xfe", 1, 1, NULL},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_parsed struct parsed parsed;

		parse(rows[i].yaml, strlen(rows[i].yaml), false, &parsed);
		if (parsed.good && i == array_length(rows) - 1)
			continue; /* an empty document of UTF-16 */
		assert_false(parsed.good);
		const struct diagnostic *first = &parsed.diagnostics.items[0];
		if (rows[i].text)
			assert_string_equal(first->text, rows[i].text);
		assert_int_equal(first->place.line, rows[i].line);
		if (rows[i].text)
			assert_int_equal(first->place.column, rows[i].column);
	}
}

static void a_key_that_stands_twice_may_only_warn(void **state)
{
	scoped_parsed struct parsed parsed;
	const char *text = "a: 1\na: 2\n";

	parse(text, strlen(text), true, &parsed);
	assert_int_equal(node_get_int(parsed.documents.items[0], "a", 0), 2);
	assert_int_equal(parsed.diagnostics.count, 1);
	assert_int_equal(parsed.diagnostics.items[0].place.line, 2);
}

static void bombs_are_refused(void **state)
{
	scoped_buffer struct buffer bomb = {0}, deep = {0}, large = {0};
	const struct buffer *texts[] = {&bomb, &deep, &large};

	buffer_add_text(&bomb, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 30; i++) {
		buffer_format(&bomb, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			buffer_format(&bomb, "%s*a%d", j ? ", " : "", i - 1);
		buffer_add_text(&bomb, "]\n");
	}
	for (size_t i = 0; i < 200000; i++)
		buffer_add_char(&deep, '[');
	buffer_reserve(&large, YAML_SIZE_LIMIT + 1);
	memset(large.data, '#', YAML_SIZE_LIMIT + 1);
	buffer_wrote(&large, YAML_SIZE_LIMIT + 1);
	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_parsed struct parsed parsed;

		parse(texts[i]->data, texts[i]->size, false, &parsed);
		assert_false(parsed.good);
		assert_true(parsed.arena.used < (32u << 20));
	}
}

/* ---- writing ---- */

static void what_is_written_is_read_back(void **state)
{
	static const char *const texts[] = {
		"",	   " ",	      "x",	"yes",	   "No",     "null",   "~",	 "17",
		"1.5",	   "22:22",   "0x1",	"1_0",	   "true",   "- x",    "a: b",	 "a:b",
		"a #b",	   "a#b",     "#a",	"'",	   "\"",     "\\",     "a\tb",	 "a\nb",
		"a\nb\n",  "a\n\nb\n\n", " a\nb", "\na",   "é",      "[x]",    "{x",	 "*x",
		"&x",	   "!x",      "%x",	"@x",	   "|",	     ">",      "2020-01-01", "a, b",
		"trailing ", "<<",    ".",	"=",	   "-",	     "--- a",  "12e",	 "a\r\nb",
		"x\n  y\n", "\x7f",   "\xe2\x80\xa8\xc2\x85\xef\xbb\xbf",   "a:",	"?",	   "80/tcp", "1.2.3",  "+1",	 "12:30:45",
	};
	scoped_arena struct arena arena = {0};
	struct place nowhere = {0};
	struct node *root = node_new_map(&arena, nowhere);

	for (size_t i = 0; i < array_length(texts); i++) {
		struct node *list = node_new_list(&arena, nowhere);
		struct node *inner = node_new_map(&arena, nowhere);

		node_add(&arena, list, node_new_text(&arena, texts[i], nowhere));
		node_add(&arena, list, node_new_list(&arena, nowhere));
		node_set(&arena, inner, texts[i], nowhere, node_new_text(&arena, texts[i], nowhere));
		node_set(&arena, inner, "null", nowhere, node_new_null(&arena, nowhere));
		node_add(&arena, list, inner);
		node_set(&arena, root, texts[i], nowhere, list);
	}
	for (int indent = 0; indent < 2; indent++) {
		scoped_parsed struct parsed parsed;
		scoped_buffer struct buffer out = {0};

		yaml_write(root, indent, &out);
		parse(out.data, out.size, false, &parsed);
		if (!parsed.good)
			fail_msg("%s\n%s", parsed.diagnostics.items[0].text, out.data);
		assert_true(node_equal(root, parsed.documents.items[0]));
	}
}

static void it_looks_as_people_write_it(void **state)
{
	scoped_parsed struct parsed parsed;
	scoped_buffer struct buffer inner = {0}, below = {0};
	const char *text = "{a: {b: [1, {c: x, d: [y]}], e: {}}, f: 0.5, g: null, h: \"x\\ny\"}";

	parse(text, strlen(text), false, &parsed);
	yaml_write(parsed.documents.items[0], true, &inner);
	yaml_write(parsed.documents.items[0], false, &below);
	assert_string_equal(inner.data, "a:\n  b:\n    - 1\n    - c: x\n      d:\n        - \"y\"\n  e: {}\n"
					"f: 0.5\ng: null\nh: |-\n  x\n  y\n");
	assert_string_equal(below.data, "a:\n  b:\n  - 1\n  - c: x\n    d:\n    - \"y\"\n  e: {}\n"
					"f: 0.5\ng: null\nh: |-\n  x\n  y\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars_have_the_kinds_that_compose_knows),
		cmocka_unit_test(anchors_and_merges_are_resolved),
		cmocka_unit_test(an_alias_is_a_copy_of_its_own),
		cmocka_unit_test(values_know_their_place),
		cmocka_unit_test(tags_stay_on_the_node),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(a_key_that_stands_twice_may_only_warn),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(it_looks_as_people_write_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
