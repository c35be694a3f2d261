/* Services as people write them, and what of the body each attribute becomes. */
#include "base/memory.h"
#include "base/test.h"
#include "cmd/compose/body.h"
#include "format/json.h"

static const struct {
	const char *path, *text;
} files[] = {
	{"/p/seccomp.json", "{ \"defaultAction\":\n \"SCMP_ACT_ALLOW\" }"},
	{"/p/secret.txt", "geheim"},
};

static bool read_file(void *data, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	const char *compose = data;

	if (strcmp(path, "/p/compose.yaml") == 0) {
		buffer_add_text(out, compose);
		return true;
	}
	for (size_t i = 0; i < array_length(files); i++)
		if (strcmp(files[i].path, path) == 0) {
			buffer_add_text(out, files[i].text);
			return true;
		}
	return error_set(err, ERROR_NOT_FOUND, "there is no file '%s'", path);
}

static bool file_exists(void *data, const char *path)
{
	return strcmp(path, "/p/compose.yaml") == 0;
}

/* The service `a` has these lines; what it may name is there. */
static char *compose_text(const char *lines, const char *image)
{
	scoped_strings struct strings split = strings_split(lines, '\n');
	scoped_buffer struct buffer text = {0};

	buffer_format(&text, "name: p\nservices:\n  a:\n    image: %s\n", image);
	for (size_t i = 0; i < split.count; i++)
		buffer_format(&text, "    %s\n", split.items[i]);
	buffer_add_text(&text, "  b:\n    image: i\n    scale: 2\n"
			       "networks:\n  n: {}\n  m: {name: real}\n"
			       "volumes:\n  v: {}\n  w: {name: real}\n"
			       "configs:\n  c: {content: hi}\n"
			       "secrets:\n  s: {file: ./secret.txt}\n  e: {environment: TOKEN}\n");
	return buffer_take(&text);
}

static struct project *load(const char *text, enum compose_style style)
{
	const struct compose_files source = {read_file, file_exists, (void *)text};
	scoped_pairs struct pairs environment = {0};
	scoped_diagnostics struct diagnostics diagnostics = {0};

	pairs_set(&environment, "TOKEN", "t0ken");
	struct compose_request request = {
		.style = style,
		.working_directory = "/p",
		.project_name = "p",
		.environment = environment,
	};
	struct project *project = compose_load(&request, &source, &diagnostics);
	for (size_t i = 0; !project && i < diagnostics.count; i++)
		print_error("%s: %s\n", diagnostics.items[i].path, diagnostics.items[i].text);
	assert_non_null(project);
	return project;
}

static const char *id_of(void *data, const char *service)
{
	return strcmp(service, "b") == 0 ? "id-of-b" : NULL;
}

/* What is asked for to make the container of a file's service `a`. */
struct asked {
	char *text; /* owned */
	struct compose_files files;
	struct project *project; /* owned */
	struct strings warnings;
	struct body_request request;
};

static struct asked *asked_new(char *text, enum compose_style style,
			       const struct compose_features *features)
{
	struct asked *a = mem_new(struct asked);

	*a = (struct asked){.text = text, .files = {read_file, file_exists, text}};
	a->project = load(text, style);
	a->request = (struct body_request){
		.project = a->project,
		.service = project_service(a->project, "a"),
		.number = 1,
		.name = style == COMPOSE_V1 ? "p_a_1" : "p-a-1",
		.hash = "abc",
		.image_id = "sha256:1",
		.features = features,
		.use_aliases = true,
		.publish = true,
		.id_of = id_of,
		.files = &a->files,
	};
	return a;
}

static void asked_free(struct asked *a)
{
	project_free(a->project);
	strings_fini(&a->warnings);
	free(a->text);
	free(a);
}

scoped_define(asked);

/* "HostConfig.Mounts.0.Source" */
static const json_t *find(const json_t *json, const char *path)
{
	scoped_strings struct strings names = strings_split(path, '|');

	for (size_t i = 0; i < names.count && json; i++)
		json = json_is_array(json) ? json_array_get(json, strtoul(names.items[i], NULL, 10))
					   : json_object_get(json, names.items[i]);
	return json;
}

static void expect(const char *what, const json_t *body, const char *path, const char *expected)
{
	const json_t *found = find(body, path);
	scoped_json json_t *wanted = expected ? json_loads(expected, JSON_DECODE_ANY, NULL) : NULL;
	scoped_free char *text =
		found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS)
		      : str_dup("nothing");

	if (expected)
		assert_non_null(wanted);
	if (expected ? !json_equal(found, wanted) : found != NULL)
		fail_msg("%s: %s is %s and not %s", what, path, text,
			 expected ? expected : "nothing");
}

struct row {
	const char *lines, *path, *expected; /* the last NULL: nothing is there */
};

#define HOST   "HostConfig|"
#define HEALTH "Healthcheck|"
#define POINT  "NetworkingConfig|EndpointsConfig|"

