/* The body of create.  Most options are a member of the same meaning: a table says which. */
#include "format/json.h"
#include "spec/document.h"
#include "spec/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_LIMIT (1u << 20)

/* ---- environment and labels ---- */

static bool add_line(const char *line, const char *path, const char *kind, bool from_environment,
		     struct strings *lines, struct error *err)
{
	size_t length = strcspn(line, "=");
	scoped_free char *name = str_dup_n(line, length);

	if (strpbrk(name, " \t"))
		return error_set(err, ERROR_INVALID,
				 "invalid %s file (%s): variable '%s' contains whitespaces", kind,
				 path, name);
	if (!length)
		return error_set(err, ERROR_INVALID,
				 "invalid %s file (%s): no variable name on line '%s'", kind, path,
				 line);
	const char *value = getenv(name);
	if (line[length] || !from_environment)
		strings_add(lines, line);
	else if (value)
		strings_format(lines, "%s=%s", name, value);
	return true;
}

bool read_lines(const char *path, const char *kind, bool from_environment, struct strings *lines,
		struct error *err)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool good = true;

	if (!file)
		return error_set(err, ERROR_INVALID, "open %s: %s", path,
				 errno == ENOENT ? "no such file or directory" : strerror(errno));
	while (good && getline(&line, &size, file) >= 0) {
		const char *text = line + strspn(line, " \t");

		line[strcspn(line, "\r\n")] = '\0';
		if (*text && *text != '#')
			good = add_line(text, path, kind, from_environment, lines, err);
	}
	free(line);
	fclose(file);
	return good;
}

bool spec_set_environment(const struct spec *spec, json_t *config, struct error *err)
{
	scoped_strings struct strings env = {0}, labels = {0};

	for (size_t i = 0; i < spec->env_files.count; i++)
		if (!read_lines(spec->env_files.items[i], "env", true, &env, err))
			return false;
	for (size_t i = 0; i < spec->label_files.count; i++)
		if (!read_lines(spec->label_files.items[i], "label", false, &labels, err))
			return false;
	for (size_t i = 0; i < spec->env.count; i++)
		strings_add(&env, spec->env.items[i]);
	for (size_t i = 0; i < spec->labels.count; i++)
		strings_add(&labels, spec->labels.items[i]);
	doc_set_list(config, "Env", &env, false);
	doc_set_labels(config, &labels);
	return true;
}

/* ---- what is a member as it is ---- */

enum member_kind { MEMBER_TEXT, MEMBER_FLAG, MEMBER_NUMBER, MEMBER_LIST, MEMBER_MAP, MEMBER_ARRAY };

struct member {
	const char *name;
	enum member_kind kind;
	size_t offset;
	bool always; /* also when it was not given: false, [], {} */
};

#define AT(field) offsetof(struct spec, field)

static const struct member config_members[] = {
	{"Hostname", MEMBER_TEXT, AT(hostname)},
	{"Domainname", MEMBER_TEXT, AT(domainname)},
	{"User", MEMBER_TEXT, AT(user)},
	{"Tty", MEMBER_FLAG, AT(tty), true},
	{"OpenStdin", MEMBER_FLAG, AT(interactive), true},
	{"WorkingDir", MEMBER_TEXT, AT(workdir)},
	{"StopSignal", MEMBER_TEXT, AT(stop_signal)},
	{"StopTimeout", MEMBER_NUMBER, AT(stop_timeout)},
};

