#include "shim/names_forward.h"

#include "base/id.h"
#include "base/memory.h"
#include "base/time.h"
#include "network/address.h"
#include "os/fd.h"
#include "shim/scratch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (4 * NS_PER_SECOND)

enum {
	FORWARDS_MOST = 256,
	DNS_PORT = 53,
	LENGTH_SIZE = 2, /* what stands before a message of TCP */
	READS_A_ROUND = 4,
};

struct forward {
	struct forwards *forwards;
	struct link link;
	struct source source; /* its descriptor is owned; -1: none */
	struct forward_origin origin;
	int64_t due;
	size_t next_server;
	bool tcp;
	uint8_t id[2];	  /* of the client's query */
	size_t sent;	  /* of TCP */
	struct buffer in; /* of TCP */
	size_t size;	  /* of the query */
	uint8_t bytes[];  /* its length, then the query, with the id that we gave it */
};

static uint8_t *query_of(struct forward *f)
{
	return f->bytes + LENGTH_SIZE;
}

/* ---- servers ---- */

/* "192.0.2.1", "fe80::1%eth0" */
static socklen_t parse_server(const char *text, struct sockaddr_storage *out)
{
	const char *zone = strchr(text, '%');
	scoped_free char *plain = str_dup_n(text, strcspn(text, "%"));
	struct address address;
	socklen_t size;

	if (!address_parse(plain, &address))
		return 0;
	size = address_to_socket(&address, DNS_PORT, out);
	if (zone && out->ss_family == AF_INET6)
		((struct sockaddr_in6 *)out)->sin6_scope_id = if_nametoindex(zone + 1);
	return size;
}

void forwards_set_servers(struct forwards *forwards, const struct strings *servers)
{
	forwards->server_count = 0;
	for (size_t i = 0; i < servers->count; i++) {
		struct sockaddr_storage address = {0};
		socklen_t size = parse_server(servers->items[i], &address);

		if (size == 0 || forwards->server_count == FORWARD_SERVERS_MOST)
			continue;
		forwards->servers[forwards->server_count].address = address;
		forwards->servers[forwards->server_count++].size = size;
	}
}

/* ---- one attempt ---- */

static void close_attempt(struct forward *f)
{
	if (f->source.fd < 0)
		return;
	loop_watch(f->forwards->loop, &f->source, 0);
	close_fd(&f->source.fd);
	buffer_fini(&f->in);
	f->sent = 0;
}

static void forward_free(struct forward *f)
{
	close_attempt(f);
	list_remove(&f->link);
	f->forwards->count--;
	free(f);
}

static void finish(struct forward *f, uint8_t *answer, size_t size)
{
	struct dns_message message;
	struct names_query query = {
		.data = query_of(f), .size = f->size, .tcp = f->tcp, .message = &message};
	struct forwards *forwards = f->forwards;

	memcpy(query_of(f), f->id, sizeof(f->id));
	if (answer)
		memcpy(answer, f->id, sizeof(f->id));
	dns_parse(query.data, query.size, &message);
	close_attempt(f);
	list_remove(&f->link); /* whom the answer reaches may end, and forget what is asked */
	forwards->answered(forwards, &query, &f->origin, answer, size);
	forward_free(f);
}

static bool send_datagram(struct forward *f)
{
	loop_watch(f->forwards->loop, &f->source, EPOLLIN);
	return send(f->source.fd, query_of(f), f->size, MSG_NOSIGNAL) == (ssize_t)f->size;
}

static bool open_attempt(struct forward *f, size_t server)
{
	const struct sockaddr_storage *address = &f->forwards->servers[server].address;
	int type = f->tcp ? SOCK_STREAM : SOCK_DGRAM;

	random_bytes(query_of(f), sizeof(f->id));
	f->source.fd = socket(address->ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->source.fd < 0)
		return false;
	if (connect(f->source.fd, (const struct sockaddr *)address,
		    f->forwards->servers[server].size) < 0 &&
	    errno != EINPROGRESS) {
		close_fd(&f->source.fd);
		return false;
	}
	if (!f->tcp && !send_datagram(f)) {
		close_attempt(f);
		return false;
	}
	if (f->tcp)
		loop_watch(f->forwards->loop, &f->source, EPOLLOUT);
	return true;
}

static void set_due(struct forwards *forwards)
{
	struct forward *first = list_first(&forwards->waiting, struct forward, link);

	loop_set_deadline(forwards->loop, &forwards->due, first ? first->due : 0);
}

/* May free it. */
static void ask_next(struct forward *f)
{
	struct forwards *forwards = f->forwards;

	close_attempt(f);
	list_remove(&f->link);
	while (f->next_server < forwards->server_count)
		if (open_attempt(f, f->next_server++)) {
			f->due = time_monotonic_ns() + PATIENCE;
			list_append(&forwards->waiting, &f->link);
			set_due(forwards);
			return;
		}
	finish(f, NULL, 0);
	set_due(forwards);
}

static void due_passed(struct deadline *deadline)
{
	struct forwards *forwards = container_of(deadline, struct forwards, due);
	int64_t now = time_monotonic_ns();
	struct forward *f;

	while ((f = list_first(&forwards->waiting, struct forward, link)) && f->due <= now)
		ask_next(f);
	set_due(forwards);
}

