#include "image/worker.h"

#include "base/memory.h"
#include "os/fd.h"

#include <unistd.h>

void worker_fini(struct worker *worker)
{
	message_reader_fini(&worker->reader);
}

bool worker_receive(struct worker *worker, struct message **message, struct error *err)
{
	if (!message_receive(&worker->reader, worker->control, -1, err))
		return false;
	*message = &worker->reader.message;
	return true;
}

bool worker_try_receive(struct worker *worker, struct message **message, struct error *err)
{
	*message = NULL;
	switch (message_read(&worker->reader, worker->control, err)) {
	case MESSAGE_READY:
		*message = &worker->reader.message;
		return true;
	case MESSAGE_PARTIAL:
		return true;
	case MESSAGE_END:
		return error_set(err, ERROR_UNAVAILABLE, "the daemon is gone");
	case MESSAGE_FAILED:
		return false;
	}
	return false;
}

bool worker_decode(const struct message *message, enum worker_message type,
		   const struct record_type *record_type, void *record, struct error *err)
{
	if (message->version != WORKER_PROTOCOL_VERSION || message->type != type)
		return error_set(err, ERROR_SYSTEM, "unexpected message %u of version %u",
				 message->type, message->version);
	return record_decode(record_type, message->data, message->size, record, err);
}

bool worker_expect(struct worker *worker, enum worker_message type,
		   const struct record_type *record_type, void *record, struct message **message,
		   struct error *err)
{
	return worker_receive(worker, message, err) &&
	       worker_decode(*message, type, record_type, record, err);
}

bool worker_send(struct worker *worker, enum worker_message type,
		 const struct record_type *record_type, const void *record, struct error *err)
{
	scoped_buffer struct buffer body = {0};
	struct message message = {.type = (uint16_t)type, .version = WORKER_PROTOCOL_VERSION};

	if (record_type)
		record_encode(record_type, record, &body);
	message.data = body.data ? body.data : "";
	message.size = body.size;
	return message_send(worker->control, &message, -1, err);
}

void worker_fail(struct worker *worker, const struct error *err)
{
	struct worker_failure failure = {(int32_t)err->kind, err->os, (char *)(uintptr_t)err->text};
	struct error gone;

	worker_send(worker, WORKER_FAILED, &worker_failure_type, &failure, &gone);
}

/* ---- documents ---- */

bool worker_want(struct worker *worker, const char *digest, bool is_config, int *file,
		 struct error *err)
{
	struct worker_document wanted = {(char *)(uintptr_t)digest, is_config, false}, given = {0};
	struct message *message;
	bool ok = worker_send(worker, WORKER_WANT, &worker_document_type, &wanted, err) &&
		  worker_expect(worker, WORKER_GIVE, &worker_document_type, &given, &message, err);

	if (ok)
		*file = message->fd_count > 0 ? take_fd(message->fds[0]) : -1;
	record_fini(&worker_document_type, &given);
	return ok;
}

bool worker_have(struct worker *worker, const char *digest, int file, const struct buffer *bytes,
		 struct error *err)
{
	struct worker_document document = {.digest = (char *)(uintptr_t)digest};

	if (!fd_write_all(file, bytes->data, bytes->size, err))
		return false;
	if (fdatasync(file) < 0)
		return error_errno(err, "cannot write blob '%s'", digest);
	return worker_send(worker, WORKER_HAVE, &worker_document_type, &document, err);
}

bool worker_keep(struct worker *worker, const char *digest, const struct buffer *bytes,
		 struct error *err)
{
	scoped_fd int file = -1;

	return worker_want(worker, digest, false, &file, err) &&
	       (file < 0 || worker_have(worker, digest, file, bytes, err));
}