static const struct row rows[] = {
	{"tty: true", "Image", "\"i:1\""},
	{"annotations: {a: b}", HOST "Annotations", "{\"a\": \"b\"}"},
	{"blkio_config: {weight: 300}", HOST "BlkioWeight", "300"},
	{"blkio_config: {weight_device: [{path: /dev/sda, weight: 400}]}", HOST "BlkioWeightDevice",
	 "[{\"Path\": \"/dev/sda\", \"Weight\": 400}]"},
	{"blkio_config: {device_read_bps: [{path: /dev/sda, rate: 1mb}]}",
	 HOST "BlkioDeviceReadBps", "[{\"Path\": \"/dev/sda\", \"Rate\": 1048576}]"},
	{"blkio_config: {device_write_bps: [{path: /dev/sda, rate: 2k}]}",
	 HOST "BlkioDeviceWriteBps", "[{\"Path\": \"/dev/sda\", \"Rate\": 2048}]"},
	{"blkio_config: {device_read_iops: [{path: /dev/sda, rate: 7}]}",
	 HOST "BlkioDeviceReadIOps", "[{\"Path\": \"/dev/sda\", \"Rate\": 7}]"},
	{"blkio_config: {device_write_iops: [{path: /dev/sda, rate: 8}]}",
	 HOST "BlkioDeviceWriteIOps", "[{\"Path\": \"/dev/sda\", \"Rate\": 8}]"},
	{"cap_add: [NET_ADMIN]", HOST "CapAdd", "[\"NET_ADMIN\"]"},
	{"cap_drop: [ALL]", HOST "CapDrop", "[\"ALL\"]"},
	{"cgroup: private", HOST "CgroupnsMode", "\"private\""},
	{"cgroup_parent: /x", HOST "CgroupParent", "\"/x\""},
	{"command: echo \"a b\" 'c $$d'", "Cmd", "[\"echo\", \"a b\", \"c $d\"]"},
	{"command: []", "Cmd", "[]"},
	{"entrypoint: /x y", "Entrypoint", "[\"/x\", \"y\"]"},
	{"entrypoint: []", "Entrypoint", "[\"\"]"},
	{"cpu_period: 100000", HOST "CpuPeriod", "100000"},
	{"cpu_quota: 50000", HOST "CpuQuota", "50000"},
	{"cpu_rt_period: 1ms", HOST "CpuRealtimePeriod", "1000"},
	{"cpu_rt_runtime: 950", HOST "CpuRealtimeRuntime", "950"},
	{"cpu_shares: 73", HOST "CpuShares", "73"},
	{"cpus: 1.5", HOST "NanoCpus", "1500000000"},
	{"cpus: '0.1'", HOST "NanoCpus", "100000000"},
	{"cpuset: 0,1", HOST "CpusetCpus", "\"0,1\""},
	{"device_cgroup_rules: ['c 1:3 mr']", HOST "DeviceCgroupRules", "[\"c 1:3 mr\"]"},
	{"devices: ['/dev/a:/dev/b:r']", HOST "Devices",
	 "[{\"PathOnHost\": \"/dev/a\", \"PathInContainer\": \"/dev/b\", \"CgroupPermissions\": "
	 "\"r\"}]"},
	{"devices: [/dev/a]", HOST "Devices",
	 "[{\"PathOnHost\": \"/dev/a\", \"PathInContainer\": \"/dev/a\", \"CgroupPermissions\": "
	 "\"rwm\"}]"},
	{"devices: [nvidia.com/gpu=0]", HOST "DeviceRequests",
	 "[{\"Driver\": \"cdi\", \"DeviceIDs\": [\"nvidia.com/gpu=0\"]}]"},
	{"gpus: all", HOST "DeviceRequests", "[{\"Count\": -1, \"Capabilities\": [[\"gpu\"]]}]"},
	{"gpus: [{driver: x, count: 2, options: {a: b}}]", HOST "DeviceRequests",
	 "[{\"Driver\": \"x\", \"Count\": 2, \"Capabilities\": [[\"gpu\"]], \"Options\": {\"a\": "
	 "\"b\"}}]"},
	{"deploy: {resources: {reservations: {devices: [{capabilities: [gpu], device_ids: "
	 "['3']}]}}}",
	 HOST "DeviceRequests", "[{\"DeviceIDs\": [\"3\"], \"Capabilities\": [[\"gpu\"]]}]"},
	{"deploy: {resources: {limits: {cpus: '0.5', memory: 1g, pids: 9}}}", HOST "NanoCpus",
	 "500000000"},
	{"deploy: {resources: {limits: {cpus: '0.5', memory: 1g, pids: 9}}}", HOST "Memory",
	 "1073741824"},
	{"deploy: {resources: {limits: {cpus: '0.5', memory: 1g, pids: 9}}}", HOST "PidsLimit",
	 "9"},
	{"deploy: {resources: {reservations: {memory: 1m}}}", HOST "MemoryReservation", "1048576"},
	{"deploy: {resources: {reservations: {cpus: '0.5'}}}", HOST "CpuShares", "512"},
	{"deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}", HOST "RestartPolicy",
	 "{\"Name\": \"on-failure\", \"MaximumRetryCount\": 3}"},
	{"deploy: {restart_policy: {}}\nrestart: 'no'", HOST "RestartPolicy|Name", "\"always\""},
	{"deploy: {restart_policy: {condition: none}}\nrestart: always", HOST "RestartPolicy|Name",
	 "\"no\""},
	{"deploy: {restart_policy: {delay: 1m30s, window: 1h}}", "Wherry|Restarts",
	 "{\"Delay\": 90000000000, \"Window\": 3600000000000}"},
	{"deploy: {restart_policy: {delay: 5s}}", "Wherry|Restarts", "{\"Delay\": 5000000000}"},
	{"deploy: {restart_policy: {condition: any}}", "Wherry|Restarts", NULL},
	{"deploy: {labels: {l: x}}", "Labels|l", NULL},
	{"deploy: {endpoint_mode: vip}", "Wherry|Group",
	 "{\"Name\": \"p/a\", \"Balance\": false, \"Vip\": true}"},
	{"ports: ['80:80']", "Wherry|Group",
	 "{\"Name\": \"p/a\", \"Balance\": true, \"Vip\": false}"},
	{"ports: ['80:80']\nnetwork_mode: host", "Wherry|Group", NULL},
	{"dns: 1.1.1.1", HOST "Dns", "[\"1.1.1.1\"]"},
	{"dns_opt: [use-vc]", HOST "DnsOptions", "[\"use-vc\"]"},
	{"dns_search: [x.y]", HOST "DnsSearch", "[\"x.y\"]"},
	{"domainname: d.e", "Domainname", "\"d.e\""},
	{"environment: {B: 2, A: '1'}", "Env|0", "\"B=2\""},
	{"environment: [A=1, UNSET]", "Env", "[\"A=1\"]"},
	{"environment: {TOKEN: }", "Env", "[\"TOKEN=t0ken\"]"},
	{"expose: ['80', 53/udp, 90-91]", "ExposedPorts",
	 "{\"80/tcp\": {}, \"53/udp\": {}, \"90/tcp\": {}, \"91/tcp\": {}}"},
	{"extra_hosts: [a=1.2.3.4, 'b:::1']", HOST "ExtraHosts", "[\"a:1.2.3.4\", \"b:::1\"]"},
	{"group_add: [mail, 100]", HOST "GroupAdd", "[\"mail\", \"100\"]"},
	{"healthcheck: {test: exit 0, interval: 90s}", HEALTH "Test",
	 "[\"CMD-SHELL\", \"exit 0\"]"},
	{"healthcheck: {test: exit 0, interval: 90s}", HEALTH "Interval", "90000000000"},
	{"healthcheck: {test: [CMD, x], timeout: 1.5s, retries: 3, start_period: 1m, "
	 "start_interval: 500ms}",
	 "Healthcheck",
	 "{\"Test\": [\"CMD\", \"x\"], \"Timeout\": 1500000000, \"Retries\": 3, \"StartPeriod\": "
	 "60000000000, \"StartInterval\": 500000000}"},
	{"healthcheck: {disable: true}", HEALTH "Test", "[\"NONE\"]"},
	{"hostname: h", "Hostname", "\"h\""},
	{"init: true", HOST "Init", "true"},
	{"init: false", HOST "Init", "false"},
	{"ipc: service:b", HOST "IpcMode", "\"container:id-of-b\""},
	{"ipc: host", HOST "IpcMode", "\"host\""},
	{"pid: service:b", HOST "PidMode", "\"container:id-of-b\""},
	{"uts: host", HOST "UTSMode", "\"host\""},
	{"labels: [x=y, z]", "Labels|x", "\"y\""},
	{"labels: [x=y, z]", "Labels|z", "\"\""},
	{"links: ['b:c']", POINT "p_default|Links",
	 "[\"p-b-1:c\", \"p-b-1:b-1\", \"p-b-1:p-b-1\", \"p-b-2:c\", \"p-b-2:b-2\", "
	 "\"p-b-2:p-b-2\"]"},
	{"external_links: [x, 'y:z']", POINT "p_default|Links", "[\"x:x\", \"y:z\"]"},
	{"links: [b]\nnetwork_mode: bridge", HOST "Links|0", "\"p-b-1:b\""},
	{"logging: {driver: syslog, options: {a: b}}", HOST "LogConfig",
	 "{\"Type\": \"syslog\", \"Config\": {\"a\": \"b\"}}"},
	{"mac_address: 02:00:00:00:00:01", POINT "p_default|MacAddress", "\"02:00:00:00:00:01\""},
	{"mem_limit: 1.5g", HOST "Memory", "1610612736"},
	{"mem_reservation: 1m", HOST "MemoryReservation", "1048576"},
	{"mem_swappiness: 30", HOST "MemorySwappiness", "30"},
	{"memswap_limit: -1", HOST "MemorySwap", "-1"},
	{"network_mode: host", HOST "NetworkMode", "\"host\""},
	{"network_mode: service:b", HOST "NetworkMode", "\"container:id-of-b\""},
	{"network_mode: host", "NetworkingConfig", NULL},
	{"tty: true", HOST "NetworkMode", "\"p_default\""},
	{"tty: true", POINT "p_default|Aliases", "[\"p-a-1\", \"a\"]"},
	{"networks: {n: {priority: 1}, m: {priority: 9, aliases: [x]}}", HOST "NetworkMode",
	 "\"real\""},
	{"networks: {n: {priority: 1}, m: {priority: 9, aliases: [x]}}", POINT "real|Aliases",
	 "[\"p-a-1\", \"a\", \"x\"]"},
	{"networks: {n: , m: }", HOST "NetworkMode", "\"real\""},
	{"networks: {n: , m: }", POINT "p_n|Aliases", "[\"p-a-1\", \"a\"]"},
	{"networks: {n: {ipv4_address: 10.0.0.2, ipv6_address: 'fd::2', link_local_ips: "
	 "[169.254.1.1]}}",
	 POINT "p_n|IPAMConfig",
	 "{\"IPv4Address\": \"10.0.0.2\", \"IPv6Address\": \"fd::2\", \"LinkLocalIPs\": "
	 "[\"169.254.1.1\"]}"},
	{"networks: {n: {mac_address: 02:00:00:00:00:02, driver_opts: {a: b}, interface_name: x0}}",
	 POINT "p_n|MacAddress", "\"02:00:00:00:00:02\""},
	{"networks: {n: {mac_address: 02:00:00:00:00:02, driver_opts: {a: b}, interface_name: x0}}",
	 POINT "p_n|DriverOpts", "{\"a\": \"b\"}"},
	{"oom_kill_disable: true", HOST "OomKillDisable", "true"},
	{"oom_score_adj: -500", HOST "OomScoreAdj", "-500"},
	{"pids_limit: 10", HOST "PidsLimit", "10"},
	{"ports: ['127.0.0.1:8080:80/udp']", HOST "PortBindings",
	 "{\"80/udp\": [{\"HostIp\": \"127.0.0.1\", \"HostPort\": \"8080\"}]}"},
	{"ports: ['80']", HOST "PortBindings",
	 "{\"80/tcp\": [{\"HostIp\": \"\", \"HostPort\": \"\"}]}"},
	{"ports: ['9000-9001:9000-9001']", HOST "PortBindings",
	 "{\"9000/tcp\": [{\"HostIp\": \"\", \"HostPort\": \"9000\"}], \"9001/tcp\": "
	 "[{\"HostIp\": \"\", \"HostPort\": \"9001\"}]}"},
	{"ports: ['8000-8010:80']", HOST "PortBindings|80/tcp|0|HostPort", "\"8000-8010\""},
	{"ports: ['80:80', '127.0.0.1:81:80']", HOST "PortBindings|80/tcp|1|HostPort", "\"81\""},
	{"ports: ['80:80']", "ExposedPorts", "{\"80/tcp\": {}}"},
	{"privileged: true", HOST "Privileged", "true"},
	{"read_only: true", HOST "ReadonlyRootfs", "true"},
	{"restart: on-failure:5", HOST "RestartPolicy",
	 "{\"Name\": \"on-failure\", \"MaximumRetryCount\": 5}"},
	{"restart: unless-stopped", HOST "RestartPolicy|Name", "\"unless-stopped\""},
	{"runtime: crun", HOST "Runtime", "\"crun\""},
	{"security_opt: [seccomp=seccomp.json, 'no-new-privileges:true']", HOST "SecurityOpt",
	 "[\"seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_ALLOW\\\"}\", "
	 "\"no-new-privileges:true\"]"},
	{"security_opt: ['seccomp:unconfined']", HOST "SecurityOpt", "[\"seccomp:unconfined\"]"},
	{"security_opt: [systempaths=unconfined]", HOST "MaskedPaths", "[]"},
	{"security_opt: [systempaths=unconfined]", HOST "SecurityOpt", NULL},
	{"shm_size: 64m", HOST "ShmSize", "67108864"},
	{"stdin_open: true", "OpenStdin", "true"},
	{"stop_grace_period: 1m30s", "StopTimeout", "90"},
	{"stop_grace_period: 200ms", "StopTimeout", "1"},
	{"stop_signal: SIGUSR1", "StopSignal", "\"SIGUSR1\""},
	{"storage_opt: {size: 1G}", HOST "StorageOpt", "{\"size\": \"1G\"}"},
	{"sysctls: {net.core.somaxconn: 1024}", HOST "Sysctls",
	 "{\"net.core.somaxconn\": \"1024\"}"},
	{"tmpfs: [/run, '/x:size=1m']", HOST "Tmpfs", "{\"/run\": \"\", \"/x\": \"size=1m\"}"},
	{"tty: true", "Tty", "true"},
	{"ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}", HOST "Ulimits",
	 "[{\"Name\": \"nofile\", \"Soft\": 1, \"Hard\": 2}, {\"Name\": \"nproc\", \"Soft\": 3, "
	 "\"Hard\": 3}]"},
	{"user: '1:2'", "User", "\"1:2\""},
	{"userns_mode: host", HOST "UsernsMode", "\"host\""},
	{"volumes: ['./x:/x']", HOST "Binds", "[\"/p/x:/x:rw\"]"},
	{"volumes: ['./x:/x:ro,z']", HOST "Binds", "[\"/p/x:/x:ro,z\"]"},
	{"volumes: ['/x:/x:rslave']", HOST "Binds", "[\"/x:/x:rw,rslave\"]"},
	{"volumes: ['v:/d', 'w:/e:ro']", HOST "Binds", "[\"p_v:/d:rw\", \"real:/e:ro\"]"},
	{"volumes: ['v:/d:nocopy']", HOST "Binds", "[\"p_v:/d:rw,nocopy\"]"},
	{"volumes: [/anon]", "Volumes", "{\"/anon\": {}}"},
	{"volumes: [{type: bind, source: /x, target: /y, bind: {create_host_path: false}}]",
	 HOST "Mounts", "[{\"Type\": \"bind\", \"Source\": \"/x\", \"Target\": \"/y\"}]"},
	{"volumes: [{type: bind, source: /x, target: /y, read_only: true, bind: {recursive: "
	 "readonly, propagation: rprivate}}]",
	 HOST "Mounts",
	 "[{\"Type\": \"bind\", \"Source\": \"/x\", \"Target\": \"/y\", \"ReadOnly\": true, "
	 "\"BindOptions\": {\"ReadOnlyForceRecursive\": true, \"Propagation\": \"rprivate\"}}]"},
	{"volumes: [{type: volume, source: v, target: /d, volume: {subpath: a}}]", HOST "Mounts",
	 "[{\"Type\": \"volume\", \"Source\": \"p_v\", \"Target\": \"/d\", \"VolumeOptions\": "
	 "{\"Subpath\": \"a\"}}]"},
	{"volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]", HOST "Mounts",
	 "[{\"Type\": \"tmpfs\", \"Target\": \"/t\", \"TmpfsOptions\": {\"SizeBytes\": 1048576, "
	 "\"Mode\": 448}}]"},
	{"volumes: [{type: volume, source: v, target: /d, consistency: cached}]", HOST "Binds",
	 "[\"p_v:/d:rw\"]"},
	{"volumes_from: [b, 'container:x:ro']", HOST "VolumesFrom", "[\"id-of-b:rw\", \"x:ro\"]"},
	{"volumes_from: ['b:ro']", HOST "VolumesFrom", "[\"id-of-b:ro\"]"},
	{"working_dir: /w", "WorkingDir", "\"/w\""},
	{"secrets: [s]", "Wherry|Files",
	 "[{\"Target\": \"/run/secrets/s\", \"Content\": \"Z2VoZWlt\", \"Uid\": 0, \"Gid\": 0, "
	 "\"Mode\": 292}]"},
	{"secrets: [{source: e, target: t, uid: '5', gid: '6', mode: 0400}]", "Wherry|Files",
	 "[{\"Target\": \"/run/secrets/t\", \"Content\": \"dDBrZW4=\", \"Uid\": 5, \"Gid\": 6, "
	 "\"Mode\": 256}]"},
	{"configs: [c]", "Wherry|Files|0|Target", "\"/c\""},
	{"configs: [{source: c, target: /etc/x}]", "Wherry|Files|0|Content", "\"aGk=\""},
	{"depends_on: {b: {condition: service_healthy, restart: true}}",
	 "Labels|com.docker.compose.depends_on", "\"b:service_healthy:true\""},
	{"tty: true", "Labels|com.docker.compose.project", "\"p\""},
	{"tty: true", "Labels|com.docker.compose.service", "\"a\""},
	{"tty: true", "Labels|com.docker.compose.container-number", "\"1\""},
	{"tty: true", "Labels|com.docker.compose.oneoff", "\"False\""},
	{"tty: true", "Labels|com.docker.compose.config-hash", "\"abc\""},
	{"tty: true", "Labels|wherry.compose.hash", "\"abc\""},
	{"tty: true", "Labels|com.docker.compose.version", "\"2.40.0\""},
	{"tty: true", "Labels|com.docker.compose.project.working_dir", "\"/p\""},
	{"tty: true", "Labels|com.docker.compose.project.config_files", "\"/p/compose.yaml\""},
	{"tty: true", "Labels|com.docker.compose.image", "\"sha256:1\""},
};

