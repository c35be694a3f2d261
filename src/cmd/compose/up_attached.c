/* `up` in the foreground: the output of what runs, until all of it ended, something ends it, or a signal comes. */
#include "cmd/compose/lease.h"
#include "cmd/compose/log_lines.h"
#include "cmd/compose/up.h"
#include "format/json.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { LAST_LINES_MS = 5000 };

struct member {
	struct attached *attached;
	char *id, *name, *service;
	struct log_source *source; /* NULL: its output is not shown */
	struct request *stream;	   /* NULL: none runs */
	bool runs, told;	   /* told: that it ended */
	bool died;		   /* and neither was that told, nor has it begun again */
	bool was_early;		   /* that was before it was listed */
	bool restarts;		   /* it begins again: that it ended is told after its last line */
	bool follows_again;	   /* it runs anew while the last run's lines come */
	int64_t code;
	int64_t died_ns; /* when it last did; 0: nobody saw it */
};

struct attached {
	struct up_call *call;
	struct compose *compose;
	struct requests *requests;
	struct request *events;
	struct log_lines *lines;
	struct {
		struct member **items;
		size_t count, capacity;
	} members;
	int signals_fd;
	struct pairs early; /* ids of containers that ended before they were listed: their codes */
	bool listed, stops;   /* stops: nothing is waited for any more but the last lines */
	int signal;	      /* that came; 0: none */
	int64_t status;	      /* of the container that ended it all */
	struct error failure;
};

static void member_free(struct member *member)
{
	free(member->id);
	free(member->name);
	free(member->service);
	free(member);
}

static void attached_fini(struct attached *attached)
{
	requests_free(attached->requests);
	for (size_t i = 0; i < attached->members.count; i++)
		member_free(attached->members.items[i]);
	vector_fini(&attached->members);
	pairs_fini(&attached->early);
	log_lines_free(attached->lines);
	close_fd(&attached->signals_fd);
}

/* Is the service's good end what others wait for?  Then it is no reason to stop them. */
static bool is_awaited(const struct project *project, const char *name)
{
	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];

		for (size_t k = 0; service->enabled && k < service->dependency_count; k++)
			if (service->dependencies[k].condition == DEPENDENCY_COMPLETED &&
			    strcmp(service->dependencies[k].service, name) == 0)
				return true;
	}
	return false;
}

static bool aborts(const struct member *member)
{
	const struct up *wishes = member->attached->call->wishes;

	if (str_equal(wishes->exit_code_from, member->service))
		return true;
	if (!member->code && is_awaited(member->attached->compose->project, member->service))
		return false;
	return wishes->abort_on_exit || wishes->exit_code_from ||
	       (wishes->abort_on_failure && member->code != 0);
}

/* ---- who is shown ---- */

static bool is_wanted(const struct attached *attached, const char *name)
{
	const struct up *wishes = attached->call->wishes;
	const struct strings *named = attached->call->services;
	const struct service *service = project_service(attached->compose->project, name);

	if (!service || strings_contain(&wishes->no_attach, name))
		return false;
	if (wishes->attach.count)
		return strings_contain(&wishes->attach, name);
	if (named->count && strings_contain(named, name))
		return true;
	return node_get_bool(service->node, "attach", true) &&
	       (!named->count || wishes->attach_dependencies);
}

/* ---- the end of a container ---- */

static bool shows_any(const struct attached *attached)
{
	for (size_t i = 0; i < attached->members.count; i++)
		if (attached->members.items[i]->source)
			return true;
	return false;
}

/* Of whom nothing is shown, a dependency, goes on when the others have ended. */
static bool all_ended(const struct attached *attached)
{
	bool shows = shows_any(attached);

	for (size_t i = 0; i < attached->members.count; i++) {
		const struct member *member = attached->members.items[i];
		bool counts = member->source || !shows;

		if ((counts && member->runs && !attached->stops) || member->stream)
			return false;
	}
	return attached->listed;
}

/* Who watches may have all made anew. */
static void end_if_over(struct attached *attached)
{
	if (all_ended(attached) && (!attached->call->wishes->watch || attached->stops))
		requests_stop(attached->requests);
}

static void say_end(const struct member *member)
{
	const struct compose *compose = member->attached->compose;
	bool v1 = compose->style == COMPOSE_V1;

	if (member->source)
		printf("%s exited with code %lld%s\n",
		       v1 ? member->name : compose_short_name(compose, member->name),
		       (long long)member->code, member->restarts && !v1 ? " (restarting)" : "");
	fflush(stdout);
}

