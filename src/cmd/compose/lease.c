/* One stream of documents: {"State": "waiting", "Holder": ...} where somebody else has it,
 * {"State": "held"}, and then nothing until the connection ends.  Who loses it while he waits (the
 * daemon was restarted) asks again a moment later than who held it. */
#include "cmd/compose/lease.h"

#include "cmd/compose/compose.h"
#include "cmd/compose/execute.h"

#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { PATIENCE_MS = 500, AGAIN_MS = 500, ATTEMPTS = 20 };

struct lease {
	struct compose *compose;
	struct requests *requests; /* its own loop, which only runs while we wait */
	struct request *stream;
	size_t takers; /* verbs within verbs */
	unsigned attempts;
	char *holder; /* that we wait for; NULL: nobody, or not known yet */
	bool patient; /* the moment is over: waiting is said */
	bool told, held, interrupted;
	int signals_fd;
	int followed_fd; /* -1: none */
	struct requests *follower;
};

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	requests_free(lease->requests);
	free(lease->holder);
	free(lease);
}

/* ---- asking ---- */

static void ask(void *data);

static struct target make_target(const struct lease *lease, bool again)
{
	struct target target =
		target_format("/wherry/v1/projects/%s/lease", lease->compose->project_name);
	const char *blank = strrchr(lease->compose->cli->path, ' ');
	scoped_free char *holder =
		str_format("%s (process %d)", blank ? blank + 1 : "compose", getpid());

	target_add(&target, "holder", holder);
	target_add_flag(&target, "again", again);
	return target;
}

static void tell(struct lease *lease)
{
	if (lease->told || !lease->patient || !lease->holder || lease->held)
		return;
	lease->told = true;
	fflush(stdout);
	fprintf(stderr, "waiting for %s, which changes project \"%s\"\n", lease->holder,
		lease->compose->project_name);
}

static void on_patience_over(void *data)
{
	struct lease *lease = data;

	lease->patient = true;
	tell(lease);
}

static void on_document(void *data, const json_t *document)
{
	struct lease *lease = data;

	if (strcmp(doc_text(document, "State"), "held") == 0) {
		lease->held = true;
		requests_stop(lease->requests);
		return;
	}
	str_replace(&lease->holder, doc_text(document, "Holder"));
	tell(lease);
}

/* Refused, or out of reach for long: what is asked next will say why. */
static void on_over(void *data, const json_t *answer, const struct error *err)
{
	struct lease *lease = data;

	(void)answer;
	lease->stream = NULL;
	if ((err && err->kind != ERROR_UNAVAILABLE && err->kind != ERROR_SYSTEM) ||
	    ++lease->attempts == ATTEMPTS)
		requests_stop(lease->requests);
	else
		requests_timer(lease->requests, AGAIN_MS, ask, lease);
}

static void ask(void *data)
{
	struct lease *lease = data;
	scoped_target struct target target = make_target(lease, false);

	lease->stream = requests_stream(lease->requests, "POST", &target, NULL, on_document,
					on_over, lease);
}

/* ---- waiting ---- */

static void on_signal(void *data, short events)
{
	struct lease *lease = data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(lease->signals_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	lease->interrupted = true;
	requests_stop(lease->requests);
}

static void wait_for_turn(struct lease *lease)
{
	sigset_t taken, before;

	sigprocmask(SIG_BLOCK, NULL, &before);
	hold_signals(&taken);
	lease->signals_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	requests_watch(lease->requests, lease->signals_fd, POLLIN, on_signal, lease);
	requests_timer(lease->requests, PATIENCE_MS, on_patience_over, lease);
	ask(lease);
	requests_run(lease->requests);
	requests_unwatch(lease->requests, lease->signals_fd);
	close_fd(&lease->signals_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

bool lease_take(struct compose *compose)
{
	struct lease *lease = compose->lease;
	struct error ignored;

	if (lease) {
		lease->takers++;
		return true;
	}
	if (!compose_ask_features(compose, &ignored) || !compose->features.leases)
		return true;
	lease = compose->lease = mem_new(struct lease);
	*lease = (struct lease){.compose = compose,
				.requests = requests_new(compose->cli, 1),
				.takers = 1,
				.signals_fd = -1,
				.followed_fd = -1};
	wait_for_turn(lease);
	if (!lease->interrupted)
		return true;
	lease_free(take(compose->lease));
	return false;
}

void lease_give_back(struct compose *compose)
{
	if (compose->lease && --compose->lease->takers == 0)
		lease_free(take(compose->lease));
}

/* ---- while a plan is carried out ---- */

static void ignore(void *data, const json_t *document)
{
	(void)data;
	(void)document;
}

/* Behind `held` comes nothing, so it is the end.  Whether we have it again or wait, we go on: we had it first. */
static void on_lost(void *data, short events)
{
	struct lease *lease = data;
	scoped_target struct target target = make_target(lease, true);

	(void)events;
	requests_unwatch(lease->follower, lease->followed_fd);
	lease->followed_fd = -1;
	requests_cancel(lease->requests, take(lease->stream));
	requests_stream(lease->follower, "POST", &target, NULL, ignore, NULL, NULL);
}

void lease_follow(struct compose *compose, struct requests *requests)
{
	struct lease *lease = compose->lease;

	if (!lease || !lease->stream || lease->followed_fd >= 0)
		return;
	lease->follower = requests;
	lease->followed_fd = requests_fd(lease->stream);
	if (lease->followed_fd >= 0)
		requests_watch(requests, lease->followed_fd, POLLIN, on_lost, lease);
}

void lease_unfollow(struct compose *compose, struct requests *requests)
{
	struct lease *lease = compose->lease;

	if (!lease || lease->followed_fd < 0 || lease->follower != requests)
		return;
	requests_unwatch(requests, lease->followed_fd);
	lease->followed_fd = -1;
}
