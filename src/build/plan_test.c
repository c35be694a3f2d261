#include "build/plan.h"

#include "base/test.h"

/* ---- plans as text ---- */

struct built {
	struct dockerfile file;
	struct build_options options;
	struct build_plan *plan;
	struct buffer text; /* what was asked for, or why not */
};

static void built_fini(struct built *b)
{
	build_plan_free(b->plan);
	dockerfile_fini(&b->file);
	pairs_fini(&b->options.build_args);
	pairs_fini(&b->options.labels);
	pairs_fini(&b->options.contexts);
	buffer_fini(&b->text);
}

#define scoped_built scoped_with(built_fini)

static void make_plan(struct built *b, const char *text)
{
	struct error err;

	b->options.host = (struct platform){"linux", "amd64", ""};
	if (!dockerfile_parse(text, strlen(text), &b->file, &err))
		fail_msg("%s", err.text);
	b->plan = build_plan_new(&b->file, &b->options, &err);
	if (!b->plan)
		buffer_format(&b->text, "error: %s", err.text);
}

/* "name<base>waits!" of each stage, '!' where it is needed. */
static void write_stages(struct built *b)
{
	for (size_t i = 0; b->plan && i < b->plan->count; i++) {
		const struct build_stage *s = &b->plan->stages[i];

		buffer_format(&b->text, "%s%s<", i ? " " : "", s->name ? s->name : "");
		if (s->base.stage >= 0)
			buffer_format(&b->text, "#%d>", s->base.stage);
		else
			buffer_format(&b->text, "%s>", s->base.image ? s->base.image : "");
		for (size_t w = 0; w < s->wait_count; w++)
			buffer_format(&b->text, "%s%d", w ? "," : "", s->waits_for[w]);
		if (s->needed)
			buffer_format(&b->text, "!%d", s->step);
	}
	if (b->plan)
		buffer_format(&b->text, " /%d", b->plan->steps);
}

