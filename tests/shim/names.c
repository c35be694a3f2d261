/* Names at 127.0.0.11: this process is the daemon that writes zones, the programs in the container that
 * ask, and the servers on the host that are asked. */
#include "scenario.h"

#include "base/time.h"
#include "format/dns.h"
#include "format/zone.h"
#include "os/fd.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define ZONE "0123456789abcdef"

enum { TYPE_A = DNS_TYPE_A };

/* ---- the daemon ---- */

static void write_zone(const struct driver *d, const char *name, uint8_t last_byte)
{
	scoped_zone_builder struct zone_builder builder = {0};
	scoped_buffer struct buffer bytes = {0};
	struct zone_address address = {4, {10, 0, 0, last_byte}};
	struct error err;

	zone_add(&builder, name, &address);
	zone_add_reverse(&builder, &address, name);
	zone_encode(&builder, "net", last_byte, &bytes);
	expect(file_replace(
		d->log_folder, ZONE,
		&(struct file_content){.data = bytes.data, .size = bytes.size, .mode = 0600},
		&err));
}

static struct shim_names *new_names(const struct driver *d, const char *const *servers)
{
	struct shim_names *names = mem_new(struct shim_names);

	names->folder = str_format("%s/log", d->folder);
	strings_add(&names->zones, ZONE);
	for (; servers && *servers; servers++)
		strings_add(&names->servers, *servers);
	return names;
}

static void begin(struct driver *d, const char *const *servers)
{
	driver_begin(d, "exec sleep 1000");
	d->start.loopback = true;
	d->start.names = new_names(d, servers);
	write_zone(d, "web", 2);
	driver_start(d);
}

static void end(struct driver *d)
{
	driver_send(d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
	driver_expect(d, SHIM_REPLY, NULL, NULL);
	driver_finish(d, 128 + SIGKILL);
}

/* ---- a program of the container ---- */

static int socket_inside(const struct driver *d, int type)
{
	scoped_free char *path = str_format("/proc/%lld/ns/net", (long long)d->pid);
	scoped_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	scoped_fd int netns = open(path, O_RDONLY | O_CLOEXEC);
	int fd;

	expect(home >= 0 && netns >= 0 && setns(netns, CLONE_NEWNET) == 0);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	expect(setns(home, CLONE_NEWNET) == 0 && fd >= 0);
	return fd;
}

static struct sockaddr_in ipv4(const char *address, uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = inet_addr(address)};
}

static int connect_inside(const struct driver *d, int type)
{
	struct sockaddr_in server = ipv4("127.0.0.11", 53);
	int fd = socket_inside(d, type);

	expect(connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0);
	return fd;
}

static uint8_t message[DNS_MESSAGE_MOST + 2];

static void send_query(int fd, const char *name, uint16_t id)
{
	uint8_t bytes[DNS_UDP_SIZE];
	size_t size = dns_query_write(&(struct dns_query){.id = id, .name = name, .type = TYPE_A},
				      bytes, sizeof(bytes));

	expect(send(fd, bytes, size, 0) == (ssize_t)size);
}

static size_t receive(int fd, int timeout_ms)
{
	ssize_t size;

	if (!is_readable(fd, timeout_ms))
		return 0;
	size = recv(fd, message, sizeof(message), 0);
	expect(size > 0);
	return (size_t)size;
}

static struct dns_message receive_any_answer(int fd)
{
	struct dns_message m;
	size_t size = receive(fd, WAIT_MS);

	expect(size > 0);
	expect(dns_parse(message, size, &m) == DNS_PARSED);
	expect(m.response);
	return m;
}

static struct dns_message receive_answer(int fd, uint16_t id)
{
	struct dns_message m = receive_any_answer(fd);

	expect_equal(m.id, id);
	return m;
}