static const struct compose_features wherry = {
	.asked = true, .is_wherry = true, .hold = true, .group = true, .files = true,
	.restarts = true};
static const struct compose_features dockerd = {.asked = true};

static void an_attribute_becomes_its_member(void **state)
{
	for (size_t i = 0; i < array_length(rows); i++) {
		scoped(asked) struct asked *a =
			asked_new(compose_text(rows[i].lines, "i:1"), COMPOSE_V2, &wherry);
		struct error err;
		scoped_json json_t *body = body_of_container(&a->request, &err);

		if (!body)
			fail_msg("%s: %s", rows[i].lines, err.text);
		expect(rows[i].lines, body, rows[i].path, rows[i].expected);
	}
}

/* ---- version 1 ---- */

static void version_1_has_its_names(void **state)
{
	static const struct row v1_rows[] = {
		{"links: [b]", POINT "p_default|Links",
		 "[\"p_b_1:b\", \"p_b_1:b_1\", \"p_b_1:p_b_1\", \"p_b_2:b\", \"p_b_2:b_2\", "
		 "\"p_b_2:p_b_2\"]"},
		{"tty: true", POINT "p_default|Aliases", "[\"a\"]"},
		{"tty: true", "Labels|com.docker.compose.version", "\"1.29.2\""},
		{"tty: true", "Labels|com.docker.compose.image", NULL},
		{"depends_on: [b]", "Labels|com.docker.compose.depends_on", NULL},
		{"environment: {A: 08}", "Env", "[\"A=08\"]"},
	};

	for (size_t i = 0; i < array_length(v1_rows); i++) {
		scoped(asked) struct asked *a =
			asked_new(compose_text(v1_rows[i].lines, "i"), COMPOSE_V1, &wherry);
		struct error err;
		scoped_json json_t *body = body_of_container(&a->request, &err);

		assert_non_null(body);
		expect(v1_rows[i].lines, body, v1_rows[i].path, v1_rows[i].expected);
	}
}

