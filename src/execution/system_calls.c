#include "execution/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* ---- the form that the worker reads ---- */

static void begin_profile(struct buffer *out, const char *action, int number)
{
	buffer_format(out, "{\"defaultAction\":\"%s\",\"defaultErrnoRet\":%d", action, number);
}

static void begin_rule(struct buffer *out, const char *names)
{
	scoped_strings struct strings list = strings_split(names, ' ');

	buffer_add_text(out, "{\"names\":[");
	for (size_t i = 0; i < list.count; i++)
		buffer_format(out, "%s\"%s\"", i ? "," : "", list.items[i]);
	buffer_add_char(out, ']');
}

static void end_rule(struct buffer *out, const char *action, int number)
{
	buffer_format(out, ",\"action\":\"%s\",\"errnoRet\":%d},", action, number);
}

/* Programs of all machines run, unless only some are named. */
static void add_architectures(struct buffer *out, const struct strings *wanted)
{
	static const struct {
		const char *name, *token;
	} names[] = {{"x86-64", "SCMP_ARCH_X86_64"},
		     {"x86", "SCMP_ARCH_X86"},
		     {"x32", "SCMP_ARCH_X32"},
		     {"arm64", "SCMP_ARCH_AARCH64"},
		     {"arm", "SCMP_ARCH_ARM"}};
	bool first = true;

	buffer_add_text(out, ",\"architectures\":[");
	for (size_t i = 0; i < array_length(names); i++) {
		if (wanted->count && !strings_contain(wanted, names[i].name))
			continue;
		buffer_format(out, "%s\"%s\"", first ? "" : ",", names[i].token);
		first = false;
	}
	buffer_add_char(out, ']');
}

static char *end_profile(struct buffer *out)
{
	if (out->size && out->data[out->size - 1] == ',')
		out->data[out->size - 1] = ' ';
	buffer_add_text(out, "]}");
	return buffer_take(out);
}

/* ---- SystemCallFilter= ---- */

struct filter {
	bool allows;	    /* lists what may be called; else what may not */
	struct pairs calls; /* name: its own error, or NULL */
	struct strings *warnings;
};

static void apply(struct filter *f, const char *name, const char *error, bool add)
{
	if (add)
		pairs_set(&f->calls, name, error);
	else
		pairs_remove(&f->calls, name);
}

static bool is_plain_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void apply_word(struct filter *f, const char *word, const char *error, bool add)
{
	const char *group = *word == '@' ? system_call_group(word) : NULL;
	scoped_strings struct strings inner = {0};

	if (*word != '@' && is_plain_name(word)) {
		apply(f, word, error, add);
		return;
	}
	if (!group) {
		strings_format(f->warnings, "SystemCallFilter=: '%s' is unknown", word);
		return;
	}
	inner = strings_split(group, ' ');
	for (size_t i = 0; i < inner.count; i++)
		if (*inner.items[i])
			apply_word(f, inner.items[i], error, add);
}

/* "name:EPERM" */
static void apply_written(struct filter *f, const char *word, bool add)
{
	const char *colon = strchrnul(word, ':');
	scoped_free char *name = str_dup_n(word, (size_t)(colon - word));

	apply_word(f, name, *colon ? colon + 1 : NULL, add);
}

static void apply_list(struct filter *f, const char *list, bool first)
{
	bool inverted = *list == '~';
	scoped_strings struct strings words = strings_split(list + inverted, ' ');

	if (first)
		f->allows = !inverted;
	if (first && f->allows)
		apply_word(f, "@default", NULL, true);
	for (size_t i = 0; i < words.count; i++)
		if (*words.items[i])
			apply_written(f, words.items[i], inverted != f->allows);
}

/* ---- errors by name ---- */

static int error_number(const char *name)
{
	int64_t number;

	if (!name || parse_i64(name, &number))
		return name ? (int)number : 0;
	for (int i = 1; i < 134; i++)
		if (str_equal(strerrorname_np(i), name))
			return i;
	return EPERM;
}

/* "kill", or no error at all, ends the process. */
static const char *denial(const char *error, int *number)
{
	*number = EPERM;
	if (!error || str_equal(error, "kill"))
		return "SCMP_ACT_KILL_PROCESS";
	*number = error_number(error);
	return "SCMP_ACT_ERRNO";
}

/* All that have one outcome are one rule. */
static void add_rules(const struct filter *f, const char *otherwise, struct buffer *out)
{
	for (size_t i = 0; i < f->calls.count; i++) {
		const struct pair *call = &f->calls.items[i];
		const char *error = call->value ? call->value : otherwise;
		int number = 0;
		const char *action =
			f->allows && !call->value ? "SCMP_ACT_ALLOW" : denial(error, &number);

		begin_rule(out, call->name);
		end_rule(out, action, number);
	}
}

