/* watch: what changes here goes into the running containers, or has them built or started again.
 * Changes are gathered for half a second, so that a branch that is checked out is one of them. */
#include "cmd/compose/watch.h"
#include "cmd/compose/files.h"
#include "cmd/compose/folder_watch.h"
#include "cmd/compose/up.h"
#include "cmd/compose/verbs.h"
#include "cmd/compose/watch_sync.h"

#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { GATHER_MS = 500 };

struct watch_wishes {
	bool no_up, prune, quiet;
};

static const struct option options[] = {
	{0, "no-up", &option_switch, offsetof(struct watch_wishes, no_up),
	 .help = "Do not build and start the services first"},
	{0, "prune", &option_switch, offsetof(struct watch_wishes, prune),
	 .help = "Remove images that a rebuild left without a name"},
	{0, "quiet", &option_switch, offsetof(struct watch_wishes, quiet),
	 .help = "Do not show how builds go on"},
};

struct watched {
	struct watch_rule rule;
	struct folder_watch *folder; /* owned */
	struct strings changed;
};

struct watcher {
	struct compose *compose;
	const struct watch_wishes *wishes;
	struct {
		struct watched **items;
		size_t count, capacity;
	} all;
	int signals_fd;
};

/* ---- beginning ---- */

static void watched_free(struct watched *watched)
{
	watch_rule_fini(&watched->rule);
	folder_watch_free(watched->folder);
	strings_fini(&watched->changed);
	free(watched);
}

static void watcher_fini(struct watcher *watcher)
{
	for (size_t i = 0; i < watcher->all.count; i++)
		watched_free(watcher->all.items[i]);
	vector_fini(&watcher->all);
	close_fd(&watcher->signals_fd);
}

static bool ignores(void *data, const char *path, bool folder)
{
	const struct watched *watched = data;

	return watch_rule_ignores(&watched->rule, path, folder);
}

static char *read_ignore_file(const struct service *service)
{
	const char *context = node_get_text(node_get(service->node, "build"), "context", NULL);
	scoped_free char *path = context ? str_format("%s/.dockerignore", context) : NULL;
	struct buffer text = {0};
	struct error ignored;

	if (path &&
	    host_files.read(host_files.data, path, DOCKERIGNORE_SIZE_LIMIT, &text, &ignored))
		return buffer_take(&text);
	buffer_fini(&text);
	return NULL;
}

static bool add_rule(struct watcher *watcher, const struct service *service,
		     const struct node *node, struct error *err)
{
	struct watched *watched = mem_new(struct watched);
	scoped_free char *ignore_file = read_ignore_file(service);
	struct folder_watch_rules rules = {.ignores = ignores, .data = watched};

	vector_add(&watcher->all, watched);
	if (!watch_rule_init(&watched->rule, service, node, ignore_file, err))
		return false;
	watched->folder = folder_watch_new(watched->rule.path, &rules, err);
	return watched->folder;
}

static bool is_wanted(const struct service *service, const struct strings *services)
{
	return services->count ? strings_contain(services, service->name) : service->enabled;
}

static bool refuse_unconfigured(struct error *err)
{
	return error_set(err, ERROR_INVALID,
			 "none of the selected services is configured for watch: see 'develop' in "
			 "the compose file");
}

bool watch_is_configured(const struct compose *compose, const struct strings *services,
			 struct error *err)
{
	const struct project *project = compose->project;

	for (size_t i = 0; i < project->service_count; i++) {
		const struct node *rules =
			node_get(node_get(project->services[i].node, "develop"), "watch");

		if (is_wanted(&project->services[i], services) && rules && rules->count)
			return true;
	}
	return refuse_unconfigured(err);
}

static bool add_rules(struct watcher *watcher, const struct strings *services, struct error *err)
{
	const struct project *project = watcher->compose->project;

	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];

		if (!is_wanted(service, services))
			continue;
		node_each (entry, node_get(node_get(service->node, "develop"), "watch"))
			if (!add_rule(watcher, service, entry->value, err))
				return false;
	}
	return watcher->all.count || refuse_unconfigured(err);
}

