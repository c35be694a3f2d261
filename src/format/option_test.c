#include "base/test.h"
#include "format/option.h"

struct sample {
	bool interactive, tty, proxy;
	int8_t init;
	char *name;
	struct option_number memory, swap, tail, timeout, cpus;
	struct strings env, words;
	struct pairs sysctls;
};

static const struct option options[] = {
	{'i', "interactive", &option_switch, offsetof(struct sample, interactive)},
	{'t', "tty", &option_switch, offsetof(struct sample, tty)},
	{0, "sig-proxy", &option_switch, offsetof(struct sample, proxy), .initial = "true"},
	{0, "init", &option_choice, offsetof(struct sample, init)},
	{0, "name", &option_string, offsetof(struct sample, name)},
	{'m', "memory", &option_bytes, offsetof(struct sample, memory)},
	{0, "memory-swap", &option_swap, offsetof(struct sample, swap)},
	{'n', "tail", &option_number, offsetof(struct sample, tail)},
	{0, "timeout", &option_duration, offsetof(struct sample, timeout)},
	{0, "cpus", &option_decimal, offsetof(struct sample, cpus)},
	{'e', "env", &option_list, offsetof(struct sample, env)},
	{0, "platform", &option_words, offsetof(struct sample, words)},
	{0, "sysctl", &option_map, offsetof(struct sample, sysctls)},
	{0, "gpus", &option_string, offsetof(struct sample, name), .refused = "comes later"},
};

static const struct option_set sets[OPTION_SETS] = {OPTION_SET(options)};

struct fixture {
	struct sample sample;
	struct option_outcome outcome;
	struct error err;
	bool parsed;
};

/* Parse words that blanks separate. */
static struct fixture parse(const char *line, bool options_first)
{
	struct fixture f = {0};
	scoped_strings struct strings words = strings_split(line, ' ');

	f.parsed = options_parse(sets, &f.sample, (const char *const *)words.items, words.count,
				 options_first, &f.outcome, &f.err);
	return f;
}

static void fixture_fini(struct fixture *f)
{
	options_fini(sets, &f->sample);
	option_outcome_fini(&f->outcome);
}

#define scoped_fixture scoped_with(fixture_fini)

static void switches_group_and_take_values(void **state)
{
	scoped_fixture struct fixture f = parse("-it --sig-proxy=false --init a", false);

	assert_true(f.parsed);
	assert_true(f.sample.interactive && f.sample.tty && !f.sample.proxy);
	assert_int_equal(f.sample.init, 1);
	assert_string_equal(f.outcome.arguments.items[0], "a");

	scoped_fixture struct fixture off = parse("-i=false --init=0 -t", false);
	assert_true(off.parsed && !off.sample.interactive && off.sample.tty);
	assert_int_equal(off.sample.init, -1);
}

static void values_stand_behind_or_after_an_equals_sign(void **state)
{
	static const char *const lines[] = {"-e A=1",	 "-eA=1",    "-e=A=1", "--env A=1",
					    "--env=A=1", "-ite A=1", "-iteA=1"};

	for (size_t i = 0; i < array_length(lines); i++) {
		scoped_fixture struct fixture f = parse(lines[i], false);

		assert_true(f.parsed);
		assert_int_equal(f.sample.env.count, 1);
		assert_string_equal(f.sample.env.items[0], "A=1");
	}
}

static void options_mix_with_arguments_unless_they_come_first(void **state)
{
	scoped_fixture struct fixture mixed = parse("a -t b --name x c", false);
	scoped_fixture struct fixture first = parse("-t image --name x -i", true);
	scoped_fixture struct fixture ended = parse("-t -- -i - x", false);

	assert_int_equal(mixed.outcome.arguments.count, 3);
	assert_string_equal(mixed.sample.name, "x");
	assert_int_equal(first.outcome.arguments.count, 4);
	assert_false(first.sample.interactive);
	assert_int_equal(ended.outcome.arguments.count, 3);
	assert_string_equal(ended.outcome.arguments.items[1], "-");
}

static void a_lone_dash_is_an_argument(void **state)
{
	scoped_fixture struct fixture f = parse("- -t", false);

	assert_int_equal(f.outcome.arguments.count, 1);
	assert_true(f.sample.tty);
}