static void stages_know_what_they_need(void **state)
{
	static const struct {
		const char *text, *target, *result;
	} cases[] = {
		{"FROM debian\nRUN x", NULL, "<debian>!1 /2"},
		{"FROM scratch", "", "<>!1 /1"},
		{"FROM a AS One\nRUN x\nFROM b\nCOPY --from=one /x /", NULL, "one<a>!1 <b>0!3 /4"},
		{"FROM a AS one\nFROM one AS two\nFROM c\nCOPY --from=0 /x /\nFROM two", NULL,
		 "one<a>!1 two<#0>0!2 <c>0 <#1>1!3 /3"},
		{"FROM a AS one\nFROM b AS two\nFROM c", "one", "one<a>!1 two<b> <c> /1"},
		{"FROM a AS one\nFROM b AS two\nFROM c", "1", "one<a> two<b>!1 <c> /1"},
		{"FROM a AS x\nFROM x AS x\nFROM x", NULL, "x<a>!1 x<#0>0!2 <#1>1!3 /3"},
		{"FROM a AS one\nFROM b\nRUN --mount=type=bind,from=one,target=/x y", NULL,
		 "one<a>!1 <b>0!2 /3"},
		{"FROM a AS one\nFROM b\nCOPY --from=other:1 /x /", NULL, "one<a> <b>!1 /2"},
		{"ARG V=1\nARG I=img:$V\nFROM $I\nFROM ${I}-${NO:-x}", NULL,
		 "<img:1> <img:1-x>!3 /3"},
		{"FROM a AS one\nFROM b\nONBUILD COPY --from=one x y", NULL, "one<a> <b>!1 /2"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_built struct built b = {.options.target =
						       (char *)(uintptr_t)cases[i].target};

		make_plan(&b, cases[i].text);
		write_stages(&b);
		assert_string_equal(b.text.data, cases[i].result);
	}
}

/* In FROM and in --from, also where a stage has the name. */
static void named_contexts_stand_for_images(void **state)
{
	scoped_built struct built b = {0};

	pairs_set(&b.options.contexts, "base", "sha256:1");
	pairs_set(&b.options.contexts, "one", "other:2");
	make_plan(
		&b,
		"FROM base AS one\nFROM one\nCOPY --from=base x y\nFROM a\nCOPY --from=one x y\n");
	write_stages(&b);
	assert_string_equal(b.text.data, "one<sha256:1> <other:2> <a>!1 /2");
}

/* A folder as a base is copied onto scratch; "name:latest" is "name". */
static void named_contexts_stand_for_folders(void **state)
{
	scoped_built struct built b = {0};
	struct error err;

	pairs_set(&b.options.contexts, "base", "@c0");
	make_plan(&b, "FROM base:latest\nRUN --mount=from=base,target=/x y\n");
	write_stages(&b);
	assert_string_equal(b.text.data, "<@c0>!1 /2");

	scoped(stage_run) struct stage_run *run =
		stage_run_new(b.plan, &b.plan->stages[0], "", NULL, &err);
	assert_true(stage_run_next(run, &err));
	assert_int_equal(run->step->kind, BUILD_STEP_COPY);
	assert_int_equal(run->step->number, 0);
	assert_int_equal(run->step->triggers_before, 0);
	assert_string_equal(run->step->copy.from.image, "@c0");
	stage_run_content(run, "dir:1");
	stage_run_done(run, "sha256:1");
	assert_true(stage_run_next(run, &err));
	assert_string_equal(RECORD_AT(run->step->run.mounts, struct run_mount, 0)->from, "@c0");
}

static void plans_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *text, *target, *error;
	} cases[] = {
		{"RUN x\nFROM a", NULL, "no build stage in current context"},
		{"ARG A", NULL, "No image was generated. Is your Dockerfile empty?"},
		{"FROM a\nRUN x", "b", "target stage \"b\" could not be found"},
		{"FROM a\nRUN x", "1", "target stage \"1\" could not be found"},
		{"ARG A\nFROM $A", NULL, "line 2: base name ($A) should not be blank"},
		{"FROM a AS 1x", NULL,
		 "line 1: invalid name for build stage: \"1x\", name can't start with a number or "
		 "contain symbols"},
		{"FROM a\nCOPY --from=0 a b", NULL,
		 "line 2: invalid from flag value 0: no earlier stage has this number"},
		{"FROM ${A", NULL, "line 1: failed to process \"${A\": syntax error: missing '}'"},
		{"ARG A=${B:?none}\nFROM x", NULL,
		 "line 1: failed to process \"${B:?none}\": B: none"},
		{"FROM --platform=a/b/c/d x", NULL, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_built struct built b = {.options.target =
						       (char *)(uintptr_t)cases[i].target};

		make_plan(&b, cases[i].text);
		assert_null(b.plan);
		if (cases[i].error)
			assert_string_equal(b.text.data + strlen("error: "), cases[i].error);
	}
}

static void build_args_that_nobody_takes_are_told(void **state)
{
	scoped_built struct built b = {0};

	pairs_set(&b.options.build_args, "Z", "1");
	pairs_set(&b.options.build_args, "A", "1");
	pairs_set(&b.options.build_args, "USED", "1");
	pairs_set(&b.options.build_args, "GLOBAL", "1");
	pairs_set(&b.options.build_args, "http_proxy", "1");
	make_plan(&b, "ARG GLOBAL\nFROM x AS skipped\nARG USED\nFROM y\n");
	scoped_strings struct strings names = build_plan_unconsumed(b.plan);
	scoped_free char *joined = strings_join(&names, " ");
	assert_string_equal(joined, "A Z");
}

/* ---- steps as text ---- */

static struct image_config base_config(void)
{
	struct image_config config = {0};

	config.os = str_dup("linux");
	config.architecture = str_dup("amd64");
	strings_add(&config.defaults.env, "PATH=/bin");
	strings_add(&config.defaults.cmd, "sh");
	config.defaults.working_dir = str_dup("/srv");
	return config;
}

static void write_step(struct built *b, struct stage_run *run)
{
	struct build_step *step = run->step;

	if (step->kind == BUILD_STEP_COPY)
		stage_run_content(run, "file:00");
	if (step->triggers_before)
		buffer_format(&b->text, "(%d)", step->triggers_before);
	buffer_format(&b->text, "%d %s\n", step->number, step->created_by);
	assert_string_equal(run->config.os, "linux");
	assert_int_equal(strlen(step->key), 71);
}

