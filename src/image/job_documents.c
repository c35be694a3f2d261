#include "image/job_documents.h"

#include "format/digest.h"

static bool give(struct image_job *job, struct worker_process *worker,
		 struct worker_document *document, struct error *err)
{
	scoped_fd int file = -1;

	if (!document->known) {
		file = document_create(job, document->digest, err);
		if (file < 0)
			return false;
	}
	if (!strings_contain(&job->documents, document->digest))
		strings_add(&job->documents, document->digest);
	worker_process_send(worker, WORKER_GIVE, &worker_document_type, document, &file,
			    document->known ? 0 : 1);
	return true;
}

static bool serve(struct image_job *job, struct worker_process *worker, uint16_t type,
		  struct worker_document *document,
		  bool (*known)(struct image_job *job, const char *id), struct error *err)
{
	if (!digest_check(document->digest ? document->digest : "", err))
		return false;
	if (type == WORKER_HAVE)
		return document_keep(job, document->digest, err);
	document->known = document->is_config ? known && known(job, document->digest)
					      : document_is_there(job->images, document->digest);
	return give(job, worker, document, err);
}

bool job_document(struct image_job *job, struct worker_process *worker,
		  const struct message *message,
		  bool (*known)(struct image_job *job, const char *id), struct error *err)
{
	struct worker_document document = {0};
	bool ok = record_decode(&worker_document_type, message->data, message->size, &document,
				err) &&
		  serve(job, worker, message->type, &document, known, err);

	record_fini(&worker_document_type, &document);
	return ok;
}