static const struct member host_members[] = {
	{"ContainerIDFile", MEMBER_TEXT, AT(cidfile)},
	{"AutoRemove", MEMBER_FLAG, AT(remove), true},
	{"VolumeDriver", MEMBER_TEXT, AT(volume_driver)},
	{"Annotations", MEMBER_MAP, AT(annotations)},
	{"CgroupnsMode", MEMBER_TEXT, AT(cgroupns)},
	{"Dns", MEMBER_LIST, AT(dns), true},
	{"DnsOptions", MEMBER_LIST, AT(dns_options), true},
	{"DnsSearch", MEMBER_LIST, AT(dns_search), true},
	{"ExtraHosts", MEMBER_LIST, AT(add_host)},
	{"GroupAdd", MEMBER_LIST, AT(group_add)},
	{"IpcMode", MEMBER_TEXT, AT(ipc)},
	{"OomScoreAdj", MEMBER_NUMBER, AT(oom_score_adj)},
	{"PidMode", MEMBER_TEXT, AT(pid)},
	{"Privileged", MEMBER_FLAG, AT(privileged), true},
	{"PublishAllPorts", MEMBER_FLAG, AT(publish_all), true},
	{"ReadonlyRootfs", MEMBER_FLAG, AT(read_only), true},
	{"StorageOpt", MEMBER_MAP, AT(storage_options)},
	{"UTSMode", MEMBER_TEXT, AT(uts)},
	{"UsernsMode", MEMBER_TEXT, AT(userns)},
	{"ShmSize", MEMBER_NUMBER, AT(shm_size)},
	{"Sysctls", MEMBER_MAP, AT(sysctls)},
	{"Runtime", MEMBER_TEXT, AT(runtime)},
	{"Isolation", MEMBER_TEXT, AT(isolation)},
	{"CgroupParent", MEMBER_TEXT, AT(cgroup_parent)},
	{"BlkioWeightDevice", MEMBER_ARRAY, AT(weights), true},
	{"BlkioDeviceReadBps", MEMBER_ARRAY, AT(read_bps), true},
	{"BlkioDeviceWriteBps", MEMBER_ARRAY, AT(write_bps), true},
	{"BlkioDeviceReadIOps", MEMBER_ARRAY, AT(read_iops), true},
	{"BlkioDeviceWriteIOps", MEMBER_ARRAY, AT(write_iops), true},
	{"Ulimits", MEMBER_ARRAY, AT(ulimits), true},
	{"OomKillDisable", MEMBER_FLAG, AT(oom_kill_disable), true},
};

static void set_array(json_t *object, const struct member *member, json_t *array)
{
	if (array)
		json_object_set(object, member->name, array);
	else
		json_object_set_new(object, member->name, json_array());
}

static void set_given_text(json_t *object, const struct member *member, const char *text)
{
	if (text)
		doc_set_text(object, member->name, text);
}

static void set_given_number(json_t *object, const struct member *member,
			     const struct option_number *number)
{
	if (number->given)
		json_object_set_new(object, member->name, json_integer(number->value));
}

static void set_member(json_t *object, const struct member *member, const void *field)
{
	switch (member->kind) {
	case MEMBER_TEXT:
		set_given_text(object, member, *(char *const *)field);
		break;
	case MEMBER_FLAG:
		json_object_set_new(object, member->name, json_boolean(*(const bool *)field));
		break;
	case MEMBER_NUMBER:
		set_given_number(object, member, field);
		break;
	case MEMBER_LIST:
		doc_set_list(object, member->name, field, member->always);
		break;
	case MEMBER_MAP:
		doc_set_map(object, member->name, field, member->always);
		break;
	case MEMBER_ARRAY:
		set_array(object, member, *(json_t *const *)field);
		break;
	}
}

static void set_members(json_t *object, const struct member *members, size_t count,
			const struct spec *spec)
{
	for (size_t i = 0; i < count; i++)
		set_member(object, &members[i], (const char *)spec + members[i].offset);
}

/* ---- what needs a look ---- */

/* Capabilities travel in one spelling: "CAP_NET_ADMIN", "ALL". */
static void set_capabilities(json_t *host, const char *name, const struct strings *list)
{
	scoped_strings struct strings spelled = {0};

	for (size_t i = 0; i < list->count; i++) {
		scoped_free char *text = str_dup(list->items[i]);

		for (char *at = text; *at; at++)
			*at = (char)toupper((unsigned char)*at);
		bool bare = strcmp(text, "ALL") != 0 && !str_starts_with(text, "CAP_");
		strings_format(&spelled, "%s%s", bare ? "CAP_" : "", text);
	}
	doc_set_list(host, name, &spelled, false);
}

static void set_streams(const struct spec *spec, json_t *config)
{
	bool all = !spec->attach.count;
	bool in = spec->interactive || strings_contain(&spec->attach, "stdin");

	json_object_set_new(config, "AttachStdin", json_boolean(in));
	json_object_set_new(config, "AttachStdout",
			    json_boolean(all || strings_contain(&spec->attach, "stdout")));
	json_object_set_new(config, "AttachStderr",
			    json_boolean(all || strings_contain(&spec->attach, "stderr")));
	json_object_set_new(config, "StdinOnce", json_boolean(in && spec->interactive));
}

static void set_command(const struct spec *spec, const struct strings *arguments, json_t *config)
{
	struct strings command = {arguments->items + 1, arguments->count - 1}; /* borrowed */
	struct strings entrypoint = {(char *[]){spec->entrypoint}, 1};

	doc_set_text(config, "Image", arguments->items[0]);
	doc_set_list(config, "Cmd", &command, false);
	if (spec->entrypoint)
		doc_set_list(config, "Entrypoint", &entrypoint, true);
}

