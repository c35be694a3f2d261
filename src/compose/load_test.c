#include "compose/load_cases.h"

#define A "services: {a: {image: x}}\n"
#define B "services: {b: {image: y}}\n"

/* ---- which files ---- */

static void the_first_name_of_the_style_is_taken(void **state)
{
	static const struct load_case cases[] = {
		{.files = {{"/p/compose.yaml", A}, {"/p/docker-compose.yml", B}},
		 .at = "files",
		 .json = "/p/compose.yaml",
		 .warning = "using /p/compose.yaml"},
		{"v1", .files = {{"/p/compose.yaml", A}, {"/p/docker-compose.yml", B}},
		 .at = "files", .json = "/p/docker-compose.yml",
		 .warning = "using /p/docker-compose.yml"},
		{.files = {{"/p/docker-compose.yaml", A}},
		 .at = "files",
		 .json = "/p/docker-compose.yaml"},
	};

	check_cases(cases);
}

static void files_are_looked_for_in_parents(void **state)
{
	static const struct load_case cases[] = {
		{"cwd=/p/sub/deep", {{"/p/compose.yaml", A}}, "directory", "/p"},
		{"cwd=/p/sub/deep", {{"/p/compose.yaml", A}}, "name", "\"p\""},
		{"cwd=/p/sub/deep", {{"/compose.yaml", A}}, .error = "makes no name"},
		{"-p q cwd=/p/sub/deep", {{"/compose.yaml", A}}, "directory", "/"},
		{NULL,
		 {{"/q/compose.yaml", A}},
		 .error = "compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml"},
		{"v1",
		 {{"/q/compose.yaml", A}},
		 .error = "Supported filenames: docker-compose.yml, docker-compose.yaml"},
	};

	check_cases(cases);
}

static void a_folder_that_is_named_is_looked_into(void **state)
{
	static const struct load_case cases[] = {
		{"dir=/q",
		 {{"/q/compose.yaml", A}, {"/p/compose.yaml", B}},
		 "files",
		 "/q/compose.yaml"},
		{"dir=../q", {{"/q/compose.yaml", A}}, "directory", "/q"},
		{"dir=/q", {{"/p/compose.yaml", B}}, "files", "/p/compose.yaml"},
		{"dir=/q", {{"/p/compose.yaml", B}}, "directory", "/q"},
		{"v1 dir=/q",
		 {{"/q/compose.yml", A}, {"/p/compose.yml", B}},
		 "files",
		 "/p/compose.yml"},
	};

	check_cases(cases);
}

static void an_override_stands_beside_what_was_found(void **state)
{
	static const char override[] = "services: {a: {labels: {x: y}}}\n";
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", A}, {"/p/compose.override.yml", override}},
		 "services.a.labels",
		 "{\"x\":\"y\"}"},
		{NULL,
		 {{"/p/compose.yaml", A}, {"/p/docker-compose.override.yaml", override}},
		 "files",
		 "/p/compose.yaml /p/docker-compose.override.yaml"},
		{"-f compose.yaml",
		 {{"/p/compose.yaml", A}, {"/p/compose.override.yml", override}},
		 "services.a.labels",
		 NULL},
	};

	check_cases(cases);
}

static void named_files_share_the_folder_of_the_first(void **state)
{
	static const struct load_case cases[] = {
		{"-f a.yml -f d/b.yml",
		 {{"/p/a.yml", A}, {"/p/d/b.yml", "services: {a: {build: ./c}}\n"}},
		 "services.a.build.context",
		 "\"/p/c\""},
		{"-f d/b.yml",
		 {{"/p/d/b.yml", "services: {a: {build: ./c}}\n"}},
		 "services.a.build.context",
		 "\"/p/d/c\""},
		{"-f d/b.yml dir=/else",
		 {{"/p/d/b.yml", "services: {a: {build: ./c}}\n"}},
		 "services.a.build.context",
		 "\"/else/c\""},
		{"-f - cwd=/w",
		 {{"-", "services: {a: {build: ./c}}\n"}},
		 "services.a.build.context",
		 "\"/w/c\""},
		{"-f - -f -", {{"-", A}}, .error = "can be read only once"},
		{"-f no.yml", {{"/p/a.yml", A}}, .error = "no.yml: there is no file"},
	};

	check_cases(cases);
}

