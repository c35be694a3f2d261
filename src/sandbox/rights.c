#include "sandbox/rights.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities ---- */

uint64_t capabilities_of_host(void)
{
	uint64_t set = 0;

	for (unsigned long c = 0; c < 64; c++) {
		int there = prctl(PR_CAPBSET_READ, c, 0, 0, 0);

		if (there < 0)
			break; /* behind the last one that the kernel knows */
		set |= (uint64_t)there << c;
	}
	return set;
}

bool capabilities_bound(uint64_t capabilities, struct error *err)
{
	for (unsigned long c = 0; c < 64; c++) {
		if (capabilities >> c & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0)
			continue;
		return errno == EINVAL || error_errno(err, "cannot drop capability %lu", c);
	}
	return true;
}

bool capabilities_set(uint64_t capabilities, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (int half = 0; half < 2; half++)
		data[half].permitted = data[half].effective =
			(uint32_t)(capabilities >> (32 * half));
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "cannot set capabilities %#llx",
				   (unsigned long long)capabilities);
	return true;
}

/* ---- seccomp ---- */

bool seccomp_read(const char *path, struct buffer *out, struct error *err)
{
	if (!file_read(AT_FDCWD, path, BPF_MAXINSNS * sizeof(struct sock_filter), out, err))
		return error_prefix(err, "seccomp program");
	if (out->size == 0 || out->size % sizeof(struct sock_filter) != 0)
		return error_set(err, ERROR_INVALID,
				 "seccomp program '%s' of %zu bytes is not whole instructions",
				 path, out->size);
	return true;
}

bool seccomp_install(const struct buffer *program, struct error *err)
{
	struct sock_fprog filter = {
		.len = (unsigned short)(program->size / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(void *)program->data,
	};

	if (program->size == 0)
		return true;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return error_errno(err, "cannot install the seccomp program");
	return true;
}

/* ---- limits ---- */

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

int rlimit_from_name(const char *name)
{
	for (size_t i = 0; i < array_length(rlimits); i++)
		if (str_equal(rlimits[i].name, name))
			return rlimits[i].resource;
	return -1;
}

/* The effective set, which says whether a hard limit may be raised. */
static bool may_raise_limits(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective >> CAP_SYS_RESOURCE & 1);
}

bool rlimit_clamp(int resource, struct rlimit *limit)
{
	struct rlimit ours;

	if (limit->rlim_cur > limit->rlim_max)
		limit->rlim_cur = limit->rlim_max;
	if (getrlimit((__rlimit_resource_t)resource, &ours) < 0 ||
	    limit->rlim_max <= ours.rlim_max || may_raise_limits())
		return false;
	limit->rlim_max = ours.rlim_max;
	if (limit->rlim_cur > limit->rlim_max)
		limit->rlim_cur = limit->rlim_max;
	return true;
}