/* When the last of its lines was shown; and it is over, unless its policy starts it again. */
static void tell_end(struct member *member)
{
	struct attached *attached = member->attached;

	if (member->restarts && !member->stream) {
		say_end(member);
		member->restarts = false;
	}
	if (member->runs || member->stream || member->told)
		return;
	member->told = true;
	member->died = false;
	say_end(member);
	if (!attached->stops && aborts(member)) {
		attached->stops = true;
		attached->status = member->code;
		printf("Aborting on container exit...\n");
		fflush(stdout);
		requests_stop(attached->requests);
		return;
	}
	end_if_over(attached);
}

static void begin_again(struct member *member)
{
	member->restarts |= member->died && !member->told;
	member->died = member->was_early = false;
	tell_end(member);
}

/* ---- its lines ---- */

static void on_lines(void *data, const char *type, const char *bytes, size_t size)
{
	struct member *member = data;

	log_source_take(member->source, type, bytes, size);
}

static void follow(struct member *member, int64_t since_ns);

static void on_lines_over(void *data, const json_t *answer, const struct error *err)
{
	struct member *member = data;
	bool again = member->follows_again;

	member->stream = NULL;
	log_source_flush(member->source);
	if (err && err->kind != ERROR_NOT_FOUND)
		compose_warn(member->attached->compose, "%s: %s", member->name, err->text);
	tell_end(member);
	if (again && member->runs)
		follow(member, member->died_ns);
	end_if_over(member->attached);
}

static void follow(struct member *member, int64_t since_ns)
{
	struct attached *attached = member->attached;
	scoped_target struct target target = target_format("/containers/%s/logs", member->id);

	member->follows_again = member->stream != NULL;
	if (!member->source || member->stream)
		return;
	target_add(&target, "follow", "1");
	target_add(&target, "stdout", "1");
	target_add(&target, "stderr", "1");
	target_add_flag(&target, "timestamps", attached->call->wishes->timestamps);
	if (since_ns)
		log_add_since(&target, since_ns);
	member->stream =
		requests_bytes(attached->requests, &target, on_lines, on_lines_over, member);
}

/* ---- who is there ---- */

static struct member *find_member(const struct attached *attached, const char *id)
{
	for (size_t i = 0; i < attached->members.count; i++)
		if (strcmp(attached->members.items[i]->id, id) == 0)
			return attached->members.items[i];
	return NULL;
}

static struct member *add_member(struct attached *attached, const char *id, const char *name,
				 const char *service)
{
	struct member *member = mem_new(struct member);

	*member = (struct member){.attached = attached,
				  .id = str_dup(id),
				  .name = str_dup(name),
				  .service = str_dup(service)};
	if (is_wanted(attached, service))
		member->source = log_lines_add(attached->lines, name, service);
	vector_add(&attached->members, member);
	return member;
}

/* "Exited (3) 2 seconds ago" */
static int64_t code_of(const json_t *container)
{
	const char *status = doc_text(container, "Status"), *open = strchr(status, '(');

	return str_starts_with(status, "Exited") && open ? strtoll(open + 1, NULL, 10) : 0;
}

static const char *label_of(const json_t *holder, const char *name)
{
	scoped_free char *key = str_format("com.docker.compose.%s", name);

	return doc_text(holder, key);
}

static void take_container(struct attached *attached, const json_t *container)
{
	const json_t *labels = json_object_get(container, "Labels");
	const char *name =
		json_string_value(json_array_get(json_object_get(container, "Names"), 0));
	const char *state = doc_text(container, "State");
	const char *service = label_of(labels, "service");

	if (strcasecmp(label_of(labels, "oneoff"), "true") == 0 || !name ||
	    !project_service(attached->compose->project, service))
		return;
	struct member *member =
		add_member(attached, doc_text(container, "Id"), name + (*name == '/'), service);
	member->runs = strcmp(state, "exited") != 0 && strcmp(state, "dead") != 0 &&
		       strcmp(state, "created") != 0;
	member->code = code_of(container);
}

static void say_attached(const struct attached *attached)
{
	scoped_strings struct strings names = {0};

	for (size_t i = 0; i < attached->members.count; i++) {
		const struct member *member = attached->members.items[i];

		if (member->source)
			strings_add(&names,
				    attached->compose->style == COMPOSE_V1
					    ? member->name
					    : compose_short_name(attached->compose, member->name));
	}
	scoped_free char *list = strings_join(&names, ", ");
	if (names.count)
		printf("Attaching to %s\n", list);
	fflush(stdout);
}