static void compose_file_names_files(void **state)
{
	static const struct load_case cases[] = {
		{"COMPOSE_FILE=a:b", {{"/p/a", A}, {"/p/b", B}}, "files", "/p/a /p/b"},
		{"COMPOSE_FILE=a,b COMPOSE_PATH_SEPARATOR=,",
		 {{"/p/a", A}, {"/p/b", B}},
		 "services.b.image",
		 "\"y\""},
		{"COMPOSE_FILE=a -f b", {{"/p/a", A}, {"/p/b", B}}, "files", "/p/b"},
		{NULL,
		 {{"/p/.env", "COMPOSE_FILE=a\n"}, {"/p/a", A}, {"/p/compose.yaml", B}},
		 "files",
		 "/p/a"},
		{"COMPOSE_FILE=compose.yaml",
		 {{"/p/.env", "COMPOSE_FILE=a\n"}, {"/p/a", A}, {"/p/compose.yaml", B}},
		 "files",
		 "/p/compose.yaml"},
	};

	check_cases(cases);
}

/* ---- the name ---- */

static void a_project_has_the_strongest_name(void **state)
{
	static const char named[] = "name: n\nservices: {a: {image: x}}\n";
	static const struct load_case cases[] = {
		{NULL, {{"/p/compose.yaml", named}}, "name", "\"n\""},
		{"COMPOSE_PROJECT_NAME=e", {{"/p/compose.yaml", named}}, "name", "\"e\""},
		{"COMPOSE_PROJECT_NAME=e -p c", {{"/p/compose.yaml", named}}, "name", "\"c\""},
		{NULL,
		 {{"/p/compose.yaml", named}, {"/p/.env", "COMPOSE_PROJECT_NAME=f\n"}},
		 "name",
		 "\"f\""},
		{"-f a -f b", {{"/p/a", "name: n\n" A}, {"/p/b", "name: m\n"}}, "name", "\"m\""},
		{"N=v", {{"/p/compose.yaml", "name: x-${N}\n" A}}, "name", "\"x-v\""},
		{"-p Foo", {{"/p/compose.yaml", A}}, .error = "invalid project name \"Foo\""},
		{"v1 -p Foo", {{"/p/compose.yaml", A}}, "name", "\"foo\""},
		{NULL,
		 {{"/p/compose.yaml", "name: Bad.name\n" A}},
		 .error = "compose.yaml:1:7: name: invalid project name"},
		{"cwd=/x/My_App.1", {{"/x/My_App.1/compose.yaml", A}}, "name", "\"my_app1\""},
		{"cwd=/x/_-a", {{"/x/_-a/compose.yaml", A}}, "name", "\"a\""},
	};

	check_cases(cases);
}

static void the_name_can_be_used_in_values(void **state)
{
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, command: 'echo ${COMPOSE_PROJECT_NAME}'}}\n"}},
		 "services.a.command",
		 "[\"echo\",\"p\"]"},
	};

	check_cases(cases);
}

/* ---- variables ---- */

#define V_IMAGE "services: {a: {image: \"$V\"}}\n"

