#include "engine/json_fixture.h"
#include "engine/mount_plan.h"

/* ---- a request as JSON, a plan as text ---- */

static struct record_list donor_mounts;

static const struct record_list *mounts_of(void *data, const char *container, struct error *err)
{
	if (str_equal(container, "donor"))
		return &donor_mounts;
	error_set(err, ERROR_NOT_FOUND, "No such container: %s", container);
	return NULL;
}

static void describe(const struct mount_point *mount, struct buffer *out)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {
		{!mount->rw, "ro"},	   {mount->anonymous, "anonymous"},
		{mount->copy_up, "copy"},  {mount->make_source, "make"},
		{mount->recursive, "rec"}, {mount->read_only_recursive, "rro"},
	};

	buffer_format(out, "%s %s>%s", mount->type,
		      mount->anonymous ? "*"
		      : mount->name    ? mount->name
		      : mount->source  ? mount->source
				       : "",
		      mount->destination);
	for (size_t i = 0; i < array_length(flags); i++)
		if (flags[i].set)
			buffer_format(out, " %s", flags[i].name);
	if (!str_is_empty(mount->propagation))
		buffer_format(out, " %s", mount->propagation);
	if (!str_is_empty(mount->subpath))
		buffer_format(out, " sub=%s", mount->subpath);
	if (!str_is_empty(mount->options))
		buffer_format(out, " [%s]", mount->options);
	buffer_add_text(out, "; ");
}

static void plan(const char *config_text, const char *host_text, int api, struct buffer *out)
{
	struct container_config config = {0};
	struct host_config host = {0};
	struct mount_plan_request request = {&config, &host, api, mounts_of, NULL};
	struct record_list mounts = {0};
	struct error err = {0};

	read_json(config_text, RECORD_FOR_API, &container_config_type, &config);
	read_json(host_text, RECORD_FOR_API, &host_config_type, &host);
	if (mount_plan_make(&request, &mounts, &err))
		for (size_t i = 0; i < mounts.count; i++)
			describe(RECORD_AT(mounts, struct mount_point, i), out);
	else
		buffer_format(out, "%d: %s", err.kind, err.text);
	record_list_fini(&mount_point_type, &mounts);
	record_fini(&container_config_type, &config);
	record_fini(&host_config_type, &host);
}

struct example {
	const char *config, *host, *expected;
};

static const struct example binds_volumes_and_tmpfs[] = {
	{"{}", "{}", ""},
	{"{}", "{'Binds': ['/a:/b']}", "bind /a>/b make rec rprivate; "},
	{"{}", "{'Binds': ['/a/:/b/../c:ro,rslave']}", "bind /a>/c ro make rec rro rslave; "},
	{"{}", "{'Binds': ['v1:/b']}", "volume v1>/b copy; "},
	{"{}", "{'Binds': ['v1:/b:nocopy,ro']}", "volume v1>/b ro; "},
	{"{}", "{'Binds': ['/b']}", "volume *>/b anonymous copy; "},
	{"{}", "{'Binds': ['/z:/z', '/a:/a']}",
	 "bind /a>/a make rec rprivate; bind /z>/z make rec rprivate; "},
	{"{}", "{'Binds': ['/a:/b', '/c:/b']}", "1: Duplicate mount point: /b"},
	{"{}", "{'Binds': ['/a:/b', '/c:/b/']}", "1: Duplicate mount point: /b"},
	{"{}", "{'Binds': ['/a:/b:zz']}", "1: invalid mode: zz"},
	{"{}", "{'Binds': ['/a:b']}",
	 "1: invalid volume specification: '/a:b': invalid mount config for type "
	 "\"bind\": invalid mount path: 'b' mount path must be absolute"},

	{"{'Volumes': {'/data': {}}}", "{}", "volume *>/data anonymous copy; "},
	{"{'Volumes': {'/data': {}}}", "{'Binds': ['/a:/data']}",
	 "bind /a>/data make rec rprivate; "},
	{"{'Volumes': {'/data': {}}}", "{'Tmpfs': {'/data': 'size=1m'}}",
	 "tmpfs >/data [size=1m]; "},
	{"{}", "{'Tmpfs': {'/b': ''}, 'Binds': ['/a:/b']}", "1: Duplicate mount point: /b"},
	{"{}", "{'Tmpfs': {'/b': 'bogus'}}", "1: invalid tmpfs option [\"bogus\"]"},
	{"{}", "{'Tmpfs': {'b': ''}}", "1: invalid mount path: 'b' mount path must be absolute"},
};