/* Version 1 shows all that a container ever said, version 2 what it says from now on. */
static void follow_listed(struct attached *attached, struct member *member)
{
	bool is_new = strings_contain(&attached->call->created, member->name);
	bool v1 = attached->compose->style == COMPOSE_V1;
	bool is_started = strings_contain(&attached->call->started, member->name);

	if (!member->runs && !is_started)
		member->told = true;
	else if (is_new || (v1 && !is_started))
		follow(member, 0);
	else
		follow(member, attached->call->began_ns);
}

static void on_state(void *data, const json_t *answer, const struct error *err)
{
	struct member *member = data;
	const json_t *state = json_object_get(answer, "State");
	const char *status = doc_text(state, "Status");

	member->runs = !err && (strcmp(status, "running") == 0 ||
				strcmp(status, "restarting") == 0 || strcmp(status, "paused") == 0);
	if (!err && !member->runs)
		member->code = doc_number(state, "ExitCode");
	if (strcmp(status, "restarting") == 0 || (member->runs && member->was_early))
		begin_again(member);
	else
		tell_end(member);
}

/* It died: whether for good, its policy decides. */
static void ask_for_state(struct member *member)
{
	scoped_target struct target target = target_format("/containers/%s/json", member->id);

	requests_send(member->attached->requests, "GET", &target, NULL, on_state, member);
}

/* Whether they have begun again since, their state tells. */
static void take_early(struct attached *attached)
{
	for (size_t i = 0; i < attached->early.count; i++) {
		struct member *member = find_member(attached, attached->early.items[i].name);

		if (!member)
			continue;
		member->code = strtoll(attached->early.items[i].value, NULL, 10);
		member->died = member->was_early = true;
		ask_for_state(member);
	}
}

static void on_list(void *data, const json_t *answer, const struct error *err)
{
	struct attached *attached = data;
	size_t i;
	json_t *container;

	if (err) {
		attached->failure = *err;
		requests_stop(attached->requests);
		return;
	}
	for (i = json_array_size(answer); i-- > 0;) /* the oldest is the first */
		take_container(attached, json_array_get(answer, i));
	attached->listed = true;
	say_attached(attached);
	json_array_foreach (answer, i, container) {
		struct member *member = find_member(attached, doc_text(container, "Id"));

		if (member)
			follow_listed(attached, member);
	}
	take_early(attached);
	for (i = 0; i < attached->members.count && !attached->stops; i++)
		tell_end(attached->members.items[i]);
	end_if_over(attached);
}

/* ---- events ---- */