static void the_shell_beats_files(void **state)
{
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", V_IMAGE}, {"/p/.env", "V=a\n"}},
		 "services.a.image",
		 "\"a\""},
		{"V=b",
		 {{"/p/compose.yaml", V_IMAGE}, {"/p/.env", "V=a\n"}},
		 "services.a.image",
		 "\"b\""},
		{"--env-file c.env",
		 {{"/p/compose.yaml", V_IMAGE}, {"/p/.env", "V=a\n"}, {"/p/c.env", "V=c\n"}},
		 "services.a.image",
		 "\"c\""},
		{"--env-file c.env --env-file d.env",
		 {{"/p/compose.yaml", V_IMAGE}, {"/p/c.env", "V=c\n"}, {"/p/d.env", "V=d\n"}},
		 "services.a.image",
		 "\"d\""},
		{"--env-file no.env",
		 {{"/p/compose.yaml", V_IMAGE}},
		 .error = "no.env: there is no file"},
		{"v1 -f d/c.yml",
		 {{"/p/d/c.yml", V_IMAGE}, {"/p/.env", "V=a\n"}},
		 "services.a.image",
		 "\"a\""},
	};

	check_cases(cases);
}

static void an_unset_variable_is_told_once(void **state)
{
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: 'x$N', hostname: 'h$N'}}\n"}},
		 "services.a.hostname",
		 "\"h\"",
		 .warning = "compose.yaml:1:23: services.a.image: The \"N\" variable is not set"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: '${U:?need it}'}}\n"}},
		 .error = "compose.yaml:1:23: services.a.image: required variable U is missing a "
			  "value: need it"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: '${U!x}'}}\n"}},
		 .error = "compose.yaml:1:23: services.a.image"},
	};
	struct compose_files files = {case_read, case_exists, (void *)&cases[0]};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct case_request request;

	check_cases(cases);
	case_request_init(&cases[0], &request);
	scoped(project) struct project *project =
		compose_load(&request.request, &files, &diagnostics);
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(project->variables.count, 1);
	assert_string_equal(project->variables.items[0].name, "N");
	assert_null(project->variables.items[0].otherwise);
	case_request_fini(&request);
}

static void containers_get_their_variables(void **state)
{
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, env_file: no.env}}\n"}},
		 .error = "compose.yaml:1:36: services.a.env_file: there is no file '/p/no.env'"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, env_file: {path: no.env, required: false}}}\n"}},
		 .error = "env_file"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, env_file: [{path: no.env, required: false}]}}\n"}},
		 "services.a.env_file",
		 NULL},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, env_file: [a.env, b.env]}}\n"},
		  {"/p/a.env", "A=1\n"},
		  {"/p/b.env", "A=2\n"}},
		 "services.a.environment",
		 "{\"A\":\"2\"}"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, env_file: a.env, environment: {A: 3}}}\n"},
		  {"/p/a.env", "A=1\nB=${V:-w}\n"}},
		 "services.a.environment",
		 "{\"A\":\"3\",\"B\":\"w\"}"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, env_file: [{path: r, format: raw}]}}\n"},
		  {"/p/r", "A=\"$X\"\n"}},
		 "services.a.environment",
		 "{\"A\":\"\\\"$X\\\"\"}"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, label_file: l, labels: {A: 3}}}\n"},
		  {"/p/l", "A=1\nB=2\n"}},
		 "services.a.labels",
		 "{\"A\":\"3\",\"B\":\"2\"}"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, environment: [U]}}\n"}},
		 "services.a.environment.U",
		 NULL},
		{"U=1",
		 {{"/p/compose.yaml", "services: {a: {image: x, environment: [U]}}\n"}},
		 "services.a.environment.U",
		 "\"1\""},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, environment: [U]}}\n"},
		  {"/p/.env", "U=2\n"}},
		 "services.a.environment.U",
		 "\"2\""},
	};

	check_cases(cases);
}

/* ---- merging ---- */

#define MERGED(first, second)                                                                      \
	{                                                                                          \
		{"/p/a", first},                                                                   \
		{                                                                                  \
			"/p/b", second                                                             \
		}                                                                                  \
	}
#define SERVICE(text) "services:\n  a: {image: x, " text "}\n  b: {image: y}\n  c: {image: z}\n"
#define OVER(text)    "services: {a: {" text "}}\n"