/* A file of version 1: no network of the project, names by links. */
static void a_file_without_services_has_links_on_the_bridge(void **state)
{
	scoped(asked) struct asked *a = asked_new(
		str_dup("a:\n  image: i\n  links: [b]\nb:\n  image: i\n"), COMPOSE_V1, &dockerd);
	struct error err;
	scoped_json json_t *body = body_of_container(&a->request, &err);

	assert_non_null(body);
	expect("mode", body, HOST "NetworkMode", "\"bridge\"");
	expect("links", body, HOST "Links", "[\"p_b_1:b\", \"p_b_1:b_1\", \"p_b_1:p_b_1\"]");
	expect("networks", body, "NetworkingConfig", NULL);
}

/* ---- one-off containers, replaced ones, held ones ---- */

static void a_one_off_container_does_not_restart_or_publish(void **state)
{
	scoped(asked) struct asked *a = asked_new(
		compose_text("restart: always\nports: ['80:80']", "i"), COMPOSE_V2, &wherry);
	struct error err;

	a->request.number = 0;
	a->request.name = "p-a-run-1";
	a->request.slug = "f00";
	a->request.use_aliases = a->request.publish = false;
	scoped_json json_t *body = body_of_container(&a->request, &err);
	assert_non_null(body);
	expect("policy", body, HOST "RestartPolicy", NULL);
	expect("ports", body, HOST "PortBindings", NULL);
	expect("aliases", body, POINT "p_default|Aliases", "[\"p-a-run-1\"]");
	expect("number", body, "Labels|com.docker.compose.container-number", NULL);
	expect("one-off", body, "Labels|com.docker.compose.oneoff", "\"True\"");
	expect("slug", body, "Labels|com.docker.compose.slug", "\"f00\"");
	expect("group", body, "Wherry|Group", NULL);
}

