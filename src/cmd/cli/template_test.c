#include "base/test.h"
#include "cmd/cli/template.h"
#include "format/json.h"

static const char document[] =
	"{\"Id\":\"abc\",\"Name\":\"/web\",\"Count\":3,\"Ratio\":0.1,\"Big\":1e21,\"Yes\":true,"
	"\"State\":{\"Status\":\"running\",\"Pid\":42,\"Running\":true},"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Cmd\":null,\"Labels\":{\"b\":\"2\",\"a\":\"1\"},"
	"\"Volumes\":null,\"Entrypoint\":[]},"
	"\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"no\",\"MaximumRetryCount\":0},"
	"\"PidsLimit\":null,\"NanoCpus\":5},"
	"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\",\"RW\":true},"
	"{\"Type\":\"volume\",\"Source\":\"/b\",\"RW\":false}],"
	"\"NetworkSettings\":{\"Ports\":{\"80/"
	"tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],"
	"\"443/tcp\":null}}}";

static json_t *label(const json_t *object, const char *name, const json_t *arguments)
{
	if (strcmp(name, "Label") != 0 || json_array_size(arguments) != 1)
		return NULL;
	const char *key = json_string_value(json_array_get(arguments, 0));
	return json_sprintf("label of %s", key ? key : "nothing");
}

static bool render(const char *text, const struct template_data *extra, struct buffer *out,
		   struct error *err)
{
	scoped_json json_t *root = json_parse(document, strlen(document), err);
	scoped(template) struct template *t = template_parse(text, err);
	struct template_data data = extra ? *extra : (struct template_data){0};

	data.root = root;
	return t && template_execute(t, &data, out, err);
}

struct expectation {
	const char *text, *expected;
};

