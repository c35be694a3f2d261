/* A daemon with nothing but a network, for the scenarios: commands on stdin, one line of answer each.
 *
 *	network_tool STORE-FOLDER WORKER [SETTING=VALUE...]
 *	start | repair | warnings | count
 *	run NAME [-p values...]	   a namespace with an endpoint: "ok PID ADDRESS ADDRESS6 [PORT...]"
 *	stop NAME
 * The namespaces are held by children that outlive the tool; what it ran it takes back when it is
 * started again on the same folder.  It also does what the shim does: attaching, holding the sockets,
 * relays. */
#include "base/log.h"
#include "base/map.h"
#include "format/port.h"
#include "network/network.h"
#include "network/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct container { /* as an engine would record it */
	char *name;
	int64_t pid;
	struct endpoint_spec endpoint;
	struct record_list published;
};

#define FIELD(tag, kind, member) RECORD_FIELD(struct container, tag, #member, kind, member)
static const struct record_field container_fields[] = {
	FIELD(1, RECORD_STRING, name),
	FIELD(2, RECORD_I64, pid),
	RECORD_NESTED(struct container, 3, "endpoint", RECORD_STRUCT, endpoint, 0,
		      &endpoint_spec_type),
	RECORD_NESTED(struct container, 4, "published", RECORD_LIST, published, 0,
		      &published_port_type),
};
static const struct record_type container_type = RECORD_TYPE(struct container, container_fields);

struct running {
	struct container record;
	struct ports ports; /* sockets and relays */
	struct relays *relays;
	uv_poll_t poll;
};

struct tool {
	uv_loop_t loop;
	struct store *store;
	struct networks *networks;
	struct map containers;
	uv_poll_t input;
	struct buffer line;
	struct running *starting; /* waits for publish */
};

static struct tool tool;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void say_error(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	say("error %s", error_text(err, text, sizeof(text)));
}

/* ---- containers ---- */

