/* A registry that misbehaves as it is told: `hostile FOLDER RULES`.
 *
 * FOLDER/v2/NAME/manifests/REF and .../blobs/DIGEST are files.  The port, on loopback, is written to
 * FOLDER/port once it listens; every request is a line in FOLDER/log: method, path, range or "-",
 * authorization or "-".  RULES is a file of lines "PART ACTION [NUMBER [TEXT]]": the first whose PART
 * is in the path acts.  Actions (NUMBER is how many requests are met with it, 0: all):
 *
 *	half N		half of what was asked for, then the end
 *	stall N		half, then silence
 *	status N CODE	an answer of that code
 *	flip N		one wrong byte
 *	long N		more than there is, until the end of the connection
 *	whole N		parts are not understood: 200 and everything
 *	torso N		parts are not understood: 200 and half of everything, then the end
 *	elsewhere N	a part that begins a byte before what was asked for
 *	redirect N URL	307 to URL and the path
 *	basic N		401 unless user:secret
 *	bearer N URL	401 unless the token of URL
 *	token N		a token, to user:secret only
 *	anonymous N	a token, to anybody
 *	drip N		in a hundred pieces, or pieces of ten bytes, a moment between
 */
#include "base/memory.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULES_MAX  64
#define GOOD_BASIC "Basic dXNlcjpzZWNyZXQ="
#define GOOD_TOKEN "Bearer good"

struct rule {
	char part[200], action[20], text[300];
	int limit;
	atomic_int used; /* shared by all connections */
};

static struct rule *rules; /* RULES_MAX, in shared memory */
static int folder;

struct request {
	char method[10], path[1000];
	char range[100], authorization[400];
	bool keep;
};

/* ---- answers ---- */

static void send_text(int client, const char *text)
{
	struct error gone;

	if (!fd_write_all(client, text, strlen(text), &gone))
		_exit(0);
}

static void answer(int client, const char *status, const char *headers, const char *body)
{
	scoped_free char *text = str_format("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s",
					    status, strlen(body), headers, body);

	send_text(client, text);
}

static void challenge(int client, const char *header)
{
	scoped_free char *line = str_format("WWW-Authenticate: %s\r\n", header);

	answer(client, "401 Unauthorized", line,
	       "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication "
	       "required\"}]}");
}

/* ---- files ---- */

struct part {
	struct buffer bytes;
	size_t from;
	bool ranged;
};

static bool is_action(const struct rule *rule, const char *action)
{
	return rule && str_equal(rule->action, action);
}

static bool read_part(const struct request *request, const struct rule *rule, struct part *out)
{
	struct error err;
	uint64_t from = 0;

	if (strstr(request->path, "..") ||
	    !file_read(folder, request->path + 1, 1u << 30, &out->bytes, &err))
		return false;
	out->ranged = sscanf(request->range, "bytes=%lu-", &from) == 1 &&
		      !is_action(rule, "whole") && !is_action(rule, "torso");
	out->from = out->ranged ? from - (from > 0 && is_action(rule, "elsewhere")) : 0;
	return true;
}

static void send_head(int client, const struct part *part, size_t size)
{
	scoped_free char *range =
		part->ranged ? str_format("Content-Range: bytes %zu-%zu/%zu\r\n", part->from,
					  part->bytes.size - 1, part->bytes.size)
			     : str_dup("");
	scoped_free char *length = size ? str_format("Content-Length: %zu\r\n", size)
					: str_dup("Connection: close\r\n");
	scoped_free char *head =
		str_format("HTTP/1.1 %s\r\n%s%s\r\n",
			   part->ranged ? "206 Partial Content" : "200 OK", range, length);

	send_text(client, head);
}

static void send_bytes(int client, const char *bytes, size_t size)
{
	struct error gone;

	if (!fd_write_all(client, bytes, size, &gone))
		_exit(0);
}

static void drip(int client, const char *bytes, size_t size)
{
	size_t piece = size < 1000 ? 10 : size / 100;

	for (size_t at = 0; at < size; at += piece) {
		send_bytes(client, bytes + at, size - at < piece ? size - at : piece);
		usleep(20000);
	}
}

static void serve_part(int client, const struct rule *rule, struct part *part)
{
	const char *action = rule ? rule->action : "";
	char *bytes = part->bytes.data + part->from;
	size_t size = part->bytes.size - part->from;

	if (str_equal(action, "flip"))
		bytes[size / 2] ^= 1;
	if (str_equal(action, "long")) {
		send_head(client, part, 0);
		send_bytes(client, bytes, size);
		send_text(client, "and more than there is");
		_exit(0);
	}
	send_head(client, part, size);
	if (str_equal(action, "half") || str_equal(action, "torso") || str_equal(action, "stall")) {
		send_bytes(client, bytes, size / 2);
		if (str_equal(action, "stall"))
			pause();
		_exit(0);
	}
	if (str_equal(action, "drip"))
		drip(client, bytes, size);
	else
		send_bytes(client, bytes, size);
}

static void serve_file(int client, const struct request *request, const struct rule *rule)
{
	struct part part = {0};

	if (!read_part(request, rule, &part))
		answer(client, "404 Not Found", "",
		       "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest "
		       "unknown\"}]}");
	else if (part.from >= part.bytes.size)
		answer(client, "416 Range Not Satisfiable", "", "");
	else
		serve_part(client, rule, &part);
	buffer_fini(&part.bytes);
}

