#include "base/test.h"
#include "cmd/cli/api.h"
#include "cmd/cli/container_row.h"
#include "format/json.h"

static void ports_are_shown_in_runs(void **state)
{
	static const struct {
		const char *ports, *text;
	} cases[] = {
		{"[]", ""},
		{"[{\"PrivatePort\":80,\"Type\":\"tcp\"}]", "80/tcp"},
		{"[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
		 "{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"}]",
		 "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"},
		{"[{\"PrivatePort\":9001,\"Type\":\"tcp\"},{\"PrivatePort\":9000,\"Type\":\"tcp\"},"
		 "{\"PrivatePort\":9001,\"Type\":\"udp\"}]",
		 "9000-9001/tcp, 9001/udp"},
		{"[{\"IP\":\"127.0.0.1\",\"PrivatePort\":7002,\"PublicPort\":7002,\"Type\":\"tcp\"}"
		 ","
		 "{\"IP\":\"127.0.0.1\",\"PrivatePort\":7001,\"PublicPort\":7001,\"Type\":\"tcp\"},"
		 "{\"PrivatePort\":9000,\"Type\":\"tcp\"},"
		 "{\"IP\":\"0.0.0.0\",\"PrivatePort\":8099,\"PublicPort\":32768,\"Type\":\"tcp\"}]",
		 "127.0.0.1:7001-7002->7001-7002/tcp, 9000/tcp, 0.0.0.0:32768->8099/tcp"},
		{"[{\"PrivatePort\":1,\"Type\":\"tcp\"},{\"PrivatePort\":3,\"Type\":\"tcp\"}]",
		 "1/tcp, 3/tcp"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		scoped_json json_t *ports =
			json_parse(cases[i].ports, strlen(cases[i].ports), &err);
		scoped_free char *text = ports_to_text(ports);

		assert_string_equal(text, cases[i].text);
	}
}

static json_t *row_of(const char *text, bool truncate)
{
	struct error err;
	scoped_json json_t *container = json_parse(text, strlen(text), &err);

	return container_row(container, truncate);
}

static void names_of_links_are_shown_in_full_alone(void **state)
{
	static const char container[] = "{\"Id\":\"0123456789abcdef\",\"Names\":[\"/a/x\",\"/b\"]}";
	scoped_json json_t *cut = row_of(container, true), *full = row_of(container, false);

	assert_string_equal(doc_text(cut, "Names"), "b");
	assert_string_equal(doc_text(cut, "ID"), "0123456789ab");
	assert_string_equal(doc_text(full, "Names"), "a/x,b");
	assert_string_equal(doc_text(full, "ID"), "0123456789abcdef");
}

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void images_are_shown_without_their_digest(void **state)
{
	static const char *const cases[][2] = {
		{"busybox", "busybox"},		{"docker.io/library/busybox:1", "busybox:1"},
		{"a.b:5/x@" DIGEST, "a.b:5/x"}, {"a.b:5/x:1@" DIGEST, "a.b:5/x:1"},
		{DIGEST, "0123456789ab"},	{"", "<no image>"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = str_format(
			"{\"Id\":\"x\",\"Image\":\"%s\",\"ImageID\":\"" DIGEST "\"}", cases[i][0]);
		scoped_json json_t *cut = row_of(text, true), *full = row_of(text, false);

		assert_string_equal(doc_text(cut, "Image"), cases[i][1]);
		if (*cases[i][0])
			assert_string_equal(doc_text(full, "Image"), cases[i][0]);
	}
}

static void commands_are_quoted_and_cut(void **state)
{
	scoped_json json_t *row = row_of(
		"{\"Id\":\"x\",\"Command\":\"sh -c 'echo \\\"\\u00e4\\u00e4\\\" and more'\"}",
		true);

	assert_string_equal(doc_text(row, "Command"),
			    "\"sh -c 'echo \\\"\u00e4\u00e4\\\" an\u2026\"");
}

static void labels_are_found_by_name(void **state)
{
	scoped_json json_t *row =
		row_of("{\"Id\":\"x\",\"Labels\":{\"b\":\"2=3\",\"a\":\"\"}}", true);
	static const char *const cases[][2] = {{"b", "2=3"}, {"a", ""}, {"c", ""}, {"b=2", ""}};

	assert_string_equal(doc_text(row, "Labels"), "a=,b=2=3");
	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_json json_t *name = json_pack("[s]", cases[i][0]);
		scoped_json json_t *value = container_listing.call(row, "Label", name);

		assert_string_equal(json_string_value(value), cases[i][1]);
	}
	assert_null(container_listing.call(row, "Other", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_shown_in_runs),
		cmocka_unit_test(names_of_links_are_shown_in_full_alone),
		cmocka_unit_test(images_are_shown_without_their_digest),
		cmocka_unit_test(commands_are_quoted_and_cut),
		cmocka_unit_test(labels_are_found_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
