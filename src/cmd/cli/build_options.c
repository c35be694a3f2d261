#include "cmd/cli/build_options.h"

#include "format/json.h"
#include "format/mount_option.h"
#include "format/reference.h"
#include "spec/spec.h"

#define AT(field) offsetof(struct build, field)

static bool add_tag(void *field, const char *text, struct error *err)
{
	scoped_reference struct reference reference = {0};

	if (!reference_parse(text, &reference, err))
		return false;
	strings_add(field, text);
	return true;
}

static const struct option_kind option_tag = {"list", add_tag, option_free_list, NULL};

static const char *cache_field(const struct strings *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (str_starts_with(fields->items[i], name))
			return fields->items[i] + strlen(name);
	return "";
}

bool build_add_cache(const char *text, struct strings *images, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!csv_split(text, &fields, err))
		return false;
	const char *type = cache_field(&fields, "type="), *image = cache_field(&fields, "ref=");
	if (!*type && !*image)
		return option_words.set(images, text, err);
	if ((*type && strcmp(type, "registry") != 0) || !*image)
		return error_set(err, ERROR_UNSUPPORTED,
				 "cache '%s' is not to be had: images alone are caches here "
				 "(type=registry,ref=IMAGE)",
				 text);
	strings_add(images, image);
	return true;
}

static bool add_cache(void *field, const char *text, struct error *err)
{
	return build_add_cache(text, field, err);
}

static const struct option_kind option_cache = {"strings", add_cache, option_free_list, NULL};

const struct option build_options[] = {
	{0, "add-host", &option_host_entry, AT(add_host), .help = "Name a host: NAME:IP"},
	{0, "build-arg", &option_environment, AT(build_args),
	 .help = "Set a variable of the build: NAME=VALUE, or NAME as it is here"},
	{0, "build-context", &option_list, AT(contexts),
	 .help = "Another context: NAME=FOLDER, NAME=docker-image://IMAGE, NAME=URL"},
	{0, "cache-from", &option_cache, AT(cache_from),
	 .help = "Image whose layers may be reused"},
	{0, "cgroup-parent", &option_string, AT(cgroup_parent), .help = "Cgroup to be below"},
	{0, "compress", &option_switch, AT(compress),
	 .help = "Has no effect: the context goes as it is"},
	{0, "cpu-period", &option_number, AT(cpu_period),
	 .help = "Period of the CPU quota, in microseconds"},
	{0, "cpu-quota", &option_number, AT(cpu_quota),
	 .help = "CPU time in each period, in microseconds"},
	{'c', "cpu-shares", &option_number, AT(cpu_shares), .help = "Relative weight of CPU time"},
	{0, "cpuset-cpus", &option_string, AT(cpuset_cpus), .help = "CPUs to run on: 0-3, 0,1"},
	{0, "cpuset-mems", &option_string, AT(cpuset_mems),
	 .help = "Memory nodes to use: 0-3, 0,1"},
	{0, "disable-content-trust", &option_switch, AT(content_trust), .initial = "true",
	 .hidden = true, .help = "Has no effect: images are verified by digest"},
	{'f', "file", &option_string, AT(file),
	 .help = "The Dockerfile (default PATH/Dockerfile); - reads it from stdin"},
	{0, "force-rm", &option_switch, AT(force_remove),
	 .help = "Remove the containers of failed steps, too"},
	{0, "iidfile", &option_string, AT(iidfile), .help = "Write the image's id to this file"},
	{0, "isolation", &option_string, AT(isolation), .hidden = true, .help = "Windows only"},
	{0, "label", &option_label, AT(labels), .help = "Label the image: NAME[=VALUE]"},
	{'m', "memory", &option_bytes, AT(memory), .help = "Limit of memory of each step"},
	{0, "memory-swap", &option_swap, AT(memory_swap),
	 .help = "Limit of memory and swap together; -1 for unlimited swap"},
	{0, "network", &option_string, AT(network), .initial = "default",
	 .help = "Network of the steps: default, none, host, or a name"},
	{0, "no-cache", &option_switch, AT(no_cache), .help = "Reuse nothing of former builds"},
	{'o', "output", &option_list, AT(outputs),
	 .help = "Where the image's files go: FOLDER, - (an archive), type=local|tar,dest=PATH"},
	{0, "platform", &option_string, AT(platform),
	 .help = "Platform of the image: OS[/ARCHITECTURE[/VARIANT]]"},
	{0, "progress", &option_string, AT(ignored), .hidden = true,
	 .help = "Has no effect: progress is always plain"},
	{0, "pull", &option_switch, AT(pull), .help = "Look for newer versions of the base images"},
	{'q', "quiet", &option_switch, AT(quiet), .help = "Show only the image's id"},
	{0, "rm", &option_switch, AT(remove), .initial = "true",
	 .help = "Remove the containers of the steps"},
	{0, "secret", &option_list, AT(secrets),
	 .help = "Hand a secret to steps that ask for it: id=NAME[,src=FILE|,env=VARIABLE]"},
	{0, "security-opt", &option_words, AT(security_opt),
	 .help = "Security option: NAME[=VALUE]"},
	{0, "shm-size", &option_bytes, AT(shm_size), .help = "Size of /dev/shm"},
	{0, "squash", &option_switch, AT(squash), .hidden = true,
	 .help = "Make one layer of all steps"},
	{0, "ssh", &option_list, AT(ssh),
	 .help = "Let steps use an agent for SSH of this host: default, or ID=SOCKET"},
	{0, "stream", &option_switch, AT(compress), .hidden = true, .help = "",
	 .refused = "the context is always sent as a whole"},
	{'t', "tag", &option_tag, AT(tags), .help = "Name the image: NAME[:TAG]"},
	{0, "target", &option_string, AT(target), .help = "Stage to build"},
	{0, "ulimit", &option_ulimit, AT(ulimits),
	 .help = "Limit of the steps' processes: NAME=SOFT[:HARD]"},
	{0, "use-api-socket", &option_switch, AT(compress), .hidden = true, .help = "",
	 .refused = "it would hand the daemon's socket to the build"},
};