/* ---- acting ---- */

static bool bring_up(struct watcher *watcher, const struct strings *services, bool alone)
{
	struct up wishes = {.detach = true,
			    .build = true,
			    .no_dependencies = alone,
			    .quiet_build = watcher->wishes->quiet};

	return up_services(watcher->compose, &wishes, services) == 0;
}

static void say(const char *format, const char *service, size_t count)
{
	printf(format, service, count);
	putchar('\n');
	fflush(stdout);
}

/* What the old builds of this project left without a name. */
static void prune(struct watcher *watcher)
{
	scoped_target struct target target = target_format("/images/prune");
	scoped_strings struct strings filters = {0};
	struct error err;

	strings_add(&filters, "dangling=true");
	strings_format(&filters, "label=com.docker.compose.project=%s",
		       watcher->compose->project_name);
	target_add_filters(&target, &filters);
	if (!api_do(watcher->compose->cli, NULL, "POST", &target, &err))
		compose_warn(watcher->compose, "old images stay: %s", err.text);
}

static bool rebuild(struct watcher *watcher, const struct watch_rule *rule)
{
	struct strings services = {(char *[]){(char *)rule->service->name, NULL}, 1}; /* borrowed */

	say("Rebuilding service \"%s\" after changes were detected...", rule->service->name, 0);
	if (!bring_up(watcher, &services, true))
		return false;
	say("service \"%s\" successfully built", rule->service->name, 0);
	if (watcher->wishes->prune)
		prune(watcher);
	return true;
}

static bool synchronize(struct watcher *watcher, const struct watch_rule *rule,
			const struct strings *paths, struct error *err)
{
	say("Syncing service \"%s\" after %zu changes were detected", rule->service->name,
	    paths->count);
	return watch_sync(watcher->compose, rule, paths, err);
}

static bool act(struct watcher *watcher, const struct watch_rule *rule, const struct strings *paths,
		struct error *err)
{
	struct compose *compose = watcher->compose;

	switch (rule->action) {
	case WATCH_REBUILD: /* its failure was said, and the next change may mend it */
		rebuild(watcher, rule);
		return true;
	case WATCH_RESTART:
		say("Restarting service \"%s\" after changes were detected...", rule->service->name,
		    0);
		return watch_restart(compose, rule, err);
	case WATCH_SYNC:
		return synchronize(watcher, rule, paths, err);
	case WATCH_SYNC_RESTART:
		return synchronize(watcher, rule, paths, err) && watch_restart(compose, rule, err);
	case WATCH_SYNC_EXEC:
		return synchronize(watcher, rule, paths, err) && watch_exec(compose, rule, err);
	}
	return true;
}

/* A service that is built anew needs no copies: they are in the image. */
static bool is_rebuilt(const struct watcher *watcher, const struct service *service)
{
	for (size_t i = 0; i < watcher->all.count; i++) {
		const struct watched *watched = watcher->all.items[i];

		if (watched->rule.service == service && watched->rule.action == WATCH_REBUILD &&
		    watched->changed.count)
			return true;
	}
	return false;
}

/* One build of a service for all of its rules. */
static bool is_first_rebuild(const struct watcher *watcher, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (watcher->all.items[i]->rule.service ==
			    watcher->all.items[index]->rule.service &&
		    watcher->all.items[i]->rule.action == WATCH_REBUILD &&
		    watcher->all.items[i]->changed.count)
			return false;
	return true;
}

static void act_on_all(struct watcher *watcher)
{
	for (size_t i = 0; i < watcher->all.count; i++) {
		struct watched *watched = watcher->all.items[i];
		bool builds = watched->rule.action == WATCH_REBUILD;
		struct error err;

		if (!watched->changed.count ||
		    (builds ? !is_first_rebuild(watcher, i)
			    : is_rebuilt(watcher, watched->rule.service)))
			continue;
		if (!act(watcher, &watched->rule, &watched->changed, &err))
			compose_fail(watcher->compose, &err);
	}
	for (size_t i = 0; i < watcher->all.count; i++)
		strings_fini(&watcher->all.items[i]->changed);
}