static void later_files_win_by_the_rules_of_each_attribute(void **state)
{
	static const struct load_case cases[] = {
		{"-f a -f b",
		 MERGED(SERVICE("environment: [X=1, Y=2]"), OVER("environment: {X: 3}")),
		 "services.a.environment", "{\"X\":\"3\",\"Y\":\"2\"}"},
		{"-f a -f b", MERGED(SERVICE("command: a"), OVER("command: b")),
		 "services.a.command", "[\"b\"]"},
		{"-f a -f b", MERGED(SERVICE("command: a"), OVER("command: ")),
		 "services.a.command", "null"},
		{"-f a -f b",
		 MERGED(SERVICE("ports: ['80:80']"), OVER("ports: ['80:80', '127.0.0.1:80:80']")),
		 "services.a.ports",
		 "[{\"mode\":\"ingress\",\"protocol\":\"tcp\",\"published\":\"80\",\"target\":80},"
		 "{\"host_ip\":\"127.0.0.1\",\"mode\":\"ingress\",\"protocol\":\"tcp\","
		 "\"published\":\"80\",\"target\":80}]"},
		{"-f a -f b",
		 MERGED(SERVICE("volumes: ['./a:/d']"),
			OVER("volumes: ['v:/d:ro']") "volumes: {v: }\n"),
		 "services.a.volumes",
		 "[{\"read_only\":true,\"source\":\"v\",\"target\":\"/"
		 "d\",\"type\":\"volume\",\"volume\":{}}]"},
		{"-f a -f b",
		 MERGED(SERVICE("healthcheck: {test: x, retries: 5}"),
			OVER("healthcheck: {retries: 6}")),
		 "services.a.healthcheck", "{\"retries\":6,\"test\":[\"CMD-SHELL\",\"x\"]}"},
		{"-f a -f b",
		 MERGED(SERVICE("logging: {driver: json-file, options: {a: 1}}"),
			OVER("logging: {driver: json-file, options: {b: 2}}")),
		 "services.a.logging.options", "{\"a\":\"1\",\"b\":\"2\"}"},
		{"-f a -f b",
		 MERGED(SERVICE("logging: {driver: json-file, options: {a: 1}}"),
			OVER("logging: {driver: syslog}")),
		 "services.a.logging", "{\"driver\":\"syslog\"}"},
		{"-f a -f b",
		 MERGED(SERVICE("depends_on: [b]"),
			OVER("depends_on: {c: {condition: service_healthy}}")),
		 "services.a.depends_on.c.condition", "\"service_healthy\""},
		{"-f a -f b",
		 MERGED(SERVICE("depends_on: [b]"),
			OVER("depends_on: {c: {condition: service_healthy}}")),
		 "services.a.depends_on.b.condition", "\"service_started\""},
		{"-f a -f b", MERGED(SERVICE("build: ./x"), OVER("build: {args: {A: 1}}")),
		 "services.a.build.context", "\"/p/x\""},
		{"-f a -f b", MERGED(SERVICE("build: ./x"), OVER("build: {args: {A: 1}}")),
		 "services.a.build.args", "{\"A\":\"1\"}"},
		{"-f a -f b", MERGED(SERVICE("cap_add: [A, B]"), OVER("cap_add: [B, C]")),
		 "services.a.cap_add", "[\"A\",\"B\",\"C\"]"},
		{"-f a -f b", MERGED(SERVICE("group_add: [1, 2]"), OVER("group_add: [2, 3]")),
		 "services.a.group_add", "[\"1\",\"2\",\"3\"]"},
		{"-f a -f b",
		 MERGED(SERVICE("networks: {n: {aliases: [q]}}") "networks: {n: }\n",
			OVER("networks: [n]")),
		 "services.a.networks", "{\"n\":{\"aliases\":[\"q\"]}}"},
		{"-f a -f b", MERGED(SERVICE("hostname: h"), OVER("image: [x]")),
		 .error = "b:1:23: services.a.image"},
		{"-f a",
		 {{"/p/a", "services: {a: {image: x}}\n---\nservices: {a: {tty: true}}\n"}},
		 "services.a.tty",
		 "true"},
	};

	check_cases(cases);
}

