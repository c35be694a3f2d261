/* A daemon made of files, for tests of the command alone.
 *
 *	canned FOLDER
 *
 * listens on FOLDER/socket and prints "ready".  A request METHOD /v1.N/a/b?query is answered with what
 * stands in FOLDER/METHOD_a_b: a first line of the status and perhaps a word, then the body.  Without
 * such a file the answer is 404.  Every request is added to FOLDER/requests: its line without the
 * version, the headers of credentials if they came, the body.  The words:
 *
 *	101 echo     a raw stream: the body first, then the input comes back, until its end or ^P^Q
 *	101 closed   a raw stream: the body, and the end; the input is recorded
 *	200 hold     the head at once, the body when the file FOLDER/release appears (a fifo is opened)
 *	200 stat=X   X is what the head says of a path in a container
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST_LIMIT (1u << 20)

static const char *folder;

struct request {
	char *head;
	size_t size; /* of what was read */
	char method[16], target[4096];
	const char *body;
	size_t body_size;
};

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static void send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent <= 0)
			_exit(0);
		data += sent;
		size -= (size_t)sent;
	}
}

static void record(const char *text, size_t size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/requests", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		die(path);
	close(fd);
}

/* ---- reading ---- */

static bool read_more(int fd, struct request *r)
{
	if (r->size == REQUEST_LIMIT)
		return false;
	ssize_t got = read(fd, r->head + r->size, REQUEST_LIMIT - r->size);
	if (got <= 0)
		return false;
	r->size += (size_t)got;
	r->head[r->size] = '\0';
	return true;
}

static const char *header(const struct request *r, const char *name)
{
	const char *at = strcasestr(r->head, name);

	return at && at < r->body ? at + strlen(name) + 2 : NULL;
}

static bool read_body(int fd, struct request *r)
{
	size_t offset = (size_t)(r->body - r->head);
	const char *length = header(r, "\r\nContent-Length");
	size_t wanted = length ? strtoul(length, NULL, 10) : 0;
	bool chunked = header(r, "\r\nTransfer-Encoding") != NULL;

	while (chunked ? strcmp(r->head + r->size - 5, "0\r\n\r\n") != 0
		       : r->size < offset + wanted)
		if (!read_more(fd, r))
			return false;
	r->body_size = r->size - offset;
	return true;
}

/* The head and the body; false: the peer has gone. */
static bool read_request(int fd, struct request *r)
{
	const char *end;

	r->size = 0;
	r->head[0] = '\0';
	while (!(end = strstr(r->head, "\r\n\r\n")))
		if (!read_more(fd, r))
			return false;
	r->body = end + 4;
	return sscanf(r->head, "%15s %4095s", r->method, r->target) == 2 && read_body(fd, r);
}

/* "/v1.47/x" becomes "/x". */
static const char *without_version(const char *target)
{
	const char *slash = strncmp(target, "/v1.", 4) == 0 ? strchr(target + 1, '/') : NULL;

	return slash ? slash : target;
}

static void record_request(const struct request *r)
{
	static const char *const told[] = {"X-Registry-Auth", "X-Registry-Config",
					   "X-Wherry-Secrets", "X-Wherry-Ssh"};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "%s %s\n", r->method, without_version(r->target));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		char name[64];
		snprintf(name, sizeof(name), "\r\n%s", told[i]);
		const char *value = header(r, name);

		if (value && (!i || strncmp(value, "e30", 3) != 0)) /* none of a kind */
			fprintf(out, "%s: %.*s\n", told[i], (int)strcspn(value, "\r"), value);
	}
	if (r->body_size) {
		fwrite(r->body, 1, r->body_size, out);
		fputc('\n', out);
	}
	fclose(out);
	record(text, size);
	free(text);
}

/* ---- answering ---- */

static FILE *open_answer(const struct request *r)
{
	char path[8192];
	int used = snprintf(path, sizeof(path), "%s/%s", folder, r->method);

	for (const char *at = without_version(r->target); *at && *at != '?'; at++) {
		unsigned byte = (unsigned char)*at;

		if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1)
			at += 2;
		path[used++] = byte == '/' ? '_' : (char)byte;
	}
	path[used] = '\0';
	return fopen(path, "re");
}

static size_t read_file(FILE *file, char *out, size_t size)
{
	return file ? fread(out, 1, size, file) : 0;
}

static void answer_head(int fd, int status, const char *type, const char *stat, size_t size)
{
	char head[1024];
	int length = snprintf(head, sizeof(head),
			      "HTTP/1.1 %d X\r\nApi-Version: 1.47\r\nContent-Type: %s\r\n"
			      "%s%s%sContent-Length: %zu\r\n\r\n",
			      status, type, stat ? "X-Docker-Container-Path-Stat: " : "",
			      stat ? stat : "", stat ? "\r\n" : "", size);

	send_all(fd, head, (size_t)length);
}

/* What comes in goes back, until it ends or the usual keys detach. */
static void echo(int fd)
{
	char piece[4096];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0) {
		send_all(fd, piece, (size_t)got);
		if (memmem(piece, (size_t)got, "\x10\x11", 2))
			return;
	}
}

static void record_input(int fd)
{
	char piece[4096];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0)
		record(piece, (size_t)got);
}

static void hijack(int fd, const char *word, const char *body, size_t size)
{
	static const char head[] = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/"
				   "vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: "
				   "tcp\r\n\r\n";

	send_all(fd, head, strlen(head));
	send_all(fd, body, size);
	if (strcmp(word, "echo") == 0)
		echo(fd);
	shutdown(fd, SHUT_WR);
	record_input(fd);
	_exit(0);
}

static void wait_for_release(void)
{
	char path[4096], byte;

	snprintf(path, sizeof(path), "%s/release", folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &byte, 1) < 0)
		die(path);
	close(fd);
}

static void answer(int fd, const struct request *r)
{
	static char body[REQUEST_LIMIT];
	char first[512] = "404", word[512] = "";
	FILE *file = open_answer(r);
	int status;

	if (strcmp(without_version(r->target), "/_ping") == 0) {
		answer_head(fd, 200, "text/plain", NULL, 0);
		return;
	}
	if (file && !fgets(first, sizeof(first), file))
		die("an answer without a status");
	sscanf(first, "%d %511s", &status, word);
	size_t size = read_file(file, body, sizeof(body));
	if (!file)
		size = (size_t)snprintf(body, sizeof(body), "{\"message\":\"page not found\"}\n");
	if (status == 101)
		hijack(fd, word, body, size);
	answer_head(fd, status,
		    strcmp(word, "frames") == 0 ? "application/vnd.docker.multiplexed-stream"
						: "application/json",
		    strncmp(word, "stat=", 5) == 0 ? word + 5 : NULL, size);
	if (strcmp(word, "hold") == 0)
		wait_for_release();
	if (strcmp(r->method, "HEAD") != 0)
		send_all(fd, body, size);
	if (file)
		fclose(file);
}

static void serve(int fd)
{
	struct request r = {.head = malloc(REQUEST_LIMIT + 1)};

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	while (read_request(fd, &r)) {
		if (strcmp(r.target, "/_ping") != 0)
			record_request(&r);
		answer(fd, &r);
	}
	_exit(0);
}

static int listen_in_folder(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (chdir(folder) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 64) < 0)
		die(folder);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	int listener = listen_in_folder();
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that is killed leaves nothing behind */
	puts("ready");
	fflush(stdout);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0 && fork() == 0)
			serve(fd);
		close(fd);
	}
}
