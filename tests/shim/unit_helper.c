#include "unit_helper.h"

#include "base/text.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void send_text(const char *text, int fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {(char *)(uintptr_t)text, strlen(text)};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1};
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path)
		exit(3);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd >= 0) {
		control.align = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	if (sendmsg(s, &msg, 0) < 0)
		exit(4);
	close(s);
}

static void say(const char *text)
{
	scoped_buffer struct buffer out = {0};

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			buffer_add_char(&out, '\n');
			text++;
		} else {
			buffer_add_char(&out, *text);
		}
	}
	send_text(out.data ? out.data : "", -1);
}

static void store(const char *name)
{
	scoped_free char *text = str_format("FDSTORE=1\nFDNAME=%s", name);
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (write(fd, name, strlen(name)) < 0)
		exit(5);
	send_text(text, fd);
	close(fd);
}

static void barrier(void)
{
	struct pollfd p = {.events = 0};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(6);
	send_text("BARRIER=1", ends[1]);
	close(ends[1]);
	p.fd = ends[0];
	poll(&p, 1, -1);
	close(ends[0]);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void ping(const char *ms)
{
	for (;;) {
		send_text("WATCHDOG=1", -1);
		sleep_ms(strtol(ms, NULL, 10));
	}
}

static void chatter(long count)
{
	for (long i = 0; i < count; i++) {
		scoped_free char *text =
			str_format("STATUS=%ld\n%s", i, i % 2 ? "READY=1" : "RELOADING=1");

		send_text(text, -1);
	}
}

static void touch(const char *path)
{
	FILE *file = fopen(path, "we");

	fputs("here", file);
	fclose(file);
}

static void list_fds(void)
{
	const char *names = getenv("LISTEN_FDNAMES"), *count = getenv("LISTEN_FDS"),
		   *pid = getenv("LISTEN_PID");
	FILE *rec = fopen("rec", "ae");

	fprintf(rec, "%s", names ? names : "none");
	if (pid && strtol(pid, NULL, 10) != getpid())
		fprintf(rec, " of another");
	for (int i = 0; count && i < strtol(count, NULL, 10); i++) {
		char text[64];
		struct stat st;
		ssize_t n = fstat(3 + i, &st) == 0 && S_ISSOCK(st.st_mode)
				    ? snprintf(text, sizeof(text), "socket")
				    : pread(3 + i, text, sizeof(text), 0);

		fprintf(rec, " %.*s", (int)(n > 0 ? n : 0), text);
	}
	fprintf(rec, "\n");
	fclose(rec);
}

static void take_connection(void)
{
	int c = accept4(3, NULL, NULL, SOCK_CLOEXEC);

	if (c < 0 || write(c, "hello", 5) != 5)
		exit(7);
	close(c);
}

static void wait_for(const char *file)
{
	while (access(file, F_OK) < 0)
		sleep_ms(5);
}

int unit_helper(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (*word == '=')
			say(word + 1);
		else if (str_starts_with(word, "store="))
			store(word + 6);
		else if (str_starts_with(word, "ping="))
			ping(word + 5);
		else if (str_starts_with(word, "wait="))
			wait_for(word + 5);
		else if (str_starts_with(word, "chatter="))
			chatter(strtol(word + 8, NULL, 10));
		else if (str_starts_with(word, "touch="))
			touch(word + 6);
		else if (str_equal(word, "barrier"))
			barrier();
		else if (str_equal(word, "fds"))
			list_fds();
		else if (str_equal(word, "accept"))
			take_connection();
		else if (str_equal(word, "sleep"))
			for (;;)
				pause();
		else
			return 2;
	}
	return 0;
}
