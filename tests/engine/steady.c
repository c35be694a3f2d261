/* A server whose answers say who it is, and clients that notice each request that fails.  Static, so that it
 * also runs inside a container of nothing else.
 *	steady serve NAME PORT          TCP and UDP, IPv4 and IPv6: answers each line with "NAME line"; SIGTERM
 *					ends it, SIGUSR1 makes it forget to answer
 *	steady ask ADDRESS PORT [udp]   one request; prints the name and, for TCP, our address as the server saw it
 *	steady who ADDRESS PORT N       the same of N connections, a line each
 *	steady hold ADDRESS PORT [udp]  prints the name of who is connected; then again for each line of its input
 *	steady load ADDRESS PORT MS     until SIGTERM: threads that connect anew for each request, and such as use
 *					a connection for MS milliseconds; prints "server NAME" of each that is new,
 *					and "requests N failed N servers N" at the end */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE	    128
#define CLIENTS_MAX 1000
#define BACKLOG	    1000
#define THREADS	    4 /* of each kind */
#define PATIENCE    5 /* seconds for an answer */
#define SERVERS_MAX 1000

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the server ---- */

static volatile sig_atomic_t silent;

static void end(int signal)
{
	(void)signal;
	_exit(0);
}

static void be_silent(int signal)
{
	(void)signal;
	silent = 1;
}

static int listen_at(int type, int port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), one = 1, zero = 0;
	bool six = fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) == 0 &&
		   setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		   bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;

	if (!six) {
		fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
		if (bind(fd, (struct sockaddr *)&any4, sizeof(any4)) < 0)
			die("bind");
	}
	if (type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		die("listen");
	return fd;
}

/* "NAME ADDRESS line": without line for a bare newline. */
static int answer(const char *name, const struct sockaddr_storage *peer, socklen_t size,
		  const char *line, int length, char out[static 2 * LINE])
{
	char address[64] = "?";

	getnameinfo((const struct sockaddr *)peer, size, address, sizeof(address), NULL, 0,
		    NI_NUMERICHOST);
	return snprintf(out, 2 * LINE, "%s %s %.*s", name,
			strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address, length, line);
}

static bool serve_client(int fd, const char *name)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char line[LINE], text[2 * LINE];
	ssize_t got = read(fd, line, sizeof(line));

	if (got <= 0)
		return false;
	if (silent)
		return true;
	getpeername(fd, (struct sockaddr *)&peer, &size);
	return write(fd, text, (size_t)answer(name, &peer, size, line, (int)got, text)) > 0;
}

static void serve_datagram(int fd, const char *name)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char line[LINE], text[2 * LINE];
	ssize_t got = recvfrom(fd, line, sizeof(line), 0, (struct sockaddr *)&peer, &size);

	if (got >= 0 && !silent)
		sendto(fd, text, (size_t)answer(name, &peer, size, line, (int)got, text), 0,
		       (struct sockaddr *)&peer, size);
}

static _Noreturn void serve(const char *name, int port)
{
	static struct pollfd fds[CLIENTS_MAX + 2];
	nfds_t count = 2;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, end);
	signal(SIGUSR1, be_silent);
	/* Who sees it listen may send datagrams, too. */
	fds[1] = (struct pollfd){.fd = listen_at(SOCK_DGRAM, port), .events = POLLIN};
	fds[0] = (struct pollfd){.fd = listen_at(SOCK_STREAM, port), .events = POLLIN};
	for (;;) {
		if (poll(fds, count, -1) < 0)
			continue;
		if (fds[1].revents)
			serve_datagram(fds[1].fd, name);
		for (nfds_t i = count - 1; i >= 2; i--) {
			if (!fds[i].revents || serve_client(fds[i].fd, name))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--count];
		}
		if (fds[0].revents && count < CLIENTS_MAX + 2) {
			int fd = accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
}

/* ---- clients ---- */

static struct sockaddr_storage server;
static socklen_t server_size;

static void find_server(const char *address, const char *port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found;

	if (getaddrinfo(address, port, &hints, &found) != 0)
		die("address");
	memcpy(&server, found->ai_addr, found->ai_addrlen);
	server_size = found->ai_addrlen;
	freeaddrinfo(found);
}

