/* Unit files as users write them (tests/units/fixtures) load without a word. */
#include "format/unit_name.h"
#include "unit/unit_scratch.h"

static struct unit_scratch scratch;

static const char *fixtures(void)
{
	const char *folder = getenv("WHERRY_UNIT_FIXTURES"); /* set by meson */

	if (!folder)
		skip();
	return folder;
}

static struct unit_config *load(const char *name)
{
	struct unit_paths paths = {.own = 1};
	struct load_context context = scratch.context;
	struct unit_config *config;

	strings_add(&paths.folders, fixtures());
	context.paths = &paths;
	config = unit_load(&context, name);
	if (config->load != LOAD_LOADED)
		fail_msg("%s: %s %s", name, load_state_name(config->load),
			 config->load_error ? config->load_error : "");
	if (config->warnings.count)
		fail_msg("%s", config->warnings.items[0]);
	strings_fini(&paths.folders);
	return config;
}

static void none_of_them_is_warned_about(void **state)
{
	struct unit_paths paths = {.own = 1};
	scoped_strings struct strings names = {0};
	struct error err;

	strings_add(&paths.folders, fixtures());
	assert_true(unit_list_files(&paths, &names, &err));
	strings_fini(&paths.folders);
	assert_true(names.count >= 8);
	for (size_t i = 0; i < names.count; i++)
		unit_config_free(load(names.items[i]));
}

static char *command(const char *name, enum execution_phase phase, size_t index)
{
	struct unit_config *config = load(name);
	struct execution_plan plan;

	assert_true(unit_config_plan(config, &plan));
	assert_true(index < plan.commands[phase].count);
	char *line = strings_join(
		&RECORD_AT(plan.commands[phase], struct execution_command, index)->args, "|");
	record_fini(&execution_plan_type, &plan);
	unit_config_free(config);
	return line;
}

/* How a continued line is indented is told by format/unit_text_test.c. */
static void squeeze(char *line)
{
	size_t length = 0;

	for (const char *c = line; *c; c++)
		if (*c != ' ' && *c != '\t')
			line[length++] = *c;
	line[length] = '\0';
}

static void commands_are_what_their_authors_meant(void **state)
{
	static const struct {
		const char *name;
		enum execution_phase phase;
		const char *line;
	} cases[] = {
		{"web@01.service", EXECUTION_START,
		 "/usr/bin/docker|run|--rm|--name|web-01|-p|${COREOS_PUBLIC_IPV4}:18001:80|example/"
		 "web"},
		{"web@01.service", EXECUTION_STOP, "/usr/bin/docker|stop|web-01"},
		{"todo.service", EXECUTION_START_PRE,
		 "/bin/bash|-c|/usr/bin/docker rm -f todo || /bin/true"},
		{"sqliteserver.service", EXECUTION_START,
		 "/usr/bin/docker|run|--name|sqliteserver|-v|/tmp/sqlite/test:/opt/sqlite/"
		 "db|example/sqlite|"
		 "/bin/bash|-c|socat TCP-L:12345,fork,reuseaddr  EXEC:\"sqlite3 "
		 "/opt/sqlite/db\",pty"},
		{"mondb.service", EXECUTION_START,
		 "/bin/bash|-c|   while true; do  \t  etcdctl set /services/db/address "
		 "'{\"value\": \"${COREOS_PRIVATE_IPV4}\"}' --ttl 10;        sleep 10;    done"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *line = command(cases[i].name, cases[i].phase, 0);
		scoped_free char *expected = str_dup(cases[i].line);

		squeeze(line);
		squeeze(expected);
		assert_string_equal(line, expected);
	}
}

/* ---- what packages bring ---- */

static void add_specifiers(struct load_context *context)
{
	static const char letters[] = "bmlvutSCLETVgUGhsaowqABMWdyY";

	for (const char *c = letters; *c; c++) {
		char name[2] = {*c};

		pairs_set(&context->specifiers, name, "/x");
	}
}

/* What we do not have is named; a unit that has nothing else is then refused. */
static bool is_told(const struct unit_config *config)
{
	for (size_t i = 0; i < config->warnings.count; i++)
		if (strstr(config->warnings.items[i], "= has no effect"))
			return true;
	return false;
}

static void check_package_unit(const struct load_context *context, const char *name)
{
	scoped_free char *instance =
		unit_name_is_template(name) ? unit_name_with_instance(name, "tty1") : str_dup(name);
	struct unit_config *config = unit_load(context, instance);

	if ((config->load == LOAD_BAD_SETTING && !is_told(config)) || config->load == LOAD_ERROR)
		fail_msg("%s: %s", name, config->load_error);
	unit_config_free(config);
}

/* Those of this system, or of what tests/units/debian_units has unpacked. */
static void units_of_packages_load(void **state)
{
	const char *folder = getenv("WHERRY_UNIT_PACKAGES");
	struct unit_paths paths = {.own = 1};
	struct load_context context = {.paths = &paths};
	scoped_strings struct strings names = {0};
	struct error err;

	strings_add(&paths.folders, folder ? folder : "/usr/lib/systemd/system");
	add_specifiers(&context);
	assert_true(unit_list_files(&paths, &names, &err));
	scoped(unit_listing) struct unit_listing *listing = unit_listing_read(&paths);
	context.listing = listing;
	for (size_t i = 0; i < names.count; i++)
		check_package_unit(&context, names.items[i]);
	if (folder)
		print_message("# %zu units\n", names.count);
	strings_fini(&paths.folders);
	pairs_fini(&context.specifiers);
}

static int begin(void **state)
{
	scratch_begin(&scratch);
	return 0;
}

static int end(void **state)
{
	scratch_end(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_of_them_is_warned_about),
		cmocka_unit_test(commands_are_what_their_authors_meant),
		cmocka_unit_test(units_of_packages_load),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