#define VOLUME "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void anonymous_volumes_are_taken_over(void **state)
{
	scoped(asked) struct asked *a =
		asked_new(compose_text("volumes: [/anon, 'v:/covered']", "i"), COMPOSE_V2, &wherry);
	struct seen_container old = {.id = (char *)"old"};
	struct error err;
	scoped_json json_t *replaced = json_loads(
		"{\"Config\": {\"Volumes\": {\"/anon\": {}, \"/of/image\": {}, \"/covered\": {}}}, "
		"\"HostConfig\": {\"Binds\": [\"" VOLUME ":/taken/before:rw\"], \"VolumesFrom\": "
		"[\"x\"]}, \"Mounts\": ["
		"{\"Type\": \"volume\", \"Name\": \"" VOLUME "\", \"Destination\": \"/anon\", "
		"\"RW\": true},"
		"{\"Type\": \"volume\", \"Name\": \"" VOLUME "\", \"Destination\": \"/of/image\"},"
		"{\"Type\": \"volume\", \"Name\": \"" VOLUME
		"\", \"Destination\": \"/taken/before\"},"
		"{\"Type\": \"volume\", \"Name\": \"" VOLUME
		"\", \"Destination\": \"/of/another\"},"
		"{\"Type\": \"volume\", \"Name\": \"" VOLUME "\", \"Destination\": \"/covered\"},"
		"{\"Type\": \"volume\", \"Name\": \"named\", \"Destination\": \"/gone\"},"
		"{\"Type\": \"bind\", \"Source\": \"/x\", \"Destination\": \"/bind\"}]}",
		0, NULL);

	assert_non_null(replaced);
	a->request.replaces = &old;
	a->request.replaced = replaced;
	a->request.held = true;
	scoped_json json_t *body = body_of_container(&a->request, &err);
	assert_non_null(body);
	expect("binds", body, HOST "Binds",
	       "[\"p_v:/covered:rw\", \"" VOLUME ":/anon:rw\", \"" VOLUME
	       ":/of/image:rw\", \"" VOLUME ":/taken/before:rw\"]");
	expect("volumes", body, "Volumes", NULL);
	expect("replaces", body, "Labels|com.docker.compose.replace", "\"old\"");
	expect("held", body, "Wherry|Hold", "true");
	expect("own", body, "Wherry|OwnVolumes",
	       "[\"" VOLUME "\", \"" VOLUME "\", \"" VOLUME "\"]");
}