static void tags_reset_and_override(void **state)
{
	static const struct load_case cases[] = {
		{"-f a -f b", MERGED(SERVICE("ports: ['80:80']"), OVER("ports: !reset []")),
		 "services.a.ports", NULL},
		{"-f a -f b",
		 MERGED(SERVICE("environment: {A: 1, B: 2}"),
			OVER("environment: {A: !reset null}")),
		 "services.a.environment", "{\"B\":\"2\"}"},
		{"-f a -f b",
		 MERGED(SERVICE("ports: ['80:80']"), OVER("ports: !override ['8443:443']")),
		 "services.a.ports",
		 "[{\"mode\":\"ingress\",\"protocol\":\"tcp\",\"published\":\"8443\",\"target\":"
		 "443}]"},
		{"-f a -f b -f c",
		 {{"/p/a", SERVICE("cap_add: [A]")},
		  {"/p/b", OVER("cap_add: !reset []")},
		  {"/p/c", OVER("cap_add: [C]")}},
		 "services.a.cap_add",
		 "[\"C\"]"},
		{"-f a",
		 {{"/p/a", "services: {b: {image: x, cap_add: [A]}, a: {extends: b, cap_add: "
			   "!reset []}}\n"}},
		 "services.a.cap_add",
		 NULL},
		{"-f a",
		 {{"/p/a", "services: {b: {image: x, cap_add: [A]}, a: {extends: b, cap_add: "
			   "!override [Z]}}\n"}},
		 "services.a.cap_add",
		 "[\"Z\"]"},
	};

	check_cases(cases);
}

/* ---- extends ---- */

static void a_service_begins_as_the_one_it_extends(void **state)
{
	static const struct load_case cases[] = {
		{"-f a -f b",
		 {{"/p/a",
		   "services: {a: {extends: {file: d/c.yml, service: s}}, t: {image: t}}\n"},
		  {"/p/b", "services: {a: {extends: t}}\n"},
		  {"/p/d/c.yml", "services: {s: {image: s}}\n"}},
		 "services.a.image",
		 "\"t\""},
		{"-f a",
		 {{"/p/a", "services: {b: {image: x, environment: [X=0, Y=2]}, a: {extends: b, "
			   "environment: [X=1]}}\n"}},
		 "services.a.environment",
		 "{\"X\":\"1\",\"Y\":\"2\"}"},
		{"-f a",
		 {{"/p/a", "services: {a: {extends: {file: d/c.yml, service: s}}}\n"},
		  {"/p/d/c.yml", "services: {s: {build: .}}\n"}},
		 "services.a.build.context",
		 "\"/p/d\""},
		{"-f a",
		 {{"/p/a", "services: {a: {extends: {file: d/c.yml, service: s}}}\n"},
		  {"/p/d/c.yml",
		   "services: {s: {extends: {file: e.yml, service: t}, tty: true}}\n"},
		  {"/p/d/e.yml", "services: {t: {image: deep, env_file: e.env}}\n"},
		  {"/p/d/e.env", "E=1\n"}},
		 "services.a",
		 "{\"environment\":{\"E\":\"1\"},\"image\":\"deep\",\"networks\":{\"default\":null}"
		 ",\"tty\":true}"},
		{"-f a",
		 {{"/p/a",
		   "services: {a: {image: x, extends: c}, b: {extends: a}, c: {extends: b}}\n"}},
		 .error = "services extend each other: a -> c -> b -> a"},
		{"-f a",
		 {{"/p/a", "services: {a: {extends: {file: b, service: s}}}\n"},
		  {"/p/b", "services: {s: {extends: {file: a, service: a}}}\n"}},
		 .error = "services extend each other: s (b) -> a (a) -> s (b)"},
		{"-f a",
		 {{"/p/a", "services: {a: {image: x, extends: zz}}\n"}},
		 .error = "a:1:35: services.a.extends: service \"a\" extends \"zz\", which is not "
			  "in these files"},
		{"-f a",
		 {{"/p/a", "services: {a: {extends: {file: b, service: zz}}}\n"}, {"/p/b", A}},
		 .error = "service \"a\" extends \"zz\", which is not in b"},
		{"-f a",
		 {{"/p/a", "services: {a: {extends: {file: no, service: zz}}}\n"}},
		 .error = "a:1:32: services.a.extends.file: there is no file '/p/no'"},
	};

	check_cases(cases);
}