/* All steps of the target, one a line; the last configuration in *config. */
static void write_steps(struct built *b, const struct image_config *base,
			struct image_config *config)
{
	struct error err;
	scoped(stage_run) struct stage_run *run = NULL;

	if (!b->plan)
		fail_msg("%s", b->text.data);
	run = stage_run_new(b->plan, &b->plan->stages[b->plan->target], "sha256:base", base, &err);
	for (bool ok = run != NULL;; stage_run_done(run, "sha256:next")) {
		ok = ok && stage_run_next(run, &err);
		if (!ok)
			buffer_format(&b->text, "error: %s\n", err.text);
		if (!ok || !run->step)
			break;
		write_step(b, run);
	}
	if (config && run)
		record_copy(&image_config_type, &run->config, config);
}

static void steps_are_called_as_the_classic_builder_calls_them(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{"RUN echo hi", "2 /bin/sh -c echo hi\n"},
		{"RUN [\"/a\",\"b c\"]", "2 /a b c\n"},
		{"ENV A=1 B=\"x $A\"\nENV C=$A",
		 "2 /bin/sh -c #(nop)  ENV A=1 B=x \n3 /bin/sh -c #(nop)  ENV C=1\n"},
		{"CMD echo \"hi\"",
		 "2 /bin/sh -c #(nop)  CMD [\"/bin/sh\" \"-c\" \"echo \\\"hi\\\"\"]\n"},
		{"ENTRYPOINT [\"/x\"]", "2 /bin/sh -c #(nop)  ENTRYPOINT [\"/x\"]\n"},
		{"COPY a b /x",
		 "error: line 2: When using COPY with more than one source file, the "
		 "destination must be a directory and end with a /\n"},
		{"COPY a /x", "2 /bin/sh -c #(nop) COPY file:00 in /x \n"},
		{"ADD --chown=1:$U --chmod=755 a x/",
		 "2 /bin/sh -c #(nop) ADD --chown=1: --chmod=755 file:00 in x/ \n"},
		{"EXPOSE 80 53/udp", "2 /bin/sh -c #(nop)  EXPOSE 80 53/udp\n"},
		{"VOLUME /a /b", "2 /bin/sh -c #(nop)  VOLUME [/a /b]\n"},
		{"WORKDIR x\nWORKDIR $PATH",
		 "2 /bin/sh -c #(nop) WORKDIR /srv/x\n3 /bin/sh -c #(nop) WORKDIR /bin\n"},
		{"USER me", "2 /bin/sh -c #(nop)  USER me\n"},
		{"STOPSIGNAL SIGQUIT", "2 /bin/sh -c #(nop)  STOPSIGNAL SIGQUIT\n"},
		{"MAINTAINER A <b>", "2 /bin/sh -c #(nop)  MAINTAINER A <b>\n"},
		{"ONBUILD RUN x", "2 /bin/sh -c #(nop)  ONBUILD RUN x\n"},
		{"SHELL [\"/bin/bash\",\"-ec\"]\nRUN x\nCMD y",
		 "2 /bin/bash -ec #(nop)  SHELL [/bin/bash -ec]\n3 /bin/bash -ec x\n"
		 "4 /bin/bash -ec #(nop)  CMD [\"/bin/bash\" \"-ec\" \"y\"]\n"},
		{"LABEL a=1 \"b c\"='d e'", "2 /bin/sh -c #(nop)  LABEL a=1 b c=d e\n"},
		{"HEALTHCHECK --interval=5s --retries=2 CMD x",
		 "2 /bin/sh -c #(nop)  HEALTHCHECK &{[\"CMD-SHELL\" \"x\"] \"5s\" \"0s\" \"0s\" "
		 "\"0s\" "
		 "'\\x02'}\n"},
		{"ARG A=1\nARG B\nRUN x\nENV A=2\nRUN y",
		 "2 /bin/sh -c #(nop)  ARG A=1\n3 /bin/sh -c #(nop)  ARG B\n"
		 "4 |1 A=1 /bin/sh -c x\n5 /bin/sh -c #(nop)  ENV A=2\n6 /bin/sh -c y\n"},
		{"ARG TARGETARCH\nRUN x", "2 /bin/sh -c #(nop)  ARG TARGETARCH\n"
					  "3 |1 TARGETARCH=amd64 /bin/sh -c x\n"},
		{"RUN <<EOF\na\nb\nEOF", "2 /bin/sh -c a\nb\n\n"},
		{"RUN cat <<A <<'B'\n1\nA\n2\nB", "2 /bin/sh -c cat <<A <<'B'\n1\nA\n2\nB\n"},
		{"RUN <<EOF\n#!/usr/bin/perl\nEOF",
		 "2 /dev/pipes/EOF <<EOF\n#!/usr/bin/perl\nEOF\n"},
		{"RUN --mount=type=cache,target=/c --network=none x",
		 "2 --mount=type=cache,target=/c --network=none /bin/sh -c x\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_built struct built b = {0};
		scoped_image_config struct image_config base = base_config();
		scoped_free char *text = str_format("FROM x\n%s", cases[i].text);

		make_plan(&b, text);
		write_steps(&b, &base, NULL);
		assert_string_equal(b.text.data, cases[i].result);
	}
}

