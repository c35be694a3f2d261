/* One datagram and its answer: `network_ask ADDRESS PORT SECONDS [SOURCE-PORT]`.  Prints the answer;
 * fails when none comes in time. */
#include "network/address.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static bool open_socket(const struct address *to, uint16_t port, uint16_t source, int *fd)
{
	struct sockaddr_storage address;
	struct address any = address_any(to->family);
	int one = 1;

	*fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	socklen_t size = address_to_socket(&any, source, &address);
	if (bind(*fd, (struct sockaddr *)&address, size) < 0)
		return false;
	size = address_to_socket(to, port, &address);
	return connect(*fd, (struct sockaddr *)&address, size) == 0;
}

int main(int argc, char **argv)
{
	uint64_t port = 0, seconds = 0, source = 0;
	struct address to;
	char answer[256];
	ssize_t size;
	int fd;

	if (argc < 4 || !address_parse(argv[1], &to) || !parse_u64(argv[2], &port) ||
	    !parse_u64(argv[3], &seconds) || (argc > 4 && !parse_u64(argv[4], &source)))
		return 2;
	if (!open_socket(&to, (uint16_t)port, (uint16_t)source, &fd))
		return 1;
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (send(fd, "question\n", 9, 0) < 0 || poll(&ready, 1, (int)seconds * 1000) != 1)
		return 1;
	size = recv(fd, answer, sizeof(answer), 0);
	return size > 0 && write(STDOUT_FILENO, answer, (size_t)size) == size ? 0 : 1;
}