static bool set_log(const struct spec *spec, json_t *host, struct error *err)
{
	const char *driver = spec->log_driver ? spec->log_driver : "";
	json_t *log = json_pack("{s:s}", "Type", driver);

	json_object_set_new(host, "LogConfig", log);
	doc_set_map(log, "Config", &spec->log_options, true);
	return strcmp(driver, "none") != 0 || !spec->log_options.count ||
	       error_set(err, ERROR_INVALID, "invalid logging opts for driver none");
}

static bool mode_is(const char *mode, const char *allowed)
{
	scoped_strings struct strings words = strings_split(allowed, ' ');

	return str_is_empty(mode) || strings_contain(&words, mode);
}

static bool check_modes(const struct spec *spec, struct error *err)
{
	bool joins = spec->pid && str_starts_with(spec->pid, "container:") &&
		     spec->pid[strlen("container:")];

	if (!joins && !mode_is(spec->pid, "host"))
		return error_set(err, ERROR_INVALID, "--pid: invalid PID mode");
	if (!mode_is(spec->uts, "host"))
		return error_set(err, ERROR_INVALID, "--uts: invalid UTS mode");
	if (!mode_is(spec->userns, "host"))
		return error_set(err, ERROR_INVALID, "--userns: invalid USER mode");
	if (!mode_is(spec->cgroupns, "host private"))
		return error_set(err, ERROR_INVALID, "--cgroupns: invalid CGROUP mode");
	return true;
}

static bool check(const struct spec *spec, json_t *host, struct error *err)
{
	int64_t swappiness = spec->swappiness.value;
	const char *policy = doc_text(json_object_get(host, "RestartPolicy"), "Name");

	if (swappiness != -1 && (swappiness < 0 || swappiness > 100))
		return error_set(err, ERROR_INVALID,
				 "invalid value: %lld. Valid memory swappiness range is 0-100",
				 (long long)swappiness);
	if (spec->remove && *policy && strcmp(policy, "no") != 0)
		return error_set(err, ERROR_INVALID,
				 "conflicting options: cannot specify both --restart and --rm");
	for (size_t i = 0; i < spec->storage_options.count; i++)
		if (!*spec->storage_options.items[i].value)
			return error_set(err, ERROR_INVALID, "invalid storage option");
	return check_modes(spec, err);
}

static bool set_config(const struct spec *spec, const struct strings *arguments, json_t *config,
		       struct error *err)
{
	set_members(config, config_members, array_length(config_members), spec);
	set_streams(spec, config);
	set_command(spec, arguments, config);
	return spec_set_environment(spec, config, err) && spec_set_health(spec, config, err);
}

static bool set_host(const struct spec *spec, json_t *config, json_t *host, struct error *err)
{
	set_members(host, host_members, array_length(host_members), spec);
	json_object_set_new(host, "RestartPolicy",
			    json_pack("{s:s, s:i}", "Name", "no", "MaximumRetryCount", 0));
	json_object_set_new(host, "MemorySwappiness", json_integer(spec->swappiness.value));
	json_object_set_new(host, "ConsoleSize", json_pack("[i, i]", 0, 0));
	if (spec->init)
		json_object_set_new(host, "Init", json_boolean(spec->init > 0));
	set_capabilities(host, "CapAdd", &spec->cap_add);
	set_capabilities(host, "CapDrop", &spec->cap_drop);
	return resources_to_json(&spec->resources, host, err) && set_log(spec, host, err) &&
	       spec_set_volumes(spec, config, host, err) &&
	       spec_set_ports(spec, config, host, err) && spec_set_devices(spec, host, err) &&
	       spec_set_security(spec, host, err) && check(spec, host, err);
}

json_t *spec_to_body(const struct spec *spec, const struct strings *arguments, struct error *err)
{
	scoped_json json_t *body = json_object();
	json_t *host = json_object();

	json_object_set_new(body, "HostConfig", host);
	if (!set_config(spec, arguments, body, err) || !set_host(spec, body, host, err) ||
	    !spec_set_networks(spec, host, body, err))
		return NULL;
	return take(body);
}

void spec_detach(json_t *body)
{
	static const char *const members[] = {"AttachStdin", "AttachStdout", "AttachStderr",
					      "StdinOnce"};

	for (size_t i = 0; i < array_length(members); i++)
		json_object_set_new(body, members[i], json_false());
}