static void an_emptied_command_keeps_the_entrypoint_of_the_image(void **state)
{
	scoped(asked) struct asked *a =
		asked_new(compose_text("command: ''", "i"), COMPOSE_V2, &wherry);
	scoped_json json_t *image =
		json_loads("{\"Config\": {\"Entrypoint\": [\"/e\"], \"Cmd\": [\"c\"]}}", 0, NULL);
	struct error err;

	a->request.image = image;
	scoped_json json_t *body = body_of_container(&a->request, &err);
	assert_non_null(body);
	expect("entrypoint", body, "Entrypoint", "[\"/e\"]");
	expect("command", body, "Cmd", "[]");
}

/* ---- dockerd, old daemons ---- */

static void on_dockerd_files_are_binds_and_the_rest_is_a_tar(void **state)
{
	scoped(asked) struct asked *a = asked_new(
		compose_text("secrets: [{source: s, uid: '5'}]\nconfigs: [c]\n"
			     "deploy: {endpoint_mode: vip, resources: {reservations: {cpus: '1'}}}",
			     "i"),
		COMPOSE_V2, &dockerd);
	scoped_buffer struct buffer tar = {0};
	struct error err;

	a->request.warnings = &a->warnings;
	scoped_json json_t *body = body_of_container(&a->request, &err);
	assert_non_null(body);
	expect("mounts", body, HOST "Mounts",
	       "[{\"Type\": \"bind\", \"Source\": \"/p/secret.txt\", \"Target\": "
	       "\"/run/secrets/s\", \"ReadOnly\": true}]");
	expect("extension", body, "Wherry", NULL);
	expect("shares", body, HOST "CpuShares", NULL);
	assert_int_equal(a->warnings.count, 3);
	assert_true(body_files_tar(&a->request, &tar, &err));
	assert_string_equal(tar.data, "c");
	assert_string_equal(tar.data + 512, "hi");
}