char *system_call_profile(const struct execution_context *c, struct strings *warnings)
{
	struct filter f = {.warnings = warnings};
	struct buffer out = {0};
	int number;
	const char *denied = denial(c->system_call_error, &number);

	if (!c->system_call_filter.count && !c->system_call_architectures.count)
		return NULL;
	for (size_t i = 0; i < c->system_call_filter.count; i++)
		apply_list(&f, c->system_call_filter.items[i], i == 0);
	begin_profile(&out, f.allows ? denied : "SCMP_ACT_ALLOW", number);
	add_architectures(&out, &c->system_call_architectures);
	buffer_add_text(&out, ",\"syscalls\":[");
	add_rules(&f, c->system_call_error, &out);
	pairs_fini(&f.calls);
	return end_profile(&out);
}

/* ---- Restrict keys ---- */

struct argument {
	int index;
	const char *operator;
	uint64_t value, other;
};

static void refuse_if(struct buffer *out, const char *names, int error,
		      const struct argument *arguments, size_t count)
{
	begin_rule(out, names);
	buffer_add_text(out, ",\"args\":[");
	for (size_t i = 0; i < count; i++)
		buffer_format(out,
			      "%s{\"index\":%d,\"op\":\"SCMP_CMP_%s\",\"value\":%" PRIu64
			      ",\"valueTwo\":%" PRIu64 "}",
			      i ? "," : "", arguments[i].index, arguments[i].operator,
			      arguments[i].value, arguments[i].other);
	buffer_add_char(out, ']');
	end_rule(out, "SCMP_ACT_ERRNO", error);
}

static void refuse(struct buffer *out, const char *names, int error)
{
	begin_rule(out, names);
	end_rule(out, "SCMP_ACT_ERRNO", error);
}

static void refuse_bits(struct buffer *out, const char *names, int index, uint64_t bits)
{
	refuse_if(out, names, EPERM, &(struct argument){index, "MASKED_EQ", bits, bits}, 1);
}

/* ---- address families ---- */

enum { FAMILIES = 64 };

static const struct {
	const char *name;
	int number;
} families[] = {
	{"AF_UNIX", AF_UNIX},
	{"AF_LOCAL", AF_UNIX},
	{"AF_INET", AF_INET},
	{"AF_INET6", AF_INET6},
	{"AF_NETLINK", AF_NETLINK},
	{"AF_PACKET", AF_PACKET},
	{"AF_AX25", AF_AX25},
	{"AF_IPX", AF_IPX},
	{"AF_APPLETALK", AF_APPLETALK},
	{"AF_X25", AF_X25},
	{"AF_KEY", AF_KEY},
	{"AF_CAN", AF_CAN},
	{"AF_TIPC", AF_TIPC},
	{"AF_BLUETOOTH", AF_BLUETOOTH},
	{"AF_ALG", AF_ALG},
	{"AF_VSOCK", AF_VSOCK},
	{"AF_XDP", AF_XDP},
	{"AF_RDS", AF_RDS},
	{"AF_PPPOX", AF_PPPOX},
	{"AF_KCM", AF_KCM},
	{"AF_QIPCRTR", AF_QIPCRTR},
	{"AF_SMC", AF_SMC},
	{"AF_NFC", AF_NFC},
	{"AF_RXRPC", AF_RXRPC},
	{"AF_PHONET", AF_PHONET},
	{"AF_IEEE802154", AF_IEEE802154},
	{"AF_LLC", AF_LLC},
	{"AF_MPLS", AF_MPLS},
	{"AF_IB", AF_IB},
	{"AF_CAIF", AF_CAIF},
	{"AF_ISDN", AF_ISDN},
	{"AF_ATMPVC", AF_ATMPVC},
	{"AF_ATMSVC", AF_ATMSVC},
	{"AF_WANPIPE", AF_WANPIPE},
};

static int family_number(const char *name)
{
	for (size_t i = 0; i < array_length(families); i++)
		if (str_equal(families[i].name, name))
			return families[i].number;
	return -1;
}

static void restrict_families(const struct execution_context *c, struct buffer *out,
			      struct strings *warnings)
{
	const struct strings *list = &c->address_families;
	bool inverted = list->count && str_equal(list->items[0], "~");
	bool named[FAMILIES] = {0};

	for (size_t i = inverted ? 1 : 0; i < list->count; i++) {
		int family = family_number(list->items[i]);

		if (family >= 0)
			named[family] = true;
		else if (!str_equal(list->items[i], "none"))
			strings_format(warnings, "RestrictAddressFamilies=: '%s' is unknown",
				       list->items[i]);
	}
	for (int i = 0; i < FAMILIES; i++)
		if (named[i] == inverted)
			refuse_if(out, "socket", EAFNOSUPPORT,
				  &(struct argument){0, "EQ", (uint64_t)i, 0}, 1);
	if (!inverted)
		refuse_if(out, "socket", EAFNOSUPPORT, &(struct argument){0, "GE", FAMILIES, 0}, 1);
}

/* ---- namespaces ---- */

static const struct {
	const char *name;
	uint64_t flag;
} namespaces[] = {
	{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC}, {"net", CLONE_NEWNET},
	{"mnt", CLONE_NEWNS},	     {"pid", CLONE_NEWPID}, {"user", CLONE_NEWUSER},
	{"uts", CLONE_NEWUTS},
};

