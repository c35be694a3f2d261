/* A client that believes what it was told: it creates, starts, stops and removes containers at random
 * and keeps in mind what was acknowledged.  While somebody kills the daemon under it, a request that
 * broke may have happened or not; an acknowledged one must have.  Before each operation it looks, and
 * at the first lie it says which and fails.
 *
 *	storm SOCKET SEED OPERATIONS
 *
 * Each container counts aloud; whenever one has ended, its log must hold 0, 1, 2 ... without a gap.
 * Prints "operations N broken M containers L" and leaves its containers for the caller to look at. */
#include "base/text.h"
#include "base/time.h"
#include "http/http_client.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define SLOTS	   8
#define BODY_LIMIT (256 << 20)
#define PATIENCE   (60 * NS_PER_SECOND) /* for a daemon to come back */

/* A set of states, since a broken request leaves two possible. */
enum { ABSENT = 1, CREATED = 2, RUNNING = 4, EXITED = 8 };

static const char *address;
static unsigned seed;
static int known[SLOTS]; /* what each slot may be */
static size_t operations, broken;
static struct http_client *client;

/* ---- requests ---- */

/* The status, or 0 when the connection broke before the answer was whole. */
static int request(const char *method, const char *target, const char *json, struct buffer *out)
{
	struct error err = {0};
	struct http_answer answer = {0};
	struct http_bytes text = {json, json ? strlen(json) : 0};
	struct http_body_source body = {http_bytes_read, &text, (int64_t)text.left};
	scoped_pairs struct pairs headers = {0};

	buffer_clear(out);
	if (!client)
		client = http_client_new(address, NULL, &err);
	if (json)
		pairs_set(&headers, "Content-Type", "application/json");
	if (client &&
	    http_client_send(client, method, target, &headers, json ? &body : NULL, &answer,
			     &err) &&
	    http_client_read_all(client, BODY_LIMIT, out, &err)) {
		int status = answer.status;
		http_answer_fini(&answer);
		return status;
	}
	http_answer_fini(&answer);
	http_client_free(client);
	client = NULL;
	broken++;
	return 0;
}

/* Ask until somebody answers: the daemon is being started again. */
static int request_patiently(const char *method, const char *target, struct buffer *out)
{
	int64_t end = time_monotonic_ns() + PATIENCE;

	for (;;) {
		int status = request(method, target, NULL, out);
		if (status)
			return status;
		if (time_monotonic_ns() > end) {
			fprintf(stderr, "nobody answered for a minute\n");
			exit(1);
		}
		poll(NULL, 0, 5);
	}
}

/* ---- what is there ---- */

static void lie(int slot, const char *what, const char *answer)
{
	fprintf(stderr, "storm-%u-%d: %s: %s\n", seed, slot, what, answer);
	exit(1);
}

static int look(int slot)
{
	static const struct {
		const char *text;
		int state;
	} rows[] = {{"\"Status\":\"created\"", CREATED},
		    {"\"Status\":\"running\"", RUNNING},
		    {"\"Status\":\"exited\"", EXITED}};
	scoped_buffer struct buffer out = {0};
	scoped_free char *target = str_format("/v1.47/containers/storm-%u-%d/json", seed, slot);
	int status = request_patiently("GET", target, &out);

	if (status == 404)
		return ABSENT;
	for (size_t i = 0; status == 200 && i < array_length(rows); i++)
		if (strstr(out.data, rows[i].text))
			return rows[i].state;
	lie(slot, "cannot be inspected", out.data ? out.data : "");
	return 0;
}

/* The log of a counter is 0, 1, 2 ...; the last line may be cut by the kill that ended it. */
static void check_log(int slot)
{
	scoped_buffer struct buffer out = {0};
	scoped_free char *target =
		str_format("/v1.47/containers/storm-%u-%d/logs?stdout=1", seed, slot);
	unsigned long expected = 0;

	if (request_patiently("GET", target, &out) != 200)
		lie(slot, "its log cannot be read", out.data ? out.data : "");
	scoped_buffer struct buffer text = {0};
	for (size_t at = 0; at + 8 <= out.size;) {
		const unsigned char *head = (const unsigned char *)out.data + at;
		size_t size = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 |
			      head[7];
		if (at + 8 + size > out.size)
			lie(slot, "a frame of its log is cut", "");
		buffer_add(&text, out.data + at + 8, size);
		at += 8 + size;
	}
	for (char *line = text.data; line && *line; line = strchr(line, '\n') + 1) {
		char *end;
		unsigned long value = strtoul(line, &end, 10);
		if (*end != '\n')
			return;
		if (value == 0)
			expected = 0; /* it was started again */
		if (value != expected++)
			lie(slot, "a line of its log is missing before", line);
	}
}

/* ---- what is done ---- */

static const char counter[] =
	"{\"Image\":\"busybox:latest\",\"Cmd\":[\"sh\",\"-c\","
	"\"i=0; while [ $i -lt 100000 ]; do echo $i; i=$((i+1)); done; sleep 1000\"]}";

static const struct operation {
	const char *method, *target; /* the target takes seed and slot */
	const char *json;
	int from, to;
} table[] = {
	{"POST", "/v1.47/containers/create?name=storm-%u-%d", counter, ABSENT, CREATED},
	{"POST", "/v1.47/containers/storm-%u-%d/start", NULL, CREATED | EXITED, RUNNING},
	{"POST", "/v1.47/containers/storm-%u-%d/stop?t=0", NULL, RUNNING, EXITED},
	{"POST", "/v1.47/containers/storm-%u-%d/restart?t=0", NULL, RUNNING, RUNNING | EXITED},
	{"DELETE", "/v1.47/containers/storm-%u-%d?force=1", NULL, CREATED | RUNNING | EXITED,
	 ABSENT},
};

static const struct operation *choose(int state)
{
	for (;;) {
		const struct operation *operation = &table[(size_t)rand() % array_length(table)];

		if (operation->from & state)
			return operation;
	}
}

static void operate(int slot)
{
	scoped_buffer struct buffer out = {0};
	int state = look(slot);

	if (!(known[slot] & state)) {
		scoped_free char *text = str_format("is %d, may be %d", state, known[slot]);
		lie(slot, "an acknowledged request was undone", text);
	}
	if (state == EXITED)
		check_log(slot);

	const struct operation *operation = choose(state);
	_Pragma("GCC diagnostic push");
	_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
	scoped_free char *target = str_format(operation->target, seed, slot);
	_Pragma("GCC diagnostic pop");
	int status = request(operation->method, target, operation->json, &out);
	operations++;
	if (status == 0)
		known[slot] = state | operation->to | EXITED * !!(operation->to & RUNNING);
	else if (status < 300)
		known[slot] = operation->to;
	else
		lie(slot, target, out.data ? out.data : "");
}

int main(int argc, char **argv)
{
	size_t count;
	int left = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: storm SOCKET SEED OPERATIONS\n");
		return 2;
	}
	address = str_format("unix://%s", argv[1]);
	seed = (unsigned)strtoul(argv[2], NULL, 10);
	count = strtoul(argv[3], NULL, 10);
	srand(seed);
	for (int i = 0; i < SLOTS; i++)
		known[i] = ABSENT;
	while (operations < count)
		operate(rand() % SLOTS);
	for (int i = 0; i < SLOTS; i++)
		left += look(i) != ABSENT;
	printf("operations %zu broken %zu containers %d\n", operations, broken, left);
	return 0;
}
