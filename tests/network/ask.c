/* Both ends of a datagram.
 *	network_ask ADDRESS PORT SECONDS [SOURCE-PORT]	 sends one, prints the answer; fails without one
 *	network_ask serve PORT				 answers each with the sender's address */
#include "network/address.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static int bound_socket(int family, uint16_t port)
{
	struct sockaddr_storage address;
	struct address any = address_any(family);
	socklen_t size = address_to_socket(&any, port, &address);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, size) < 0)
		return -1;
	return fd;
}

/* A sender of IPv4 on an IPv6 socket is shown as what it is. */
static const char *sender_text(const struct sockaddr_in6 *from, char out[static ADDRESS_TEXT_SIZE])
{
	const uint8_t *bytes = from->sin6_addr.s6_addr;
	struct address sender = {.family = AF_INET6};

	if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr)) {
		sender.family = AF_INET;
		bytes += 12;
	}
	memcpy(sender.bytes, bytes, address_size(&sender));
	return address_text(&sender, out);
}

static int serve(uint16_t port)
{
	int fd = bound_socket(AF_INET6, port);

	while (fd >= 0) {
		struct sockaddr_in6 from;
		socklen_t size = sizeof(from);
		char question[256], text[ADDRESS_TEXT_SIZE];

		if (recvfrom(fd, question, sizeof(question), 0, (struct sockaddr *)&from, &size) <
		    0)
			continue;
		sender_text(&from, text);
		sendto(fd, text, strlen(text), 0, (struct sockaddr *)&from, size);
	}
	return 1;
}

static int ask(int fd, int seconds)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	char answer[256];
	ssize_t size;

	if (send(fd, "question\n", 9, 0) < 0 || poll(&ready, 1, seconds * 1000) != 1)
		return 1;
	size = recv(fd, answer, sizeof(answer), 0);
	return size > 0 && write(STDOUT_FILENO, answer, (size_t)size) == size ? 0 : 1;
}

int main(int argc, char **argv)
{
	uint64_t port = 0, seconds = 0, source = 0;
	struct sockaddr_storage address;
	struct address to;
	int fd;

	if (argc < 3 || !parse_u64(argv[2], &port))
		return 2;
	if (str_equal(argv[1], "serve"))
		return serve((uint16_t)port);
	if (argc < 4 || !address_parse(argv[1], &to) || !parse_u64(argv[3], &seconds) ||
	    (argc > 4 && !parse_u64(argv[4], &source)))
		return 2;
	fd = bound_socket(to.family, (uint16_t)source);
	socklen_t size = address_to_socket(&to, (uint16_t)port, &address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		return 1;
	return ask(fd, (int)seconds);
}