/* ---- include ---- */

static void a_project_includes_another(void **state)
{
	static const struct load_case cases[] = {
		{"-f a",
		 {{"/p/a", "include: [d/c.yaml]\nservices: {a: {image: x, depends_on: [s]}}\n"},
		  {"/p/d/c.yaml", "services: {s: {build: ./w}}\n"}},
		 "services.s.build.context",
		 "\"/p/d/w\""},
		{"-f a",
		 {{"/p/a", "include: [d/c.yaml]\nservices: {s: {image: mine}}\n"},
		  {"/p/d/c.yaml", "services: {s: {image: x, tty: true}}\n"}},
		 "services.s",
		 "{\"image\":\"mine\",\"networks\":{\"default\":null},\"tty\":true}",
		 .warning = "a:2:12: services.s: is included from d/c.yaml:1, too"},
		{"-f a",
		 {{"/p/a", "include: [b]\n"},
		  {"/p/b", "include: [c]\n"},
		  {"/p/c", "include: [b]\n"}},
		 .error = "files include each other: b -> c -> b"},
		{"-f a",
		 {{"/p/a", "include: [d/c.yaml]\nservices: {a: {image: x}}\n"},
		  {"/p/d/c.yaml", "services: {s: {image: '$W'}}\n"},
		  {"/p/d/.env", "W=own\n"}},
		 "services.s.image",
		 "\"own\""},
		{"-f a W=shell",
		 {{"/p/a", "include: [d/c.yaml]\nservices: {a: {image: x}}\n"},
		  {"/p/d/c.yaml", "services: {s: {image: '$W'}}\n"},
		  {"/p/d/.env", "W=own\n"}},
		 "services.s.image",
		 "\"shell\""},
		{"-f a",
		 {{"/p/a", "include: [{path: d/c.yaml, project_directory: e, env_file: "
			   "f.env}]\nservices: {a: {image: x}}\n"},
		  {"/p/d/c.yaml", "services: {s: {image: '$W', build: .}}\n"},
		  {"/p/f.env", "W=named\n"}},
		 "services.s.build.context",
		 "\"/p/e\""},
		{"-f a",
		 {{"/p/a", "include: [{path: [b, c]}]\n"},
		  {"/p/b", "services: {s: {image: x, tty: true}}\n"},
		  {"/p/c", "services: {s: {image: y}}\n"}},
		 "services.s.image",
		 "\"y\""},
		{"-f a",
		 {{"/p/a", "include: [b, c]\n"},
		  {"/p/b", "include: [n]\n" A},
		  {"/p/c", "include: [n]\n" B},
		  {"/p/n", "services: {n: {image: z}}\n"}},
		 "services.n.image",
		 "\"z\""},
		{"-f a",
		 {{"/p/a", "include: [no]\n" A}},
		 .error = "a:1:11: include: there is no file '/p/no'"},
	};

	check_cases(cases);
}

/* ---- profiles and dependencies ---- */

