#include "sandbox/device.h"

#include "os/file.h"
#include "os/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DEVICE_LIMIT = 4096, DEPTH_LIMIT = 16 };

/* ---- rules ---- */

/* What every container may do: make any node (making is not opening), use the harmless ones and the
 * terminals of its own devpts. */
static const struct device_rule standard_rules[] = {
	{'c', -1, -1, .make = true},	  {'b', -1, -1, .make = true},
	{'c', 1, 3, true, true, true},	  {'c', 1, 5, true, true, true},
	{'c', 1, 7, true, true, true},	  {'c', 1, 8, true, true, true},
	{'c', 1, 9, true, true, true},	  {'c', 5, 0, true, true, true},
	{'c', 5, 1, true, true, true},	  {'c', 5, 2, true, true, true},
	{'c', 136, -1, true, true, true},
};

static void set_access(struct device_rule *rule, const char *access)
{
	rule->read = strchr(access, 'r') != NULL;
	rule->write = strchr(access, 'w') != NULL;
	rule->make = strchr(access, 'm') != NULL;
}

static bool parse_number(const char *text, int64_t *out)
{
	if (str_equal(text, "*")) {
		*out = -1;
		return true;
	}
	return parse_i64(text, out) && *out >= 0 && *out <= UINT32_MAX;
}

bool device_rule_parse(const char *text, struct device_rule *out)
{
	char type, major[12], minor[12], access[5] = "";
	int end = 0;

	*out = (struct device_rule){0};
	if (sscanf(text, "%c %11[^:]:%11s %4[rwm]%n", &type, major, minor, access, &end) != 4 ||
	    text[end] || !strchr("abc", type))
		return false;
	out->type = type;
	set_access(out, access);
	return parse_number(major, &out->major) && parse_number(minor, &out->minor);
}

static bool add_text_rule(struct outside *out, const char *text, struct error *err)
{
	struct device_rule rule;

	if (!device_rule_parse(text, &rule))
		return error_set(err, ERROR_INVALID, "invalid device cgroup rule format: '%s'",
				 text);
	vector_add(&out->rules, rule);
	return true;
}

static bool collect_rules(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	const struct strings *texts = &spec->resources.device_cgroup_rules;

	for (size_t i = 0; i < array_length(standard_rules); i++)
		vector_add(&out->rules, standard_rules[i]);
	for (size_t i = 0; i < texts->count; i++)
		if (!add_text_rule(out, texts->items[i], err))
			return false;
	return true;
}

static void allow(struct outside *out, const struct outside_device *device, const char *access)
{
	struct device_rule rule = {.type = S_ISBLK(device->mode) ? 'b' : 'c',
				   .major = major(device->number),
				   .minor = minor(device->number)};

	set_access(&rule, str_is_empty(access) ? "rwm" : access);
	vector_add(&out->rules, rule);
}

/* ---- nodes ---- */