static void args_come_from_the_build_the_default_and_the_top(void **state)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();

	pairs_set(&b.options.build_args, "GIVEN", "g");
	pairs_set(&b.options.build_args, "PATH", "/no");
	pairs_set(&b.options.build_args, "NOTHING", NULL);
	pairs_set(&b.options.build_args, "http_proxy", "p");
	make_plan(
		&b,
		"ARG TOP=t\nARG GIVEN=x\nFROM x\nARG GIVEN=d NOTHING=n TOP\nARG OTHER=$TOP-$GIVEN\n"
		"ARG PATH\nRUN x\nENV E=$GIVEN$OTHER$UNDECLARED$http_proxy\n");
	write_steps(&b, &base, NULL);
	assert_string_equal(b.text.data, "4 /bin/sh -c #(nop)  ARG GIVEN=d NOTHING=n TOP\n"
					 "5 /bin/sh -c #(nop)  ARG OTHER=t-g\n"
					 "6 /bin/sh -c #(nop)  ARG PATH\n"
					 "7 |4 GIVEN=g NOTHING=n OTHER=t-g TOP=t /bin/sh -c x\n"
					 "8 /bin/sh -c #(nop)  ENV E=gt-g\n");
}

static void the_command_gets_what_it_needs(void **state)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();
	scoped(stage_run) struct stage_run *run = NULL;
	struct error err;
	const struct run_mount *mounts;

	pairs_set(&b.options.build_args, "http_proxy", "p");
	make_plan(&b,
		  "FROM a AS one\nFROM x\nARG D=deps\n"
		  "RUN --mount=type=cache,target=$D,sharing=locked "
		  "--mount=from=one,source=/x,target=/y "
		  "--mount=type=bind,from=img,target=/z --network=none --security=insecure make\n"
		  "RUN <<EOF\n#!/bin/x\nEOF\n");
	run = stage_run_new(b.plan, &b.plan->stages[1], "sha256:b", &base, &err);
	assert_true(stage_run_next(run, &err));
	stage_run_done(run, "sha256:c");
	assert_true(stage_run_next(run, &err));
	assert_int_equal(run->step->kind, BUILD_STEP_RUN);
	scoped_free char *command = strings_join(&run->step->run.command, "|");
	scoped_free char *env = strings_join(&run->step->run.env, "|");
	assert_string_equal(command, "/bin/sh|-c|make");
	assert_string_equal(env, "PATH=/bin|D=deps|http_proxy=p");
	assert_string_equal(run->step->run.network, "none");
	assert_true(run->step->run.insecure);
	assert_int_equal(run->step->run.mounts.count, 3);
	mounts = run->step->run.mounts.items;
	assert_string_equal(mounts[0].target, "/srv/deps");
	assert_int_equal(mounts[0].sharing, RUN_MOUNT_LOCKED);
	assert_string_equal(mounts[1].from, "#0");
	assert_string_equal(mounts[2].from, "img");
	stage_run_done(run, "sha256:d");
	assert_true(stage_run_next(run, &err));
	assert_string_equal(run->step->run.script_path, "/dev/pipes/EOF");
	assert_string_equal(run->step->run.script, "#!/bin/x\n");
	assert_string_equal(run->step->run.command.items[0], "/dev/pipes/EOF");
}

