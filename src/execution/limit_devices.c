#include "execution/limit_devices.h"

#include "os/file.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { RULES = 128, MAJORS = 32, DEVICES_LIMIT = 64 << 10 };

struct rules {
	struct device_rule items[RULES];
	size_t count;
	struct strings *warnings;
};

static void add(struct rules *r, char type, int64_t major, int64_t minor, const char *access)
{
	const char *a = str_is_empty(access) ? "rwm" : access;

	if (r->count == RULES) {
		strings_add(r->warnings, "DeviceAllow=: more rules than can be kept");
		return;
	}
	r->items[r->count++] = (struct device_rule){.type = type,
						    .major = major,
						    .minor = minor,
						    .read = strchr(a, 'r'),
						    .write = strchr(a, 'w'),
						    .make = strchr(a, 'm')};
}

/* What every program may use: null, zero, full, random, urandom, tty, ptmx, and terminals. */
static void add_standard(struct rules *r)
{
	static const struct {
		int64_t major, minor;
	} nodes[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 2}, {136, -1}};

	for (size_t i = 0; i < array_length(nodes); i++)
		add(r, 'c', nodes[i].major, nodes[i].minor, "rwm");
}

size_t device_majors(const char *devices, bool block, const char *pattern, int64_t *out,
		     size_t room)
{
	scoped_strings struct strings lines = strings_split(devices, '\n');
	bool in_blocks = false;
	size_t count = 0;

	for (size_t i = 0; i < lines.count; i++) {
		char name[64];
		long major;

		in_blocks |= str_starts_with(lines.items[i], "Block");
		if (sscanf(lines.items[i], "%ld %63s", &major, name) == 2 && in_blocks == block &&
		    fnmatch(pattern, name, 0) == 0 && count < room)
			out[count++] = major;
	}
	return count;
}

/* "char-pts", "block-*" */
static void add_driver(struct rules *r, const char *name, const char *access)
{
	bool block = str_starts_with(name, "block-");
	scoped_buffer struct buffer text = {0};
	int64_t majors[MAJORS];
	size_t count = 0;
	struct error err;

	if (file_read(AT_FDCWD, "/proc/devices", DEVICES_LIMIT, &text, &err) && text.data)
		count = device_majors(text.data, block, strchr(name, '-') + 1, majors, MAJORS);
	for (size_t i = 0; i < count; i++)
		add(r, block ? 'b' : 'c', majors[i], -1, access);
	if (!count)
		strings_format(r->warnings, "DeviceAllow=: there is no '%s'", name);
}

static void add_allowed(struct rules *r, const struct execution_device *d)
{
	struct stat st;

	if (!d->path)
		return;
	if (str_starts_with(d->path, "char-") || str_starts_with(d->path, "block-"))
		add_driver(r, d->path, d->access);
	else if (stat(d->path, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		add(r, S_ISCHR(st.st_mode) ? 'c' : 'b', major(st.st_rdev), minor(st.st_rdev),
		    d->access);
	else
		strings_format(r->warnings, "DeviceAllow=: '%s' is no device", d->path);
}

static bool is_open(const struct execution_plan *plan)
{
	const char *policy = plan->limits.device_policy;

	if (policy && !str_equal(policy, "auto"))
		return false;
	return !plan->limits.devices.count && !plan->context.private_devices;
}

void execution_limit_devices(const struct cgroup *cgroup, const struct execution_plan *plan,
			     struct strings *warnings)
{
	struct rules rules = {.warnings = warnings};
	char text[ERROR_TEXT_SIZE];
	struct error err;

	if (is_open(plan))
		return;
	if (!str_equal(plan->limits.device_policy, "strict"))
		add_standard(&rules);
	for (size_t i = 0; i < plan->limits.devices.count; i++)
		add_allowed(&rules, RECORD_AT(plan->limits.devices, struct execution_device, i));
	if (!cgroup_set_devices(cgroup, rules.items, rules.count, &err))
		strings_format(warnings, "DevicePolicy= has no effect: %s",
			       error_text(&err, text, sizeof(text)));
}
