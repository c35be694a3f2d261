#include "cmd/top/plugin.h"

#include "cmd/compose/verbs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int plugin_print_metadata(void)
{
	scoped_buffer struct buffer text = {0};

	buffer_format(&text,
		      "{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"wherry\",\"Version\":\"v%s\","
		      "\"ShortDescription\":\"Docker Compose\"}\n",
		      compose_level(COMPOSE_V2));
	return cli_print(&text);
}

/* An abstract socket, "@name". */
static int connect_to(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd;

	if (*name != '@' || length > sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path + 1, name + 1, length - 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool has_terminal(void)
{
	return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO);
}

/* The client closes the socket when it gets a signal, and writes nothing; the kernel tells us. */
void plugin_follow_client(void)
{
	const char *name = getenv("DOCKER_CLI_PLUGIN_SOCKET");
	int fd = name && !has_terminal() ? connect_to(name) : -1;

	if (fd < 0)
		return;
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETSIG, SIGTERM);
	fcntl(fd, F_SETFL, O_ASYNC);
}
