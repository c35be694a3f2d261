/* Questions to registries, as the daemon asks them: a fetcher each, which answers with one record. */
#include "image/image_store.h"

#include "format/digest.h"
#include "format/reference.h"

struct question {
	struct image_job job; /* first: so that closing the store ends it */
	struct worker_process *fetcher;
	image_answered *done;
	void *data;
	struct look_found found;
	struct search_found results;
};

static void free_question(struct image_job *job)
{
	struct question *q = (struct question *)job;

	worker_process_kill(q->fetcher);
	record_fini(&look_found_type, &q->found);
	record_fini(&search_found_type, &q->results);
	free(q);
}

static void on_message(void *data, struct message *message)
{
	struct question *q = data;
	struct error ignored;

	if (message->type == LOOK_FOUND && !q->found.digest)
		record_decode(&look_found_type, message->data, message->size, &q->found, &ignored);
	if (message->type == SEARCH_FOUND && !q->results.results.items)
		record_decode(&search_found_type, message->data, message->size, &q->results,
			      &ignored);
}

static void on_end(void *data, const struct error *err)
{
	struct question *q = data;
	struct image_answered_by answer = {&q->found, &q->results.results};
	struct error copy = err ? *err : (struct error){0};

	q->fetcher = NULL;
	q->done(q->data, &answer, err ? &copy : NULL);
	image_job_cancel(&q->job);
}

static bool ask(struct image_store *images, struct fetch_start *start, image_answered *done,
		void *data, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	static const struct image_job_handlers nobody;
	struct question *q = mem_new(struct question);

	*q = (struct question){.job.free = free_question, .done = done, .data = data};
	q->fetcher = worker_process_start(images->loop, images->worker, "fetch", &handlers, q, err);
	if (!q->fetcher) {
		free(q);
		return false;
	}
	image_job_init(&q->job, images, &nobody, NULL);
	start->insecure = images->insecure;
	start->certificates = images->certificates;
	start->user_agent = images->user_agent;
	start->stall_ms = images->limits.stall_ms;
	start->attempts = 1;
	worker_process_send(q->fetcher, WORKER_START, &fetch_start_type, start, NULL, 0);
	return true;
}

bool image_look_up(struct image_store *images, const char *reference, const char *auth,
		   image_answered *done, void *data, struct error *err)
{
	scoped_reference struct reference ref = {0};
	struct fetch_start start = {.purpose = FETCH_LOOK, .auth = (char *)(uintptr_t)auth};

	if (!reference_parse(reference, &ref, err))
		return false;
	reference_add_default_tag(&ref);
	start.domain = ref.domain;
	start.path = ref.path;
	start.tag = ref.digest ? NULL : ref.tag;
	start.digest = ref.digest;
	start.mirrors = images->mirrors;
	return ask(images, &start, done, data, err);
}

/* "host:port/term" asks that host; a bare term Docker's own index. */
static char *split_term(const char *term, const char **rest)
{
	const char *slash = strchr(term, '/');
	scoped_free char *host = slash ? str_dup_n(term, (size_t)(slash - term)) : NULL;
	bool is_host = host && (strpbrk(host, ".:") || str_equal(host, "localhost"));

	*rest = is_host ? slash + 1 : term;
	return is_host && !str_equal(host, "docker.io") ? take(host) : str_dup("index.docker.io");
}

bool image_search(struct image_store *images, const struct image_search_request *request,
		  image_answered *done, void *data, struct error *err)
{
	const char *term = request->term ? request->term : "", *rest;
	scoped_free char *host = split_term(term, &rest);
	struct fetch_start start = {
		.purpose = FETCH_SEARCH,
		.domain = host,
		.auth = (char *)(uintptr_t)request->auth,
		.query = (char *)(uintptr_t)rest,
		.limit = (int32_t)request->limit,
	};

	if (strstr(term, "://"))
		return error_set(err, ERROR_INVALID,
				 "invalid repository name: repository name (%.200s) may not have a "
				 "scheme",
				 term);
	if (!*rest)
		return error_set(err, ERROR_INVALID, "a term to search for is missing");
	return ask(images, &start, done, data, err);
}
