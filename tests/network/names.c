/* Both ends of questions for names.
 *	network_names ask PID NAME [TYPE [tcp]]	 asks 127.0.0.11 in the network namespace of the process;
 *						 prints the code, then "ANSWER TTL" a line; TYPE is A,
 *						 AAAA, PTR, MX or ANY
 *	network_names serve ADDRESS		 answers at port 53 there that every name is 192.0.2.80 */
#include "base/text.h"
#include "format/dns.h"
#include "os/fd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, RECORD_HEAD_SIZE = 10 };

static uint8_t message[DNS_MESSAGE_MOST];

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static struct sockaddr_in ipv4(const char *address)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(53),
				    .sin_addr.s_addr = inet_addr(address)};
}

/* ---- asking ---- */

static uint16_t type_of(const char *name)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {{"A", 1}, {"AAAA", 28}, {"PTR", 12}, {"MX", 15}, {"ANY", 255}};

	for (size_t i = 0; i < array_length(types); i++)
		if (str_equal(name, types[i].name))
			return types[i].type;
	return 0;
}

static void print_record(uint16_t type, size_t at, uint32_t ttl)
{
	char text[DNS_NAME_SIZE] = "?";

	if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)
		inet_ntop(type == DNS_TYPE_A ? AF_INET : AF_INET6, message + at, text,
			  sizeof(text));
	else if (type == DNS_TYPE_PTR)
		dns_name_read(message, sizeof(message), &at, text);
	printf("%s %u\n", text, ttl);
}

static void print_answers(size_t size, const struct dns_message *m)
{
	static const char *const codes[] = {"NOERROR",	"FORMERR", "SERVFAIL",
					    "NXDOMAIN", "NOTIMP",  "REFUSED"};
	size_t at = m->question_end;
	char owner[DNS_NAME_SIZE];

	printf("%s%s\n", m->code < array_length(codes) ? codes[m->code] : "?",
	       m->truncated ? " truncated" : "");
	for (uint16_t i = 0; i < m->answers && dns_name_read(message, size, &at, owner); i++) {
		const uint8_t *head = message + at;
		uint32_t ttl = (uint32_t)head[4] << 24 | head[5] << 16 | head[6] << 8 | head[7];

		at += RECORD_HEAD_SIZE;
		print_record((uint16_t)(head[0] << 8 | head[1]), at, ttl);
		at += (size_t)(head[8] << 8 | head[9]);
	}
}

static ssize_t exchange(int fd, bool tcp, const uint8_t *query, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct error err;

	if (send(fd, tcp ? query : query + 2, tcp ? size + 2 : size, 0) < 0 ||
	    poll(&wait, 1, PATIENCE_MS) <= 0)
		return -1;
	if (!tcp)
		return recv(fd, message, sizeof(message), 0);
	if (!fd_read_all(fd, message, 2, &err))
		return -1;
	size = (size_t)(message[0] << 8 | message[1]);
	return fd_read_all(fd, message, size, &err) ? (ssize_t)size : -1;
}

static int ask(const char *pid, const char *name, const char *type, bool tcp)
{
	scoped_free char *path = str_format("/proc/%s/ns/net", pid);
	scoped_fd int netns = open(path, O_RDONLY | O_CLOEXEC);
	struct sockaddr_in server = ipv4("127.0.0.11");
	struct dns_query query = {.id = 4711, .name = name, .type = type_of(type)};
	uint8_t bytes[DNS_UDP_SIZE + 2];
	size_t size = dns_query_write(&query, bytes + 2, DNS_UDP_SIZE);
	struct dns_message m;
	ssize_t got;
	int fd;

	bytes[0] = (uint8_t)(size >> 8);
	bytes[1] = (uint8_t)size;
	if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
		return fail("cannot enter the namespace");
	fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		return fail("cannot connect");
	got = exchange(fd, tcp, bytes, size);
	if (got < 0 || dns_parse(message, (size_t)got, &m) != DNS_PARSED || m.id != query.id)
		return fail("no answer");
	print_answers((size_t)got, &m);
	return 0;
}

/* ---- answering ---- */

static int serve(const char *address)
{
	struct sockaddr_in server = ipv4(address), client;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t answer[DNS_UDP_SIZE];
	struct dns_message m;
	struct dns_reply reply;

	if (bind(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		return fail("cannot bind");
	puts("ready");
	fflush(stdout);
	for (;;) {
		socklen_t length = sizeof(client);
		ssize_t size = recvfrom(fd, message, sizeof(message), 0,
					(struct sockaddr *)&client, &length);

		if (size < 0 || dns_parse(message, (size_t)size, &m) != DNS_PARSED)
			continue;
		dns_reply_begin(&reply, answer, sizeof(answer), message, &m);
		if (m.type == DNS_TYPE_A)
			dns_reply_address(&reply, (uint8_t[4]){192, 0, 2, 80}, 4, 60);
		sendto(fd, answer, dns_reply_end(&reply, DNS_NO_ERROR), 0,
		       (struct sockaddr *)&client, length);
	}
}

int main(int argc, char **argv)
{
	if (argc >= 4 && str_equal(argv[1], "ask"))
		return ask(argv[2], argv[3], argc > 4 ? argv[4] : "A", argc > 5);
	if (argc == 3 && str_equal(argv[1], "serve"))
		return serve(argv[2]);
	return 2;
}