/* The last byte of its address; 0: it has none; -1: refused. */
static int ask(const struct driver *d, const char *name)
{
	scoped_fd int fd = connect_inside(d, SOCK_DGRAM);
	struct dns_message m;
	size_t size;

	send_query(fd, name, 77);
	size = receive(fd, WAIT_MS);
	expect(size > 0 && dns_parse(message, size, &m) == DNS_PARSED && m.id == 77);
	if (m.code != DNS_NO_ERROR)
		return -1;
	return m.answers ? message[size - 1] : 0;
}

static void expect_address(const struct driver *d, const char *name, int last_byte)
{
	int got = ask(d, name);

	if (got != last_byte)
		fail("%s: %d, expected %d", name, got, last_byte);
}

/* ---- a server of the host ---- */

static int serve(const char *address, int type)
{
	struct sockaddr_in server = ipv4(address, 53);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	expect(bind(fd, (struct sockaddr *)&server, sizeof(server)) == 0);
	expect(type == SOCK_DGRAM || listen(fd, 4) == 0);
	return fd;
}

/* A question that has come: who asks, and the beginning of an answer to it. */
struct asked {
	struct sockaddr_in from;
	struct dns_message query;
	uint8_t answer[DNS_MESSAGE_MOST];
	struct dns_reply reply;
};

static void take_query(struct asked *a, const uint8_t *bytes, size_t size)
{
	expect(dns_parse(bytes, size, &a->query) == DNS_PARSED);
	dns_reply_begin(&a->reply, a->answer, sizeof(a->answer), bytes, &a->query);
}

static void receive_query(int server, struct asked *a)
{
	socklen_t length = sizeof(a->from);
	ssize_t size;

	expect(is_readable(server, WAIT_MS));
	size = recvfrom(server, message, sizeof(message), 0, (struct sockaddr *)&a->from, &length);
	expect(size > 0);
	take_query(a, message, (size_t)size);
}

static size_t make_answer(struct asked *a, uint8_t last_byte)
{
	dns_reply_address(&a->reply, (uint8_t[4]){192, 0, 2, last_byte}, 4, 60);
	return dns_reply_end(&a->reply, DNS_NO_ERROR);
}

static void send_to(int server, const struct asked *a, size_t size)
{
	expect(sendto(server, a->answer, size, 0, (const struct sockaddr *)&a->from,
		      sizeof(a->from)) == (ssize_t)size);
}

/* ---- names of its networks ---- */

static void names_are_answered_inside(void)
{
	struct driver d;

	begin(&d, NULL);
	expect_address(&d, "web", 2);
	expect_address(&d, "WEB.net", 2);
	expect_address(&d, "nobody", -1);
	end(&d);
}

static void names_are_answered_by_tcp(void)
{
	struct driver d;
	uint8_t bytes[2 * DNS_UDP_SIZE];
	size_t size, got = 0;
	int fd;

	begin(&d, NULL);
	fd = connect_inside(&d, SOCK_STREAM);
	size = dns_query_write(&(struct dns_query){.id = 1, .name = "web", .type = TYPE_A},
			       bytes + 2, DNS_UDP_SIZE);
	bytes[0] = 0;
	bytes[1] = (uint8_t)size;
	memcpy(bytes + size + 2, bytes, size + 2);
	expect(send(fd, bytes, 1, 0) == 1); /* in pieces, and two at once */
	expect(send(fd, bytes + 1, 2 * size + 3, 0) == (ssize_t)(2 * size + 3));
	while (got < 2 * (size + 16 + 2)) {
		ssize_t piece = recv(fd, message + got, sizeof(message) - got, 0);

		expect(piece > 0);
		got += (size_t)piece;
	}
	expect_equal(message[1], (long long)size + 16);
	expect_equal(message[got - 1], 2);
	close(fd);
	end(&d);
}

