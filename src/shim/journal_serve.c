#include "shim/journal_serve.h"

#include "base/log.h"
#include "base/sanitized.h"
#include "os/message.h"
#include "shim/body.h"
#include "shim/shim_protocol.h"

#include <sys/resource.h>

/* ---- the request ---- */

static const struct record_field fields[] = {
	RECORD_FIELD(struct shim_journal, 1, "folder", RECORD_STRING, folder),
	RECORD_FIELD(struct shim_journal, 2, "chunked", RECORD_BOOL, chunked),
	RECORD_NESTED(struct shim_journal, 3, "request", RECORD_STRUCT, request, 0,
		      &journal_request_type),
};
const struct record_type shim_journal_type = RECORD_TYPE(struct shim_journal, fields);

/* ---- the answer ---- */

struct client {
	int connection;
	bool chunked;
};

static bool send_text(void *data, const char *text, size_t size)
{
	const struct client *client = data;

	return body_send(client->connection, client->chunked, text, size);
}

/* The header said 200 before anything was read, so what failed is said in the text, whose end does not come. */
static void send_failure(const struct client *client, const struct error *failure)
{
	char words[ERROR_TEXT_SIZE];
	scoped_free char *text = str_format("Failed to read the journal: %s\n",
					    error_text(failure, words, sizeof(words)));

	send_text((void *)(uintptr_t)client, text, strlen(text));
}

static void serve(const struct shim_journal *journal, int connection)
{
	const struct journal_request *request = &journal->request;
	struct client client = {connection, journal->chunked};
	const struct journal_sink sink = {.write = send_text,
					  .data = &client,
					  .stop = connection,
					  .utc = request->utc,
					  .no_hostname = request->no_hostname,
					  .no_markers = request->no_markers};
	struct error err;

	if (journal_read(journal->folder, &request->query, (enum journal_output)request->output,
			 &sink, &err))
		body_end(connection, journal->chunked);
	else
		send_failure(&client, &err);
}

static bool serve_message(struct message *message, struct error *err)
{
	struct shim_journal journal = {0};
	bool ok = record_decode(&shim_journal_type, message->data, message->size, &journal, err);

	if (ok && (message->fd_count != 1 || !journal.folder || journal.request.output < 0 ||
		   journal.request.output >= JOURNAL_OUTPUTS))
		ok = error_set(err, ERROR_INVALID, "the request has no journal or no connection");
	if (ok)
		serve(&journal, message->fds[0]);
	record_fini(&shim_journal_type, &journal);
	return ok;
}

/* A descriptor for each file of the journal. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Some patterns would take all of it. */
static void bound_memory(void)
{
#if !SANITIZED /* which maps terabytes */
	const struct rlimit limit = {1u << 30, 1u << 30};

	setrlimit(RLIMIT_AS, &limit);
#endif
}

int journal_serve_main(void)
{
	scoped_with(message_reader_fini) struct message_reader reader = {0};
	struct error err;

	allow_many_files();
	bound_memory();
	if (message_receive(&reader, SHIM_CONTROL_FD, -1, &err) &&
	    serve_message(&reader.message, &err))
		return 0;
	log_error("cannot serve the journal", &err, "%s", "");
	return 1;
}
