#include "image/image.h"

#include "base/test.h"

static bool apply(const char *lines, struct image_config *config, struct error *err)
{
	scoped_strings struct strings changes = strings_split(lines, '\n');

	return image_apply_changes(&changes, config, err);
}

/* The defaults as JSON after these instructions. */
static char *applied(const char *lines)
{
	scoped_image_config struct image_config config = {0};
	struct buffer out = {0};
	struct error err;

	if (!apply(lines, &config, &err))
		buffer_format(&out, "error: %s", err.text);
	else
		record_write_json(&image_defaults_type, &config.defaults, RECORD_FOR_API, &out);
	return buffer_take(&out);
}

static void each_instruction_says_something_of_the_image(void **state)
{
	static const struct {
		const char *lines, *result;
	} cases[] = {
		{"CMD [\"/bin/a\",\"b c\"]", "{\"Cmd\":[\"/bin/a\",\"b c\"]}"},
		{"cmd echo hi", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]}"},
		{"CMD [not json", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[not json\"]}"},
		{"ENTRYPOINT []", "{\"Entrypoint\":[]}"},
		{"ENV A=1 B=\"two words\" C='$A'", "{\"Env\":[\"A=1\",\"B=two words\",\"C=$A\"]}"},
		{"ENV A some  text", "{\"Env\":[\"A=some  text\"]}"},
		{"ENV A=1\nENV A=2 B=$A", "{\"Env\":[\"A=2\",\"B=1\"]}"},
		{"ENV A=1\nENV B=${A}x C=${Z:-no} D=${A:+yes} E=\\$A F=${Z:+no}",
		 "{\"Env\":[\"A=1\",\"B=1x\",\"C=no\",\"D=yes\",\"E=$A\",\"F=\"]}"},
		{"LABEL a=b \"c d\"=\"e\\\"f\"", "{\"Labels\":{\"a\":\"b\",\"c d\":\"e\\\"f\"}}"},
		{"EXPOSE 80 53/UDP 8000-8002",
		 "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"8000/tcp\":{},\"8001/"
		 "tcp\":{},\"8002/tcp\":{}}}"},
		{"EXPOSE 8080:80/udp", "{\"ExposedPorts\":{\"80/udp\":{}}}"},
		{"VOLUME /a /b\nVOLUME [\"/a\",\"/c d\"]",
		 "{\"Volumes\":{\"/a\":{},\"/b\":{},\"/c d\":{}}}"},
		{"USER ann:staff", "{\"User\":\"ann:staff\"}"},
		{"WORKDIR /a\nWORKDIR b", "{\"WorkingDir\":\"/a/b\"}"},
		{"WORKDIR b", "{\"WorkingDir\":\"/b\"}"},
		{"STOPSIGNAL SIGQUIT", "{\"StopSignal\":\"SIGQUIT\"}"},
		{"ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}"},
		{"HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}"},
		{"HEALTHCHECK --interval=5s --retries=2 CMD curl -f http://x",
		 "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl -f "
		 "http://x\"],\"Interval\":5000000000,\"Retries\":2}}"},
		{"HEALTHCHECK CMD [\"a\",\"b\"]",
		 "{\"Healthcheck\":{\"Test\":[\"CMD\",\"a\",\"b\"]}}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *result = applied(cases[i].lines);
		assert_string_equal(result, cases[i].result);
	}
}

static void others_are_refused_by_name(void **state)
{
	static const struct {
		const char *lines, *error;
	} cases[] = {
		{"RUN rm -rf /", "error: run is not a valid change command"},
		{"", "error:  is not a valid change command"},
		{"USER", "error: USER requires exactly one argument"},
		{"ENV A", "error: ENV must have two arguments"},
		{"ENV A=1 B", "error: Syntax error - can't find = in \"B\". Must be of the form: "
			      "name=value"},
		{"ENV =1", "error: ENV names can not be blank"},
		{"ENV $A=1", "error: ENV names can not be blank"},
		{"ENV A=\"x", "error: failed to process \"\"x\": unexpected end of statement while "
			      "looking for matching double-quote"},
		{"ENV A=${x", "error: failed to process \"${x\": syntax error: missing '}'"},
		{"SHELL [\"a\"]", "error: shell is not a valid change command"},
		{"STOPSIGNAL BOGUS", "error: invalid signal: BOGUS"},
		{"EXPOSE 80:x", "error: invalid containerPort: 80:x"},
		{"EXPOSE 99999", "error: invalid containerPort: 99999"},
		{"EXPOSE 9-8", "error: invalid containerPort: 9-8"},
		{"EXPOSE 80/icmp", "error: invalid proto: icmp"},
		{"ONBUILD from x", "error: FROM isn't allowed as an ONBUILD trigger"},
		{"HEALTHCHECK --no=1 CMD x", "error: unknown flag: --no"},
		{"HEALTHCHECK --retries=-1 CMD x", "error: --retries cannot be negative (-1)"},
		{"HEALTHCHECK --timeout=1us CMD x", "error: timeout cannot be less than 1ms"},
		{"HEALTHCHECK maybe", "error: Unknown type \"maybe\" in HEALTHCHECK (try CMD)"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *result = applied(cases[i].lines);
		assert_string_equal(result, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instruction_says_something_of_the_image),
		cmocka_unit_test(others_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