static void port_53_is_left_to_the_container(void)
{
	struct sockaddr_in any = ipv4("0.0.0.0", 53);
	struct driver d;
	int udp, tcp;

	begin(&d, NULL);
	udp = socket_inside(&d, SOCK_DGRAM);
	tcp = socket_inside(&d, SOCK_STREAM);
	expect(bind(udp, (struct sockaddr *)&any, sizeof(any)) == 0);
	expect(bind(tcp, (struct sockaddr *)&any, sizeof(any)) == 0 && listen(tcp, 1) == 0);
	expect_address(&d, "web", 2);
	close(udp);
	close(tcp);
	end(&d);
}

static void changes_count_at_once_without_a_daemon(void)
{
	struct driver d;

	begin(&d, NULL);
	expect_address(&d, "web", 2);
	driver_disconnect(&d);
	expect_address(&d, "web", 2);
	write_zone(&d, "web", 3);
	expect_address(&d, "web", 3);
	expect(unlinkat(d.log_folder, ZONE, 0) == 0);
	expect_address(&d, "web", 3);
	write_zone(&d, "other", 4);
	expect_address(&d, "web", -1);
	expect_address(&d, "other", 4);
	driver_reconnect(&d);
	driver_expect(&d, SHIM_STATUS, NULL, NULL);
	end(&d);
}

static void the_daemon_changes_what_is_seen(void)
{
	struct driver d;
	struct shim_names *names;

	begin(&d, NULL);
	names = new_names(&d, NULL);
	pairs_set(&names->links, "alias", "web");
	driver_send(&d, SHIM_NAMES, &shim_names_type, names);
	driver_send(&d, SHIM_RESIZE, &shim_size_type, &(struct shim_size){0}); /* it has read it */
	driver_expect(&d, SHIM_REPLY, NULL, NULL);
	expect_address(&d, "alias", 2);
	strings_fini(&names->zones);
	driver_send(&d, SHIM_NAMES, &shim_names_type, names);
	driver_send(&d, SHIM_RESIZE, &shim_size_type, &(struct shim_size){0});
	driver_expect(&d, SHIM_REPLY, NULL, NULL);
	expect_address(&d, "web", -1);
	record_fini(&shim_names_type, names);
	free(names);
	end(&d);
}

/* ---- names of others ---- */

/* Addresses of the host's loopback that nobody else has. */
static char *own_address(int number)
{
	return str_format("127.%d.%d.%d", 100 + number, getpid() >> 8 & 0xff, getpid() & 0xff);
}

struct upstream {
	char *addresses[3]; /* owned; the last is NULL */
	int udp, tcp;	    /* of the second; nobody is at the first */
};

static void begin_with_upstream(struct driver *d, struct upstream *u)
{
	u->addresses[0] = own_address(0);
	u->addresses[1] = own_address(1);
	u->addresses[2] = NULL;
	u->udp = serve(u->addresses[1], SOCK_DGRAM);
	u->tcp = serve(u->addresses[1], SOCK_STREAM);
	begin(d, (const char *const *)u->addresses);
}

static void end_with_upstream(struct driver *d, struct upstream *u)
{
	end(d);
	close(u->udp);
	close(u->tcp);
	free(u->addresses[0]);
	free(u->addresses[1]);
}

static void others_are_asked_for_other_names(void)
{
	struct upstream u;
	struct driver d;
	struct asked a;
	struct dns_message m;
	int fd;

	begin_with_upstream(&d, &u);
	expect_address(&d, "web", 2);
	fd = connect_inside(&d, SOCK_DGRAM);
	send_query(fd, "example.org", 4242);
	receive_query(u.udp, &a);
	expect(strcmp(a.query.name, "example.org") == 0);
	send_to(u.udp, &a, make_answer(&a, 80));
	m = receive_answer(fd, 4242);
	expect_equal(m.code, DNS_NO_ERROR);
	expect_equal(m.answers, 1);
	close(fd);
	end_with_upstream(&d, &u);
}