static bool is_refused(const struct strings *words, bool all, bool inverted, const char *name)
{
	return all || strings_contain(words, name) == inverted;
}

/* setns() with 0 takes whatever the descriptor is; clone3() keeps its flags out of a filter's sight, and
 * programs do without it. */
static void restrict_namespaces(const char *written, struct buffer *out)
{
	bool inverted = *written == '~';
	bool all = str_equal(written, "yes") || str_equal(written, "true") ||
		   str_equal(written, "1") || str_equal(written, "on");
	scoped_strings struct strings words = strings_split(written + inverted, ' ');

	refuse(out, "clone3", ENOSYS);
	refuse_if(out, "setns", EPERM, &(struct argument){1, "EQ", 0, 0}, 1);
	for (size_t i = 0; i < array_length(namespaces); i++) {
		if (!is_refused(&words, all, inverted, namespaces[i].name))
			continue;
		refuse_bits(out, "unshare clone", 0, namespaces[i].flag);
		refuse_bits(out, "setns", 1, namespaces[i].flag);
	}
}

/* ---- the rest ---- */

static void restrict_modes(struct buffer *out)
{
	static const struct {
		const char *names;
		int index;
	} calls[] = {{"chmod fchmod creat mkdir mknod", 1},
		     {"fchmodat fchmodat2 mkdirat mknodat", 2}};
	static const uint64_t bits[] = {S_ISUID, S_ISGID};

	for (size_t b = 0; b < array_length(bits); b++) {
		const struct argument open_arguments[] = {{1, "MASKED_EQ", O_CREAT, O_CREAT},
							  {2, "MASKED_EQ", bits[b], bits[b]}};
		const struct argument openat_arguments[] = {{2, "MASKED_EQ", O_CREAT, O_CREAT},
							    {3, "MASKED_EQ", bits[b], bits[b]}};

		for (size_t i = 0; i < array_length(calls); i++)
			refuse_bits(out, calls[i].names, calls[i].index, bits[b]);
		refuse_if(out, "open", EPERM, open_arguments, 2);
		refuse_if(out, "openat", EPERM, openat_arguments, 2);
	}
	refuse(out, "openat2", ENOSYS); /* its mode is out of sight */
}

static void restrict_memory(struct buffer *out)
{
	enum { WRITE = 2, EXECUTE = 4, SHARED_EXECUTE = 0100000 };

	refuse_bits(out, "mmap mmap2", 2, WRITE | EXECUTE);
	refuse_bits(out, "mprotect pkey_mprotect", 2, EXECUTE);
	refuse_bits(out, "shmat", 2, SHARED_EXECUTE);
}

static void restrict_realtime(struct buffer *out)
{
	const struct argument ordinary[] = {
		{1, "NE", SCHED_OTHER, 0}, {1, "NE", SCHED_BATCH, 0}, {1, "NE", SCHED_IDLE, 0}};

	refuse_if(out, "sched_setscheduler", EPERM, ordinary, array_length(ordinary));
	refuse(out, "sched_setattr", EPERM);
}

static void lock_personality(struct buffer *out)
{
	const struct argument present[] = {{0, "NE", 0, 0}, {0, "NE", UINT32_MAX, 0}};

	refuse_if(out, "personality", EPERM, present, array_length(present));
}

static void add_restrictions(const struct execution_context *c, struct buffer *out,
			     struct strings *warnings)
{
	if (c->address_families.count)
		restrict_families(c, out, warnings);
	if (!str_is_empty(c->restrict_namespaces) && !str_equal(c->restrict_namespaces, "no"))
		restrict_namespaces(c->restrict_namespaces, out);
	if (c->restrict_suid_sgid)
		restrict_modes(out);
	if (c->memory_deny_write_execute)
		restrict_memory(out);
	if (c->restrict_realtime)
		restrict_realtime(out);
	if (c->lock_personality)
		lock_personality(out);
	if (c->protect_kernel_modules)
		refuse(out, system_call_group("@module"), EPERM);
	if (c->protect_kernel_logs)
		refuse(out, "syslog", EPERM);
	if (c->protect_clock)
		refuse(out, system_call_group("@clock"), EPERM);
	if (c->protect_hostname)
		refuse(out, "sethostname setdomainname", EPERM);
	if (c->private_devices)
		refuse(out, system_call_group("@raw-io"), EPERM);
}

char *restriction_profile(const struct execution_context *c, struct strings *warnings)
{
	scoped_buffer struct buffer rules = {0};
	struct buffer out = {0};

	add_restrictions(c, &rules, warnings);
	if (!rules.size)
		return NULL;
	begin_profile(&out, "SCMP_ACT_ALLOW", EPERM);
	add_architectures(&out, &c->system_call_architectures);
	buffer_add_text(&out, ",\"syscalls\":[");
	buffer_add(&out, rules.data, rules.size);
	return end_profile(&out);
}
