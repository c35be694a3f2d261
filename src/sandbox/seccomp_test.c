/* The program that we write against the one that libseccomp writes for the same profile, run in user
 * space on every number of every machine, and on the arguments that rules look at. */
#include "sandbox/seccomp_profile.h"
#include "sandbox/seccomp_program.h"
#include "sandbox/seccomp_table.h"

#include "base/test.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_CAPABILITIES UINT64_C(0xa80425fb)
#define BIT(capability)	     (UINT64_C(1) << (capability))

/* ---- a BPF machine ---- */

static bool jumps(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		fail_msg("unknown jump %x", code);
		return false;
	}
}

static uint32_t run(const struct buffer *program, const struct seccomp_data *data)
{
	const struct sock_filter *code = (const void *)program->data;
	size_t length = program->size / sizeof(*code);
	uint32_t a = 0;

	for (size_t pc = 0; pc < length; pc++) {
		const struct sock_filter *in = &code[pc];

		if (in->code == (BPF_LD | BPF_W | BPF_ABS))
			memcpy(&a, (const char *)data + in->k, sizeof(a));
		else if (in->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= in->k;
		else if (in->code == (BPF_RET | BPF_K))
			return in->k;
		else if (in->code == (BPF_JMP | BPF_JA))
			pc += in->k;
		else if (BPF_CLASS(in->code) == BPF_JMP)
			pc += jumps(in->code, a, in->k) ? in->jt : in->jf;
		else
			fail_msg("unknown instruction %x", in->code);
	}
	fail_msg("the program runs over its end");
	return 0;
}

/* ---- libseccomp's program ---- */

static const uint32_t operator_of[] = {
	[SECCOMP_NOT_EQUAL] = SCMP_CMP_NE,	     [SECCOMP_LESS] = SCMP_CMP_LT,
	[SECCOMP_LESS_OR_EQUAL] = SCMP_CMP_LE,	     [SECCOMP_EQUAL] = SCMP_CMP_EQ,
	[SECCOMP_GREATER_OR_EQUAL] = SCMP_CMP_GE,    [SECCOMP_GREATER] = SCMP_CMP_GT,
	[SECCOMP_MASKED_EQUAL] = SCMP_CMP_MASKED_EQ, [SECCOMP_NOT_EQUAL_INT] = SCMP_CMP_NE,
};

/* Names that libseccomp does not know yet are told to it by number. */
static int number_of(const char *name)
{
	static const char *const newest[] = {"cachestat",  "fchmodat2",	 "map_shadow_stack",
					     "futex_wake", "futex_wait", "futex_requeue"};
	int number = seccomp_syscall_resolve_name(name);

	for (int i = 0; number == __NR_SCMP_ERROR && i < 6; i++)
		if (str_equal(newest[i], name))
			return 451 + i;
	return number;
}

static void add_rule(scmp_filter_ctx filter, const struct seccomp_rule *rule, const char *name)
{
	struct scmp_arg_cmp args[SECCOMP_ARGUMENTS];
	int number = number_of(name);

	for (size_t i = 0; i < rule->argument_count; i++)
		args[i] = (struct scmp_arg_cmp){rule->arguments[i].index,
						operator_of[rule->arguments[i].operator],
						rule->arguments[i].value, rule->arguments[i].other};
	if (number != __NR_SCMP_ERROR && rule->action != SECCOMP_RET_ERRNO + EPERM)
		seccomp_rule_add_array(filter, rule->action, number, (unsigned)rule->argument_count,
				       args);
}

static void theirs(const struct seccomp_profile *profile, uint64_t capabilities, struct buffer *out)
{
	const struct seccomp_target target = {capabilities, 6001, "amd64"};
	scmp_filter_ctx filter = seccomp_init(profile->otherwise);
	int fd = memfd_create("filter", MFD_CLOEXEC);
	struct error err;
	char path[32];

	seccomp_arch_add(filter, SCMP_ARCH_X86);
	seccomp_arch_add(filter, SCMP_ARCH_X32);
	for (size_t i = 0; i < profile->rule_count; i++) {
		scoped_free char *names = str_dup(profile->rules[i].names);
		char *save = NULL;

		if (!seccomp_rule_applies(&profile->rules[i], &target))
			continue;
		for (char *n = strtok_r(names, " ", &save); n; n = strtok_r(NULL, " ", &save))
			add_rule(filter, &profile->rules[i], n);
	}
	assert_int_equal(seccomp_export_bpf(filter, fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(file_read(AT_FDCWD, path, 1 << 20, out, &err));
	seccomp_release(filter);
	close(fd);
}

/* ---- comparing ---- */

/* Arguments that rules of the profile look at, and their neighbours. */
static const uint64_t interesting[] = {
	0,
	1,
	2,
	8,
	9,
	20,
	24,
	40,
	41,
	0x20000,
	0x20008,
	0x7e020000,
	0x10000000,
	0x01200011,
	0xffffffff,
	UINT64_C(0x100000000),
	UINT64_C(0x100000028),
	UINT64_C(0xffffffff00000000),
	UINT64_C(0xffffffffffffffff),
	UINT64_C(0x7f00000000020008),
};

static const struct {
	const char *name;
	uint32_t audit, first, last;
	bool wide;
} machines[] = {
	{"x86_64", AUDIT_ARCH_X86_64, 0, 456, true},
	{"x32", AUDIT_ARCH_X86_64, 0x40000000, 0x40000000 + 547, true},
	{"x86", AUDIT_ARCH_I386, 0, 456, false},
};

/* Where we mean to differ: the upper half of an int is not looked at. */
static bool is_disguised_vsock(const struct seccomp_data *data)
{
	return data->nr == 41 && data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->args[0] == 40 &&
	       data->args[0] != 40;
}

static void compare(const struct buffer *ours, const struct buffer *other, const char *machine,
		    const struct seccomp_data *data)
{
	uint32_t mine = run(ours, data), wanted = run(other, data);

	if (is_disguised_vsock(data))
		wanted = SECCOMP_RET_ERRNO | EPERM;
	if (mine != wanted)
		fail_msg("%s call %u (%llx): %x, libseccomp has %x", machine, data->nr & 0xffffff,
			 (unsigned long long)data->args[0], mine, wanted);
}

static void compare_all(const struct buffer *ours, const struct buffer *other)
{
	for (size_t m = 0; m < array_length(machines); m++)
		for (uint32_t nr = machines[m].first; nr <= machines[m].last; nr++)
			for (size_t i = 0; i < array_length(interesting); i++) {
				uint64_t argument = interesting[i];
				struct seccomp_data data = {.nr = (int)nr,
							    .arch = machines[m].audit};

				if (!machines[m].wide)
					argument &= 0xffffffff;
				data.args[0] = data.args[1] = argument;
				compare(ours, other, machines[m].name, &data);
			}
}

static const uint64_t capability_sets[] = {
	DEFAULT_CAPABILITIES,
	0,
	DEFAULT_CAPABILITIES | BIT(CAP_SYS_ADMIN),
	DEFAULT_CAPABILITIES | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_TIME) | BIT(CAP_BPF),
	BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_MODULE) | BIT(CAP_SYSLOG) | BIT(CAP_SYS_NICE) |
		BIT(CAP_PERFMON) | BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_PACCT) |
		BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_TTY_CONFIG) | BIT(CAP_SYS_CHROOT),
};

