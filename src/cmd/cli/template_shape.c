/* What JSON does not say: whether null is an empty list, an empty map or a nil pointer, whether an
 * object was a struct or a map, and what an absent member would have been.  The Engine API's member
 * names tell; a name means the same wherever it stands. */
#include "cmd/cli/template_tree.h"

static const struct member {
	const char *name;
	enum shape shape;
	bool optional;
} members[] = {
	{"Aliases", SHAPE_LIST},
	{"Annotations", SHAPE_MAP, true},
	{"ArgsEscaped", SHAPE_BOOL, true},
	{"Attributes", SHAPE_MAP},
	{"Binds", SHAPE_LIST},
	{"CapAdd", SHAPE_LIST},
	{"CapDrop", SHAPE_LIST},
	{"Cmd", SHAPE_LIST},
	{"Config", SHAPE_PLAIN}, /* a struct, but a map below LogConfig: value_is_struct */
	{"Container", SHAPE_TEXT, true},
	{"ContainerConfig", SHAPE_POINTER, true},
	{"Data", SHAPE_MAP},
	{"Descriptor", SHAPE_POINTER, true},
	{"Details", SHAPE_MAP},
	{"DeviceCgroupRules", SHAPE_LIST},
	{"DeviceRequests", SHAPE_LIST},
	{"Devices", SHAPE_LIST},
	{"Driver", SHAPE_TEXT, true},
	{"DriverOpts", SHAPE_MAP},
	{"Dns", SHAPE_LIST},
	{"DnsOptions", SHAPE_LIST},
	{"DnsSearch", SHAPE_LIST},
	{"DNSNames", SHAPE_LIST},
	{"Entrypoint", SHAPE_LIST},
	{"Env", SHAPE_LIST},
	{"ExecIDs", SHAPE_LIST},
	{"ExposedPorts", SHAPE_MAP, true},
	{"ExtraHosts", SHAPE_LIST},
	{"GroupAdd", SHAPE_LIST},
	{"Health", SHAPE_POINTER, true},
	{"Healthcheck", SHAPE_POINTER, true},
	{"IPAMConfig", SHAPE_POINTER},
	{"IndexConfigs", SHAPE_MAP},
	{"Init", SHAPE_POINTER, true},
	{"KernelMemory", SHAPE_NUMBER, true},
	{"KernelMemoryTCP", SHAPE_NUMBER, true},
	{"Labels", SHAPE_MAP},
	{"Links", SHAPE_LIST},
	{"LocalVolumes", SHAPE_NUMBER},
	{"MacAddress", SHAPE_TEXT, true},
	{"MaskedPaths", SHAPE_LIST},
	{"MemorySwappiness", SHAPE_POINTER},
	{"Mounts", SHAPE_LIST, true},
	{"Name", SHAPE_TEXT, true},
	{"NetworkDisabled", SHAPE_BOOL, true},
	{"Networks", SHAPE_MAP},
	{"OnBuild", SHAPE_LIST, true},
	{"OomKillDisable", SHAPE_POINTER},
	{"Options", SHAPE_MAP},
	{"OsVersion", SHAPE_TEXT, true},
	{"PidsLimit", SHAPE_POINTER},
	{"PortBindings", SHAPE_MAP},
	{"Ports", SHAPE_MAP},
	{"ReadonlyPaths", SHAPE_LIST},
	{"RepoDigests", SHAPE_LIST},
	{"RepoTags", SHAPE_LIST},
	{"Runtimes", SHAPE_MAP},
	{"SecurityOpt", SHAPE_LIST},
	{"Shell", SHAPE_LIST, true},
	{"SizeRootFs", SHAPE_POINTER, true},
	{"SizeRw", SHAPE_POINTER, true},
	{"StopSignal", SHAPE_TEXT, true},
	{"StopTimeout", SHAPE_POINTER, true},
	{"StorageOpt", SHAPE_MAP, true},
	{"Sysctls", SHAPE_MAP, true},
	{"Tmpfs", SHAPE_MAP, true},
	{"Ulimits", SHAPE_LIST},
	{"Variant", SHAPE_TEXT, true},
	{"VirtualSize", SHAPE_NUMBER, true},
	{"Volumes", SHAPE_MAP},
	{"VolumesFrom", SHAPE_LIST},
	{"Warnings", SHAPE_LIST},
};

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < array_length(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

enum shape shape_of_member(const char *name)
{
	const struct member *member = find_member(name);

	return member ? member->shape : SHAPE_PLAIN;
}

/* The API's maps hold strings, structs, or lists (the port bindings), of which only the last are
 * null. */
struct value value_member(const struct value *object, const char *name)
{
	json_t *json = json_object_get(object->json, name);

	return (struct value){json,
			      object->shape == SHAPE_MAP ? SHAPE_LIST : shape_of_member(name)};
}

/* Docker reads its answers into structs, so their fields' names are good in templates, too. */
static const struct {
	const char *field, *member;
} fields[] = {
	{"ID", "Id"},
	{"APIVersion", "ApiVersion"},
	{"CPUCount", "CpuCount"},
	{"CPUPercent", "CpuPercent"},
	{"CPUPeriod", "CpuPeriod"},
	{"CPUQuota", "CpuQuota"},
	{"CPURealtimePeriod", "CpuRealtimePeriod"},
	{"CPURealtimeRuntime", "CpuRealtimeRuntime"},
	{"CPUShares", "CpuShares"},
	{"DNS", "Dns"},
	{"DNSOptions", "DnsOptions"},
	{"DNSSearch", "DnsSearch"},
	{"NanoCPUs", "NanoCpus"},
};

const char *member_of_field(const char *field)
{
	for (size_t i = 0; i < array_length(fields); i++)
		if (strcmp(fields[i].field, field) == 0)
			return fields[i].member;
	return field;
}

bool member_is_optional(const char *name)
{
	const struct member *member = find_member(name);

	return member && member->optional;
}

/* Go's exported fields begin with a capital letter, and so do all members of the API's structs. */
bool value_is_struct(const struct value *value)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value->json) || value->shape == SHAPE_MAP)
		return false;
	json_object_foreach (value->json, name, member)
		if (*name < 'A' || *name > 'Z')
			return false;
	return json_object_size(value->json) > 0;
}

bool value_is_true(const struct value *value)
{
	const json_t *json = value->json;

	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT:
		return json_object_size(json) > 0 || value->shape == SHAPE_POINTER;
	case JSON_ARRAY:
		return json_array_size(json) > 0;
	case JSON_STRING:
		return json_string_length(json) > 0;
	case JSON_INTEGER:
		return json_integer_value(json) != 0 || value->shape == SHAPE_POINTER;
	case JSON_REAL:
		return json_real_value(json) != 0;
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
		return value->shape == SHAPE_POINTER;
	case JSON_NULL:
		break;
	}
	return false;
}

struct strings value_names(const struct value *value, bool sorted)
{
	struct strings names = {0};
	const char *name;
	json_t *member;

	json_object_foreach (value->json, name, member)
		strings_add(&names, name);
	if (sorted)
		strings_sort(&names);
	return names;
}