static void on_event(void *data, const json_t *event)
{
	struct attached *attached = data;
	const json_t *actor = json_object_get(event, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	const char *action = doc_text(event, "Action"), *id = doc_text(actor, "ID");
	struct member *member = find_member(attached, id);

	if (!attached->listed && strcmp(action, "die") == 0)
		pairs_set(&attached->early, id, doc_text(attributes, "exitCode"));
	if (!attached->listed)
		return;
	if (strcmp(action, "start") == 0 &&
	    strcasecmp(label_of(attributes, "oneoff"), "true") != 0) {
		if (!member)
			member = add_member(attached, id, doc_text(attributes, "name"),
					    label_of(attributes, "service"));
		member->runs = true;
		begin_again(member);
		member->told = false;
		follow(member, member->died_ns); /* what came before is shown already */
	} else if (member && strcmp(action, "die") == 0) {
		member->code = strtoll(doc_text(attributes, "exitCode"), NULL, 10);
		member->died_ns = doc_number(event, "timeNano");
		member->died = true;
		ask_for_state(member);
	} else if (member && strcmp(action, "destroy") == 0) {
		member->runs = false;
		tell_end(member);
	}
}

static void on_events_open(void *data)
{
	struct attached *attached = data;
	scoped_target struct target target = target_format("/containers/json");
	scoped_strings struct strings filters = {0};

	strings_format(&filters, "label=com.docker.compose.project=%s",
		       attached->compose->project_name);
	target_add_flag(&target, "all", true);
	target_add_filters(&target, &filters);
	requests_send(attached->requests, "GET", &target, NULL, on_list, attached);
}

static void on_events_over(void *data, const json_t *answer, const struct error *err)
{
	struct attached *attached = data;

	attached->events = NULL;
	if (err)
		attached->failure = *err;
	else
		error_set(&attached->failure, ERROR_UNAVAILABLE, "the daemon's events ended");
	requests_stop(attached->requests);
}

static void listen_to_events(struct attached *attached)
{
	scoped_target struct target target = target_format("/events");
	scoped_strings struct strings filters = {0};

	strings_add(&filters, "type=container");
	strings_format(&filters, "label=com.docker.compose.project=%s",
		       attached->compose->project_name);
	target_add_filters(&target, &filters);
	attached->events = requests_stream(attached->requests, "GET", &target, NULL, on_event,
					   on_events_over, attached);
	requests_on_open(attached->events, on_events_open);
}

/* ---- the end ---- */

static void on_signal(void *data, short events)
{
	struct attached *attached = data;
	struct signalfd_siginfo info;

	(void)events;
	if (read(attached->signals_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	attached->signal = (int)info.ssi_signo;
	requests_stop(attached->requests);
}

static void say_stopping(const struct attached *attached)
{
	FILE *out = attached->compose->style == COMPOSE_V1 ? stdout : stderr;

	fprintf(out, "Gracefully stopping... (press Ctrl+C again to force)\n");
	fflush(out);
}

static void enough(void *data)
{
	struct attached *attached = data;

	requests_stop(attached->requests);
}

/* What containers had to say before they ended: their streams end with them. */
static void take_last_lines(struct attached *attached)
{
	for (size_t i = 0; i < attached->members.count; i++)
		attached->members.items[i]->told = true;
	if (all_ended(attached) || !attached->listed)
		return;
	requests_timer(attached->requests, LAST_LINES_MS, enough, attached);
	requests_run(attached->requests);
}

static int carry_stop(struct attached *attached)
{
	struct up_call *call = attached->call;
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.verb = "stop", .kill_on_interrupt = true};
	struct plan_options options = {
		.services = *call->services,
		.stop_timeout_s = carry_timeout(&call->wishes->timeout),
	};

	if (!situation_see(attached->compose, SITUATION_LABELS, &call->situation))
		return 1;
	plan_stop(attached->compose->project, &call->situation.seen, &options, &plan);
	return carry_out(attached->compose, &plan, &call->situation, &carry);
}

/* Stop what was begun; then the lines that it had to say.  Who does not want to wait for his turn,
 * either, is not made to. */
static int stop_all(struct attached *attached)
{
	attached->stops = true;
	lease_take(attached->compose);
	int status = carry_stop(attached);
	lease_give_back(attached->compose);
	take_last_lines(attached);
	return status;
}

/* The code of a service's container, once it has ended. */
static int exit_code_from(struct attached *attached, const char *service)
{
	struct compose_containers containers = {0};
	scoped_strings struct strings services = {0};
	int64_t code = 1;
	struct error err;

	strings_add(&services, service);
	if (!compose_containers(attached->compose, &services, true, false, &containers, &err))
		return compose_fail(attached->compose, &err);
	if (containers.count)
		code = code_of(containers.items[0].document);
	compose_containers_fini(&containers);
	return (int)code;
}

static int status_of(struct attached *attached)
{
	const struct up *wishes = attached->call->wishes;
	struct error err;

	if (fflush(stdout) != 0 || ferror(stdout)) {
		error_set(&err, ERROR_SYSTEM, "cannot write to the standard output");
		return compose_fail(attached->compose, &err);
	}
	if (attached->signal)
		return attached->compose->style == COMPOSE_V1 ? 0 : 130;
	if (wishes->exit_code_from)
		return exit_code_from(attached, wishes->exit_code_from);
	return (int)attached->status;
}

static void take_signals(struct attached *attached)
{
	sigset_t taken;

	hold_signals(&taken);
	attached->signals_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	requests_watch(attached->requests, attached->signals_fd, POLLIN, on_signal, attached);
}

int up_attached(struct up_call *call)
{
	const struct log_wishes wishes = {.no_colour = call->wishes->no_colour,
					  .no_prefix = call->wishes->no_prefix};
	scoped_with(attached_fini) struct attached attached = {
		.call = call,
		.compose = call->compose,
		.requests = requests_new(call->compose->cli, SIZE_MAX),
		.lines = log_lines_new(call->compose, &wishes),
		.signals_fd = -1,
		.signal = call->interrupted ? SIGINT : 0,
	};

	take_signals(&attached);
	if (!call->interrupted) {
		listen_to_events(&attached);
		requests_run(attached.requests);
	}
	if (attached.failure.kind != ERROR_NONE)
		return compose_fail(call->compose, &attached.failure);
	if (attached.signal)
		say_stopping(&attached);
	if ((attached.signal || attached.stops) && stop_all(&attached) != 0)
		return 1;
	return status_of(&attached);
}