static void a_forged_answer_is_not_believed(void)
{
	struct upstream u;
	struct driver d;
	struct asked a, wrong;
	int fd, stranger;
	size_t size;

	begin_with_upstream(&d, &u);
	fd = connect_inside(&d, SOCK_DGRAM);
	send_query(fd, "example.org", 1);
	receive_query(u.udp, &a);
	wrong = a;
	wrong.reply.data = wrong.answer;
	size = make_answer(&wrong, 66);
	stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sendto(stranger, wrong.answer, size, 0, (struct sockaddr *)&wrong.from, sizeof(wrong.from));
	wrong.answer[1] ^= 1; /* another id */
	send_to(u.udp, &wrong, size);
	wrong.answer[1] ^= 1;
	wrong.answer[13] ^= 1; /* another name */
	send_to(u.udp, &wrong, size);
	wrong.answer[13] ^= 1;
	wrong.answer[2] &= 0x7f; /* no answer at all */
	send_to(u.udp, &wrong, size);
	send_to(u.udp, &wrong, 5);
	send_to(u.udp, &a, make_answer(&a, 80));
	expect_equal(receive_answer(fd, 1).answers, 1);
	expect_equal(message[sizeof("example.org") + 12 + 4 + 16], 80);
	expect(!is_readable(fd, 50));
	close(stranger);
	close(fd);
	end_with_upstream(&d, &u);
}

static void ids_are_not_the_clients(void)
{
	struct upstream u;
	struct driver d;
	struct asked a;
	int fd, same = 0;
	uint16_t last_port = 0;

	begin_with_upstream(&d, &u);
	fd = connect_inside(&d, SOCK_DGRAM);
	for (uint16_t id = 0; id < 20; id++) {
		send_query(fd, "example.org", id);
		receive_query(u.udp, &a);
		same += a.query.id == id || a.from.sin_port == last_port;
		last_port = a.from.sin_port;
		send_to(u.udp, &a, make_answer(&a, 80));
		receive_answer(fd, id);
	}
	expect(same < 3);
	close(fd);
	end_with_upstream(&d, &u);
}

static void hostile_answers_harm_nobody(void)
{
	static const uint8_t loop[] = {0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 5, 0, 0};
	struct upstream u;
	struct driver d;
	struct asked a;
	int fd;
	size_t size;

	begin_with_upstream(&d, &u);
	fd = connect_inside(&d, SOCK_DGRAM);
	send_query(fd, "loop.org", 1);
	receive_query(u.udp, &a);
	size = dns_reply_end(&a.reply, DNS_NO_ERROR);
	memcpy(a.answer + size, loop, sizeof(loop));
	a.answer[size + 1] = (uint8_t)size; /* its owner is itself */
	a.answer[7] = 1;
	send_to(u.udp, &a, size + sizeof(loop));
	expect_equal(receive_answer(fd, 1).code, DNS_SERVER_FAILURE);

	send_query(fd, "huge.org", 2);
	receive_query(u.udp, &a);
	a.reply.limit = 60000;
	for (int i = 0; i < 3000; i++)
		dns_reply_address(&a.reply, (uint8_t[4]){192, 0, 2, 1}, 4, 60);
	send_to(u.udp, &a, dns_reply_end(&a.reply, DNS_NO_ERROR));
	expect(receive_answer(fd, 2).truncated);

	send_query(fd, "example.org", 3);
	receive_query(u.udp, &a);
	send_to(u.udp, &a, make_answer(&a, 80));
	expect_equal(receive_answer(fd, 3).answers, 1);
	expect_address(&d, "web", 2);
	close(fd);
	end_with_upstream(&d, &u);
}

static void read_whole(int fd, size_t size)
{
	struct error err;

	expect(fd_read_all(fd, message, size, &err));
}

