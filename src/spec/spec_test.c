#include "base/test.h"
#include "format/json.h"
#include "spec/document.h"
#include "spec/spec.h"

struct parsed {
	struct spec spec;
	struct option_outcome outcome;
	json_t *body;
	struct error err;
};

static const struct option_set sets[OPTION_SETS] = {CONTAINER_OPTION_SETS};

/* The body of the options of a line, words separated by blanks. */
static struct parsed parse(const char *line)
{
	struct parsed p = {0};
	scoped_strings struct strings words = strings_split(line, ' ');

	if (options_parse(sets, &p.spec, (const char *const *)words.items, words.count, true,
			  &p.outcome, &p.err))
		p.body = spec_to_body(&p.spec, &p.outcome.arguments, &p.err);
	return p;
}

static void parsed_fini(struct parsed *p)
{
	json_decref(p->body);
	options_fini(sets, &p->spec);
	option_outcome_fini(&p->outcome);
}

#define scoped_parsed scoped_with(parsed_fini)

static void the_body_says_what_the_options_say(void **state)
{
	static const struct {
		const char *line, *member, *json;
	} cases[] = {
		{"x a b", "Cmd", "[\"a\",\"b\"]"},
		{"x", "Cmd", "null"},
		{"--entrypoint /e x", "Entrypoint", "[\"/e\"]"},
		{"-it x", "Tty", "true"},
		{"-i x", "StdinOnce", "true"},
		{"-a stdin x", "StdinOnce", "false"},
		{"-a STDERR x", "AttachStdout", "false"},
		{"-l a=b -l c x", "Labels", "{\"a\":\"b\",\"c\":\"\"}"},
		{"--stop-timeout 0 x", "StopTimeout", "0"},
		{"-v /a x", "Volumes", "{\"/a\":{}}"},
		{"--expose 5-6 x", "ExposedPorts", "{\"5/tcp\":{},\"6/tcp\":{}}"},
		{"--health-cmd a --health-interval 5s x", "Healthcheck",
		 "{\"Test\":[\"CMD-SHELL\",\"a\"],\"Interval\":5000000000}"},
		{"--no-healthcheck x", "Healthcheck", "{\"Test\":[\"NONE\"]}"},
		{"--network n --network-alias a --ip 1.2.3.4 x", "NetworkingConfig",
		 "{\"EndpointsConfig\":{\"n\":{\"Aliases\":[\"a\"],\"IPAMConfig\":{\"IPv4Address\":"
		 "\"1.2.3.4\"}}}}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_parsed struct parsed p = parse(cases[i].line);

		assert_non_null(p.body);
		json_t *member = json_object_get(p.body, cases[i].member);
		scoped_free char *text = member ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY)
						: str_dup("null");
		assert_string_equal(text, cases[i].json);
	}
}

static void host_options_are_members_of_the_host(void **state)
{
	static const struct {
		const char *line, *member, *json;
	} cases[] = {
		{"x", "NetworkMode", "\"default\""},
		{"--network name=n,alias=a x", "NetworkMode", "\"n\""},
		{"--cpus .5 x", "NanoCpus", "500000000"},
		{"--memory-swap -1 x", "MemorySwap", "-1"},
		{"--init=false x", "Init", "false"},
		{"x", "Init", "null"},
		{"--cap-add cap_chown --cap-add All x", "CapAdd", "[\"CAP_CHOWN\",\"ALL\"]"},
		{"-v /a:/b:ro -v name:/c x", "Binds", "[\"/a:/b:ro\",\"name:/c\"]"},
		{"--tmpfs /a:size=1m x", "Tmpfs", "{\"/a\":\"size=1m\"}"},
		{"-p 127.0.0.1:80-81:80-81 x", "PortBindings",
		 "{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"80\"}],"
		 "\"81/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"81\"}]}"},
		{"--restart on-failure:3 x", "RestartPolicy",
		 "{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}"},
		{"--device /dev/a:rw x", "Devices",
		 "[{\"PathOnHost\":\"/dev/a\",\"PathInContainer\":\"/dev/a\",\"CgroupPermissions\":"
		 "\"rw\"}]"},
		{"--device vendor.com/gpu=0 x", "DeviceRequests",
		 "[{\"Driver\":\"cdi\",\"Count\":0,\"DeviceIDs\":[\"vendor.com/gpu=0\"]}]"},
		{"--gpus all x", "DeviceRequests",
		 "[{\"Driver\":\"\",\"Count\":-1,\"DeviceIDs\":null,\"Capabilities\":[[\"gpu\"]],"
		 "\"Options\":{}}]"},
		{"--add-host a=[::1] x", "ExtraHosts", "[\"a:::1\"]"},
		{"--log-opt max-size=1m x", "LogConfig",
		 "{\"Type\":\"\",\"Config\":{\"max-size\":\"1m\"}}"},
		{"--mount type=bind,src=/a,dst=/b,bind-recursive=disabled x", "Mounts",
		 "[{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"BindOptions\":{"
		 "\"NonRecursive\":true}}]"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_parsed struct parsed p = parse(cases[i].line);

		assert_non_null(p.body);
		json_t *member =
			json_object_get(json_object_get(p.body, "HostConfig"), cases[i].member);
		scoped_free char *text = member ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY)
						: str_dup("null");
		assert_string_equal(text, cases[i].json);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{"-v :/b x", "invalid spec: :/b: empty section between colons"},
		{"--restart :3 x",
		 "invalid restart policy format: no policy provided before colon"},
		{"--restart no:x x",
		 "invalid restart policy format: maximum retry count must be an integer"},
		{"--mac-address zz x", "zz is not a valid mac address"},
		{"--network n --network n x", "network \"n\" is specified multiple times"},
		{"--health-retries -1 x", "--health-retries cannot be negative"},
		{"--storage-opt x y", "invalid storage option"},
		{"--ulimit nofile=5:4 x", "invalid argument \"nofile=5:4\" for \"--ulimit\" flag: "
					  "ulimit soft limit must be less "
					  "than or equal to hard limit: 5 > 4"},
		{"--device-cgroup-rule bogus x",
		 "invalid argument \"bogus\" for \"--device-cgroup-rule\" flag: invalid device "
		 "cgroup "
		 "format 'bogus'"},
		{"--mount type=bind,source=/a,target=/b,bind-recursive=readonly x",
		 "invalid argument \"type=bind,source=/a,target=/b,bind-recursive=readonly\" for "
		 "\"--mount\" flag: option 'bind-recursive=readonly' requires 'readonly' to be "
		 "specified in conjunction"},
		{"--dns bogus x", "invalid argument \"bogus\" for \"--dns\" flag: IP address is "
				  "not correctly formatted: "
				  "bogus"},
		{"--use-api-socket x",
		 "--use-api-socket is not supported: it would hand the daemon's "
		 "socket to the container"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_parsed struct parsed p = parse(cases[i][0]);

		assert_null(p.body);
		assert_string_equal(p.err.text, cases[i][1]);
	}
}

static void relative_paths_become_absolute(void **state)
{
	static const char *const cases[][2] = {
		{"/a/./b/../c//d/", "/a/c/d"}, {"/..", "/"}, {"/a/..", "/"}, {"/", "/"}};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *path = absolute_path(cases[i][0]);

		assert_string_equal(path, cases[i][1]);
	}
	scoped_free char *here = absolute_path("."), *below = absolute_path("./x");
	scoped_free char *expected = str_format("%s/x", strcmp(here, "/") == 0 ? "" : here);
	assert_string_equal(below, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_body_says_what_the_options_say),
		cmocka_unit_test(host_options_are_members_of_the_host),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(relative_paths_become_absolute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