static int open_connection(int type)
{
	struct timeval patience = {.tv_sec = PATIENCE};
	int fd = socket(server.ss_family, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&server, server_size) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Returns the length of "NAME ADDRESS" in the answer to `line`; 0: it was not answered so. */
static size_t request(int fd, const char *line, char out[static 2 * LINE])
{
	size_t length = strlen(line), got = 0;

	if (write(fd, line, length) != (ssize_t)length)
		return 0;
	while (got == 0 || out[got - 1] != '\n') {
		ssize_t n = read(fd, out + got, 2 * LINE - 1 - got);

		if (n < 0 && errno == EINTR) /* as after a stop, where there is a time to wait */
			continue;
		if (n <= 0)
			return 0;
		got += (size_t)n;
	}
	out[got] = 0;
	if (got < length + 1 || strcmp(out + got - length, line) != 0)
		return 0;
	out[got - length - 1] = 0;
	return got - length - 1;
}

static int ask(bool udp)
{
	char text[2 * LINE];
	int fd = open_connection(udp ? SOCK_DGRAM : SOCK_STREAM);

	if (fd < 0)
		die("connect");
	if (!request(fd, "?\n", text))
		die("request");
	puts(text);
	return 0;
}

/* Without an end of its own that would keep the number of the port for a minute. */
static void reset(int fd)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static int ask_often(long times)
{
	char text[2 * LINE];

	for (; times > 0; times--) {
		int fd = open_connection(SOCK_STREAM);

		if (fd < 0)
			die("connect");
		if (!request(fd, "?\n", text))
			die("request");
		puts(text);
		reset(fd);
	}
	return 0;
}

static int hold(bool udp)
{
	char line[LINE], text[2 * LINE];
	int fd = open_connection(udp ? SOCK_DGRAM : SOCK_STREAM);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0)
		die("connect");
	do {
		while (!request(fd, "?\n", text)) /* a datagram may be lost where its way changes */
			if (!udp || errno != EAGAIN)
				die("request");
		puts(text);
	} while (fgets(line, sizeof(line), stdin));
	return 0;
}

/* ---- load ---- */

static volatile sig_atomic_t over;
static int64_t hold_ms;
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static struct {
	long requests, failed;
	size_t servers;
	char names[SERVERS_MAX][LINE];
} counts;

static void stop_load(int signal)
{
	(void)signal;
	over = 1;
}

static void count(const char *name, const char *what, int error)
{
	pthread_mutex_lock(&counting);
	counts.requests++;
	if (!name) {
		counts.failed++;
		fprintf(stderr, "request %ld failed: %s: %s\n", counts.requests, what,
			strerror(error));
	} else {
		size_t i = 0, length = strcspn(name, " ");

		while (i < counts.servers && (strlen(counts.names[i]) != length ||
					      strncmp(counts.names[i], name, length) != 0))
			i++;
		if (i == counts.servers && i < SERVERS_MAX) {
			snprintf(counts.names[counts.servers++], LINE, "%.*s", (int)length, name);
			printf("server %s\n", counts.names[i]);
			fflush(stdout);
		}
	}
	pthread_mutex_unlock(&counting);
}

/* Requests on one connection, for so long; 0: one. */
static void use_connection(int64_t for_ms)
{
	int64_t until = now_ms() + for_ms;
	char text[2 * LINE], line[LINE];
	int fd = open_connection(SOCK_STREAM);

	if (fd < 0) {
		count(NULL, "connect", errno);
		return;
	}
	for (int i = 0; i == 0 || (now_ms() < until && !over); i++) {
		errno = 0;
		snprintf(line, sizeof(line), "request %d\n", i);
		if (!request(fd, line, text)) {
			count(NULL, for_ms ? "held" : "new", errno);
			break;
		}
		count(text, NULL, 0);
		usleep(5000);
	}
	reset(fd);
}

static void *run_new(void *unused)
{
	while (!over)
		use_connection(0);
	return unused;
}

static void *run_held(void *unused)
{
	while (!over)
		use_connection(hold_ms);
	return unused;
}

static int load(int64_t ms)
{
	struct sigaction action = {.sa_handler = stop_load, .sa_flags = SA_RESTART};
	pthread_t threads[2 * THREADS];

	hold_ms = ms;
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < 2 * THREADS; i++)
		if (pthread_create(&threads[i], NULL, i % 2 ? run_held : run_new, NULL) != 0)
			die("thread");
	for (size_t i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("requests %ld failed %ld servers %zu\n", counts.requests, counts.failed,
	       counts.servers);
	return counts.failed > 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], (int)strtol(argv[3], NULL, 10));
	if (argc < 4)
		return 2;
	find_server(argv[2], argv[3]);
	if (strcmp(argv[1], "ask") == 0)
		return ask(argc > 4);
	if (strcmp(argv[1], "who") == 0 && argc > 4)
		return ask_often(strtol(argv[4], NULL, 10));
	if (strcmp(argv[1], "hold") == 0)
		return hold(argc > 4);
	return strcmp(argv[1], "load") == 0 && argc > 4 ? load(strtol(argv[4], NULL, 10)) : 2;
}