static void who_asks_by_tcp_is_answered_by_tcp(void)
{
	struct upstream u;
	struct driver d;
	struct asked a;
	uint8_t bytes[DNS_UDP_SIZE], length[2];
	int fd, server;
	size_t size;
	struct error err;

	begin_with_upstream(&d, &u);
	fd = connect_inside(&d, SOCK_STREAM);
	size = dns_query_write(&(struct dns_query){.id = 9, .name = "big.org", .type = TYPE_A},
			       bytes + 2, DNS_UDP_SIZE);
	bytes[0] = 0;
	bytes[1] = (uint8_t)size;
	expect(send(fd, bytes, size + 2, 0) == (ssize_t)size + 2);
	expect(is_readable(u.tcp, WAIT_MS));
	server = accept4(u.tcp, NULL, NULL, SOCK_CLOEXEC);
	read_whole(server, size + 2);
	take_query(&a, message + 2, size);
	for (int i = 0; i < 4000; i++)
		dns_reply_address(&a.reply, (uint8_t[4]){192, 0, 2, 1}, 4, 60);
	size = dns_reply_end(&a.reply, DNS_NO_ERROR);
	length[0] = (uint8_t)(size >> 8);
	length[1] = (uint8_t)size;
	expect(fd_write_all(server, length, 2, &err) && fd_write_all(server, a.answer, size, &err));
	read_whole(fd, size + 2);
	expect_equal(message[0] << 8 | message[1], (long long)size);
	expect_equal(message[2] << 8 | message[3], 9);
	close(server);
	close(fd);
	end_with_upstream(&d, &u);
}

/* What becomes of a query of `client`: the server is asked, or it is refused. */
static bool is_refused(const struct upstream *u, int client)
{
	struct pollfd ready[] = {{.fd = u->udp, .events = POLLIN},
				 {.fd = client, .events = POLLIN}};
	struct dns_message answer;
	struct asked asked;

	expect(poll(ready, array_length(ready), WAIT_MS) > 0);
	if (ready[0].revents) {
		receive_query(u->udp, &asked);
		return false;
	}
	answer = receive_any_answer(client);
	expect(answer.id > 200);
	expect_equal(answer.code, DNS_SERVER_FAILURE);
	return true;
}

static void a_silent_server_costs_four_seconds(void)
{
	enum { AT_ONCE = 16 }; /* so few that none is lost on the way */
	struct upstream u;
	struct driver d;
	struct asked first;
	int fd, more, refused = 0;
	uint16_t id = 0;
	int64_t begun;

	begin_with_upstream(&d, &u);
	fd = connect_inside(&d, SOCK_DGRAM);
	more = connect_inside(&d, SOCK_DGRAM);
	begun = time_monotonic_ns();
	send_query(fd, "first.org", 1);
	receive_query(u.udp, &first);
	while (refused == 0 && id < 1000) { /* until more are under way than may be */
		for (int i = 0; i < AT_ONCE; i++)
			send_query(more, "silent.org", id++);
		for (int i = 0; i < AT_ONCE; i++)
			refused += is_refused(&u, more);
	}
	expect(id - refused > 200 && id - refused < 300);
	expect_address(&d, "web", 2);
	expect_equal(receive_answer(fd, 1).code, DNS_SERVER_FAILURE);
	expect(time_monotonic_ns() - begun >= 4 * NS_PER_SECOND);
	close(fd);
	close(more);
	end_with_upstream(&d, &u);
}

const struct scenario names_scenarios[] = {
	SCENARIO(names_are_answered_inside),
	SCENARIO(names_are_answered_by_tcp),
	SCENARIO(port_53_is_left_to_the_container),
	SCENARIO(changes_count_at_once_without_a_daemon),
	SCENARIO(the_daemon_changes_what_is_seen),
	SCENARIO(others_are_asked_for_other_names),
	SCENARIO(a_forged_answer_is_not_believed),
	SCENARIO(ids_are_not_the_clients),
	SCENARIO(hostile_answers_harm_nobody),
	SCENARIO(who_asks_by_tcp_is_answered_by_tcp),
	SCENARIO(a_silent_server_costs_four_seconds),
	{NULL, NULL},
};