static const struct {
	const char *name;
	unsigned major, minor;
} standard_nodes[] = {
	{"null", 1, 3},	  {"zero", 1, 5},    {"full", 1, 7},
	{"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static bool add_node(const struct sandbox_spec *spec, struct outside *out,
		     struct outside_device device, const char *path_on_host, struct error *err)
{
	device.mount = -1;
	if (spec_has_user_namespace(spec))
		device.mount = mount_clone(AT_FDCWD, path_on_host, false, err);
	if (spec_has_user_namespace(spec) && device.mount < 0) {
		free(device.path);
		return false;
	}
	vector_add(&out->devices, device);
	return true;
}

static bool add_standard_nodes(const struct sandbox_spec *spec, struct outside *out,
			       struct error *err)
{
	for (size_t i = 0; i < array_length(standard_nodes); i++) {
		struct outside_device device = {
			.path = str_format("/dev/%s", standard_nodes[i].name),
			.mode = S_IFCHR | 0666,
			.number = makedev(standard_nodes[i].major, standard_nodes[i].minor)};

		if (!add_node(spec, out, device, device.path, err))
			return false;
	}
	return true;
}

struct wanted {
	const struct sandbox_spec *spec;
	struct outside *out;
	const char *access; /* NULL: no rule is needed */
};

static bool add_path(const struct wanted *w, const char *on_host, const char *inside, int depth,
		     struct error *err);

/* A folder stands for all devices in it; what is neither is passed over. */
static bool add_folder(const struct wanted *w, const char *on_host, const char *inside, int depth,
		       struct error *err)
{
	DIR *dir = opendir(on_host);
	struct dirent *entry;
	bool ok = true;

	if (!dir)
		return error_errno(err, "cannot list '%s'", on_host);
	while (ok && (entry = readdir(dir))) {
		scoped_free char *child = str_format("%s/%s", on_host, entry->d_name);
		scoped_free char *target = str_format("%s/%s", inside, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_CHR || entry->d_type == DT_BLK ||
		    (entry->d_type == DT_DIR && depth < DEPTH_LIMIT))
			ok = add_path(w, child, target, depth + 1, err);
	}
	closedir(dir);
	return ok;
}

static bool is_there(const struct outside *out, const char *path)
{
	for (size_t i = 0; i < out->devices.count; i++)
		if (str_equal(out->devices.items[i].path, path))
			return true;
	return false;
}

static bool add_path(const struct wanted *w, const char *on_host, const char *inside, int depth,
		     struct error *err)
{
	struct outside_device device = {0};
	struct stat st;

	if (stat(on_host, &st) < 0)
		return error_errno(err,
				   "error gathering device information while adding custom device "
				   "\"%s\"",
				   on_host);
	if (S_ISDIR(st.st_mode))
		return add_folder(w, on_host, inside, depth, err);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, ERROR_INVALID,
				 "error gathering device information while adding custom device "
				 "\"%s\": not a device node",
				 on_host);
	if (w->out->devices.count >= DEVICE_LIMIT)
		return error_set(err, ERROR_INVALID, "more than %d devices", DEVICE_LIMIT);
	device = (struct outside_device){.path = str_dup(inside),
					 .mode = st.st_mode,
					 .number = st.st_rdev,
					 .uid = st.st_uid,
					 .gid = st.st_gid};
	if (w->access)
		allow(w->out, &device, w->access);
	if (is_there(w->out, inside)) {
		free(device.path);
		return true;
	}
	return add_node(w->spec, w->out, device, on_host, err);
}

/* Privileged: every node of the host's /dev, but what the container has of its own. */
static bool add_all_of_host(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	static const char *const own[] = {".",		 "..",	   "pts",     "shm",
					  "fd",		 "mqueue", "console", ".lxc",
					  ".lxd-mounts", ".udev",  "ptmx"};
	const struct wanted w = {spec, out, NULL};
	DIR *dir = opendir("/dev");
	struct dirent *entry;
	bool ok = true;

	if (!dir)
		return error_errno(err, "cannot list '/dev'");
	while (ok && (entry = readdir(dir))) {
		scoped_free char *path = str_format("/dev/%s", entry->d_name);
		bool skip = entry->d_type != DT_CHR && entry->d_type != DT_BLK &&
			    entry->d_type != DT_DIR;

		for (size_t i = 0; i < array_length(own); i++)
			skip = skip || str_equal(entry->d_name, own[i]);
		ok = skip || add_path(&w, path, path, 0, err);
	}
	closedir(dir);
	return ok;
}

bool devices_collect(const struct sandbox_spec *spec, struct outside *out, struct error *err)
{
	if (!spec->all_devices && !collect_rules(spec, out, err))
		return false;
	if (!add_standard_nodes(spec, out, err))
		return false;
	for (size_t i = 0; i < spec->devices.count; i++) {
		const struct device_spec *d = RECORD_AT(spec->devices, struct device_spec, i);
		const struct wanted w = {spec, out, d->access ? d->access : ""};
		const char *inside =
			str_is_empty(d->path_in_container) ? d->path_on_host : d->path_in_container;

		if (!add_path(&w, d->path_on_host, inside, 0, err))
			return false;
	}
	return !spec->all_devices || add_all_of_host(spec, out, err);
}

void devices_fini(struct outside *outside)
{
	for (size_t i = 0; i < outside->devices.count; i++) {
		free(outside->devices.items[i].path);
		close_fd(&outside->devices.items[i].mount);
	}
	vector_fini(&outside->devices);
	vector_fini(&outside->rules);
}