static void help_ends_the_reading(void **state)
{
	scoped_fixture struct fixture f = parse("--help --bogus", false);
	scoped_fixture struct fixture old = parse("-th --bogus", false);

	assert_true(f.parsed && f.outcome.help && !f.outcome.short_help);
	assert_true(old.parsed && old.outcome.help && old.outcome.short_help);
}

static void kinds_read_their_values(void **state)
{
	scoped_fixture struct fixture f =
		parse("-m 1.5g --memory-swap -1 -n 0x10 --timeout 1m30s --cpus 0.1 "
		      "--platform a,b --platform c --sysctl net.a=1 --sysctl net.b",
		      false);

	assert_true(f.parsed);
	assert_int_equal(f.sample.memory.value, 1610612736);
	assert_int_equal(f.sample.swap.value, -1);
	assert_int_equal(f.sample.tail.value, 16);
	assert_int_equal(f.sample.timeout.value, 90000000000);
	assert_int_equal(f.sample.cpus.value, 100000000);
	assert_int_equal(f.sample.words.count, 3);
	assert_string_equal(pairs_get(&f.sample.sysctls, "net.a"), "1");
	assert_string_equal(pairs_get(&f.sample.sysctls, "net.b"), "");
}

static void mistakes_are_named_as_docker_names_them(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"--bogus", "unknown flag: --bogus"},
		{"--bogus=1", "unknown flag: --bogus"},
		{"-X", "unknown shorthand flag: 'X' in -X"},
		{"-tX", "unknown shorthand flag: 'X' in -X"},
		{"-t=", "unknown shorthand flag: '=' in -="},
		{"-n", "flag needs an argument: 'n' in -n"},
		{"-tn", "flag needs an argument: 'n' in -tn"},
		{"--name", "flag needs an argument: --name"},
		{"--=x", "bad flag syntax: --=x"},
		{"---x", "bad flag syntax: ---x"},
		{"-n x",
		 "invalid argument \"x\" for \"-n, --tail\" flag: strconv.ParseInt: parsing \"x\": "
		 "invalid syntax"},
		{"-n 99999999999999999999",
		 "invalid argument \"99999999999999999999\" for \"-n, --tail\" flag: "
		 "strconv.ParseInt: parsing \"99999999999999999999\": value out of range"},
		{"--sig-proxy=maybe",
		 "invalid argument \"maybe\" for \"--sig-proxy\" flag: strconv.ParseBool: parsing "
		 "\"maybe\": invalid syntax"},
		{"-m 5q", "invalid argument \"5q\" for \"-m, --memory\" flag: invalid suffix: 'q'"},
		{"-m x", "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'"},
		{"--timeout 5",
		 "invalid argument \"5\" for \"--timeout\" flag: time: missing unit in duration "
		 "\"5\""},
		{"--cpus abc",
		 "invalid argument \"abc\" for \"--cpus\" flag: failed to parse abc as a rational "
		 "number"},
		{"--cpus 0.0000000001",
		 "invalid argument \"0.0000000001\" for \"--cpus\" flag: value is too precise"},
		{"--gpus all", "--gpus is not supported: comes later"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_fixture struct fixture f = parse(cases[i].line, false);

		assert_false(f.parsed);
		assert_string_equal(f.err.text, cases[i].error);
	}
}

static void the_last_of_several_values_counts(void **state)
{
	scoped_fixture struct fixture f = parse("--name a --name b", false);

	assert_string_equal(f.sample.name, "b");
}

static void sorting_joins_the_sets(void **state)
{
	size_t count;
	const struct option **sorted = options_sorted(sets, &count);

	assert_int_equal(count, array_length(options));
	assert_string_equal(sorted[0]->name, "cpus");
	free(sorted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches_group_and_take_values),
		cmocka_unit_test(values_stand_behind_or_after_an_equals_sign),
		cmocka_unit_test(options_mix_with_arguments_unless_they_come_first),
		cmocka_unit_test(a_lone_dash_is_an_argument),
		cmocka_unit_test(help_ends_the_reading),
		cmocka_unit_test(kinds_read_their_values),
		cmocka_unit_test(mistakes_are_named_as_docker_names_them),
		cmocka_unit_test(the_last_of_several_values_counts),
		cmocka_unit_test(sorting_joins_the_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