_Static_assert(array_length(build_options) == BUILD_OPTION_COUNT, "the header says how many");

/* ---- the request ---- */

static void add_lists(const struct build *build, struct target *target)
{
	const struct {
		const char *name;
		const struct strings *list;
	} lists[] = {
		{"t", &build->tags},
		{"securityopt", &build->security_opt},
		{"extrahosts", &build->add_host},
	};

	for (size_t i = 0; i < array_length(lists); i++)
		for (size_t j = 0; j < lists[i].list->count; j++)
			target_add(target, lists[i].name, lists[i].list->items[j]);
}

static void add_texts(const struct build *build, struct target *target)
{
	const struct {
		const char *name, *text;
	} texts[] = {
		{"cpusetcpus", build->cpuset_cpus},	{"cpusetmems", build->cpuset_mems},
		{"cgroupparent", build->cgroup_parent}, {"target", build->target},
		{"platform", build->platform},
	};

	for (size_t i = 0; i < array_length(texts); i++)
		if (!str_is_empty(texts[i].text))
			target_add(target, texts[i].name, texts[i].text);
	if (strcmp(build->network, "default") != 0)
		target_add(target, "networkmode", build->network);
	if (!str_is_empty(build->isolation) && strcmp(build->isolation, "default") != 0)
		target_add(target, "isolation", build->isolation);
}

static void add_numbers(const struct build *build, struct target *target)
{
	const struct {
		const char *name;
		const struct option_number *number;
	} numbers[] = {
		{"cpushares", &build->cpu_shares}, {"cpuquota", &build->cpu_quota},
		{"cpuperiod", &build->cpu_period}, {"memory", &build->memory},
		{"memswap", &build->memory_swap},  {"shmsize", &build->shm_size},
	};

	for (size_t i = 0; i < array_length(numbers); i++)
		if (numbers[i].number->given)
			target_add_number(target, numbers[i].name, numbers[i].number->value);
}

static void add_json(struct target *target, const char *name, const json_t *value)
{
	scoped_free char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

	target_add(target, name, text);
}

/* A name alone, which is not set here, is null: the Dockerfile's default counts. */
static void add_build_args(const struct build *build, struct target *target)
{
	scoped_json json_t *map = json_object();

	for (size_t i = 0; i < build->build_args.count; i++) {
		const char *text = build->build_args.items[i], *equals = strchr(text, '=');
		scoped_free char *name = str_dup_n(text, strcspn(text, "="));

		if (equals)
			doc_set_text(map, name, equals + 1);
		else
			json_object_set_new(map, name, json_null());
	}
	if (json_object_size(map))
		add_json(target, "buildargs", map);
}

static void add_documents(const struct build *build, struct target *target)
{
	scoped_json json_t *document = json_object();

	add_build_args(build, target);
	doc_set_labels(document, &build->labels);
	if (build->labels.count)
		add_json(target, "labels", json_object_get(document, "Labels"));
	doc_set_list(document, "CacheFrom", &build->cache_from, false);
	if (build->cache_from.count)
		add_json(target, "cachefrom", json_object_get(document, "CacheFrom"));
	if (build->ulimits)
		add_json(target, "ulimits", build->ulimits);
}

void build_add_parameters(const struct build *build, struct target *target)
{
	target_add(target, "version", "1");
	add_lists(build, target);
	target_add_flag(target, "q", build->quiet);
	target_add_flag(target, "nocache", build->no_cache);
	if (!build->remove)
		target_add(target, "rm", "0");
	target_add_flag(target, "forcerm", build->force_remove);
	target_add_flag(target, "pull", build->pull);
	target_add_flag(target, "squash", build->squash);
	add_texts(build, target);
	add_numbers(build, target);
	add_documents(build, target);
}
