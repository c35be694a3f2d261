/* Names to numbers, by libseccomp's tables; the program itself is written by seccomp_table.c.  Beyond
 * those tables: the newest calls, which have one number on every machine, and the old 32-bit way of
 * x86, where sockets and System V IPC share two calls that take the real number as an argument. */
#include "sandbox/seccomp_program.h"

#include "os/file.h"
#include "sandbox/seccomp_profile.h"
#include "sandbox/seccomp_table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define X32_FIRST 0x40000000u

/* ---- machines ---- */

static const struct machine_kind {
	const char *name;
	uint32_t token; /* libseccomp's */
	uint32_t audit;
	bool wide;
	uint32_t first;
} kinds[] = {
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, true, 0},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, false, X32_FIRST},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, false, 0},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, true, 0},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, false, 0},
};

/* ---- names ---- */

/* Since 4.2x all machines give a new call the same number.  libseccomp knows those of its own day. */
static const struct {
	const char *name;
	uint32_t number;
} newest[] = {
	{"process_mrelease", 448},  {"futex_waitv", 449},      {"set_mempolicy_home_node", 450},
	{"cachestat", 451},	    {"fchmodat2", 452},	       {"map_shadow_stack", 453},
	{"futex_wake", 454},	    {"futex_wait", 455},       {"futex_requeue", 456},
	{"statmount", 457},	    {"listmount", 458},	       {"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
	{"setxattrat", 463},	    {"getxattrat", 464},       {"listxattrat", 465},
	{"removexattrat", 466},	    {"open_tree_attr", 467},   {"file_getattr", 468},
	{"file_setattr", 469},
};

static void add_newest(struct seccomp_machine *machine, const char *name,
		       const struct seccomp_rule *rule)
{
	for (size_t i = 0; i < array_length(newest); i++)
		if (str_equal(newest[i].name, name))
			seccomp_machine_add(machine, machine->first + newest[i].number, rule);
}

/* libseccomp writes -100 - n for call n of socketcall(), -200 - n for call n of ipc(); most have a
 * number of their own as well by now. */
enum { SOCKETCALL = 102, IPC = 117 };

static const struct {
	int pseudo;
	uint32_t number;
} direct[] = {
	{-101, 359}, {-102, 361}, {-103, 362}, {-104, 363}, {-106, 367}, {-107, 368}, {-108, 360},
	{-111, 369}, {-112, 371}, {-113, 373}, {-114, 366}, {-115, 365}, {-116, 370}, {-117, 372},
	{-118, 364}, {-119, 337}, {-120, 345}, {-202, 393}, {-203, 394}, {-211, 400}, {-212, 401},
	{-213, 399}, {-214, 402}, {-221, 397}, {-222, 398}, {-223, 395}, {-224, 396},
};

static void add_shared(struct seccomp_machine *machine, int pseudo, const struct seccomp_rule *rule)
{
	struct seccomp_rule shared = {.action = rule->action, .argument_count = 1};
	bool socket = pseudo > -200;

	shared.arguments[0] = (struct seccomp_argument){
		0, SECCOMP_EQUAL, (uint64_t)(socket ? -100 - pseudo : -200 - pseudo), 0};
	for (size_t i = 0; i < array_length(direct); i++)
		if (direct[i].pseudo == pseudo)
			seccomp_machine_add(machine, direct[i].number, rule);
	if (rule->argument_count ==
	    0) /* further arguments lie in memory, out of a filter's sight */
		seccomp_machine_add(machine, socket ? SOCKETCALL : IPC, &shared);
}

static void add_name(struct seccomp_machine *machine, const struct machine_kind *kind,
		     const char *name, const struct seccomp_rule *rule)
{
	int number = seccomp_syscall_resolve_name_arch(kind->token, name);

	if (number >= 0)
		seccomp_machine_add(machine, (uint32_t)number, rule);
	else if (number == __NR_SCMP_ERROR)
		add_newest(machine, name, rule);
	else if (kind->token == SCMP_ARCH_X86 && number > -300)
		add_shared(machine, number, rule);
	/* else: a call that this machine does not have */
}

static void add_rule(struct seccomp_machine *machine, const struct machine_kind *kind,
		     const struct seccomp_rule *rule)
{
	scoped_free char *names = str_dup(rule->names);
	char *save = NULL;

	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save))
		add_name(machine, kind, name, rule);
}