static void what_a_read_only_container_cannot_get_is_refused(void **state)
{
	scoped(asked) struct asked *a =
		asked_new(compose_text("configs: [c]\nread_only: true", "i"), COMPOSE_V2, &dockerd);
	scoped_buffer struct buffer tar = {0};
	struct error err;

	assert_false(body_files_tar(&a->request, &tar, &err));
	assert_non_null(strstr(err.text, "compose.yaml:5:"));
	assert_non_null(strstr(err.text, "services.a.configs: c cannot be put"));
}

static void an_old_daemon_gets_one_network_at_create(void **state)
{
	scoped(asked) struct asked *a =
		asked_new(compose_text("networks: {n: , m: {priority: 1}}\nannotations: {a: b}\n"
				       "healthcheck: {test: x, start_interval: 1s}",
				       "i"),
			  COMPOSE_V2, &dockerd);
	struct error err;

	a->request.warnings = &a->warnings;
	a->request.api_version = "1.41";
	scoped_json json_t *body = body_of_container(&a->request, &err);
	scoped_json json_t *more = body_of_connections(&a->request, &err);
	assert_non_null(body);
	expect("first", body, POINT "real|Aliases|0", "\"p-a-1\"");
	expect("second", body, POINT "p_n", NULL);
	expect("connections", more, "p_n|Aliases", "[\"p-a-1\", \"a\"]");
	expect("annotations", body, HOST "Annotations", NULL);
	assert_int_equal(a->warnings.count, 2);
	assert_non_null(strstr(a->warnings.items[0], "annotations: is ignored: the daemon knows it "
						     "from API version 1.43 on"));
}

