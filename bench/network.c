/* What a container's network costs, in a network namespace of its own:
 *	network attach COUNT [PARALLEL]	  a link with address and route, PARALLEL processes at it
 *	network connect COUNT		  a bridge and a link to it, made and removed
 *	network publish COUNT		  one published port, added and removed
 *	network relay MEGABYTES		  through the shim's relay, and straight, over loopback
 * Prints "best B median M worst W" in microseconds, or MB/s. */
#include "base/time.h"
#include "network/device_removal.h"
#include "network/endpoint.h"
#include "network/firewall.h"
#include "network/host_bridge.h"
#include "network/nft_child.h"
#include "network/port_socket.h"
#include "network/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BRIDGE "bench0"
#define TABLE  "wherry-bench"

static void die(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "%s\n", error_text(err, text, sizeof(text)));
	exit(1);
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *what, int64_t *ns, size_t count)
{
	qsort(ns, count, sizeof(*ns), compare_times);
	printf("%s best %.1f median %.1f worst %.1f\n", what, (double)ns[0] / 1e3,
	       (double)ns[count / 2] / 1e3, (double)ns[count - 1] / 1e3);
}

static void enter_scratch_namespace(void)
{
	struct error err;

	if (unshare(CLONE_NEWNET) == 0)
		return;
	error_errno(&err, "cannot make a network namespace");
	die(&err);
}

static void make_bridge(void)
{
	struct plan_bridge bridge = {.name = BRIDGE, .mac = "02:42:0a:63:00:01", .mtu = 1500};
	struct error err;

	strings_add(&bridge.addresses, "10.99.0.1/16");
	if (!host_bridge_make(&bridge, &err))
		die(&err);
	strings_fini(&bridge.addresses);
}

/* ---- attach ---- */

/* A new namespace, entered and left again. */
static int new_namespace(void)
{
	scoped_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return setns(home, CLONE_NEWNET) == 0 ? fd : -1;
}

static int64_t attach_once(size_t number)
{
	scoped_fd int netns = new_namespace();
	scoped_free char *address = str_format("10.99.%zu.%zu", number / 250, number % 250 + 2);
	scoped_free char *mac =
		str_format("02:42:0a:63:%02zx:%02zx", number / 250, number % 250 + 2);
	struct endpoint_spec endpoint = {.bridge = BRIDGE,
					 .name = "eth0",
					 .address = address,
					 .prefix = 16,
					 .gateway = "10.99.0.1",
					 .mac = mac,
					 .mtu = 1500,
					 .hairpin = true};
	int64_t started = time_monotonic_ns();
	struct error err;

	if (!endpoint_attach(&endpoint, 1, netns, &err))
		die(&err);
	return time_monotonic_ns() - started;
}

static void attach_some(int64_t *ns, size_t count, size_t first)
{
	for (size_t i = 0; i < count; i++)
		ns[i] = attach_once(first + i);
}

