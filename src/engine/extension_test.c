#include "engine/extension.h"

#include "base/test.h"
#include "format/json.h"

static bool read(const char *text, struct extension *out, struct error *err)
{
	scoped_json json_t *json = json_parse(text, strlen(text), err);

	return json && record_from_json(&extension_type, json, RECORD_FOR_API, out, err) &&
	       extension_check(out, err);
}

static void groups_need_a_plain_name(void **state)
{
	static const struct {
		const char *text, *problem; /* NULL: none */
	} cases[] = {
		{"{}", NULL},
		{"{\"Hold\":true}", NULL},
		{"{\"Group\":null}", NULL},
		{"{\"Group\":{\"Name\":\"p/web\",\"Balance\":true,\"Vip\":true}}", NULL},
		{"{\"Group\":{}}", "Wherry.Group needs a Name"},
		{"{\"Group\":{\"Name\":\"\"}}", "Wherry.Group needs a Name"},
		{"{\"Group\":{\"Name\":\"a b\"}}",
		 "Wherry.Group.Name has up to 255 characters without blanks"},
		{"{\"Group\":{\"Name\":\"a\\u0001\"}}",
		 "Wherry.Group.Name has up to 255 characters without blanks"},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct extension extension = {0};
		struct error err = {0};
		bool ok = read(cases[i].text, &extension, &err);

		assert_int_equal(ok, !cases[i].problem);
		if (cases[i].problem)
			assert_string_equal(err.text, cases[i].problem);
		record_fini(&extension_type, &extension);
	}
}

static void nothing_asked_for_is_right(void **state)
{
	struct error err;

	(void)state;
	assert_true(extension_check(NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_need_a_plain_name),
		cmocka_unit_test(nothing_asked_for_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