static void our_program_does_what_libseccomps_does_on_every_number(void **state)
{
	struct seccomp_profile profile;

	if (!str_equal(seccomp_host_machine(), "SCMP_ARCH_X86_64"))
		skip();
	seccomp_profile_builtin(&profile);
	for (size_t i = 0; i < array_length(capability_sets); i++) {
		scoped_buffer struct buffer ours = {0}, other = {0};
		const struct seccomp_target target = {capability_sets[i], 6001, "amd64", true};
		struct error err;

		assert_true(seccomp_compile_for(NULL, &target, &ours, &err));
		theirs(&profile, capability_sets[i], &other);
		compare_all(&ours, &other);
		assert_true(ours.size < other.size);
	}
	seccomp_profile_fini(&profile);
}

static uint32_t outcome(const struct buffer *program, int nr, uint64_t argument)
{
	struct seccomp_data data = {
		.nr = nr, .arch = AUDIT_ARCH_X86_64, .args = {argument, argument}};

	return run(program, &data);
}

static void calls_newer_than_the_profile_are_not_there_and_foreign_machines_end(void **state)
{
	scoped_buffer struct buffer program = {0};
	struct seccomp_data data = {.nr = 0, .arch = AUDIT_ARCH_S390X};
	struct error err;

	if (!str_equal(seccomp_host_machine(), "SCMP_ARCH_X86_64"))
		skip();
	assert_true(seccomp_compile_here(NULL, DEFAULT_CAPABILITIES, &program, &err));
	assert_int_equal(outcome(&program, 600, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(outcome(&program, 0x40000000 + 700, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(outcome(&program, 334 + 20, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(run(&program, &data), SECCOMP_RET_KILL_THREAD);
}

/* ---- profiles of users ---- */

static bool compile(const char *json, struct buffer *out, struct error *err)
{
	return seccomp_compile_here(json, DEFAULT_CAPABILITIES, out, err);
}

static void every_operator_is_understood(void **state)
{
	static const struct {
		const char *operator;
		uint64_t below, equal, above; /* is 2^32 + 4, 5, 6 allowed where the rule says 5? */
	} cases[] = {
		{"NE", 1, 0, 1}, {"LT", 1, 0, 0}, {"LE", 1, 1, 0},
		{"EQ", 0, 1, 0}, {"GE", 0, 1, 1}, {"GT", 0, 0, 1},
	};
	const uint64_t value = UINT64_C(0x100000005);

	if (!str_equal(seccomp_host_machine(), "SCMP_ARCH_X86_64"))
		skip();
	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer program = {0};
		scoped_free char *json = str_format(
			"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
			"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":4294967301,"
			"\"op\":\"SCMP_CMP_%s\"}]}]}",
			cases[i].operator);
		struct error err;

		assert_true(compile(json, &program, &err));
		assert_int_equal(outcome(&program, 0, value - 1) == SECCOMP_RET_ALLOW,
				 cases[i].below);
		assert_int_equal(outcome(&program, 0, value) == SECCOMP_RET_ALLOW, cases[i].equal);
		assert_int_equal(outcome(&program, 0, value + 1) == SECCOMP_RET_ALLOW,
				 cases[i].above);
		assert_int_equal(outcome(&program, 0, 5) == SECCOMP_RET_ALLOW, cases[i].below);
		assert_int_equal(outcome(&program, 0, UINT64_C(0x200000001)) == SECCOMP_RET_ALLOW,
				 cases[i].above);
	}
}

static void a_permissive_profile_denies_what_it_names(void **state)
{
	scoped_buffer struct buffer program = {0};
	struct error err;

	assert_true(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"name\":\"chmod\","
			"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13},{\"names\":[\"kill\","
			"\"no_such_call\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}",
			&program, &err));
	if (!str_equal(seccomp_host_machine(), "SCMP_ARCH_X86_64"))
		return;
	assert_int_equal(outcome(&program, 90, 0), SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(outcome(&program, 62, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(outcome(&program, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(outcome(&program, 900, 0), SECCOMP_RET_ALLOW);
}

static void bad_profiles_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5000}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a b\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_XX\"}]}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_NONE\"]}}]}",
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/x\"}",
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_buffer struct buffer program = {0};
		struct error err;

		assert_false(compile(cases[i], &program, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void names_differ_with_all_that_programs_are_made_of(void **state)
{
	scoped_free char *a = seccomp_program_name(NULL, 1), *b = seccomp_program_name(NULL, 2);
	scoped_free char *c = seccomp_program_name("{}", 1), *again = seccomp_program_name(NULL, 1);

	assert_int_equal(strlen(a), 64 + strlen(".bpf"));
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
	assert_string_equal(a, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_program_does_what_libseccomps_does_on_every_number),
		cmocka_unit_test(
			calls_newer_than_the_profile_are_not_there_and_foreign_machines_end),
		cmocka_unit_test(every_operator_is_understood),
		cmocka_unit_test(a_permissive_profile_denies_what_it_names),
		cmocka_unit_test(bad_profiles_are_refused),
		cmocka_unit_test(names_differ_with_all_that_programs_are_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