/* ---- answers ---- */

enum verdict { TAKE, WAIT, NEXT_SERVER };

/* A server that is not able to answer may stand before one that is. */
static bool is_failure(const struct dns_message *answer)
{
	return answer->code == DNS_SERVER_FAILURE || answer->code == DNS_REFUSED ||
	       answer->code == DNS_NOT_IMPLEMENTED;
}

static enum verdict judge(struct forward *f, const uint8_t *data, size_t size)
{
	struct dns_message query, answer;
	enum dns_parsed parsed = dns_parse(data, size, &answer);

	dns_parse(query_of(f), f->size, &query);
	if (parsed == DNS_NOTHING || answer.id != query.id || !answer.response)
		return WAIT;
	if (parsed == DNS_MALFORMED)
		return NEXT_SERVER;
	if (!dns_answers(&answer, &query))
		return WAIT;
	return is_failure(&answer) && f->next_server < f->forwards->server_count ? NEXT_SERVER
										 : TAKE;
}

/* What it frees is gone from the loop, too. */
static void datagrams_ready(struct forward *f)
{
	uint8_t *data = (uint8_t *)scratch_area();

	for (int i = 0; i < READS_A_ROUND; i++) {
		ssize_t size = recv(f->source.fd, data, DNS_MESSAGE_MOST, 0);
		enum verdict verdict = WAIT;

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size < 0)
			verdict = NEXT_SERVER;
		else
			verdict = judge(f, data, (size_t)size);
		if (verdict == WAIT)
			continue;
		if (verdict == TAKE)
			finish(f, data, (size_t)size);
		else
			ask_next(f);
		return;
	}
}

/* ---- TCP ---- */

static bool send_rest(struct forward *f)
{
	size_t whole = LENGTH_SIZE + f->size;
	ssize_t sent = send(f->source.fd, f->bytes + f->sent, whole - f->sent, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	f->sent += (size_t)sent;
	if (f->sent == whole)
		loop_watch(f->forwards->loop, &f->source, EPOLLIN);
	return true;
}

static size_t length_of(const struct buffer *in)
{
	const uint8_t *bytes = (const uint8_t *)in->data;

	return in->size < LENGTH_SIZE ? 0 : LENGTH_SIZE + (size_t)(bytes[0] << 8 | bytes[1]);
}

/* Of TCP, whatever is not the answer ends the attempt. */
static bool receive(struct forward *f)
{
	enum { ROOM = 4096 };
	ssize_t got = recv(f->source.fd, buffer_reserve(&f->in, ROOM), ROOM, 0);
	size_t whole;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	buffer_wrote(&f->in, (size_t)got);
	whole = length_of(&f->in);
	if (whole == 0 || f->in.size < whole)
		return true;
	if (judge(f, (uint8_t *)f->in.data + LENGTH_SIZE, whole - LENGTH_SIZE) != TAKE)
		return false;
	memcpy(scratch_area(), f->in.data + LENGTH_SIZE, whole - LENGTH_SIZE);
	finish(f, (uint8_t *)scratch_area(), whole - LENGTH_SIZE);
	return true;
}

static void stream_ready(struct forward *f)
{
	bool ok = f->sent < LENGTH_SIZE + f->size ? send_rest(f) : receive(f);

	if (!ok)
		ask_next(f);
}

static void attempt_ready(struct source *source, uint32_t events)
{
	struct forward *f = container_of(source, struct forward, source);
	struct forwards *forwards = f->forwards;

	if (f->tcp)
		stream_ready(f);
	else
		datagrams_ready(f);
	set_due(forwards);
}

/* ---- all ---- */

void forwards_init(struct forwards *forwards, struct loop *loop)
{
	forwards->loop = loop;
	forwards->due = (struct deadline){.passed = due_passed};
	list_init(&forwards->waiting);
}

void forwards_fini(struct forwards *forwards)
{
	struct forward *f;

	while ((f = list_first(&forwards->waiting, struct forward, link)))
		forward_free(f);
	set_due(forwards);
}

bool forwards_add(struct forwards *forwards, const struct names_query *query,
		  const struct forward_origin *origin)
{
	struct forward *f;

	if (forwards->server_count == 0 || forwards->count == FORWARDS_MOST)
		return false;
	f = mem_zeroed(1, sizeof(*f) + LENGTH_SIZE + query->size);
	*f = (struct forward){.forwards = forwards,
			      .source = {.fd = -1, .ready = attempt_ready},
			      .origin = *origin,
			      .tcp = query->tcp,
			      .size = query->size};
	f->bytes[0] = (uint8_t)(query->size >> 8);
	f->bytes[1] = (uint8_t)query->size;
	memcpy(query_of(f), query->data, query->size);
	memcpy(f->id, query->data, sizeof(f->id));
	forwards->count++;
	ask_next(f);
	return true;
}

void forwards_forget(struct forwards *forwards, const struct names_client *client)
{
	list_each(link, &forwards->waiting)
	{
		struct forward *f = container_of(link, struct forward, link);

		if (f->origin.client == client)
			forward_free(f);
	}
	set_due(forwards);
}