static void copies_are_expanded(void **state)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();
	scoped(stage_run) struct stage_run *run = NULL;
	const struct build_copy *copy;
	struct error err;

	make_plan(&b, "FROM a AS one\nFROM x\n"
		      "COPY --from=one --chown=a:b --chmod=u=rwX,go=rX --link --exclude=*.o "
		      "--parents a* .\n"
		      "ADD --unpack=false --chmod=0644 --checksum=sha256:0 http://x/y /d/../e\n"
		      "COPY <<one <<'two' \"b c\" sub/\nis $PATH\none\nis $PATH\ntwo\n");
	run = stage_run_new(b.plan, &b.plan->stages[1], "sha256:b", &base, &err);
	assert_true(stage_run_next(run, &err));
	copy = &run->step->copy;
	assert_null(run->step->key);
	assert_string_equal(copy->sources.items[0], "a*");
	assert_string_equal(copy->destination, "/srv/");
	assert_int_equal(copy->from.stage, 0);
	assert_string_equal(copy->chown, "a:b");
	assert_int_equal(copy->chmod, -1);
	assert_string_equal(copy->chmod_text, "u=rwX,go=rX");
	assert_string_equal(copy->exclude.items[0], "*.o");
	assert_true(copy->link && copy->parents && !copy->is_add);
	stage_run_content(run, "dir:1");
	assert_non_null(run->step->key);
	stage_run_done(run, "sha256:c");
	assert_true(stage_run_next(run, &err));
	copy = &run->step->copy;
	assert_true(copy->is_add && copy->unpack == -1);
	assert_int_equal(copy->chmod, 0644);
	assert_string_equal(copy->destination, "/e");
	assert_string_equal(copy->checksum, "sha256:0");
	assert_int_equal(copy->from.stage, -1);
	stage_run_done(run, "sha256:d");
	/* blanks separate COPY's words, whatever quotes say */
	assert_false(stage_run_next(run, &err));
}

static void documents_are_sources(void **state)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();
	scoped(stage_run) struct stage_run *run = NULL;
	const struct build_document *documents;
	struct error err;

	make_plan(&b, "FROM x\nCOPY <<one <<'two' sub/\nis $PATH\none\nis $PATH\ntwo\nCOPY <<a/b "
		      "/\na/b\n");
	run = stage_run_new(b.plan, &b.plan->stages[0], "sha256:b", &base, &err);
	assert_true(stage_run_next(run, &err));
	assert_int_equal(run->step->copy.documents.count, 2);
	documents = run->step->copy.documents.items;
	assert_string_equal(documents[0].content, "is /bin\n");
	assert_string_equal(documents[1].name, "two");
	assert_string_equal(documents[1].content, "is $PATH\n");
	assert_string_equal(run->step->copy.destination, "/srv/sub/");
	stage_run_done(run, "sha256:c");
	assert_false(stage_run_next(run, &err));
	assert_string_equal(err.text, "line 7: a document cannot be a file named \"a/b\"");
}

static void triggers_come_first_and_once(void **state)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config(), after = {0};

	strings_add(&base.defaults.on_build, "COPY . /app");
	strings_add(&base.defaults.on_build, "RUN make $X");
	pairs_set(&b.options.labels, "z", "$X");
	pairs_set(&b.options.labels, "a", NULL);
	make_plan(&b, "FROM x\nENV X=1\nONBUILD RUN y\n");
	write_steps(&b, &base, &after);
	assert_string_equal(b.text.data, "(2)0 /bin/sh -c #(nop) COPY file:00 in /app \n"
					 "0 /bin/sh -c make $X\n"
					 "2 /bin/sh -c #(nop)  ENV X=1\n"
					 "3 /bin/sh -c #(nop)  ONBUILD RUN y\n"
					 "4 /bin/sh -c #(nop)  LABEL a= z=$X\n");
	assert_int_equal(after.defaults.on_build.count, 1);
	assert_string_equal(after.defaults.on_build.items[0], "RUN y");
}