static void what_is_not_there_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *lines, *words;
	} cases[] = {
		{"security_opt: [seccomp=none.json]", "cannot read seccomp profile /p/none.json"},
		{"network_mode: service:b", "no container of service b is there"},
		{"volumes_from: [b]", "no container of service b is there"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped(asked) struct asked *a =
			asked_new(compose_text(cases[i].lines, "i"), COMPOSE_V2, &wherry);
		struct error err;

		a->request.id_of = NULL;
		assert_null(body_of_container(&a->request, &err));
		assert_non_null(strstr(err.text, cases[i].words));
		assert_non_null(strstr(err.text, "compose.yaml:5:"));
	}
}

/* ---- networks and volumes ---- */

static void resources_have_their_bodies(void **state)
{
	static const char text[] =
		"name: p\nservices: {a: {image: i, networks: [n], volumes: ['v:/v']}}\n"
		"networks:\n  n:\n    driver: bridge\n    driver_opts: {o: '1'}\n"
		"    internal: true\n    attachable: true\n    enable_ipv6: true\n"
		"    enable_ipv4: false\n    labels: {l: m}\n"
		"    ipam:\n      driver: default\n      options: {q: r}\n      config:\n"
		"        - {subnet: 10.9.0.0/16, ip_range: 10.9.1.0/24, gateway: 10.9.0.9,\n"
		"           aux_addresses: {h: 10.9.0.5}}\n"
		"volumes:\n  v: {driver: local, driver_opts: {type: tmpfs}, labels: [x=y]}\n";
	scoped(project) struct project *project = load(text, COMPOSE_V2);
	struct error err;
	scoped_json json_t *network =
		body_of_network(project, resources_get(&project->networks, "n"), &err);
	scoped_json json_t *volume =
		body_of_volume(project, resources_get(&project->volumes, "v"), &err);
	static const struct row network_rows[] = {
		{"", "Name", "\"p_n\""},
		{"", "Driver", "\"bridge\""},
		{"", "Options", "{\"o\": \"1\"}"},
		{"", "Internal", "true"},
		{"", "Attachable", "true"},
		{"", "EnableIPv6", "true"},
		{"", "EnableIPv4", "false"},
		{"", "IPAM",
		 "{\"Driver\": \"default\", \"Options\": {\"q\": \"r\"}, \"Config\": [{\"Subnet\": "
		 "\"10.9.0.0/16\", \"IPRange\": \"10.9.1.0/24\", \"Gateway\": \"10.9.0.9\", "
		 "\"AuxiliaryAddresses\": {\"h\": \"10.9.0.5\"}}]}"},
		{"", "Labels|l", "\"m\""},
		{"", "Labels|com.docker.compose.network", "\"n\""},
		{"", "Labels|com.docker.compose.project", "\"p\""},
	};

	for (size_t i = 0; i < array_length(network_rows); i++)
		expect("network", network, network_rows[i].path, network_rows[i].expected);
	expect("volume", volume, "Name", "\"p_v\"");
	expect("volume", volume, "Driver", "\"local\"");
	expect("volume", volume, "DriverOpts", "{\"type\": \"tmpfs\"}");
	expect("volume", volume, "Labels|com.docker.compose.volume", "\"v\"");
	expect("volume", volume, "Labels|x", "\"y\"");
	assert_int_equal(strlen(json_string_value(find(volume, "Labels|" RESOURCE_HASH_LABEL))),
			 64);
}

/* ---- the request ---- */

static void name_and_platform_are_parameters(void **state)
{
	scoped(asked) struct asked *a =
		asked_new(compose_text("platform: linux/arm64", "i"), COMPOSE_V2, &wherry);
	scoped_target struct target target = body_target(&a->request);

	assert_string_equal(target.text.data,
			    "/containers/create?name=p-a-1&platform=linux%2Farm64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attribute_becomes_its_member),
		cmocka_unit_test(version_1_has_its_names),
		cmocka_unit_test(a_file_without_services_has_links_on_the_bridge),
		cmocka_unit_test(a_one_off_container_does_not_restart_or_publish),
		cmocka_unit_test(anonymous_volumes_are_taken_over),
		cmocka_unit_test(an_emptied_command_keeps_the_entrypoint_of_the_image),
		cmocka_unit_test(on_dockerd_files_are_binds_and_the_rest_is_a_tar),
		cmocka_unit_test(what_a_read_only_container_cannot_get_is_refused),
		cmocka_unit_test(an_old_daemon_gets_one_network_at_create),
		cmocka_unit_test(what_is_not_there_is_refused_with_its_place),
		cmocka_unit_test(resources_have_their_bodies),
		cmocka_unit_test(name_and_platform_are_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
