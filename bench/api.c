/* A client that measures a daemon through its API, ours or dockerd's alike:
 *
 *	api SOCKET DAEMON-PID lifecycle N none|bridge   create, start, wait, remove; one after the other
 *	api SOCKET DAEMON-PID parallel N CLIENTS MODE   start N, CLIENTS at a time
 *	api SOCKET DAEMON-PID list N                    GET /containers/json?all=1
 *	api SOCKET DAEMON-PID exec N CONTAINER          exec `true`, to its end
 *	api SOCKET DAEMON-PID connect N CONTAINER       a network made, joined, left and removed
 *	api SOCKET DAEMON-PID answers N BEGUN           of a daemon that is being started: "ping MS list MS",
 *	                                                since BEGUN (in microseconds since 1970; N is
 *	                                                not used)
 *
 * Prints "best MS median MS worst MS cpu MS": wall per operation, and the CPU that the daemon and all its ended
 * children used per operation (/proc/PID/stat: utime + stime + cutime + cstime). */
#include "base/text.h"
#include "base/time.h"
#include "http/http_client.h"
#include "os/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_LIMIT (64 << 20)
#define IMAGE	   "busybox:latest"

static const char *address;
static pid_t daemon_pid;

static void die(const char *what, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "%s: %s\n", what,
		err ? error_text(err, text, sizeof(text)) : "unexpected answer");
	exit(1);
}

static struct http_client *connect_client(void)
{
	struct error err = {0};
	struct http_client *client = http_client_new(address, NULL, &err);

	if (!client)
		die("connect", &err);
	return client;
}

/* One request, its whole answer; the status must be a success. */
static char *request(struct http_client *client, const char *method, const char *target,
		     const char *json)
{
	struct error err = {0};
	struct http_answer answer = {0};
	struct http_bytes text = {json, json ? strlen(json) : 0};
	struct http_body_source body = {http_bytes_read, &text, (int64_t)text.left};
	scoped_pairs struct pairs headers = {0};
	struct buffer out = {0};

	if (json)
		pairs_set(&headers, "Content-Type", "application/json");
	if (!http_client_send(client, method, target, &headers, json ? &body : NULL, &answer,
			      &err) ||
	    !http_client_read_all(client, BODY_LIMIT, &out, &err))
		die(target, &err);
	int status = answer.status;
	http_answer_fini(&answer);
	if (status >= 300) {
		fprintf(stderr, "%s %s: %d %s\n", method, target, status, out.data ? out.data : "");
		exit(1);
	}
	return buffer_take(&out);
}

static char *id_of(const char *json)
{
	const char *id = strstr(json, "\"Id\":\"");

	if (!id)
		die("no id in the answer", NULL);
	return str_dup_n(id + 6, strcspn(id + 6, "\""));
}

static char *create(struct http_client *client, const char *mode, const char *command)
{
	scoped_free char *json = str_format("{\"Image\":\"" IMAGE "\",\"Cmd\":[\"%s\",\"1000\"],"
					    "\"HostConfig\":{\"NetworkMode\":\"%s\"}}",
					    command, mode);
	scoped_free char *answer = request(client, "POST", "/v1.41/containers/create", json);

	return id_of(answer);
}

static void act(struct http_client *client, const char *method, const char *id, const char *action)
{
	scoped_free char *target = str_format("/v1.41/containers/%s%s", id, action);

	free(request(client, method, target, NULL));
}

static double daemon_cpu_ms(void)
{
	char text[1024];
	unsigned long used[4];
	scoped_free char *path = str_format("/proc/%d/stat", (int)daemon_pid);
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
			    &used[0], &used[1], &used[2], &used[3]) != 4)
		return 0;
	return (double)(used[0] + used[1] + used[2] + used[3]) * 1000 /
	       (double)sysconf(_SC_CLK_TCK);
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

static void report(int64_t *ns, size_t count, double cpu_ms)
{
	qsort(ns, count, sizeof(*ns), compare);
	printf("best %.3f median %.3f worst %.3f cpu %.3f\n", (double)ns[0] / 1e6,
	       (double)ns[count / 2] / 1e6, (double)ns[count - 1] / 1e6,
	       cpu_ms / (double)count);
}

/* Run `once` `count` times and report. */
static void measure(size_t count, void (*once)(struct http_client *client, const char *argument),
		    struct http_client *client, const char *argument)
{
	int64_t *ns = mem_zeroed(count, sizeof(*ns));

	for (int i = 0; i < 3; i++)
		once(client, argument);
	double cpu = daemon_cpu_ms();
	for (size_t i = 0; i < count; i++) {
		int64_t begun = time_monotonic_ns();
		once(client, argument);
		ns[i] = time_monotonic_ns() - begun;
	}
	report(ns, count, daemon_cpu_ms() - cpu);
	free(ns);
	http_client_free(client);
}

