/* Logging in: one question to a registry, asked by the fetcher, which has the network. */
#include "image/image_store.h"

#include "format/reference.h"

struct login {
	struct image_job job; /* first: so that closing the store ends it */
	struct worker_process *fetcher;
	image_done *done;
	void *data;
};

static void free_login(struct image_job *job)
{
	struct login *login = (struct login *)job;

	worker_process_kill(login->fetcher);
	free(login);
}

/* A fetcher that only logs in says nothing but how it ended. */
static void on_message(void *data, struct message *message)
{
}

static void on_end(void *data, const struct error *err)
{
	struct login *login = data;
	struct error copy = err ? *err : (struct error){0};

	login->fetcher = NULL;
	login->done(login->data, err ? &copy : NULL);
	image_job_cancel(&login->job);
}

/* The host of a server as users and their configuration files name it. */
static char *server_domain(const char *server)
{
	const char *scheme = server ? strstr(server, "://") : NULL;
	const char *host = scheme ? scheme + strlen("://") : server ? server : "";
	char *domain = str_dup_n(host, strcspn(host, "/"));

	if (str_is_empty(domain) || str_equal(domain, "index.docker.io"))
		str_replace(&domain, REFERENCE_DEFAULT_DOMAIN);
	return domain;
}

/* What cannot stand before the path of a reference is no registry. */
static bool check_domain(const char *domain, struct error *err)
{
	scoped_free char *text = str_format("%s/x", domain);
	scoped_reference struct reference ref = {0};

	return (reference_parse(text, &ref, err) && str_equal(ref.domain, domain)) ||
	       error_set(err, ERROR_INVALID, "invalid registry address \"%s\"", domain);
}

static void send_start(const struct login *login, char *domain, const char *auth)
{
	const struct image_store *images = login->job.images;
	struct fetch_start start = {
		.domain = domain,
		.auth = (char *)(uintptr_t)auth,
		.insecure = images->insecure,
		.certificates = images->certificates,
		.user_agent = images->user_agent,
		.stall_ms = images->limits.stall_ms,
		.attempts = 1,
		.downloads = 1,
	};

	worker_process_send(login->fetcher, WORKER_START, &fetch_start_type, &start, NULL, 0);
}

bool image_login(struct image_store *images, const char *server, const char *auth, image_done *done,
		 void *data, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	static const struct image_job_handlers nobody;
	scoped_free char *domain = server_domain(server);
	struct login *login = mem_new(struct login);

	*login = (struct login){.job.free = free_login, .done = done, .data = data};
	if (check_domain(domain, err))
		login->fetcher = worker_process_start(images->loop, images->worker, "fetch",
						      &handlers, login, err);
	if (!login->fetcher) {
		free(login);
		return false;
	}
	image_job_init(&login->job, images, &nobody, NULL);
	send_start(login, domain, auth);
	return true;
}