/* ---- rules that answer by themselves; true: done ---- */

static bool do_status(int client, const struct request *request, const struct rule *rule)
{
	scoped_free char *status = str_format("%s As Told", rule->text);

	answer(client, status, "Retry-After: 0\r\n", "as told");
	return true;
}

static bool do_redirect(int client, const struct request *request, const struct rule *rule)
{
	scoped_free char *line = str_format("Location: %s%s\r\n", rule->text, request->path);

	answer(client, "307 Temporary Redirect", line, "");
	return true;
}

static bool do_basic(int client, const struct request *request, const struct rule *rule)
{
	if (str_equal(request->authorization, GOOD_BASIC))
		return false;
	challenge(client, "Basic realm=\"hostile\"");
	return true;
}

static bool do_bearer(int client, const struct request *request, const struct rule *rule)
{
	scoped_free char *header =
		str_format("Bearer realm=\"%s\",service=\"hostile\"", rule->text);

	if (str_equal(request->authorization, GOOD_TOKEN))
		return false;
	challenge(client, header);
	return true;
}

static bool do_token(int client, const struct request *request, const struct rule *rule)
{
	if (!str_equal(request->authorization, GOOD_BASIC)) {
		answer(client, "401 Unauthorized", "",
		       "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"incorrect username "
		       "or password\"}]}");
		return true;
	}
	answer(client, "200 OK", "", "{\"token\":\"good\",\"expires_in\":60}");
	return true;
}

static bool do_anonymous(int client, const struct request *request, const struct rule *rule)
{
	answer(client, "200 OK", "", "{\"access_token\":\"good\"}");
	return true;
}

static const struct {
	const char *name;
	bool (*run)(int client, const struct request *request, const struct rule *rule);
} actions[] = {
	{"status", do_status}, {"redirect", do_redirect}, {"basic", do_basic},
	{"bearer", do_bearer}, {"token", do_token},	  {"anonymous", do_anonymous},
};

static bool act(int client, const struct request *request, const struct rule *rule)
{
	for (size_t i = 0; rule && i < array_length(actions); i++)
		if (str_equal(actions[i].name, rule->action))
			return actions[i].run(client, request, rule);
	return false;
}

static struct rule *find_rule(const char *path)
{
	for (int i = 0; i < RULES_MAX && rules[i].part[0]; i++) {
		struct rule *rule = &rules[i];

		if (!strstr(path, rule->part))
			continue;
		if (rule->limit == 0 || atomic_fetch_add(&rule->used, 1) < rule->limit)
			return rule;
	}
	return NULL;
}

/* ---- requests ---- */

static void take_header(struct request *request, const char *line)
{
	sscanf(line, "Range: %99[^\r\n]", request->range);
	sscanf(line, "Authorization: %399[^\r\n]", request->authorization);
}

/* False at the end of the connection. */
static bool read_request(FILE *in, struct request *out)
{
	char line[4000];

	*out = (struct request){.range = "-", .authorization = "-"};
	if (!fgets(line, sizeof(line), in) ||
	    sscanf(line, "%9s %999s", out->method, out->path) != 2)
		return false;
	while (fgets(line, sizeof(line), in) && line[0] != '\r')
		take_header(out, line);
	return true;
}

static void write_log(const struct request *request)
{
	scoped_fd int log = openat(folder, "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	scoped_free char *line = str_format("%s %s %s %s\n", request->method, request->path,
					    request->range, request->authorization);
	struct error ignored;

	fd_write_all(log, line, strlen(line), &ignored);
}

static void serve(int client)
{
	FILE *in = fdopen(client, "r");
	struct request request;

	while (read_request(in, &request)) {
		const struct rule *rule;

		write_log(&request);
		rule = find_rule(request.path);
		if (!act(client, &request, rule))
			serve_file(client, &request, rule);
	}
	_exit(0);
}

/* ---- main ---- */

static bool read_rules(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[600];

	rules = mmap(NULL, RULES_MAX * sizeof(*rules), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!file || rules == MAP_FAILED)
		return false;
	for (int i = 0; i < RULES_MAX && fgets(line, sizeof(line), file); i++)
		sscanf(line, "%199s %19s %d %299s", rules[i].part, rules[i].action, &rules[i].limit,
		       rules[i].text);
	fclose(file);
	return true;
}

static int listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct file_content content = {.mode = 0644};
	scoped_free char *port = NULL;
	struct error err;

	if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 50) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	port = str_format("%u\n", ntohs(address.sin_port));
	content.data = port;
	content.size = strlen(port);
	return file_replace(folder, "port", &content, &err) ? fd : -1;
}

int main(int argc, char **argv)
{
	int listener, client;

	if (argc != 3 || !read_rules(argv[2]))
		return 2;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	setpgid(0, 0); /* the whole of it can be ended at once */
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listener = listen_somewhere();
	while (listener >= 0 && ((client = accept(listener, NULL, NULL)) >= 0 || errno == EINTR)) {
		if (client >= 0 && fork() == 0)
			serve(client);
		close(client);
	}
	return 1;
}