static void check_enabled(const struct load_case *c, const char *wanted)
{
	struct compose_files files = {case_read, case_exists, (void *)c};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_strings struct strings names = {0};
	struct case_request request;

	case_request_init(c, &request);
	scoped(project) struct project *project =
		compose_load(&request.request, &files, &diagnostics);
	if (!project)
		case_show(c, &diagnostics);
	assert_non_null(project);
	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled)
			strings_add(&names, project->services[i].name);
	scoped_free char *text = strings_join(&names, " ");
	assert_string_equal(text, wanted);
	case_request_fini(&request);
}

static void profiles_enable_services(void **state)
{
	static const struct case_file file = {
		"/p/compose.yaml", "services:\n  a: {image: x, profiles: [x]}\n  b: {image: x}\n"
				   "  c: {image: x, profiles: [y, z]}\n"};
	static const struct {
		const char *options, *enabled;
	} rows[] = {
		{NULL, "b"},	       {"--profile x", "a b"},	 {"COMPOSE_PROFILES=x,z", "a b c"},
		{"+a", "a b"},	       {"--profile *", "a b c"}, {"+c", "b c"},
		{"--profile no", "b"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct load_case c = {rows[i].options, {file}};

		check_enabled(&c, rows[i].enabled);
	}
}

static void dependencies_must_be_there(void **state)
{
	static const struct load_case cases[] = {
		{"+b",
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, profiles: [x]}, b: {image: y, depends_on: [a]}}\n"}},
		 .error = "services.b.depends_on: service \"b\" depends on \"a\", whose profiles "
			  "are not active"},
		{"+b",
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, profiles: [x]}, b: {image: y, depends_on: {a: "
		   "{condition: service_started, required: false}}}}\n"}}},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, depends_on: [zz]}}\n"}},
		 .error = "compose.yaml:1:39: services.a.depends_on: service \"a\" depends on "
			  "undefined service \"zz\""},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, depends_on: {zz: {condition: "
				      "service_started, required: false}}}}\n"}},
		 .warning = "there is no service \"zz\""},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, depends_on: [b]}, b: {image: y, depends_on: [a]}}\n"}},
		 .error = "services depend on each other: a -> b -> a"},
		{NULL,
		 {{"/p/compose.yaml",
		   "services: {a: {image: x, network_mode: 'service:b'}, b: {image: y, "
		   "volumes_from: [c]}, c: {image: z, ipc: 'service:a'}}\n"}},
		 .error = "services depend on each other: a -> b -> c -> a"},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {build: {context: ., additional_contexts: {q: "
				      "'service:zz'}}}}\n"}},
		 .error = "services.a.build: service \"a\" is built from undefined service \"zz\""},
		{NULL,
		 {{"/p/compose.yaml", "services: {a: {image: x, links: [a]}}\n"}},
		 .error = "compose.yaml:1:12: services.a: services depend on each other: a -> a"},
	};

	check_cases(cases);
}

static void what_is_shared_is_waited_for(void **state)
{
	static const struct load_case c = {
		NULL,
		{{"/p/compose.yaml",
		  "services:\n"
		  "  a: {image: x, links: ['d:db'], network_mode: 'service:b', volumes_from: "
		  "['c:ro'], depends_on: {e: {condition: service_completed_successfully, restart: "
		  "true}}}\n"
		  "  b: {image: x}\n  c: {image: x}\n  d: {image: x}\n  e: {image: x}\n"}}};
	struct compose_files files = {case_read, case_exists, (void *)&c};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct case_request request;

	case_request_init(&c, &request);
	request.request.no_consistency = true; /* links and network_mode do not go together */
	scoped(project) struct project *project =
		compose_load(&request.request, &files, &diagnostics);
	assert_non_null(project);
	const struct service *a = project_service(project, "a");
	static const struct dependency wanted[] = {
		{"b", DEPENDENCY_STARTED, true, true, true},
		{"c", DEPENDENCY_STARTED, true, false, true},
		{"d", DEPENDENCY_STARTED, true, true, true},
		{"e", DEPENDENCY_COMPLETED, true, true, false},
	};
	assert_int_equal(a->dependency_count, array_length(wanted));
	for (size_t i = 0; i < array_length(wanted); i++) {
		assert_string_equal(a->dependencies[i].service, wanted[i].service);
		assert_int_equal(a->dependencies[i].condition, wanted[i].condition);
		assert_int_equal(a->dependencies[i].restart, wanted[i].restart);
		assert_int_equal(a->dependencies[i].implied, wanted[i].implied);
	}
	case_request_fini(&request);
}