/* ---- profiles ---- */

static unsigned kernel_version(void)
{
	struct utsname host;
	unsigned major = 0, minor = 0;

	if (uname(&host) == 0)
		sscanf(host.release, "%u.%u", &major, &minor);
	return major * 1000 + minor;
}

static bool kernel_runs_x32(void)
{
#if defined(__x86_64__)
	return syscall(X32_FIRST + SYS_getpid) > 0;
#else
	return false;
#endif
}

static void describe_host(uint64_t capabilities, struct seccomp_target *out)
{
	bool arm = str_equal(seccomp_host_machine(), "SCMP_ARCH_AARCH64");

	*out = (struct seccomp_target){capabilities, kernel_version(), arm ? "arm64" : "amd64",
				       kernel_runs_x32()};
}

static bool is_wanted(const struct seccomp_profile *profile, const struct seccomp_target *target,
		      const struct machine_kind *kind)
{
	if (str_equal(kind->name, seccomp_host_machine()))
		return true;
	return strings_contain(&profile->machines, kind->name) &&
	       (kind->token != SCMP_ARCH_X32 || target->x32);
}

/* Machines of one audit number must stand side by side; the table of kinds has them so. */
static void fill_table(const struct seccomp_profile *profile, const struct seccomp_target *target,
		       struct seccomp_table *table)
{
	for (size_t k = 0; k < array_length(kinds); k++) {
		struct seccomp_machine machine = {
			.audit = kinds[k].audit, .wide = kinds[k].wide, .first = kinds[k].first};

		if (!is_wanted(profile, target, &kinds[k]))
			continue;
		for (size_t i = 0; i < profile->rule_count; i++)
			if (seccomp_rule_applies(&profile->rules[i], target))
				add_rule(&machine, &kinds[k], &profile->rules[i]);
		vector_add(&table->machines, machine);
	}
}

static bool is_permissive(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

/* A profile does not speak of calls that are newer than all it names: "not there" lets programs fall
 * back to older ones, where "not permitted" would end them. */
static bool compile(const struct seccomp_profile *profile, const struct seccomp_target *target,
		    struct buffer *out, struct error *err)
{
	scoped_with(seccomp_table_fini) struct seccomp_table table = {
		.otherwise = profile->otherwise,
		.newer = is_permissive(profile->otherwise) ? profile->otherwise
							   : (SECCOMP_RET_ERRNO | ENOSYS),
		.foreign = SECCOMP_RET_KILL_THREAD};
	scoped_free struct sock_filter *program = NULL;
	size_t length;

	fill_table(profile, target, &table);
	program = seccomp_program_new(&table, &length, err);
	if (!program)
		return false;
	buffer_add(out, program, length * sizeof(*program));
	return true;
}

bool seccomp_compile_for(const char *profile, const struct seccomp_target *target,
			 struct buffer *out, struct error *err)
{
	struct seccomp_profile parsed;
	bool ok;

	if (!profile)
		seccomp_profile_builtin(&parsed);
	else if (!seccomp_profile_parse(profile, strlen(profile), &parsed, err))
		return false;
	ok = compile(&parsed, target, out, err);
	seccomp_profile_fini(&parsed);
	return ok;
}

bool seccomp_compile_here(const char *profile, uint64_t capabilities, struct buffer *out,
			  struct error *err)
{
	struct seccomp_target target;

	describe_host(capabilities, &target);
	return seccomp_compile_for(profile, &target, out, err);
}

bool seccomp_compile(const struct seccomp_request *request, struct error *err)
{
	uint64_t capabilities = (uint64_t)request->capabilities;
	scoped_free char *name = seccomp_program_name(request->profile, capabilities);
	scoped_buffer struct buffer program = {0};
	scoped_fd int folder = -1;
	struct file_content content = {.mode = 0600};

	if (!request->folder)
		return error_set(err, ERROR_INVALID, "no folder for the seccomp program");
	if (!seccomp_compile_here(request->profile, capabilities, &program, err) ||
	    !folder_make(AT_FDCWD, request->folder, 0700, err))
		return false;
	folder = folder_open(AT_FDCWD, request->folder, err);
	content.data = program.data;
	content.size = program.size;
	return folder >= 0 && file_replace(folder, name, &content, err);
}