static void sync_at_first(struct watcher *watcher)
{
	struct strings all = {(char *[]){"", NULL}, 1}; /* borrowed */
	struct error err;

	for (size_t i = 0; i < watcher->all.count; i++) {
		const struct watch_rule *rule = &watcher->all.items[i]->rule;

		if (rule->initial_sync && rule->target &&
		    !watch_sync(watcher->compose, rule, &all, &err))
			compose_fail(watcher->compose, &err);
	}
}

/* ---- waiting ---- */

static bool read_changes(struct watcher *watcher, struct error *err)
{
	for (size_t i = 0; i < watcher->all.count; i++)
		if (!folder_watch_read(watcher->all.items[i]->folder,
				       &watcher->all.items[i]->changed, err))
			return false;
	return true;
}

static bool has_changes(const struct watcher *watcher)
{
	for (size_t i = 0; i < watcher->all.count; i++)
		if (watcher->all.items[i]->changed.count)
			return true;
	return false;
}

/* For something to happen, at most so long: 1, 0 when the time is over or a file changed, -1 when a signal came. */
static int wait_for_events(const struct watcher *watcher, int timeout_ms)
{
	size_t count = watcher->all.count;
	struct pollfd *fds = mem_zeroed(count + 1, sizeof(*fds));

	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){folder_watch_fd(watcher->all.items[i]->folder), POLLIN, 0};
	fds[count] = (struct pollfd){watcher->signals_fd, POLLIN, 0};
	int ready = poll(fds, count + 1, timeout_ms);
	bool signalled = ready > 0 && fds[count].revents;
	free(fds);
	return signalled ? -1 : ready > 0;
}

/* All that happens within the time from the first change on; false: a signal came. */
static bool gather(struct watcher *watcher, struct error *err)
{
	int64_t end = time_monotonic_ns() + GATHER_MS * NS_PER_MS;

	for (;;) {
		int64_t left = (end - time_monotonic_ns()) / NS_PER_MS;

		if (left <= 0)
			return true;
		if (wait_for_events(watcher, (int)left) < 0 || !read_changes(watcher, err))
			return false;
	}
}

static int watch(struct watcher *watcher)
{
	struct error err = {0};

	printf("Watch enabled\n");
	fflush(stdout);
	while (wait_for_events(watcher, -1) >= 0) {
		if (!read_changes(watcher, &err))
			break;
		if (!has_changes(watcher))
			continue;
		if (!gather(watcher, &err))
			break;
		act_on_all(watcher);
	}
	return err.kind ? compose_fail(watcher->compose, &err) : 0;
}

static int open_signals(void)
{
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGTERM);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_with(watcher_fini) struct watcher watcher = {
		.compose = compose_of(cli), .wishes = fields, .signals_fd = -1};
	struct error err;

	if (!compose_open(watcher.compose, arguments))
		return 1;
	if (!add_rules(&watcher, arguments, &err))
		return compose_fail(watcher.compose, &err);
	if (!watcher.wishes->no_up && !bring_up(&watcher, arguments, false))
		return 1;
	watcher.signals_fd = open_signals();
	sync_at_first(&watcher);
	return watch(&watcher);
}

static int watch_from_here(struct compose *compose, const struct strings *services)
{
	static const struct watch_wishes wishes;
	scoped_with(watcher_fini) struct watcher watcher = {
		.compose = compose, .wishes = &wishes, .signals_fd = open_signals()};
	struct error err;

	if (!add_rules(&watcher, services, &err))
		return compose_fail(compose, &err);
	sync_at_first(&watcher);
	return watch(&watcher);
}

pid_t watch_beside(struct compose *compose, const struct strings *services, struct error *err)
{
	pid_t parent = getpid();

	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		error_errno(err, "cannot begin to watch");
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	compose->cli->api = NULL; /* the connection is the parent's */
	int status = watch_from_here(compose, services);
	fflush(NULL);
	_exit(status);
}

const struct command compose_watch = {
	.summary = "Follow changes of the sources: copy, build or start again",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct watch_wishes),
	.options = {OPTION_SET(options)},
	.run = run,
};