static const struct example mounts[] = {
	{"{}", "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/b'}]}",
	 "bind /a>/b rec rprivate; "},
	{"{}",
	 "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/b', 'ReadOnly': true,"
	 " 'BindOptions': {'Propagation': 'rshared', 'CreateMountpoint': true}}]}",
	 "bind /a>/b ro make rec rro rshared; "},
	{"{}",
	 "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/b', 'ReadOnly': true,"
	 " 'BindOptions': {'NonRecursive': true}}]}",
	 "bind /a>/b ro rprivate; "},
	{"{}", "{'Mounts': [{'Type': 'volume', 'Source': 'v', 'Target': '/b'}]}",
	 "volume v>/b copy; "},
	{"{}", "{'Mounts': [{'Type': 'volume', 'Target': '/b'}]}", "volume *>/b anonymous copy; "},
	{"{}",
	 "{'Mounts': [{'Type': 'tmpfs', 'Target': '/b', 'TmpfsOptions': {'SizeBytes': 9,"
	 " 'Mode': 511, 'Options': [['noexec'], ['uid', '3']]}}]}",
	 "tmpfs >/b [size=9,mode=777,noexec,uid=3]; "},
	{"{}", "{'Mounts': [{'Type': 'bind', 'Source': '/a'}]}",
	 "1: invalid mount config for type \"bind\": field Target must not be empty"},
	{"{}", "{'Mounts': [{'Type': 'bind', 'Target': '/b'}]}",
	 "1: invalid mount config for type \"bind\": field Source must not be empty"},
	{"{}", "{'Mounts': [{'Type': 'x', 'Target': '/b'}]}",
	 "1: invalid mount config for type \"x\": mount type unknown"},
	{"{}", "{'Mounts': [{'Type': 'bind', 'Source': 'a', 'Target': '/b'}]}",
	 "1: invalid mount config for type \"bind\": invalid mount path: 'a' mount path "
	 "must be absolute"},
	{"{}", "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/'}]}",
	 "1: invalid mount config for type \"bind\": invalid specification: destination "
	 "can't be '/'"},
	{"{}",
	 "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/b', 'VolumeOptions': "
	 "{}}]}",
	 "1: VolumeOptions must not be specified on mount type \"bind\""},
	{"{}", "{'Mounts': [{'Type': 'tmpfs', 'Source': '/a', 'Target': '/b'}]}",
	 "1: invalid mount config for type \"tmpfs\": field Source must not be specified"},
	{"{}", "{'Mounts': [{'Type': 'volume', 'Target': '/b', 'ReadOnly': true}]}",
	 "1: invalid mount config for type \"volume\": must not set ReadOnly mode when "
	 "using anonymous volumes"},
	{"{}",
	 "{'Mounts': [{'Type': 'volume', 'Source': 'v', 'Target': '/b', 'VolumeOptions': "
	 "{'NoCopy': true, 'Subpath': 'a/../b'}}]}",
	 "volume v>/b sub=a/../b; "},
	{"{}",
	 "{'Mounts': [{'Type': 'volume', 'Source': 'v', 'Target': '/b', 'VolumeOptions': "
	 "{'Subpath': 'a/../../b'}}]}",
	 "1: invalid mount config for type \"volume\": subpath must be a relative path "
	 "within the volume"},
	{"{}",
	 "{'Mounts': [{'Type': 'volume', 'Source': 'v', 'Target': '/b', 'VolumeOptions': "
	 "{'Subpath': '/a'}}]}",
	 "1: invalid mount config for type \"volume\": subpath must be a relative path "
	 "within the volume"},
	{"{}",
	 "{'Mounts': [{'Type': 'bind', 'Source': '/a', 'Target': '/b', 'ReadOnly': true,"
	 " 'BindOptions': {'ReadOnlyNonRecursive': true}}]}",
	 "bind /a>/b ro rec rprivate; "},
};