static void bench_attach(size_t count, size_t parallel)
{
	size_t each = count / parallel;
	int64_t *ns = mmap(NULL, count * sizeof(*ns), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	make_bridge();
	for (size_t p = 0; p < parallel; p++) {
		if (fork() != 0)
			continue;
		attach_some(ns + p * each, each, p * each);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	print_times("attach", ns, each * parallel);
}

/* ---- connect ---- */

static void remove_whole(const char *device)
{
	struct device_removal *removal;
	struct error err;

	if (!device_removal_begin(device, -1, &removal, &err) ||
	    !device_removal_wait_gone(removal, &err))
		die(&err);
	device_removal_end(removal);
}

/* What the kernel has to do for a network and a container's place in it, from nothing to nothing. */
static int64_t connect_once(int netns)
{
	struct endpoint_spec endpoint = {.bridge = BRIDGE,
					 .outer = "benchveth",
					 .name = "eth0",
					 .address = "10.99.0.2",
					 .prefix = 16,
					 .gateway = "10.99.0.1",
					 .mac = "02:42:0a:63:00:02",
					 .mtu = 1500,
					 .hairpin = true};
	int64_t started = time_monotonic_ns();
	struct error err;

	make_bridge();
	if (!endpoint_attach(&endpoint, 1, netns, &err))
		die(&err);
	remove_whole("benchveth");
	remove_whole(BRIDGE);
	return time_monotonic_ns() - started;
}

static void bench_connect(size_t count)
{
	scoped_fd int netns = new_namespace();
	int64_t *ns = mem_zeroed(count, sizeof(*ns));

	for (size_t i = 0; i < count; i++)
		ns[i] = connect_once(netns);
	print_times("connect", ns, count);
	free(ns);
}

/* ---- publish ---- */

static void load_table(void)
{
	struct port_table ports;
	struct ruleset_bridge bridge = {.name = BRIDGE,
					.subnets = {{.prefix = -1}, {.prefix = -1}}};
	struct ruleset ruleset = {
		.table = TABLE, .bridges = &bridge, .bridge_count = 1, .ports = &ports};
	scoped_buffer struct buffer text = {0};
	struct error err;

	port_table_init(&ports, 1, 2);
	ruleset_render(&ruleset, &text);
	if (!nft_load("nft", &text, &err))
		die(&err);
}

static void ignore_loss(void *data)
{
}

static const struct firewall_listener nobody = {.lost = ignore_loss, .changed = ignore_loss};

static void bench_publish(size_t count)
{
	scoped_free int64_t *add = mem_zeroed(count, sizeof(*add));
	scoped_free int64_t *delete = mem_zeroed(count, sizeof(*delete));
	struct port_use use = {.key = {.protocol = IPPROTO_TCP, .host.family = AF_INET}};
	struct firewall *firewall;
	struct error err;
	uv_loop_t loop;

	make_bridge();
	load_table();
	uv_loop_init(&loop);
	address_parse("10.99.0.2", &use.target.address);
	firewall = firewall_open(&loop, TABLE, &nobody, &err);
	for (size_t i = 0; i < count && firewall; i++) {
		struct element element;
		int64_t started = time_monotonic_ns(), middle;

		use.key.port = (uint16_t)(i % 60000 + 1);
		element = element_of_port(&use);
		if (!firewall_add(firewall, &element, 1, &err))
			die(&err);
		middle = time_monotonic_ns();
		if (!firewall_remove(firewall, &element, 1, &err))
			die(&err);
		add[i] = middle - started;
		delete[i] = time_monotonic_ns() - middle;
	}
	if (!firewall)
		die(&err);
	print_times("add", add, count);
	print_times("delete", delete, count);
	firewall_close(firewall);
}

/* ---- relay ---- */

static int serve(struct port_key *key)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	struct error err;
	int fd = port_socket_serve(key, &err);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		die(&err);
	key->port = ntohs(address.sin_port);
	return fd;
}

/* Reads everything from the first client that comes. */
static pid_t start_sink(int listener)
{
	static char data[1 << 20];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	poll(&ready, 1, -1);
	int fd = accept(listener, NULL, NULL);
	while (read(fd, data, sizeof(data)) > 0)
		;
	_exit(0);
}

static pid_t start_relay(int socket, const struct port_key *target)
{
	struct relay_spec spec = {
		.protocol = IPPROTO_TCP, .address = "127.0.0.1", .port = target->port};
	struct error err;
	struct relays *relays;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	relays = relays_new(&err);
	if (!relays || !relays_add(relays, socket, &spec, &err))
		die(&err);
	for (;;) {
		struct pollfd ready = {.fd = relays_fd(relays), .events = POLLIN};

		poll(&ready, 1, -1);
		relays_run(relays);
	}
}

static double send_megabytes(const struct port_key *to, size_t megabytes, pid_t sink)
{
	static char data[1 << 20];
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&to->host, to->port, &address);
	scoped_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int64_t started = time_monotonic_ns();

	if (connect(fd, (struct sockaddr *)&address, size) < 0)
		return 0;
	for (size_t sent = 0; sent < megabytes << 20;) {
		ssize_t n = write(fd, data, sizeof(data));

		if (n <= 0)
			return 0;
		sent += (size_t)n;
	}
	close_fd(&fd);
	waitpid(sink, NULL, 0);
	return (double)megabytes / ((double)(time_monotonic_ns() - started) / 1e9);
}

static void bench_relay(size_t megabytes)
{
	struct port_key inside = {.protocol = IPPROTO_TCP}, published = inside;
	pid_t relay;

	signal(SIGPIPE, SIG_IGN);
	address_parse("127.0.0.1", &inside.host);
	published.host = inside.host;
	int container = serve(&inside), socket = serve(&published);

	printf("straight %.0f MB/s\n", send_megabytes(&inside, megabytes, start_sink(container)));
	relay = start_relay(socket, &inside);
	printf("relayed %.0f MB/s\n", send_megabytes(&published, megabytes, start_sink(container)));
	kill(relay, SIGKILL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint64_t count = 0, parallel = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3 || !parse_u64(argv[2], &count) || count == 0 ||
	    (argc > 3 && (!parse_u64(argv[3], &parallel) || parallel == 0))) {
		fprintf(stderr,
			"usage: network attach COUNT [PARALLEL] | connect COUNT | publish COUNT | "
			"relay MB\n");
		return 2;
	}
	if (str_equal(what, "relay")) {
		bench_relay(count);
		return 0;
	}
	enter_scratch_namespace();
	if (str_equal(what, "attach"))
		bench_attach(count, parallel);
	else if (str_equal(what, "connect"))
		bench_connect(count);
	else
		bench_publish(count);
	return 0;
}