static void expect_all(const struct expectation *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scoped_buffer struct buffer out = {0};
		struct error err = {0};

		if (!render(cases[i].text, NULL, &out, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(out.data ? out.data : "", cases[i].expected);
	}
}

#define EXPECT_ALL(cases) expect_all(cases, array_length(cases))

static void members_are_reached(void **state)
{
	static const struct expectation cases[] = {
		{"plain", "plain"},
		{"{{.Id}}", "abc"},
		{"<{{ .State.Status }}>", "<running>"},
		{"{{.State.Pid}} {{.Yes}} {{.Count}}", "42 true 3"},
		{"{{(.State).Pid}}", "42"},
		{"{{$.Id}}", "abc"},
		{"{{index .Config.Labels \"a\"}}", "1"},
		{"{{index .Config.Env 1}}", "B=2"},
		{"{{index .Config.Labels \"zz\"}}|", "|"},
		{"{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080"},
		{"{{.Config.Labels.a}}{{.Config.Labels.zz}}", "1<no value>"},
		{"{{.ID}} {{.HostConfig.NanoCPUs}}", "abc 5"},
	};

	EXPECT_ALL(cases);
}

static void values_print_as_go_prints_them(void **state)
{
	static const struct expectation cases[] = {
		{"{{.Ratio}} {{.Big}} {{1.0}} {{1e6}} {{1.5e-7}}", "0.1 1e+21 1 1e+06 1.5e-07"},
		{"{{.Config.Env}}", "[A=1 B=2]"},
		{"{{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.Volumes}}", "[] [] map[]"},
		{"{{.HostConfig.PidsLimit}}", "<nil>"},
		{"{{.Config.Labels}}", "map[a:1 b:2]"},
		{"{{.HostConfig.RestartPolicy}}", "{no 0}"},
		{"{{.Mounts}}", "[{bind /a true} {volume /b false}]"},
		{"{{.NetworkSettings.Ports}}", "map[443/tcp:[] 80/tcp:[{0.0.0.0 8080}]]"},
		{"{{json .Config.Labels}}", "{\"a\":\"1\",\"b\":\"2\"}"},
		{"{{json .Config.Cmd}} {{json .Ratio}} {{json \"<a>\"}}", "null 0.1 \"<a>\""},
	};

	EXPECT_ALL(cases);
}

static void what_is_absent_by_custom_is_empty(void **state)
{
	static const struct expectation cases[] = {
		{"{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"},
		{"{{.State.Health}}", "<nil>"},
		{"{{.Config.StopSignal}}|{{.Config.ExposedPorts}}", "|map[]"},
		{"{{.SizeRw}}", "<nil>"},
	};

	EXPECT_ALL(cases);
}

static void blocks_choose_and_repeat(void **state)
{
	static const struct expectation cases[] = {
		{"{{if .Yes}}a{{else}}b{{end}}", "a"},
		{"{{if .Config.Cmd}}a{{else if .Count}}b{{else}}c{{end}}!", "b!"},
		{"{{with .State}}{{.Pid}}{{end}}", "42"},
		{"{{with .Config.Cmd}}x{{else with .Id}}{{.}}{{end}}", "abc"},
		{"{{with $s := .State}}{{$s.Pid}}{{end}}", "42"},
		{"{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>"},
		{"{{range $i, $e := .Config.Env}}{{$i}}={{$e}};{{end}}", "0=A=1;1=B=2;"},
		{"{{range $k, $v := .Config.Labels}}{{$k}}{{$v}}{{end}}", "a1b2"},
		{"{{range $e := .Config.Env}}{{$e}}{{end}}", "A=1B=2"},
		{"{{range .Config.Cmd}}x{{else}}empty{{end}}", "empty"},
		{"{{range .Mounts}}{{if .RW}}{{continue}}{{end}}{{.Source}}{{end}}", "/b"},
		{"{{range .Mounts}}{{.Source}}{{break}}{{end}}", "/a"},
		{"{{range .Mounts}}{{$.Id}}{{end}}", "abcabc"},
		{"{{range 3}}{{.}}{{end}}", "012"},
		{"{{range $p, $c := .NetworkSettings.Ports}}{{$p}}->{{range "
		 "$c}}{{.HostPort}}{{end}} "
		 "{{end}}",
		 "443/tcp-> 80/tcp->8080 "},
	};

	EXPECT_ALL(cases);
}

static void variables_live_in_their_block(void **state)
{
	static const struct expectation cases[] = {
		{"{{$x := .Id}}{{$x}}{{$x}}", "abcabc"},
		{"{{$x := 1}}{{range .Config.Env}}{{$x = 2}}{{end}}{{$x}}", "2"},
		{"{{$x := 1}}{{if .Yes}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
	};

	EXPECT_ALL(cases);
}

static void blanks_are_trimmed_where_asked(void **state)
{
	static const struct expectation cases[] = {
		{"a {{- .Count -}} b", "a3b"},
		{"a {{- /* remark */ -}} b", "ab"},
		{"a{{/* {{ }} */}}b", "ab"},
		{"a \n{{- if .Yes -}}\n b {{- end}} c", "ab c"},
		{"{{-3}}", "-3"},
	};

	EXPECT_ALL(cases);
}

static void functions_work_in_pipelines(void **state)
{
	static const struct expectation cases[] = {
		{"{{.Id | upper | printf \"%s-%d\" | len}}", "16"},
		{"{{.Id | upper}} {{lower \"ABC\"}} {{title \"hello big world\"}}",
		 "ABC abc Hello Big World"},
		{"{{join .Config.Env \",\"}} {{split \"a,b\" \",\"}}", "A=1,B=2 [a b]"},
		{"{{truncate .Id 2}} [{{pad \"x\" 1 2}}] [{{pad \"\" 1 2}}]", "ab [ x  ] []"},
		{"{{len .Config.Labels}} {{len .Config.Cmd}} {{len .Id}}", "2 0 3"},
		{"{{eq .Id \"x\" \"abc\"}} {{ne 1 2}} {{lt 1 2}} {{le \"a\" \"a\"}} {{gt 1 2}} "
		 "{{ge 2 2}}",
		 "true true true true false true"},
		{"{{eq .Config.Cmd nil}} {{eq .Yes true}}", "true true"},
		{"{{and .Yes .Id}} {{or .Config.Cmd .Id}} {{not .Yes}}", "abc abc false"},
		{"{{and .Config.Cmd (index .Config.Cmd 0)}}", "[]"},
		{"{{slice .Id 1}} {{slice .Id 0 2}} {{slice .Config.Env 1}}", "bc ab [B=2]"},
		{"{{print 1 2 \"a\" 3}} {{println \"x\" 1}}", "1 2a3 x 1\n"},
		{"{{html \"<a&b>\"}} {{js \"it's\"}} {{urlquery \"a b&c\"}}",
		 "&lt;a&amp;b&gt; it\\'s a+b%26c"},
		{"{{print (len .Id) | printf \"%s!\"}}", "3!"},
		{"{{\"a\\tb\" | printf \"%q\"}} {{`raw\\n`}} {{'a'}}", "\"a\\tb\" raw\\n 97"},
	};

	EXPECT_ALL(cases);
}

static void printf_knows_the_verbs(void **state)
{
	static const struct expectation cases[] = {
		{"{{printf \"%5d|%-5d|%05d|%+d\" 42 42 42 42}}", "   42|42   |00042|+42"},
		{"{{printf \"%x %X %o %b %c %U\" 255 255 8 5 0x20ac 65}}",
		 "ff FF 10 101 \u20ac U+0041"},
		{"{{printf \"%8s|%-8s|%.2s\" \"abc\" \"abc\" \"abc\"}}", "     abc|abc     |ab"},
		{"{{printf \"%.2f %g %v %e\" 1.005 0.1 0.1 1234.5}}", "1.00 0.1 0.1 1.234500e+03"},
		{"{{printf \"%6.2f|%-6.1f|\" 3.14159 2.5}}", "  3.14|2.5   |"},
		{"{{printf \"%t %v %s\" true false .Config.Env}}", "true false [A=1 B=2]"},
		{"{{printf \"%d\" \"x\"}} {{printf \"%d\"}} {{printf \"x\" 1}}",
		 "%!d(string=x) %!d(MISSING) x%!(EXTRA int=1)"},
		{"{{printf \"100%%\"}} {{printf \"%*d\" 4 7}} {{printf \"%T\" 1}}",
		 "100%    7 int"},
		{"{{printf \"%-10s|\" \"\u00e4\"}}", "\u00e4         |"},
	};

	EXPECT_ALL(cases);
}

static void syntax_errors_are_told(void **state)
{
	static const struct expectation cases[] = {
		{"{{", "template: :1: unclosed action"},
		{"{{.Id", "template: :1: unclosed action"},
		{"{{if .Id}}", "template: :1: unexpected EOF"},
		{"a\n{{end}}", "template: :2: unexpected {{end}}"},
		{"{{nope}}", "template: :1: function \"nope\" not defined"},
		{"{{$x}}", "template: :1: undefined variable \"$x\""},
		{"{{if .Yes}}{{$x := 1}}{{end}}{{$x}}", "template: :1: undefined variable \"$x\""},
		{"{{}}", "template: :1: missing value for command"},
		{"{{if}}x{{end}}", "template: :1: missing value for if"},
		{"{{.Id | }}", "template: :1: missing value for command"},
		{"{{(.Id}}", "template: :1: unclosed left paren"},
		{"{{.Id)}}", "template: :1: unexpected right paren"},
		{"{{\"abc}}", "template: :1: unclosed action"},
		{"{{break}}", "template: :1: {{break}} outside {{range}}"},
		{"{{/* x}}", "template: :1: unclosed comment"},
		{"{{define \"x\"}}{{end}}", "template: :1: {{define}} is not supported"},
		{"{{1 | 2}}", "template: :1: non executable command in pipeline stage 2"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};

		assert_null(template_parse(cases[i].text, &err));
		assert_string_equal(err.text, cases[i].expected);
	}
}

static void failures_name_their_place(void **state)
{
	static const struct expectation cases[] = {
		{"{{.Nope}}",
		 "template: :1:2: executing \"\" at <.Nope>: map has no entry for key \"Nope\""},
		{"{{.State.Nope}}", "template: :1:8: executing \"\" at <.State.Nope>: map has no "
				    "entry for key \"Nope\""},
		{"a\n {{.Id.X}}", "template: :2:6: executing \"\" at <.Id.X>: can't evaluate field "
				  "X in type interface "
				  "{}"},
		{"{{index .Config.Env 7}}", "template: :1:2: executing \"\" at <index .Config.Env "
					    "7>: error calling index: index "
					    "out of range: 7"},
		{"{{len}}",
		 "template: :1:2: executing \"\" at <len>: wrong number of args for len: want "
		 "1 got 0"},
		{"{{.Id 1}}",
		 "template: :1:2: executing \"\" at <.Id>: Id is not a method but has arguments"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer out = {0};
		struct error err = {0};

		assert_false(render(cases[i].text, NULL, &out, &err));
		assert_string_equal(err.text, cases[i].expected);
	}
}

static void methods_take_arguments(void **state)
{
	struct template_data data = {.call = label};
	scoped_buffer struct buffer out = {0};
	struct error err = {0};

	assert_true(render("{{.Label \"x\"}} {{.Id}} {{\"y\" | .Label}}", &data, &out, &err));
	assert_string_equal(out.data, "label of x abc label of y");
}

static void headers_pass_through_functions(void **state)
{
	struct template_data data = {.headers = true};
	scoped_buffer struct buffer out = {0};
	struct error err = {0};

	assert_true(render("{{upper .Id}}\t{{json .Name}}\t{{truncate .Id 1}}", &data, &out, &err));
	assert_string_equal(out.data, "abc\t/web\tabc");
}

static void what_is_read_is_known_before(void **state)
{
	struct error err;
	scoped(template) struct template *t =
		template_parse("{{range .A}}{{if (eq .Size 1)}}{{end}}{{end}}", &err);

	assert_true(template_uses(t, "Size"));
	assert_true(template_uses(t, "A"));
	assert_false(template_uses(t, "B"));
}

static void endless_nesting_is_refused(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err = {0};

	buffer_add_text(&text, "{{");
	for (int i = 0; i < 5000; i++)
		buffer_add_char(&text, '(');
	buffer_add_text(&text, "}}");
	assert_null(template_parse(text.data, &err));
	assert_string_equal(err.text, "template: :1: nested deeper than 100 levels");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_reached),
		cmocka_unit_test(values_print_as_go_prints_them),
		cmocka_unit_test(what_is_absent_by_custom_is_empty),
		cmocka_unit_test(blocks_choose_and_repeat),
		cmocka_unit_test(variables_live_in_their_block),
		cmocka_unit_test(blanks_are_trimmed_where_asked),
		cmocka_unit_test(functions_work_in_pipelines),
		cmocka_unit_test(printf_knows_the_verbs),
		cmocka_unit_test(syntax_errors_are_told),
		cmocka_unit_test(failures_name_their_place),
		cmocka_unit_test(methods_take_arguments),
		cmocka_unit_test(headers_pass_through_functions),
		cmocka_unit_test(what_is_read_is_known_before),
		cmocka_unit_test(endless_nesting_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