static const struct example volumes_from[] = {
	{"{}", "{'VolumesFrom': ['donor']}", "bind /d>/b rec; volume dv>/c; "},
	{"{}", "{'VolumesFrom': ['donor:ro']}", "bind /d>/b ro rec; volume dv>/c ro; "},
	{"{}", "{'VolumesFrom': ['donor'], 'Binds': ['/mine:/b']}",
	 "bind /mine>/b make rec rprivate; volume dv>/c; "},
	{"{}", "{'VolumesFrom': ['nobody']}", "1: No such container: nobody"},
	{"{}", "{'VolumesFrom': ['donor:z']}", "bind /d>/b rec; volume dv>/c; "},
	{"{}", "{'VolumesFrom': ['donor:z,ro']}", "bind /d>/b ro rec; volume dv>/c ro; "},
	{"{}", "{'VolumesFrom': ['donor:xx']}", "1: invalid mode for volumes-from: xx"},
	{"{}", "{'VolumesFrom': ['donor:rshared']}", "1: invalid mode for volumes-from: rshared"},
};

static void assert_examples(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scoped_buffer struct buffer actual = {0};

		buffer_add_text(&actual, "");
		plan(examples[i].config, examples[i].host, 47, &actual);
		assert_string_equal(actual.data ? actual.data : "", examples[i].expected);
	}
}

static void requests_become_mounts_or_known_errors(void **state)
{
	assert_examples(binds_volumes_and_tmpfs, array_length(binds_volumes_and_tmpfs));
	assert_examples(mounts, array_length(mounts));
	assert_examples(volumes_from, array_length(volumes_from));
}

static void older_clients_get_the_older_rules(void **state)
{
	scoped_buffer struct buffer before_44 = {0}, before_42 = {0}, before_40 = {0};

	plan("{}", "{\"Binds\": [\"/a:/b:ro\"]}", 43, &before_44);
	assert_string_equal(before_44.data, "bind /a>/b ro make rec rprivate; ");
	plan("{}",
	     "{\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/a\", \"Target\": \"/b\","
	     " \"VolumeOptions\": {}}]}",
	     41, &before_42);
	assert_string_equal(before_42.data, "bind /a>/b rec rprivate; ");
	plan("{}",
	     "{\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/a\", \"Target\": \"/b\", "
	     "\"ReadOnly\": true,"
	     " \"BindOptions\": {\"NonRecursive\": true, \"CreateMountpoint\": true}},"
	     " {\"Type\": \"volume\", \"Source\": \"v\", \"Target\": \"/c\","
	     " \"VolumeOptions\": {\"Subpath\": \"/x\"}}]}",
	     39, &before_40);
	assert_string_equal(before_40.data, "bind /a>/b ro rec rprivate; volume v>/c copy; ");
}

static int set_up(void **state)
{
	struct mount_point *bind = record_list_add(&mount_point_type, &donor_mounts), *volume;

	*bind = (struct mount_point){.type = str_dup("bind"),
				     .source = str_dup("/d"),
				     .destination = str_dup("/b"),
				     .rw = true,
				     .recursive = true};
	volume = record_list_add(&mount_point_type, &donor_mounts);
	*volume = (struct mount_point){.type = str_dup("volume"),
				       .name = str_dup("dv"),
				       .destination = str_dup("/c"),
				       .rw = true,
				       .anonymous = true,
				       .copy_up = true};
	return 0;
}

static int tear_down(void **state)
{
	record_list_fini(&mount_point_type, &donor_mounts);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_become_mounts_or_known_errors),
		cmocka_unit_test(older_clients_get_the_older_rules),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