/* A process that holds a new network namespace. */
static pid_t hold_namespace(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		close_range(0, ~0u, 0);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static int open_namespace(pid_t pid)
{
	scoped_free char *path = str_format("/proc/%d/ns/net", pid);

	return open(path, O_RDONLY | O_CLOEXEC);
}

static void on_closed(uv_handle_t *handle)
{
	struct running *r = container_of(handle, struct running, poll);

	relays_free(r->relays);
	free(r);
}

/* End its process, and everything that the shim would have held. */
static void free_running(struct running *r)
{
	if (r->record.pid > 0) {
		kill((pid_t)r->record.pid, SIGKILL);
		waitpid((pid_t)r->record.pid, NULL, 0);
	}
	ports_fini(&r->ports);
	record_fini(&container_type, &r->record);
	if (r->poll.data)
		uv_close((uv_handle_t *)&r->poll, on_closed);
	else
		on_closed((uv_handle_t *)&r->poll);
}

static void on_relays(uv_poll_t *poll, int status, int events)
{
	relays_run(((struct running *)poll->data)->relays);
}

static bool start_relays(struct running *r, struct error *err)
{
	if (r->ports.relays.count == 0)
		return true;
	r->relays = relays_new(err);
	for (size_t i = 0; r->relays && i < r->ports.relays.count; i++) {
		const struct relay_spec *spec = RECORD_AT(r->ports.relays, struct relay_spec, i);

		if (!relays_add(r->relays, take_fd(r->ports.sockets[spec->socket]), spec, err))
			return false;
	}
	uv_poll_init(&tool.loop, &r->poll, relays_fd(r->relays));
	r->poll.data = r;
	uv_poll_start(&r->poll, UV_READABLE, on_relays);
	return true;
}

static bool reserve(struct running *r, const struct strings *words, struct error *err)
{
	scoped_publish_list struct publish_list list = {0};
	scoped_free struct port_request *requests = NULL;
	size_t count = 0;

	for (size_t i = 2; i < words->count; i++)
		if (!publish_parse(words->items[i], &list, err))
			return false;
	requests = mem_zeroed(list.count, sizeof(*requests));
	for (; count < list.count; count++) {
		const struct publish *p = &list.items[count];
		struct port_request *request = &requests[count];

		*request = (struct port_request){
			.protocol = p->protocol, .container_port = p->port, .host_ip = p->host_ip};
		if (!port_range_parse(p->host_port, &request->first, &request->last, err))
			return false;
	}
	struct port_reservation wanted = {.name = r->record.name,
					  .endpoint = &r->record.endpoint,
					  .requests = requests,
					  .count = count};

	return ports_reserve(tool.networks, &wanted, &r->ports, err);
}

static void record(const struct running *r)
{
	scoped_free char *key = str_format("container/%s", r->record.name);
	scoped_buffer struct buffer value = {0};

	record_encode(&container_type, &r->record, &value);
	store_put(tool.store, key, value.data, value.size, STORE_SURVIVES_KILL, NULL, NULL);
}

static void say_running(const struct running *r)
{
	scoped_buffer struct buffer ports = {0};

	for (size_t i = 0; i < r->record.published.count; i++) {
		const struct published_port *p =
			RECORD_AT(r->record.published, struct published_port, i);

		buffer_format(&ports, " %s|%d|%d/%s%s", p->host_ip, p->host_port, p->container_port,
			      port_protocol_name(p->protocol), p->relayed ? "|relay" : "");
	}
	say("ok %ld %s %s%s", (long)r->record.pid, r->record.endpoint.address,
	    r->record.endpoint.address6 ? r->record.endpoint.address6 : "-",
	    ports.data ? ports.data : "");
}

static void on_published(void *data, const struct error *err)
{
	struct running *r = data;

	if (!err) {
		map_put(&tool.containers, r->record.name, r);
		record(r);
		say_running(r);
		return;
	}
	say_error(err);
	ports_release(tool.networks, &r->record.published);
	network_release(tool.networks, &r->record.endpoint);
	free_running(r);
}

static bool attach(struct running *r, struct error *err)
{
	scoped_fd int netns = -1;

	r->record.pid = hold_namespace();
	netns = open_namespace((pid_t)r->record.pid);
	if (netns < 0)
		return error_errno(err, "cannot make a namespace");
	return endpoint_attach(&r->record.endpoint, 1, netns, err);
}

static bool begin(struct running *r, const struct strings *words, struct error *err)
{
	struct endpoint_request request = {.container_id = r->record.name};
	struct network *network = networks_find(tool.networks, "bridge", err);

	if (!network ||
	    !network_allocate(tool.networks, network, &request, &r->record.endpoint, err) ||
	    !reserve(r, words, err))
		return false;
	record_list_fini(&published_port_type, &r->record.published);
	for (size_t i = 0; i < r->ports.published.count; i++)
		record_copy(&published_port_type,
			    RECORD_AT(r->ports.published, struct published_port, i),
			    record_list_add(&published_port_type, &r->record.published));
	return attach(r, err) && start_relays(r, err);
}

static void command_run(const struct strings *words)
{
	struct running *r = mem_new(struct running);
	struct error err = {0};

	r->record.name = str_dup(words->items[1]);
	if (begin(r, words, &err)) {
		ports_publish(tool.networks, &r->record.published, on_published, r);
		return;
	}
	say_error(&err);
	ports_release(tool.networks, &r->record.published);
	network_release(tool.networks, &r->record.endpoint);
	free_running(r);
}

static void command_stop(const struct strings *words)
{
	struct running *r = map_remove(&tool.containers, words->items[1]);
	scoped_free char *key = str_format("container/%s", words->items[1]);

	if (!r) {
		say("error no such container");
		return;
	}
	ports_release(tool.networks, &r->record.published);
	network_release(tool.networks, &r->record.endpoint);
	store_delete(tool.store, key, STORE_SURVIVES_KILL, NULL, NULL);
	free_running(r);
	say("ok");
}

/* ---- the rest ---- */

static void on_settled(void *data, const struct error *err)
{
	if (err)
		say_error(err);
	else
		say("ok");
}

static void command_start(const struct strings *words)
{
	networks_start(tool.networks, on_settled, NULL);
}

static void command_repair(const struct strings *words)
{
	networks_repair(tool.networks, on_settled, NULL);
}

static void command_warnings(const struct strings *words)
{
	scoped_free char *text = strings_join(networks_warnings(tool.networks), "; ");

	say("ok %s", text);
}

static void command_count(const struct strings *words)
{
	say("ok %zu", tool.containers.count);
}

static const struct {
	const char *name;
	size_t words;
	void (*run)(const struct strings *words);
} commands[] = {
	{"start", 1, command_start},	   {"repair", 1, command_repair},
	{"warnings", 1, command_warnings}, {"count", 1, command_count},
	{"run", 2, command_run},	   {"stop", 2, command_stop},
};

static void run_line(const char *line)
{
	scoped_strings struct strings words = strings_split(line, ' ');

	for (size_t i = 0; i < array_length(commands); i++)
		if (str_equal(commands[i].name, words.items[0]) &&
		    words.count >= commands[i].words) {
			commands[i].run(&words);
			return;
		}
	say("error unknown command '%s'", line);
}

static void on_input(uv_poll_t *poll, int status, int events)
{
	ssize_t size = read(STDIN_FILENO, buffer_reserve(&tool.line, 4096), 4096);
	char *newline;

	if (size <= 0) {
		uv_stop(&tool.loop);
		return;
	}
	buffer_wrote(&tool.line, (size_t)size);
	while ((newline = memchr(tool.line.data, '\n', tool.line.size))) {
		*newline = 0;
		run_line(tool.line.data);
		buffer_consume(&tool.line, (size_t)(newline + 1 - tool.line.data));
		if (tool.line.size == 0)
			break;
	}
}

static bool load(void *data, const char *key, const void *value, size_t size)
{
	struct running *r = mem_new(struct running);
	struct error err;

	if (record_decode(&container_type, value, size, &r->record, &err))
		map_put(&tool.containers, r->record.name, r);
	return true;
}

static void adopt_all(void)
{
	for (struct map_slot *slot = map_first(&tool.containers); slot;
	     slot = map_next(&tool.containers, slot)) {
		struct running *r = slot->value;

		network_adopt(tool.networks, &r->record.endpoint);
		ports_adopt(tool.networks, &r->record.published);
	}
}

struct setting {
	const char *name;
	const char **text;
	bool *flag;
	int *number;
};

static bool apply_setting(struct network_settings *s, const char *setting)
{
	const struct setting settings[] = {
		{"bridge=", &s->bridge},
		{"bip=", &s->bip},
		{"fixed6=", &s->fixed_cidr6},
		{"table=", &s->table},
		{"ip=", &s->default_host_ip},
		{"nft=", &s->nft},
		{"icc=", .flag = &s->icc},
		{"past_firewall=", .flag = &s->past_firewall},
		{"firewall=", .flag = &s->firewall},
		{"forward=", .flag = &s->forward},
		{"mtu=", .number = &s->mtu},
		{"masquerade=", .flag = &s->masquerade},
	};

	for (size_t i = 0; i < array_length(settings); i++) {
		if (!str_starts_with(setting, settings[i].name))
			continue;
		setting += strlen(settings[i].name);
		if (settings[i].text)
			*settings[i].text = setting;
		else if (settings[i].flag)
			*settings[i].flag = *setting == '1';
		else
			*settings[i].number = (int)strtol(setting, NULL, 10);
		return true;
	}
	return false;
}

static bool open_all(int argc, char **argv, struct error *err)
{
	struct network_settings settings;

	network_settings_init(&settings);
	settings.worker = argv[2];
	for (int i = 3; i < argc; i++)
		if (!apply_setting(&settings, argv[i]))
			return error_set(err, ERROR_INVALID, "unknown setting '%s'", argv[i]);
	tool.store = store_open(&tool.loop, argv[1], err);
	if (!tool.store)
		return false;
	tool.networks = networks_open(&tool.loop, tool.store, &settings, err);
	return tool.networks && store_each(tool.store, "container/", load, NULL, err);
}

int main(int argc, char **argv)
{
	struct error err = {0};

	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&tool.loop);
	if (argc < 3 || !open_all(argc, argv, &err)) {
		log_error("cannot open", &err, "arguments=%d", argc);
		return 1;
	}
	adopt_all();
	uv_poll_init(&tool.loop, &tool.input, STDIN_FILENO);
	uv_poll_start(&tool.input, UV_READABLE, on_input);
	uv_run(&tool.loop, UV_RUN_DEFAULT);
	networks_close(tool.networks);
	store_close(tool.store);
	return 0;
}