static void one_life(struct http_client *client, const char *mode)
{
	scoped_free char *id = create(client, mode, "true");

	act(client, "POST", id, "/start");
	act(client, "POST", id, "/wait");
	act(client, "DELETE", id, "");
}

static void lifecycle(size_t count, char **args)
{
	measure(count, one_life, connect_client(), args[0]);
}

static void start_share(size_t count, const char *mode)
{
	struct http_client *client = connect_client();

	for (size_t i = 0; i < count; i++) {
		scoped_free char *id = create(client, mode, "sleep");
		act(client, "POST", id, "/start");
	}
	http_client_free(client);
}

static void parallel(size_t count, char **args)
{
	size_t clients = (size_t)strtoul(args[0], NULL, 10);
	double cpu = daemon_cpu_ms();
	int64_t begun = time_monotonic_ns();
	int status;

	for (size_t i = 0; i < clients; i++)
		if (fork() == 0) {
			start_share(count / clients + (i < count % clients), args[1]);
			_exit(0);
		}
	while (wait(&status) > 0)
		if (status)
			die("a client failed", NULL);
	double wall = (double)(time_monotonic_ns() - begun) / 1e6;
	printf("best %.3f median %.3f cpu %.3f\n", wall, wall, daemon_cpu_ms() - cpu);
}

static void one_list(struct http_client *client, const char *argument)
{
	free(request(client, "GET", "/v1.41/containers/json?all=1", NULL));
}

static void list(size_t count, char **args)
{
	measure(count, one_list, connect_client(), NULL);
}

static void one_exec(struct http_client *unused, const char *container)
{
	struct http_client *client = connect_client();
	scoped_free char *target = str_format("/v1.41/containers/%s/exec", container);
	scoped_free char *answer =
		request(client, "POST", target, "{\"Cmd\":[\"true\"],\"AttachStdout\":true}");
	scoped_free char *id = id_of(answer);
	scoped_free char *start = str_format("/v1.41/exec/%s/start", id);

	free(request(client, "POST", start, "{\"Detach\":false}"));
	http_client_free(client);
}

static void exec(size_t count, char **args)
{
	measure(count, one_exec, NULL, args[0]);
}

static void on_network(struct http_client *client, const char *action, const char *container)
{
	scoped_free char *target = str_format("/v1.41/networks/bench-connect/%s", action);
	scoped_free char *json = str_format("{\"Container\":\"%s\"}", container);

	free(request(client, "POST", target, json));
}

static void one_connect(struct http_client *client, const char *container)
{
	free(request(client, "POST", "/v1.41/networks/create", "{\"Name\":\"bench-connect\"}"));
	on_network(client, "connect", container);
	on_network(client, "disconnect", container);
	free(request(client, "DELETE", "/v1.41/networks/bench-connect", NULL));
}

static void connect_network(size_t count, char **args)
{
	measure(count, one_connect, connect_client(), args[0]);
}

/* ---- a daemon that comes back ---- */

static void wait_for_socket(const char *path)
{
	struct error err;
	int fd;

	while ((fd = socket_connect(AT_FDCWD, path, &err)) < 0)
		usleep(200);
	close(fd);
}

static void answers(size_t count, char **args)
{
	int64_t begun = strtoll(args[0], NULL, 10) * NS_PER_US, ping;
	struct http_client *client = connect_client();

	(void)count;
	wait_for_socket(address + strlen("unix://"));
	free(request(client, "GET", "/_ping", NULL));
	ping = time_now_ns();
	free(request(client, "GET", "/v1.41/containers/json", NULL));
	printf("ping %.1f list %.1f\n", (double)(ping - begun) / 1e6,
	       (double)(time_now_ns() - begun) / 1e6);
	http_client_free(client);
}

static const struct {
	const char *name;
	int args;
	void (*run)(size_t count, char **args);
} modes[] = {{"lifecycle", 1, lifecycle}, {"parallel", 2, parallel},	   {"list", 0, list},
	     {"exec", 1, exec},		  {"connect", 1, connect_network}, {"answers", 1, answers}};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 5 && i < array_length(modes); i++) {
		if (!str_equal(argv[3], modes[i].name) || argc != 5 + modes[i].args)
			continue;
		address = str_format("unix://%s", argv[1]);
		daemon_pid = (pid_t)strtol(argv[2], NULL, 10);
		modes[i].run((size_t)strtoul(argv[4], NULL, 10), argv + 5);
		return 0;
	}
	fprintf(stderr,
		"usage: api SOCKET DAEMON-PID lifecycle|parallel|list|exec|connect|answers COUNT "
		"[ARGUMENT...]\n");
	return 2;
}
