/* How many questions for a name are answered in a second:
 *
 *	names PID SECONDS NAME [WINDOW]
 *
 * Asks 127.0.0.11 in the network namespace of the process, with up to WINDOW (32) questions under way, as
 * many programs of a container would.  Prints "answers N cpu S lost N": a second, the CPU seconds of PID's
 * parent (its shim) for a million answers, and what was never answered. */
#include "base/text.h"
#include "base/time.h"
#include "format/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW_MOST = 1024, PATIENCE_MS = 1000 };

static int die(const char *what)
{
	perror(what);
	return 1;
}

static int connect_inside(const char *pid)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
				     .sin_port = htons(53),
				     .sin_addr.s_addr = inet_addr("127.0.0.11")};
	scoped_free char *path = str_format("/proc/%s/ns/net", pid);
	scoped_fd int netns = open(path, O_RDONLY | O_CLOEXEC);
	int fd;

	if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0 ? fd : -1;
}

/* Of its parent; utime and stime are the 14th and 15th field of stat. */
static double cpu_seconds(const char *pid)
{
	scoped_free char *path = str_format("/proc/%s/stat", pid);
	FILE *file = fopen(path, "re");
	unsigned long long user = 0, system = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		   &system) != 2)
		user = system = 0;
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static char *parent_of(const char *pid)
{
	scoped_free char *path = str_format("/proc/%s/stat", pid);
	FILE *file = fopen(path, "re");
	int parent = 0;

	if (file && fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	if (file)
		fclose(file);
	return str_format("%d", parent);
}

struct counts {
	unsigned long asked, answered, lost;
};

static void ask(int fd, const uint8_t *query, size_t size, struct counts *counts)
{
	if (send(fd, query, size, 0) == (ssize_t)size)
		counts->asked++;
}

/* All that have come; each makes room for one more. */
static bool receive(int fd, struct counts *counts)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t answer[DNS_UDP_SIZE];

	if (poll(&wait, 1, PATIENCE_MS) <= 0)
		return false;
	while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		if (answer[7] > 0)
			counts->answered++;
	return true;
}

static void run(int fd, const char *name, unsigned long window, int64_t until, struct counts *counts)
{
	uint8_t query[DNS_UDP_SIZE];
	size_t size = dns_query_write(
		&(struct dns_query){.id = 1, .name = name, .type = DNS_TYPE_A}, query, sizeof(query));

	while (time_monotonic_ns() < until) {
		while (counts->asked - counts->answered - counts->lost < window)
			ask(fd, query, size, counts);
		if (!receive(fd, counts))
			counts->lost = counts->asked - counts->answered;
	}
}

int main(int argc, char **argv)
{
	uint64_t seconds, window = 32;
	struct counts counts = {0};
	int64_t begun;
	int fd;

	if (argc < 4 || !parse_u64(argv[2], &seconds) || (argc > 4 && !parse_u64(argv[4], &window)) ||
	    window > WINDOW_MOST)
		return 2;
	scoped_free char *shim = parent_of(argv[1]);
	fd = connect_inside(argv[1]);
	if (fd < 0)
		return die("cannot ask");
	double cpu = cpu_seconds(shim);
	begun = time_monotonic_ns();
	run(fd, argv[3], window, begun + (int64_t)seconds * NS_PER_SECOND, &counts);
	double passed = (double)(time_monotonic_ns() - begun) / (double)NS_PER_SECOND;
	if (counts.answered == 0)
		return die("nothing was answered");
	printf("answers %.0f cpu %.2f lost %lu\n", (double)counts.answered / passed,
	       (cpu_seconds(shim) - cpu) * 1e6 / (double)counts.answered, counts.lost);
	return 0;
}
