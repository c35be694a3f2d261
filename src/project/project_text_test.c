#include "project/project_text.h"

#include "base/memory.h"
#include "base/test.h"
#include "format/json.h"

static void names_are_those_of_compose(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"p", true},	 {"0-a_b", true}, {"", false},	  {"-a", false}, {"_a", false},
		{"Shop", false}, {"a.b", false},  {"a/b", false}, {"..", false}, {"a b", false},
	};
	char longest[PROJECT_NAME_MOST + 2] = "";
	struct error err;

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++)
		assert_int_equal(project_name_check(cases[i].name, &err), cases[i].good);
	memset(longest, 'a', PROJECT_NAME_MOST);
	assert_true(project_name_check(longest, &err));
	longest[PROJECT_NAME_MOST] = 'a';
	assert_false(project_name_check(longest, &err));
}

static bool read(const char *text, struct project_text *out, struct error *err)
{
	scoped_json json_t *json = json_parse(text, strlen(text), err);

	return json && record_from_json(&project_text_type, json, RECORD_FOR_API, out, err) &&
	       project_text_check(out, err);
}

#define REST "\"Style\":\"v2\",\"Directory\":\"/p\""

static void what_is_missing_or_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *problem; /* NULL: none */
	} cases[] = {
		{"{\"Model\":{}," REST "}", NULL},
		{"{\"Files\":[{\"Path\":\"-\"}],\"Model\":{}," REST "}", NULL},
		{"{" REST "}", "Model must be an object"},
		{"{\"Model\":null," REST "}", "Model must be an object"},
		{"{\"Model\":[]," REST "}", "Model must be an object"},
		{"{\"Model\":\"{\"," REST "}", "Model must be an object"},
		{"{\"Model\":{},\"Directory\":\"/p\"}", "Style must be 'v1' or 'v2'"},
		{"{\"Model\":{},\"Style\":\"v3\",\"Directory\":\"/p\"}",
		 "Style must be 'v1' or 'v2'"},
		{"{\"Model\":{},\"Style\":\"v1\",\"Directory\":\"p\"}",
		 "Directory must be an absolute path"},
		{"{\"Model\":{},\"Style\":\"v1\"}", "Directory must be an absolute path"},
		{"{\"Files\":[{\"Path\":\"/a\"},{\"Text\":\"x\"}],\"Model\":{}," REST "}",
		 "Files[1] needs a Path"},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct project_text text = {0};
		struct error err = {0};
		bool ok = read(cases[i].text, &text, &err);

		assert_string_equal(err.text, cases[i].problem ? cases[i].problem : "");
		assert_int_equal(ok, !cases[i].problem);
		record_fini(&project_text_type, &text);
	}
}

static void files_and_model_have_a_limit_together(void **state)
{
	struct project_text text = {0};
	struct project_file *file;
	struct error err;

	(void)state;
	assert_true(read("{\"Model\":{}," REST "}", &text, &err));
	file = record_list_add(&project_file_type, &text.files);
	file->path = str_dup("/a");
	file->text = mem_zeroed(1, PROJECT_SIZE_MOST);
	memset(file->text, 'x', PROJECT_SIZE_MOST - 4); /* "/a", "{}" */
	assert_true(project_text_check(&text, &err));
	file->text[PROJECT_SIZE_MOST - 4] = 'x';
	assert_false(project_text_check(&text, &err));
	assert_string_equal(err.text,
			    "the project is too large: its files and its model may have 4 MiB");
	record_fini(&project_text_type, &text);
}

static void models_that_say_the_same_are_the_same(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} cases[] = {
		{"{\"a\":1,\"b\":{\"c\":2,\"d\":[1,2]}}", "{\"b\":{\"d\":[1,2],\"c\":2},\"a\":1}",
		 true},
		{"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
		{"{\"a\":\"1\"}", "{\"a\":1}", false},
		{"{\"a\":null}", "{}", false},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		char one[DIGEST_TEXT_SIZE], other[DIGEST_TEXT_SIZE];

		project_model_digest(cases[i].one, one);
		project_model_digest(cases[i].other, other);
		assert_int_equal(str_equal(one, other), cases[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_compose),
		cmocka_unit_test(what_is_missing_or_wrong_is_named),
		cmocka_unit_test(files_and_model_have_a_limit_together),
		cmocka_unit_test(models_that_say_the_same_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