static void bad_triggers_are_told(void **state)
{
	static const struct {
		const char *trigger, *error;
	} cases[] = {
		{"BOGUS x",
		 "error: line 2: a trigger of the base image: unknown instruction: BOGUS\n"},
		{"FROM x", "error: line 2: FROM isn't allowed as an ONBUILD trigger\n"},
		{"COPY --from=one a b",
		 "error: line 2: a trigger of the base image wants files of stage "
		 "\"one\", on which this stage does not depend\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_built struct built b = {0};
		scoped_image_config struct image_config base = base_config();

		strings_add(&base.defaults.on_build, cases[i].trigger);
		make_plan(&b, "FROM a AS one\nFROM x\n");
		write_steps(&b, &base, NULL);
		assert_string_equal(b.text.data, cases[i].error);
	}
}

static void the_configuration_follows(void **state)
{
	static const struct {
		const char *text, *result;
	} cases[] = {
		{"RUN x", "{\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"sh\"],\"WorkingDir\":\"/srv\"}"},
		{"ENTRYPOINT [\"/e\"]", "{\"Env\":[\"PATH=/bin\"],\"Entrypoint\":[\"/e\"],"
					"\"WorkingDir\":\"/srv\"}"},
		{"CMD [\"c\"]\nENTRYPOINT [\"/e\"]",
		 "{\"Env\":[\"PATH=/bin\"],\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\"],"
		 "\"WorkingDir\":\"/srv\"}"},
		{"ARG A=1\nENV B=$A\nWORKDIR /w\nUSER $B\nCMD []",
		 "{\"User\":\"1\",\"Env\":[\"PATH=/bin\",\"B=1\"],\"Cmd\":[],\"WorkingDir\":\"/"
		 "w\"}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_built struct built b = {0};
		scoped_image_config struct image_config base = base_config(), after = {0};
		scoped_free char *text = str_format("FROM x\n%s", cases[i].text);
		scoped_buffer struct buffer json = {0};

		make_plan(&b, text);
		write_steps(&b, &base, &after);
		record_write_json(&image_defaults_type, &after.defaults, RECORD_FOR_API, &json);
		assert_string_equal(json.data, cases[i].result);
	}
}

static void scratch_has_a_platform_and_a_path(void **state)
{
	scoped_built struct built b = {.options.platform = (char *)(uintptr_t) "linux/arm64"};
	struct error err;

	make_plan(&b, "FROM --platform=$BUILDPLATFORM x AS one\nFROM scratch\n");
	assert_string_equal(b.plan->stages[0].platform, "linux/amd64");
	scoped(stage_run) struct stage_run *run =
		stage_run_new(b.plan, &b.plan->stages[1], "", NULL, &err);
	assert_string_equal(run->config.architecture, "arm64");
	assert_true(str_starts_with(run->config.defaults.env.items[0], "PATH=/usr/local/sbin"));
	assert_true(stage_run_next(run, &err));
	assert_null(run->step);
}

/* ---- keys ---- */

static char *key_of(const char *text, const char *arg, const char *parent, const char *content)
{
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();
	scoped(stage_run) struct stage_run *run = NULL;
	char *key = NULL;
	struct error err;

	pairs_set(&b.options.build_args, "A", arg);
	pairs_set(&b.options.build_args, "http_proxy", arg);
	make_plan(&b, text);
	run = stage_run_new(b.plan, &b.plan->stages[0], parent, &base, &err);
	while (stage_run_next(run, &err) && run->step) {
		if (run->step->kind == BUILD_STEP_COPY)
			stage_run_content(run, content);
		free(key);
		key = str_dup(run->step->key);
	}
	return key;
}

struct keyed {
	const char *text, *arg, *parent, *content;
};

static void keys_tell_what_differs(void **state)
{
	static const struct {
		struct keyed one, two;
		bool equal;
	} cases[] = {
		{{"FROM x\nRUN a"}, {"FROM x\n\nRUN a"}, true},
		{{"FROM x\nRUN a"}, {"FROM x\nRUN b"}, false},
		{{"FROM x\nRUN a", .parent = "p"}, {"FROM x\nRUN a", .parent = "q"}, false},
		{{"FROM x\nRUN a", .arg = "1"}, {"FROM x\nRUN a", .arg = "2"}, true},
		{{"FROM x\nARG A\nRUN a", .arg = "1"}, {"FROM x\nARG A\nRUN a", .arg = "2"}, false},
		{{"FROM x\nARG A\nENV b=1", .arg = "1"},
		 {"FROM x\nARG A\nENV b=1", .arg = "2"},
		 true},
		{{"FROM x\nARG A=1", .arg = "1"}, {"FROM x\nARG A=1", .arg = "2"}, true},
		{{"FROM x\nRUN [\"a\",\"b\"]"}, {"FROM x\nRUN [\"a b\"]"}, false},
		{{"FROM x\nENV A=1 B=2"}, {"FROM x\nENV A=\"1 B=2\""}, false},
		{{"FROM x\nRUN --mount=type=tmpfs,target=/a b"},
		 {"FROM x\nRUN --mount=type=tmpfs,target=/c b"},
		 false},
		{{"FROM x\nRUN --network=none b"}, {"FROM x\nRUN b"}, false},
		{{"FROM x\nCOPY a /", .content = "1"}, {"FROM x\nCOPY b /", .content = "1"}, true},
		{{"FROM x\nCOPY a /", .content = "1"}, {"FROM x\nCOPY a /", .content = "2"}, false},
		{{"FROM x\nCOPY a /"}, {"FROM x\nCOPY --chown=1 a /"}, false},
		{{"FROM x\nUSER a\nRUN b"}, {"FROM x\nUSER c\nRUN b"}, false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const struct keyed *one = &cases[i].one, *two = &cases[i].two;
		scoped_free char *a = key_of(one->text, one->arg, one->parent ? one->parent : "p",
					     one->content ? one->content : "");
		scoped_free char *b = key_of(two->text, two->arg, two->parent ? two->parent : "p",
					     two->content ? two->content : "");

		if ((strcmp(a, b) == 0) != cases[i].equal)
			fail_msg("%s | %s", one->text, two->text);
	}
}

/* ---- failures ---- */

static void a_failed_step_is_shown_with_its_lines(void **state)
{
	static const char text[] = "FROM x\r\n\nENV A=1\nRUN a && \\\n  exit 3\n\nCMD x\nCMD y\n";
	scoped_built struct built b = {0};
	scoped_image_config struct image_config base = base_config();
	struct error err;

	make_plan(&b, text);
	scoped(stage_run) struct stage_run *run =
		stage_run_new(b.plan, &b.plan->stages[0], "p", &base, &err);
	assert_true(stage_run_next(run, &err) && stage_run_next(run, &err));
	scoped_free char *excerpt =
		build_step_excerpt(run->step, "Dockerfile", text, sizeof(text) - 1);
	assert_string_equal(excerpt, "Dockerfile:4\n--------------------\n"
				     "   2 |     \n   3 |     ENV A=1\n   4 | >>> RUN a && \\\n"
				     "   5 | >>>   exit 3\n   6 |     \n   7 |     CMD x\n"
				     "--------------------\n");
	build_step_failed(run->step, 3, &err);
	assert_string_equal(err.text,
			    "The command '/bin/sh -c a &&   exit 3' returned a non-zero code: 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_know_what_they_need),
		cmocka_unit_test(named_contexts_stand_for_images),
		cmocka_unit_test(named_contexts_stand_for_folders),
		cmocka_unit_test(plans_that_cannot_be_are_refused),
		cmocka_unit_test(build_args_that_nobody_takes_are_told),
		cmocka_unit_test(steps_are_called_as_the_classic_builder_calls_them),
		cmocka_unit_test(args_come_from_the_build_the_default_and_the_top),
		cmocka_unit_test(the_command_gets_what_it_needs),
		cmocka_unit_test(copies_are_expanded),
		cmocka_unit_test(documents_are_sources),
		cmocka_unit_test(triggers_come_first_and_once),
		cmocka_unit_test(bad_triggers_are_told),
		cmocka_unit_test(the_configuration_follows),
		cmocka_unit_test(scratch_has_a_platform_and_a_path),
		cmocka_unit_test(keys_tell_what_differs),
		cmocka_unit_test(a_failed_step_is_shown_with_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
