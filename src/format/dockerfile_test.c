#include "format/dockerfile.h"

#include "base/test.h"

static struct dockerfile parse(const char *text)
{
	struct dockerfile file = {0};
	struct error err;

	if (!dockerfile_parse(text, strlen(text), &file, &err))
		fail_msg("%s: %s", text, err.text);
	return file;
}

static void assert_words(const struct instruction *i, const char *expected)
{
	scoped_free char *words = strings_join(&i->words, "|");

	assert_string_equal(words, expected);
}

static void instructions_have_words_in_their_own_form(void **state)
{
	static const struct {
		const char *text;
		enum instruction_kind kind;
		const char *words;
		bool is_json;
	} cases[] = {
		{"FROM debian:bookworm", INSTRUCTION_FROM, "debian:bookworm", false},
		{"from debian  as  base", INSTRUCTION_FROM, "debian|as|base", false},
		{"RUN apt-get  update", INSTRUCTION_RUN, "apt-get  update", false},
		{"RUN [\"a\", \"b c\"]", INSTRUCTION_RUN, "a|b c", true},
		{"RUN [ -f /x ]", INSTRUCTION_RUN, "[ -f /x ]", false},
		{"CMD", INSTRUCTION_CMD, "", false},
		{"CMD []", INSTRUCTION_CMD, "", true},
		{"ENTRYPOINT [\"/x\"]  ", INSTRUCTION_ENTRYPOINT, "/x", true},
		{"COPY a b /c/", INSTRUCTION_COPY, "a|b|/c/", false},
		{"COPY [\"a b\", \"c\"]", INSTRUCTION_COPY, "a b|c", true},
		{"ADD $x \"y\" z", INSTRUCTION_ADD, "$x|\"y\"|z", false},
		{"EXPOSE 80 443/tcp", INSTRUCTION_EXPOSE, "80|443/tcp", false},
		{"VOLUME /a /b", INSTRUCTION_VOLUME, "/a|/b", false},
		{"VOLUME [\"/a b\"]", INSTRUCTION_VOLUME, "/a b", true},
		{"USER a b", INSTRUCTION_USER, "a b", false},
		{"WORKDIR /a b", INSTRUCTION_WORKDIR, "/a b", false},
		{"STOPSIGNAL SIGTERM", INSTRUCTION_STOPSIGNAL, "SIGTERM", false},
		{"MAINTAINER A B <c@d>", INSTRUCTION_MAINTAINER, "A B <c@d>", false},
		{"SHELL [\"/bin/bash\", \"-c\"]", INSTRUCTION_SHELL, "/bin/bash|-c", true},
		{"HEALTHCHECK NONE", INSTRUCTION_HEALTHCHECK, "", false},
		{"HEALTHCHECK CMD curl  x", INSTRUCTION_HEALTHCHECK, "curl  x", false},
		{"HEALTHCHECK CMD [\"a\"]", INSTRUCTION_HEALTHCHECK, "a", true},
		{"ONBUILD RUN x", INSTRUCTION_ONBUILD, "", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_dockerfile struct dockerfile file = parse(cases[i].text);

		assert_int_equal(file.count, 1);
		assert_int_equal(file.items[0].kind, cases[i].kind);
		assert_int_equal(file.items[0].is_json, cases[i].is_json);
		assert_words(&file.items[0], cases[i].words);
	}
}

static void names_and_values_are_pairs(void **state)
{
	static const struct {
		const char *text, *pairs;
	} cases[] = {
		{"ENV A=1 B=\"x y\" C=a\\ b", "A=1|B=\"x y\"|C=a\\ b"},
		{"ENV A the rest = x", "A=the rest = x"},
		{"ENV A=", "A="},
		{"LABEL \"com.x\"=y a.b='c d'", "\"com.x\"=y|a.b='c d'"},
		{"ARG A", "A"},
		{"ARG A=1 B C=$A", "A=1|B|C=$A"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_dockerfile struct dockerfile file = parse(cases[i].text);
		scoped_buffer struct buffer out = {0};
		const struct instruction *it = &file.items[0];

		for (size_t p = 0; p < it->pair_count; p++)
			buffer_format(&out, "%s%s%s%s", p ? "|" : "", it->pairs[p].name,
				      it->pairs[p].value ? "=" : "",
				      it->pairs[p].value ? it->pairs[p].value : "");
		assert_string_equal(out.data, cases[i].pairs);
	}
}

static void flags_stand_in_front(void **state)
{
	scoped_dockerfile struct dockerfile file =
		parse("FROM --platform=$BUILDPLATFORM x\n"
		      "COPY --from=a --chown=\"1:1\" --link --exclude=*.o --exclude=b c /d\n"
		      "RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t "
		      "--network=none -- --x\n"
		      "COPY --link=false --parents a b\n"
		      "HEALTHCHECK --interval=5s --retries=2 CMD x --y\n"
		      "ONBUILD COPY --from=a b c\n");
	const struct instruction *i = file.items;

	assert_string_equal(instruction_flag(&i[0], "platform"), "$BUILDPLATFORM");
	assert_string_equal(instruction_flag(&i[1], "from"), "a");
	assert_string_equal(instruction_flag(&i[1], "chown"), "1:1");
	assert_true(instruction_flag_is_set(&i[1], "link"));
	assert_int_equal(i[1].flag_count, 5);
	assert_words(&i[1], "c|/d");
	assert_int_equal(i[2].flag_count, 3);
	assert_words(&i[2], "--x");
	assert_false(instruction_flag_is_set(&i[3], "link"));
	assert_true(instruction_flag_is_set(&i[3], "parents"));
	assert_null(instruction_flag(&i[3], "from"));
	assert_string_equal(instruction_flag(&i[4], "retries"), "2");
	assert_words(&i[4], "x --y");
	assert_string_equal(i[5].text, "COPY --from=a b c");
	assert_string_equal(i[5].original, "ONBUILD COPY --from=a b c");
}

static void lines_are_continued_and_counted(void **state)
{
	scoped_dockerfile struct dockerfile file = parse("\xef\xbb\xbf# a comment\r\n"
							 "\r\n"
							 "  FROM x\r\n"
							 "RUN a && \\\r\n"
							 "  # between\r\n"
							 "\r\n"
							 "    b \\  \r\n"
							 "\tc\r\n"
							 "RUN two \\\\\r\n"
							 "CMD d\\");

	assert_int_equal(file.count, 4);
	assert_int_equal(file.items[0].line, 3);
	assert_string_equal(file.items[0].original, "FROM x");
	assert_int_equal(file.items[1].line, 4);
	assert_int_equal(file.items[1].last_line, 8);
	assert_string_equal(file.items[1].original, "RUN a &&     b \tc");
	assert_words(&file.items[2], "two \\\\");
	assert_words(&file.items[3], "d");
	assert_int_equal(file.items[3].last_line, 10);
}

static void directives_stand_first(void **state)
{
	scoped_dockerfile struct dockerfile file = parse("# syntax=docker/dockerfile:1\n"
							 "# Escape = `\n"
							 "# check=skip=all\n"
							 "FROM x\n"
							 "RUN a `\n"
							 "b c:\\\n"
							 "CMD d\n");
	scoped_dockerfile struct dockerfile late = parse("# hello\n# escape=`\nFROM x\\\ny\n");
	scoped_dockerfile struct dockerfile unknown = parse("# foo=bar\n# escape=`\nFROM x\n");

	assert_int_equal(file.escape, '`');
	assert_string_equal(file.syntax, "docker/dockerfile:1");
	assert_string_equal(file.check, "skip=all");
	assert_int_equal(file.count, 3);
	assert_words(&file.items[1], "a b c:\\");
	assert_int_equal(late.escape, '\\');
	assert_words(&late.items[0], "xy");
	assert_int_equal(unknown.escape, '\\');
}

static void here_documents_follow_their_line(void **state)
{
	scoped_dockerfile struct dockerfile file =
		parse("FROM x\n"
		      "RUN <<EOF\n"
		      "# no comment\n"
		      "a \\\n"
		      "\n"
		      "EOF\n"
		      "COPY <<one <<-\"two\" three /d/\n"
		      "$x\n"
		      "one\n"
		      "\t\t$y\n"
		      "\ttwo\n"
		      "RUN cat <<A | sh -s 3<<'B'\n"
		      "A\n"
		      "b\n"
		      "B\n"
		      "ONBUILD RUN <<E\n"
		      "x\n"
		      "E\n"
		      "RUN echo \"<<NO\" $((1 << 2)) a<<b <<<c\n");
	const struct instruction *i = file.items;

	assert_int_equal(file.count, 6);
	assert_int_equal(i[1].document_count, 1);
	assert_string_equal(i[1].documents[0].name, "EOF");
	assert_string_equal(i[1].documents[0].content, "# no comment\na \\\n\n");
	assert_true(i[1].documents[0].expand);
	assert_int_equal(i[1].line, 2);
	assert_int_equal(i[1].last_line, 6);
	assert_string_equal(i[1].original, "RUN <<EOF");
	assert_words(&i[2], "three|/d/");
	assert_int_equal(i[2].document_count, 2);
	assert_string_equal(i[2].documents[0].content, "$x\n");
	assert_string_equal(i[2].documents[1].content, "$y\n");
	assert_string_equal(i[2].documents[1].name, "two");
	assert_false(i[2].documents[1].expand);
	assert_int_equal(i[3].document_count, 2);
	assert_string_equal(i[3].documents[0].content, "");
	assert_string_equal(i[3].documents[1].content, "b\n");
	assert_string_equal(i[4].text, "RUN <<E\nx\nE");
	assert_int_equal(i[5].document_count, 0);
}

static void a_trigger_reads_back_with_its_documents(void **state)
{
	scoped_dockerfile struct dockerfile file =
		parse("ONBUILD COPY <<-E <<F /d/\n\t\ta\n\tE\n\tb\nF\n");
	const char *text = file.items[0].text;
	scoped_instruction struct instruction trigger = {0};
	struct error err;

	assert_true(instruction_parse(text, strlen(text), '\\', &trigger, &err));
	assert_int_equal(trigger.kind, INSTRUCTION_COPY);
	assert_int_equal(trigger.document_count, 2);
	assert_string_equal(trigger.documents[0].content, "a\n");
	assert_string_equal(trigger.documents[1].content, "\tb\n");
	assert_words(&trigger, "/d/");
}

static void what_cannot_be_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "file with no instructions"},
		{"# only\n\n", "file with no instructions"},
		{"FROM x\nBOGUS y", "dockerfile parse error on line 2: unknown instruction: BOGUS"},
		{"FROM x\n\nCOPPY a b", "dockerfile parse error on line 3: unknown instruction: "
					"COPPY (did you mean COPY?)"},
		{"FROM", "dockerfile parse error on line 1: FROM requires either one or three "
			 "arguments"},
		{"FROM a b c", "dockerfile parse error on line 1: FROM requires either one or "
			       "three arguments"},
		{"RUN", "dockerfile parse error on line 1: RUN requires at least one argument"},
		{"COPY a", "dockerfile parse error on line 1: COPY requires at least two "
			   "arguments, but only one was provided. Destination could not be "
			   "determined"},
		{"ADD", "dockerfile parse error on line 1: ADD requires at least two arguments"},
		{"COPY --form=x a b", "dockerfile parse error on line 1: unknown flag: --form "
				      "(did you mean from?)"},
		{"CMD --x", "dockerfile parse error on line 1: unknown flag: --x"},
		{"COPY --from a b", "dockerfile parse error on line 1: missing a value on flag: "
				    "from"},
		{"COPY --from=a --from=b a b", "dockerfile parse error on line 1: duplicate flag "
					       "specified: from"},
		{"COPY --link=maybe a b", "dockerfile parse error on line 1: expecting boolean "
					  "value for flag link, not: maybe"},
		{"COPY a <<E\nE", "dockerfile parse error on line 1: COPY cannot accept a heredoc "
				  "as a destination"},
		{"RUN [\"a\", 1]", "dockerfile parse error on line 1: when using JSON array "
				   "syntax, arrays must be comprised of strings only"},
		{"SHELL /bin/sh", "dockerfile parse error on line 1: SHELL requires the arguments "
				  "to be in JSON form"},
		{"SHELL []", "dockerfile parse error on line 1: SHELL requires at least one "
			     "argument"},
		{"ENV A", "dockerfile parse error on line 1: ENV must have two arguments"},
		{"ENV =a", "dockerfile parse error on line 1: ENV names can not be blank"},
		{"ENV", "dockerfile parse error on line 1: ENV requires at least one argument"},
		{"ENV A=1 B", "dockerfile parse error on line 1: Syntax error - can't find = in "
			      "\"B\". Must be of the form: name=value"},
		{"LABEL", "dockerfile parse error on line 1: LABEL requires at least one argument"},
		{"ARG", "dockerfile parse error on line 1: ARG requires at least one argument"},
		{"USER", "dockerfile parse error on line 1: USER requires exactly one argument"},
		{"VOLUME [\"\"]", "dockerfile parse error on line 1: VOLUME specified can not be "
				  "an empty string"},
		{"HEALTHCHECK x",
		 "dockerfile parse error on line 1: Unknown type \"x\" in HEALTHCHECK (try CMD)"},
		{"HEALTHCHECK",
		 "dockerfile parse error on line 1: HEALTHCHECK requires at least one argument"},
		{"HEALTHCHECK NONE x", "dockerfile parse error on line 1: HEALTHCHECK NONE takes "
				       "no arguments"},
		{"HEALTHCHECK CMD", "dockerfile parse error on line 1: Missing command after "
				    "HEALTHCHECK CMD"},
		{"ONBUILD", "dockerfile parse error on line 1: ONBUILD requires at least one "
			    "argument"},
		{"ONBUILD ONBUILD RUN x", "dockerfile parse error on line 1: Chaining ONBUILD via "
					  "`ONBUILD ONBUILD` isn't allowed"},
		{"ONBUILD FROM x", "dockerfile parse error on line 1: FROM isn't allowed as an "
				   "ONBUILD trigger"},
		{"ONBUILD MAINTAINER x", "dockerfile parse error on line 1: MAINTAINER isn't "
					 "allowed as an ONBUILD trigger"},
		{"FROM x\nRUN <<EOF\na\n", "dockerfile parse error on line 2: unterminated "
					   "heredoc"},
		{"# escape=x\nFROM x", "dockerfile parse error on line 1: invalid escape token "
				       "'x' does not match ` or \\"},
		{"# escape=`\n#escape=`\n", "dockerfile parse error on line 2: only one of each "
					    "parser directive can be used"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct dockerfile file;
		struct error err;

		assert_false(dockerfile_parse(cases[i].text, strlen(cases[i].text), &file, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void limits_are_kept(void **state)
{
	scoped_free char *line = mem_zeroed(DOCKERFILE_LINE_LIMIT + 10, 1);
	scoped_buffer struct buffer many = {0};
	struct dockerfile file;
	struct error err;

	memset(line, 'x', DOCKERFILE_LINE_LIMIT + 1);
	memcpy(line, "RUN ", 4);
	assert_false(dockerfile_parse(line, strlen(line), &file, &err));
	assert_string_equal(err.text, "dockerfile parse error on line 1: dockerfile line greater "
				      "than maximum allowed size of 65535");
	for (int i = 0; i <= DOCKERFILE_INSTRUCTIONS_LIMIT; i++)
		buffer_add_text(&many, "CMD\n");
	assert_false(dockerfile_parse(many.data, many.size, &file, &err));
	assert_false(dockerfile_parse(line, DOCKERFILE_SIZE_LIMIT + 1, &file, &err));
	assert_false(dockerfile_parse("RUN a\0b", 7, &file, &err));
	assert_string_equal(err.text, "dockerfile parse error on line 1: a line holds a zero byte");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_have_words_in_their_own_form),
		cmocka_unit_test(names_and_values_are_pairs),
		cmocka_unit_test(flags_stand_in_front),
		cmocka_unit_test(lines_are_continued_and_counted),
		cmocka_unit_test(directives_stand_first),
		cmocka_unit_test(here_documents_follow_their_line),
		cmocka_unit_test(a_trigger_reads_back_with_its_documents),
		cmocka_unit_test(what_cannot_be_is_refused_with_its_line),
		cmocka_unit_test(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