static void what_is_implied_is_shown(void **state)
{
	static const char file[] = "services: {a: {image: x, links: ['b:q']}, b: {image: y}}\n";
	static const struct load_case cases[] = {
		{NULL,
		 {{"/p/compose.yaml", file}},
		 "services.a.depends_on",
		 "{\"b\":{\"condition\":\"service_started\",\"required\":true,\"restart\":true}}"},
		{"v1", {{"/p/docker-compose.yml", file}}, "services.a.depends_on", NULL},
	};

	check_cases(cases);
}

/* ---- version 1 ---- */

static void files_without_services_are_version_1(void **state)
{
	static const char file[] =
		"a: {image: x, links: [b], net: host, log_driver: syslog, log_opt: {k: v}}\n"
		"b: {build: ., dockerfile: D}\nc: {image: x, net: 'container:b'}\n";
	static const struct load_case cases[] = {
		{"v1", {{"/p/docker-compose.yml", file}}, "services.a.network_mode", "\"host\""},
		{"v1",
		 {{"/p/docker-compose.yml", file}},
		 "services.a.logging",
		 "{\"driver\":\"syslog\",\"options\":{\"k\":\"v\"}}"},
		{"v1",
		 {{"/p/docker-compose.yml", file}},
		 "services.b.build",
		 "{\"context\":\"/p\",\"dockerfile\":\"D\"}"},
		{"v1", {{"/p/docker-compose.yml", file}}, "services.b.network_mode", "\"bridge\""},
		{"v1",
		 {{"/p/docker-compose.yml", file}},
		 "services.c.network_mode",
		 "\"service:b\""},
		{"v1", {{"/p/docker-compose.yml", file}}, "networks", NULL},
		{"-f a -f b",
		 {{"/p/a", A}, {"/p/b", "volumes: {build: }\n"}},
		 "volumes.build",
		 "{\"name\":\"p_build\"}"},
		{"v1",
		 {{"/p/docker-compose.yml",
		   "a: {image: x, volumes: ['d:/d'], volume_driver: nfs}\n"}},
		 "volumes.d",
		 "{\"driver\":\"nfs\",\"name\":\"d\"}"},
	};

	check_cases(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_of_the_style_is_taken),
		cmocka_unit_test(files_are_looked_for_in_parents),
		cmocka_unit_test(a_folder_that_is_named_is_looked_into),
		cmocka_unit_test(an_override_stands_beside_what_was_found),
		cmocka_unit_test(named_files_share_the_folder_of_the_first),
		cmocka_unit_test(compose_file_names_files),
		cmocka_unit_test(a_project_has_the_strongest_name),
		cmocka_unit_test(the_name_can_be_used_in_values),
		cmocka_unit_test(the_shell_beats_files),
		cmocka_unit_test(an_unset_variable_is_told_once),
		cmocka_unit_test(containers_get_their_variables),
		cmocka_unit_test(later_files_win_by_the_rules_of_each_attribute),
		cmocka_unit_test(tags_reset_and_override),
		cmocka_unit_test(a_service_begins_as_the_one_it_extends),
		cmocka_unit_test(a_project_includes_another),
		cmocka_unit_test(profiles_enable_services),
		cmocka_unit_test(dependencies_must_be_there),
		cmocka_unit_test(what_is_shared_is_waited_for),
		cmocka_unit_test(what_is_implied_is_shown),
		cmocka_unit_test(files_without_services_are_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
