/* Bytes and connections to measure with; static, so that it also runs inside a container of nothing else.
 *	traffic write MEGABYTES SIZE         lines of 100 bytes on standard output, SIZE bytes a write
 *	traffic accept PORT                  takes connections and closes them
 *	traffic connect ADDRESS PORT COUNT   one after the other; prints "best B median M worst W" in microseconds */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE	  100
#define WRITE_MAX (1 << 20)

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- lines ---- */

static void write_all(const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0)
			die("write");
		data += n;
		size -= (size_t)n;
	}
}

/* The text goes on from write to write, so that lines lie across them. */
static int write_lines(size_t total, size_t size)
{
	static char text[WRITE_MAX + LINE];

	if (size == 0 || size > WRITE_MAX)
		return 2;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % LINE == LINE - 1 ? '\n' : (char)('a' + i % 26);
	for (size_t done = 0; done < total; done += size)
		write_all(text + done % LINE, size);
	return 0;
}

/* ---- connections ---- */

static int accept_all(uint16_t port)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1024) < 0)
		die("listen");
	for (;;)
		close(accept(fd, NULL, NULL));
	return 0;
}

/* From the first packet until the other end has taken it and closed. */
static int64_t connect_once(const struct sockaddr_in *to)
{
	int64_t begun = now_us(), took;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte;

	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("connect");
	took = now_us() - begun;
	if (read(fd, &byte, 1) != 0)
		die("read");
	close(fd);
	return took;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int connect_all(const char *address, uint16_t port, size_t count)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int64_t *times = calloc(count, sizeof(*times));

	if (!times || count == 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return 2;
	for (size_t i = 0; i < count; i++)
		times[i] = connect_once(&to);
	qsort(times, count, sizeof(*times), compare);
	printf("best %lld median %lld worst %lld\n", (long long)times[0],
	       (long long)times[count / 2], (long long)times[count - 1]);
	free(times);
	return 0;
}

static size_t number(const char *text)
{
	return strtoul(text, NULL, 10);
}

int main(int count, char **args)
{
	if (count == 4 && !strcmp(args[1], "write"))
		return write_lines(number(args[2]) << 20, number(args[3]));
	if (count == 3 && !strcmp(args[1], "accept"))
		return accept_all((uint16_t)number(args[2]));
	if (count == 5 && !strcmp(args[1], "connect"))
		return connect_all(args[2], (uint16_t)number(args[3]), number(args[4]));
	fprintf(stderr, "usage: traffic write MB SIZE | accept PORT | connect ADDRESS PORT COUNT\n");
	return 2;
}
