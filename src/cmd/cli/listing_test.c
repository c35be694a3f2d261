#include "base/test.h"
#include "cmd/cli/listing.h"
#include "format/json.h"

static const struct listing_column columns[] = {{"ID", "THING ID"}, {"Name", "NAME"}};

static const struct listing things = {
	.row_type = "*thing",
	LISTING_COLUMNS(columns),
	.identity = "ID",
	.raw = "id: {{.ID}}\n",
};

static bool show(const char *format, bool quiet, struct buffer *out, struct error *err)
{
	static const char rows[] =
		"[{\"Name\":\"a<b\",\"ID\":\"1\"},{\"Name\":\"c\",\"ID\":\"2\"}]";
	scoped_json json_t *list = json_parse(rows, strlen(rows), err);
	scoped_view struct view view = {0};

	return view_open(&view, &things, format, "{{.ID}}\t{{.Name}}", quiet, err) &&
	       view_write(&view, list, out, err);
}

static void every_form_of_a_format_is_known(void **state)
{
	static const struct {
		const char *format;
		bool quiet;
		const char *shown;
	} cases[] = {
		{NULL, false, "THING ID   NAME\n1          a<b\n2          c\n"},
		{"", false, "THING ID   NAME\n1          a<b\n2          c\n"},
		{"table", false, "THING ID   NAME\n1          a<b\n2          c\n"},
		{"table {{.Name}}", false, "NAME\na<b\nc\n"},
		{"table {{upper .Name}}\\t{{.ID}}", false,
		 "NAME      THING ID\nA<B       1\nC         2\n"},
		{"{{.Name}}\\n-", false, "a<b\n-\nc\n-\n"},
		{"tables: {{.ID}}", false, "tables: 1\ntables: 2\n"},
		{"json", false,
		 "{\"ID\":\"1\",\"Name\":\"a\\u003cb\"}\n{\"ID\":\"2\",\"Name\":\"c\"}\n"},
		{"{{json .Name}}", false, "\"a<b\"\n\"c\"\n"},
		{"raw", false, "id: 1\n\nid: 2\n\n"},
		{NULL, true, "1\n2\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};
		struct error err = {0};

		assert_true(show(cases[i].format, cases[i].quiet, &out, &err));
		assert_string_equal(out.data, cases[i].shown);
	}
}

static void an_empty_table_has_a_head_and_an_empty_list_has_none(void **state)
{
	scoped_json json_t *none = json_array();
	scoped_buffer struct buffer table = {0}, list = {0};
	scoped_view struct view as_table = {0}, as_list = {0};
	struct error err;

	assert_true(view_open(&as_table, &things, NULL, "{{.ID}}", false, &err));
	assert_true(view_write(&as_table, none, &table, &err));
	assert_string_equal(table.data, "THING ID\n");
	assert_true(view_open(&as_list, &things, "{{.ID}}", "", false, &err));
	assert_true(view_write(&as_list, none, &list, &err));
	assert_int_equal(list.size, 0);
}

static void mistakes_say_whether_reading_or_running_failed(void **state)
{
	scoped_buffer struct buffer out = {0};
	struct error err;

	assert_false(show("{{", false, &out, &err));
	assert_string_equal(err.text, "failed to parse template: template: :1: unclosed action");
	assert_false(show("{{.Nope}}", false, &out, &err));
	assert_string_equal(err.text,
			    "template parsing error: template: :1:2: executing \"\" at "
			    "<.Nope>: can't evaluate field Nope in type *thing");
}

static void a_listing_that_is_tried_first_needs_no_row_to_fail(void **state)
{
	struct listing tried = things;
	struct error err;

	tried.tried_first = true;
	static const struct {
		const char *format;
		bool good;
	} cases[] = {
		{"{{.Nope}}", false}, {"table {{.Nope}}", false}, {"{{slice .ID 0 12}}", true},
		{"json", true},	      {"table", true},		  {NULL, true},
	};
	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_view struct view view = {0};

		assert_int_equal(view_open(&view, &tried, cases[i].format, "{{.ID}}", false, &err),
				 cases[i].good);
	}
}

static void half_a_document_is_none(void **state)
{
	scoped_json json_t *document = json_pack("{s:s}", "A", "x");
	scoped_buffer struct buffer out = {0};
	struct error err;

	assert_false(document_write("{{.A}}{{.B}}", document, &out, &err));
	assert_int_equal(out.size, 0);
	assert_true(document_write("{{.A}}", document, &out, &err));
	assert_true(document_write("json", document, &out, &err));
	assert_string_equal(out.data, "x\n{\"A\":\"x\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_format_is_known),
		cmocka_unit_test(an_empty_table_has_a_head_and_an_empty_list_has_none),
		cmocka_unit_test(mistakes_say_whether_reading_or_running_failed),
		cmocka_unit_test(a_listing_that_is_tried_first_needs_no_row_to_fail),
		cmocka_unit_test(half_a_document_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
