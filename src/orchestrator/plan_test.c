/* Plans in tables: a file, what is there, options; and the steps as short lines. */
#include "orchestrator/plan_sample.h"

/* "web 1 running", "web 1 exited old=V": a container whose hash is the file's, unless other words
 * say something else. */
struct plan_case {
	const char *yaml;
	const char *seen;    /* containers, divided by "; " */
	const char *options; /* words: see apply_option */
	const char *plan;    /* steps, divided by "; "; those that are details in brackets */
	const char *warning; /* in one of them; NULL: none */
};

/* ---- what is seen ---- */

static enum seen_state state_named(const char *word)
{
	static const char *const names[] = {"created",	  "running", "paused",
					    "restarting", "exited",  "dead"};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(names[i], word) == 0)
			return (enum seen_state)i;
	fail_msg("no state: %s", word);
	return SEEN_DEAD;
}

static void all_networks(const struct project *project, const struct service *service,
			 struct seen_container *c)
{
	node_each (member, node_get(service->node, "networks")) {
		const struct resource *network = resources_get(&project->networks, member->key);

		strings_add(&c->networks, network->name);
	}
	node_each (member, node_get(service->node, "volumes")) {
		const char *source = node_get_text(member->value, "source", NULL);

		if (source && resources_get(&project->volumes, source))
			strings_add(&c->volumes, resources_get(&project->volumes, source)->name);
	}
}

static void apply_word(struct seen_container *c, const char *word)
{
	if (str_starts_with(word, "id="))
		str_replace(&c->id, word + 3);
	else if (str_starts_with(word, "name="))
		str_replace(&c->name, word + 5);
	else if (str_starts_with(word, "hash="))
		str_replace(&c->hash, word + 5);
	else if (str_starts_with(word, "image="))
		str_replace(&c->image, word + 6);
	else if (str_starts_with(word, "replaces="))
		str_replace(&c->replaces, word + 9);
	else if (str_starts_with(word, "changed="))
		changes_add(&c->changes, word + 8, "a", "b");
	else if (str_starts_with(word, "exit="))
		c->exit_code = word[5] - '0';
	else if (str_starts_with(word, "after="))
		str_replace(&c->depends_on, word + 6);
	else if (strcmp(word, "foreign") == 0)
		str_replace(&c->hash, NULL), c->compared = true;
	else if (strcmp(word, "alone") == 0)
		strings_fini(&c->networks);
	else if (strcmp(word, "held") == 0)
		c->held = true;
	else if (strcmp(word, "oneoff") == 0)
		c->one_off = true;
	else if (strcmp(word, "healthy") == 0)
		c->health = SEEN_HEALTHY;
	else
		c->state = state_named(word);
}

static void see(const struct project *project, const char *text, struct seen *seen)
{
	scoped_strings struct strings words = strings_split(text, ' ');
	struct seen_container c = {.state = SEEN_RUNNING};
	uint64_t number = 0;
	const struct service *service = project ? project_service(project, words.items[0]) : NULL;

	assert_true(words.count >= 2 && parse_u64(words.items[1], &number));
	c.service = str_dup(words.items[0]);
	c.number = (unsigned)number;
	c.id = str_format("%s%u00000000000000", words.items[0], c.number);
	c.name = str_format("p-%s-%u", words.items[0], c.number);
	c.hash = service ? service_hash(project, service, NULL) : str_dup("none");
	c.image = str_dup("sha256:1");
	if (service)
		all_networks(project, service, &c);
	for (size_t i = 2; i < words.count; i++)
		apply_word(&c, words.items[i]);
	vector_add(&seen->containers, c);
}

static void see_things(const struct project *project, struct seen *seen, bool there)
{
	for (size_t i = 0; there && i < project->networks.count; i++) {
		struct seen_network n = {.id = str_dup("n"),
					 .name = str_dup(project->networks.items[i].name),
					 .ours = !project->networks.items[i].external};
		vector_add(&seen->networks, n);
	}
	for (size_t i = 0; there && i < project->volumes.count; i++) {
		struct seen_volume v = {.name = str_dup(project->volumes.items[i].name),
					.ours = !project->volumes.items[i].external};
		vector_add(&seen->volumes, v);
	}
	for (size_t i = 0; i < project->service_count; i++) {
		struct seen_image image = {.name = str_dup_or_null(project->services[i].image),
					   .id = str_dup("sha256:1")};

		if (image.name)
			vector_add(&seen->images, image);
		else
			free(image.id);
	}
}

/* ---- options ---- */

static void apply_option(struct plan_options *options, const char *word)
{
	static const struct {
		const char *name;
		size_t offset;
	} flags[] = {
		{"force", offsetof(struct plan_options, force_recreate)},
		{"no-recreate", offsetof(struct plan_options, no_recreate)},
		{"deps", offsetof(struct plan_options, always_recreate_dependencies)},
		{"no-deps", offsetof(struct plan_options, no_dependencies)},
		{"no-start", offsetof(struct plan_options, no_start)},
		{"orphans", offsetof(struct plan_options, remove_orphans)},
		{"renew", offsetof(struct plan_options, renew_anonymous_volumes)},
		{"volumes", offsetof(struct plan_options, remove_volumes)},
		{"one-offs", offsetof(struct plan_options, one_offs)},
		{"hold", offsetof(struct plan_options, can_hold)},
		{"wait", offsetof(struct plan_options, wait)},
	};

	for (size_t i = 0; i < array_length(flags); i++)
		if (strcmp(word, flags[i].name) == 0)
			*(bool *)((char *)options + flags[i].offset) = true;
	if (*word == '+')
		strings_add(&options->services, word + 1);
	if (str_starts_with(word, "rmi="))
		options->remove_images = word + 4;
	const char *equals = strchr(word, '=');
	if (equals && str_starts_with(word, "scale:")) {
		scoped_free char *name = str_dup_n(word + 6, (size_t)(equals - word - 6));
		pairs_set(&options->scale, name, equals + 1);
	}
}

static void options_fini(struct plan_options *options)
{
	strings_fini(&options->services);
	pairs_fini(&options->scale);
}

/* ---- steps as text ---- */

static void write_line(const struct plan *plan, size_t at, struct buffer *out)
{
	const struct step *step = &plan->items[at];

	if (step->kind == STEP_JOIN)
		return;
	buffer_format(out, "%s%s%s", out->size ? "; " : "", step->detail ? "(" : "",
		      step_kind_name(step->kind));
	if (step->name)
		buffer_format(out, " %s", step->name);
	if (step->new_name)
		buffer_format(out, " %s", step->new_name);
	if (step->when == STEP_WHEN_FAILED)
		buffer_add_text(out, " if-failed");
	if (step->held)
		buffer_add_text(out, " held");
	if (step->optional)
		buffer_add_text(out, " optional");
	if (step->remove_volumes)
		buffer_add_text(out, " volumes");
	if (step->reason)
		buffer_format(out, ": %s", step->reason);
	buffer_add_text(out, step->detail ? ")" : "");
}

static bool warned(const struct plan *plan, const char *part)
{
	for (size_t i = 0; i < plan->warnings.count; i++)
		if (!part || strstr(plan->warnings.items[i], part))
			return true;
	return false;
}

typedef void make_plan(const struct wanted *wanted, const struct seen *seen,
		       const struct plan_options *options, struct plan *plan);

static void check_case(const struct plan_case *c, make_plan *make)
{
	struct project *project = sample_project(c->yaml);
	struct wanted wanted = sample_wanted(project);
	scoped_with(options_fini) struct plan_options options = {.stop_timeout_s = -1,
								 .wait_timeout_ms = -1};
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan plan = {0};
	scoped_buffer struct buffer out = {0};
	scoped_strings struct strings containers = strings_split(c->seen ? c->seen : "", ';');
	scoped_strings struct strings words = strings_split(c->options ? c->options : "", ' ');

	for (size_t i = 0; i < containers.count; i++)
		if (containers.items[i][0])
			see(project, containers.items[i] + (containers.items[i][0] == ' '), &seen);
	for (size_t i = 0; i < words.count; i++)
		apply_option(&options, words.items[i]);
	see_things(project, &seen, c->seen != NULL);
	make(&wanted, &seen, &options, &plan);
	for (size_t i = 0; i < plan.count; i++)
		write_line(&plan, i, &out);
	if (plan.failure)
		buffer_format(&out, "FAILURE %s", plan.failure);
	if (!str_equal(out.data ? out.data : "", c->plan))
		fail_msg("%s\n%s\n=> %s\n not %s", c->yaml, c->seen ? c->seen : "", out.data,
			 c->plan);
	if (c->warning ? !warned(&plan, c->warning) : warned(&plan, NULL))
		fail_msg("%s\n: warning %s", c->yaml,
			 plan.warnings.count ? plan.warnings.items[0] : "");
	pairs_fini(&wanted.hashes);
	project_free(project);
}

#define check_cases(cases, make)                                                                   \
	for (size_t i_ = 0; i_ < array_length(cases); i_++)                                        \
	check_case(&(cases)[i_], make)

static void make_images(const struct wanted *wanted, const struct seen *seen,
			const struct plan_options *options, struct plan *plan)
{
	plan_images(wanted->project, seen, options, IMAGES_AS_POLICY, NULL, plan);
}

static void make_down(const struct wanted *wanted, const struct seen *seen,
		      const struct plan_options *options, struct plan *plan)
{
	plan_down(wanted->project, seen, options, plan);
}

static void make_stop(const struct wanted *wanted, const struct seen *seen,
		      const struct plan_options *options, struct plan *plan)
{
	plan_stop(wanted->project, seen, options, plan);
}

static void make_restart(const struct wanted *wanted, const struct seen *seen,
			 const struct plan_options *options, struct plan *plan)
{
	plan_restart(wanted->project, seen, options, plan);
}

static void make_remove(const struct wanted *wanted, const struct seen *seen,
			const struct plan_options *options, struct plan *plan)
{
	plan_remove(wanted->project, seen, options, plan);
}

#define WEB "services: {web: {image: i}}\n"
#define TWO "services: {web: {image: i, depends_on: [db]}, db: {image: j}}\n"

/* ---- up ---- */

static void what_is_missing_is_made(void **state)
{
	static const struct plan_case cases[] = {
		{WEB, NULL, "", "create_network p_default; create p-web-1; (start p-web-1)"},
		{WEB, "web 1", "", "keep p-web-1"},
		{WEB, "web 1 exited", "", "start p-web-1: it is stopped"},
		{WEB, "web 1 created", "", "start p-web-1: it was never started"},
		{WEB, "web 1 paused", "", "unpause p-web-1: it is paused"},
		{WEB, "web 1 restarting", "", "keep p-web-1"},
		{WEB, "web 1 exited", "no-start", "keep p-web-1"},
		{WEB, "", "scale:web=3",
		 "create p-web-1; create p-web-2; create p-web-3; (start p-web-1); (start "
		 "p-web-2); "
		 "(start p-web-3)"},
		{WEB, "web 1; web 4", "scale:web=3",
		 "create p-web-5; keep p-web-1; keep p-web-4; (start p-web-5)"},
		{"services: {web: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {}}\n", NULL,
		 "no-start", "create_network p_default; create_volume p_v; create p-web-1"},
		{"services: {web: {image: i, networks: [n]}}\nnetworks: {n: {external: true}}\n",
		 NULL, "", "FAILURE Network n declared as external, but could not be found."},
		{"services: {web: {image: i, container_name: xy}}\n", "", "scale:web=2",
		 "FAILURE service \"web\" has container_name \"xy\" and cannot be scaled to 2 "
		 "containers"},
		{WEB, "", "+zz", "FAILURE no such service: zz"},
		{"services: {web: {image: i, ports: ['80:80']}}\n", "web 1; web 2", "scale:web=2",
		 "keep p-web-1; keep p-web-2", .warning = "port will clash"},
	};

	check_cases(cases, plan_up);
}

static void what_differs_is_made_anew_with_the_first_reason(void **state)
{
	static const struct plan_case cases[] = {
		{WEB, "web 1 id=abcdef012345678 hash=x changed=environment.V", "",
		 "create abcdef012345_p-web-1: environment.V changed; (stop p-web-1); "
		 "(remove p-web-1); (rename abcdef012345_p-web-1 p-web-1); (start p-web-1)"},
		{WEB, "web 1 id=abcdef012345678 exited hash=x", "",
		 "create abcdef012345_p-web-1: configuration changed; (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1); (start p-web-1)"},
		{WEB, "web 1 hash=x", "no-recreate", "keep p-web-1"},
		{WEB, "web 1 foreign", "", "keep p-web-1"},
		{WEB, "web 1 id=abcdef012345678 foreign changed=image", "no-start",
		 "create abcdef012345_p-web-1: image changed; (stop p-web-1); (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		{WEB, "web 1 id=abcdef012345678 image=sha256:2", "no-start",
		 "create abcdef012345_p-web-1: image changed; (stop p-web-1); (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		{WEB, "web 1 id=abcdef012345678 alone", "no-start",
		 "create abcdef012345_p-web-1: network p_default is missing; (stop p-web-1); "
		 "(remove p-web-1); (rename abcdef012345_p-web-1 p-web-1)"},
		{WEB, "web 1 id=abcdef012345678", "force no-start",
		 "create abcdef012345_p-web-1: forced; (stop p-web-1); (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		{WEB, "web 1 id=abcdef012345678 paused hash=x", "no-start",
		 "create abcdef012345_p-web-1: configuration changed; (unpause p-web-1); "
		 "(stop p-web-1); (remove p-web-1); (rename abcdef012345_p-web-1 p-web-1)"},
	};

	check_cases(cases, plan_up);
}

static void scaled_down_the_outdated_go_first(void **state)
{
	static const struct plan_case cases[] = {
		{WEB, "web 1; web 2; web 3", "",
		 "keep p-web-1; (stop p-web-2); remove p-web-2: scaled down; (stop p-web-3); "
		 "remove p-web-3: scaled down"},
		{"services: {web: {image: i, ports: ['80']}}\n", "web 1; web 2; web 3 exited",
		 "hold scale:web=1",
		 "keep p-web-1; (drain p-web-2); (stop p-web-2); remove p-web-2: scaled down; "
		 "remove p-web-3: scaled down"},
		{"services: {web: {image: i, ports: ['80']}}\n", "web 1; web 2", "scale:web=1",
		 "keep p-web-1; (stop p-web-2); remove p-web-2: scaled down"},
		{"services: {web: {image: i, network_mode: host, ports: ['80']}}\n", "web 1; web 2",
		 "hold scale:web=1", "keep p-web-1; (stop p-web-2); remove p-web-2: scaled down"},
		{WEB, "web 1 hash=x; web 2; web 3 exited", "scale:web=2",
		 "(stop p-web-1); remove p-web-1: scaled down; keep p-web-2; "
		 "start p-web-3: it is stopped"},
		{WEB, "web 1", "scale:web=0", "(stop p-web-1); remove p-web-1: scaled down"},
	};

	check_cases(cases, plan_up);
}

static void orphans_are_told_or_removed(void **state)
{
	static const struct plan_case cases[] = {
		{WEB, "web 1; old 1", "", "keep p-web-1",
		 .warning = "Found orphan containers (p-old-1) for this project."},
		{WEB, "web 1; old 1", "orphans",
		 "(stop p-old-1); remove p-old-1: not in the file; keep p-web-1"},
		{WEB, "web 1; web 0 oneoff name=p-web-run-1", "orphans", "keep p-web-1"},
		{WEB, "web 1; web 0 oneoff exited name=p-web-run-1", "orphans",
		 "remove p-web-run-1: not in the file; keep p-web-1"},
		{"services: {web: {image: i}, off: {image: j, profiles: [x]}}\n", "web 1; off 1",
		 "orphans", "keep p-web-1"},
	};

	check_cases(cases, plan_up);
}

static void dependents_follow_what_is_made_anew(void **state)
{
	static const char restart[] =
		"services: {web: {image: i, depends_on: {db: {condition: service_started, "
		"restart: true}}}, db: {image: j}}\n";
	static const char shares[] =
		"services: {web: {image: i, network_mode: 'service:db'}, db: {image: j}}\n";
	static const struct plan_case cases[] = {
		{TWO, "web 1; db 1 id=abcdef012345678 hash=x", "",
		 "create abcdef012345_p-db-1: configuration changed; (stop p-db-1); "
		 "(remove p-db-1); (rename abcdef012345_p-db-1 p-db-1); (start p-db-1); "
		 "keep p-web-1"},
		{TWO, "web 1 id=aaaaaaaaaaaa8; db 1 id=abcdef012345678 hash=x", "deps no-start",
		 "create abcdef012345_p-db-1: configuration changed; "
		 "create aaaaaaaaaaaa_p-web-1: db, on which it depends, is made anew; "
		 "(stop p-db-1); (remove p-db-1); (rename abcdef012345_p-db-1 p-db-1); "
		 "(stop p-web-1); (remove p-web-1); (rename aaaaaaaaaaaa_p-web-1 p-web-1)"},
		{restart, "web 1; db 1 id=abcdef012345678 hash=x", "",
		 "create abcdef012345_p-db-1: configuration changed; (stop p-web-1); "
		 "(stop p-db-1); (remove p-db-1); (rename abcdef012345_p-db-1 p-db-1); "
		 "(start p-db-1); (start p-web-1 if-failed); "
		 "start p-web-1: db, on which it depends, is made anew"},
		{restart, "web 1 exited; db 1 id=abcdef012345678 hash=x", "+db",
		 "create abcdef012345_p-db-1: configuration changed; (stop p-db-1); "
		 "(remove p-db-1); (rename abcdef012345_p-db-1 p-db-1); (start p-db-1)"},
		{shares, "web 1 id=aaaaaaaaaaaa8; db 1 id=abcdef012345678 hash=x", "",
		 "create abcdef012345_p-db-1: configuration changed; "
		 "create aaaaaaaaaaaa_p-web-1: db, of which it shares something, is made anew; "
		 "(stop p-web-1); (stop p-db-1); (remove p-db-1); "
		 "(rename abcdef012345_p-db-1 p-db-1); (start p-db-1); (remove p-web-1); "
		 "(rename aaaaaaaaaaaa_p-web-1 p-web-1); (start p-web-1)"},
		{TWO, "db 1", "+web no-deps", "create p-web-1; (start p-web-1)"},
		{TWO, "", "+db", "create p-db-1; (start p-db-1)"},
		{shares, "", "+web no-deps",
		 "FAILURE service \"web\" shares something of service \"db\", which has no "
		 "container"},
	};

	check_cases(cases, plan_up);
}

static void conditions_are_waited_for_where_they_do_not_hold(void **state)
{
	static const char healthy[] =
		"services: {web: {image: i, depends_on: {db: {condition: service_healthy}}}, "
		"db: {image: j}}\n";
	static const char optional[] =
		"services: {web: {image: i, depends_on: {db: {condition: "
		"service_completed_successfully, required: false}}}, db: {image: j}}\n";
	static const struct plan_case cases[] = {
		{healthy, "", "",
		 "create p-db-1; create p-web-1; (start p-db-1); (wait p-db-1); (start p-web-1)"},
		{healthy, "db 1 healthy", "", "create p-web-1; keep p-db-1; (start p-web-1)"},
		{healthy, "db 1", "",
		 "create p-web-1; keep p-db-1; (wait p-db-1); (start p-web-1)"},
		{healthy, "db 1; web 1", "", "keep p-db-1; keep p-web-1"},
		{optional, "", "",
		 "create p-db-1; create p-web-1; (start p-db-1); (wait p-db-1 optional); "
		 "(start p-web-1)"},
		{healthy, "db 1; web 1", "wait", "keep p-db-1; keep p-web-1"},
		{"services: {job: {image: i, deploy: {mode: replicated-job}}}\n", "job 1 exited",
		 "", "keep p-job-1"},
		{"services: {job: {image: i, deploy: {mode: replicated-job}}}\n",
		 "job 1 exited exit=3", "", "start p-job-1: it is stopped"},
	};

	check_cases(cases, plan_up);
}

#define MIGRATED(rest)                                                                             \
	"services: {app: {image: i, depends_on: {db: {condition: service_started}, "               \
	"migrate: {condition: service_completed_successfully}}}, db: {image: j}, "                 \
	"migrate: {image: k" rest "}}\n"

static void what_has_ended_well_runs_again_only_for_who_waits_for_it(void **state)
{
	static const char chain[] =
		"services: {c: {image: i, depends_on: {b: {condition: "
		"service_completed_successfully}}}, b: {image: i, depends_on: {a: {condition: "
		"service_completed_successfully}}}, a: {image: i}}\n";
	static const struct plan_case cases[] = {
		{MIGRATED(""), "app 1; db 1; migrate 1 exited", "",
		 "keep p-db-1; keep p-migrate-1; keep p-app-1"},
		{MIGRATED(""), "app 1; db 1; migrate 1 exited", "wait",
		 "keep p-db-1; keep p-migrate-1; keep p-app-1"},
		{MIGRATED(""), "app 1; db 1; migrate 1 exited exit=1", "",
		 "keep p-db-1; start p-migrate-1: it is stopped; keep p-app-1"},
		{MIGRATED(""), "app 1 exited; db 1; migrate 1 exited", "",
		 "keep p-db-1; start p-migrate-1: it is stopped; (wait p-migrate-1); "
		 "start p-app-1: it is stopped"},
		{MIGRATED(""), "app 1; db 1; migrate 1 exited", "+migrate",
		 "start p-migrate-1: it is stopped"},
		{MIGRATED(", restart: always"), "app 1; db 1; migrate 1 exited", "",
		 "keep p-db-1; start p-migrate-1: it is stopped; keep p-app-1"},
		{MIGRATED(", deploy: {restart_policy: {condition: on-failure}}"),
		 "app 1; db 1; migrate 1 exited", "",
		 "keep p-db-1; keep p-migrate-1; keep p-app-1"},
		{"services: {once: {image: i}}\n", "once 1 exited", "",
		 "start p-once-1: it is stopped"}, /* nobody says that its end is what it is for */
		{chain, "a 1 exited; b 1 exited; c 1", "", "keep p-a-1; keep p-b-1; keep p-c-1"},
		{chain, "a 1 exited; b 1 exited; c 1 exited", "",
		 "start p-a-1: it is stopped; (wait p-a-1); start p-b-1: it is stopped; "
		 "(wait p-b-1); start p-c-1: it is stopped"},
	};

	check_cases(cases, plan_up);
}

#define UPDATE(rest)                                                                               \
	"services: {web: {image: i, deploy: {update_config: {order: start-first}}" rest "}}\n"
#define OLD "web 1 id=abcdef012345678 hash=x"
#define STOP_FIRST                                                                                 \
	"create abcdef012345_p-web-1: configuration changed; (stop p-web-1); (remove p-web-1); "   \
	"(rename abcdef012345_p-web-1 p-web-1); (start p-web-1)"

static void start_first_where_it_can_be(void **state)
{
	static const struct plan_case cases[] = {
		{UPDATE(", healthcheck: {test: x}, ports: ['80:80']"), OLD, "hold",
		 "create abcdef012345_p-web-1 held: configuration changed; "
		 "(start abcdef012345_p-web-1); (wait abcdef012345_p-web-1); "
		 "(take_over abcdef012345_p-web-1); (stop abcdef012345_p-web-1 if-failed); "
		 "(remove abcdef012345_p-web-1 if-failed); (drain p-web-1); (stop p-web-1); "
		 "(remove p-web-1); (rename abcdef012345_p-web-1 p-web-1)"},
		{UPDATE(""), OLD, "",
		 "create abcdef012345_p-web-1: configuration changed; "
		 "(start abcdef012345_p-web-1); (wait abcdef012345_p-web-1); "
		 "(monitor abcdef012345_p-web-1); (stop abcdef012345_p-web-1 if-failed); "
		 "(remove abcdef012345_p-web-1 if-failed); (stop p-web-1); (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		{UPDATE(", ports: ['80:80']"), OLD, "", STOP_FIRST,
		 .warning = "publishes a fixed port"},
		{UPDATE(", network_mode: host"), OLD, "hold", STOP_FIRST,
		 .warning = "host's network"},
		{UPDATE(", networks: {default: {ipv4_address: 10.1.1.1}}"), OLD, "hold", STOP_FIRST,
		 .warning = "static address"},
		{UPDATE(", container_name: p-web-1"), OLD, "hold", STOP_FIRST,
		 .warning = "stop-first: it has container_name"},
		{UPDATE(""), "web 1 id=abcdef012345678 exited hash=x", "hold",
		 "create abcdef012345_p-web-1: configuration changed; (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1); (start p-web-1); (wait p-web-1); "
		 "(monitor p-web-1)"},
	};

	check_cases(cases, plan_up);
}

/* ---- what was cut ---- */

static void what_was_begun_is_finished_or_thrown_away(void **state)
{
	static const struct plan_case cases[] = {
		{WEB,
		 "web 1 id=abcdef012345678 hash=x; web 1 id=bbb created name=abcdef012345_p-web-1",
		 "",
		 "stop p-web-1: configuration changed; (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1); (start p-web-1)"},
		{WEB,
		 "web 1 id=abcdef012345678 exited hash=x; web 1 id=bbb created "
		 "name=abcdef012345_p-web-1",
		 "",
		 "remove p-web-1: configuration changed; (rename abcdef012345_p-web-1 p-web-1); "
		 "(start p-web-1)"},
		{WEB, "web 1 id=bbb created name=abcdef012345_p-web-1", "",
		 "(rename abcdef012345_p-web-1 p-web-1); start p-web-1: it was never started"},
		{WEB, "web 1 id=bbb name=abcdef012345_p-web-1", "",
		 "rename abcdef012345_p-web-1 p-web-1: the one that it replaced is gone"},
		/* The file was changed back meanwhile. */
		{WEB,
		 "web 1 id=abcdef012345678; web 1 id=bbb created hash=x name=abcdef012345_p-web-1",
		 "",
		 "remove abcdef012345_p-web-1: begun for what is no longer wanted; keep p-web-1"},
		/* By version 1 the old one is renamed. */
		{WEB,
		 "web 1 id=abcdef012345678 hash=x name=abcdef012345_p-web-1; web 1 id=bbb created",
		 "",
		 "stop abcdef012345_p-web-1: configuration changed; (remove abcdef012345_p-web-1); "
		 "(start p-web-1)"},
		/* Version 2 leaves its label for ever. */
		{WEB, "web 1 replaces=web-1", "", "keep p-web-1"},
		{UPDATE(""),
		 "web 1 id=abcdef012345678 hash=x; web 1 id=bbb held name=abcdef012345_p-web-1",
		 "hold",
		 "(wait abcdef012345_p-web-1); (monitor abcdef012345_p-web-1); "
		 "take_over abcdef012345_p-web-1: configuration changed; (stop "
		 "abcdef012345_p-web-1 if-failed); "
		 "(remove abcdef012345_p-web-1 if-failed); (drain p-web-1); (stop p-web-1); "
		 "(remove p-web-1); (rename abcdef012345_p-web-1 p-web-1)"},
		{UPDATE(""),
		 "web 1 id=abcdef012345678 held hash=x; web 1 id=bbb name=abcdef012345_p-web-1",
		 "hold",
		 "drain p-web-1: an earlier run replaced it; (stop p-web-1); (remove p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		/* Whose ports it was to get is gone. */
		{WEB, "web 1 id=abcdef012345678 held name=ffffffffffff_p-web-1", "hold no-start",
		 "create abcdef012345_p-web-1: the container whose ports it was to get is gone; "
		 "(stop ffffffffffff_p-web-1); (remove ffffffffffff_p-web-1); "
		 "(rename abcdef012345_p-web-1 p-web-1)"},
		{WEB, "web 1; web 1 id=zz name=p_web_1 exited", "",
		 "remove p_web_1: there are two of this number; keep p-web-1"},
	};

	check_cases(cases, plan_up);
}

/* ---- the other verbs ---- */

static void dependents_stop_first(void **state)
{
	static const struct plan_case stops[] = {
		{TWO, "web 1; web 2; db 1", "", "stop p-web-1; stop p-web-2; stop p-db-1"},
		{TWO, "web 1; db 1 exited", "", "stop p-web-1"},
		{TWO, "web 1; db 1", "+db", "stop p-db-1"},
		{TWO, "web 1; old 1; web 0 oneoff", "", "stop p-web-1"},
	};
	static const struct plan_case downs[] = {
		{TWO, "web 1; db 1; old 1", "",
		 "stop p-web-1; remove p-web-1; stop p-db-1; remove p-db-1; "
		 "remove_network p_default",
		 .warning = "Found orphan containers (p-old-1)"},
		{TWO, "web 1; db 1 exited; old 1 exited", "orphans volumes",
		 "remove p-old-1 volumes; stop p-web-1; remove p-web-1 volumes; "
		 "remove p-db-1 volumes; remove_network p_default"},
		{"services: {web: {image: i, volumes: ['v:/v']}}\nvolumes: {v: {}, e: {external: "
		 "true}}\n",
		 "web 1", "volumes",
		 "stop p-web-1; remove p-web-1 volumes; remove_network p_default; "
		 "remove_volume p_v"},
		{"services: {web: {build: .}, db: {image: j}}\n", "", "rmi=local",
		 "remove_network p_default; remove_image p-web optional"},
		{"services: {web: {build: .}, db: {image: j}}\n", "", "rmi=all",
		 "remove_network p_default; remove_image j optional; remove_image p-web optional"},
		{TWO, "web 1; db 1", "+web", "stop p-web-1; remove p-web-1"},
		{TWO, NULL, "", ""},
	};

	check_cases(stops, make_stop);
	check_cases(downs, make_down);
}

static void restarts_go_on_to_those_who_ask_for_it(void **state)
{
	static const char restart[] =
		"services: {web: {image: i, depends_on: {db: {condition: service_started, "
		"restart: true}}}, db: {image: j}}\n";
	static const struct plan_case cases[] = {
		{restart, "web 1; db 1", "+db", "restart p-db-1; restart p-web-1"},
		{restart, "web 1; db 1", "+db no-deps", "restart p-db-1"},
		/* What a killed client has begun is left to `up`. */
		{TWO, "db 1 id=abcdef012345678; db 1 created name=abcdef012345_p-db-1", "+db",
		 "restart p-db-1"},
		{TWO, "web 1 exited; db 1", "", "restart p-db-1; restart p-web-1"},
	};
	static const struct plan_case removals[] = {
		{TWO, "web 1 exited; db 1; web 0 oneoff exited name=r", "", "remove p-web-1"},
		{TWO, "web 1 exited; db 1; web 0 oneoff exited name=r", "one-offs volumes",
		 "remove p-web-1 volumes; remove r volumes"},
	};

	check_cases(cases, make_restart);
	check_cases(removals, make_remove);
}

static void images_come_as_policies_say(void **state)
{
	static const struct plan_case cases[] = {
		{WEB, "", "", ""},
		{"services: {web: {image: i, pull_policy: always}}\n", "", "",
		 "pull i: pull_policy is always"},
		{"services: {web: {build: ., pull_policy: build}}\n", "", "",
		 "build p-web: pull_policy is build"},
		{"services: {web: {image: i, pull_policy: never}}\n", "", "", ""},
	};

	check_cases(cases, make_images);
}

static void images_that_are_missing(void **state)
{
	static const struct {
		const char *yaml;
		enum image_wish wish;
		const char *plan;
	} cases[] = {
		{WEB, IMAGES_AS_POLICY, "pull i: it is not there"},
		{"services: {web: {image: i}, other: {image: i}}\n", IMAGES_AS_POLICY,
		 "pull i: it is not there"},
		{"services: {web: {build: .}}\n", IMAGES_AS_POLICY, "build p-web: it is not there"},
		{"services: {web: {build: ., image: i}}\n", IMAGES_AS_POLICY,
		 "pull i optional: it is not there; (build i if-failed)"},
		{"services: {web: {build: ., image: i}, other: {image: i}}\n", IMAGES_BUILD,
		 "build i: a build was asked for"},
		{"services: {web: {build: .}}\n", IMAGES_NO_BUILD,
		 "FAILURE service \"web\" needs to be built, but --no-build was passed"},
		{"services: {web: {image: i, pull_policy: never}}\n", IMAGES_AS_POLICY,
		 "FAILURE image \"i\" of service \"web\" is not there, and pull_policy is never"},
		{"services: {web: {build: 'service:base'}, base: {build: .}}\n", IMAGES_BUILD,
		 "build p-base: a build was asked for; build p-web: a build was asked for"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct project *project = sample_project(cases[i].yaml);
		struct plan_options options = {.stop_timeout_s = -1};
		struct seen seen = {0};
		scoped_plan struct plan plan = {0};
		scoped_buffer struct buffer out = {0};

		plan_images(project, &seen, &options, cases[i].wish, NULL, &plan);
		for (size_t k = 0; k < plan.count; k++)
			write_line(&plan, k, &out);
		if (plan.failure)
			buffer_format(&out, "FAILURE %s", plan.failure);
		assert_string_equal(out.data, cases[i].plan);
		project_free(project);
	}
}

static void without_a_file_labels_give_the_order(void **state)
{
	struct plan_options options = {.stop_timeout_s = -1};
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan down = {0}, start = {0};
	scoped_buffer struct buffer text = {0};

	see(NULL, "db 1", &seen);
	see(NULL, "web 1 after=db:service_healthy:false", &seen);
	see(NULL, "loop 1 exited after=loop:service_started:false,web:service_started:false",
	    &seen);
	plan_down(NULL, &seen, &options, &down);
	for (size_t i = 0; i < down.count; i++)
		write_line(&down, i, &text);
	assert_string_equal(text.data, "remove p-loop-1; stop p-web-1; remove p-web-1; "
				       "stop p-db-1; remove p-db-1");
	buffer_clear(&text);
	plan_start(NULL, &seen, &options, &start);
	for (size_t i = 0; i < start.count; i++)
		write_line(&start, i, &text);
	assert_string_equal(text.data, "keep p-db-1; (wait p-db-1); keep p-web-1; start p-loop-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_made),
		cmocka_unit_test(what_differs_is_made_anew_with_the_first_reason),
		cmocka_unit_test(scaled_down_the_outdated_go_first),
		cmocka_unit_test(orphans_are_told_or_removed),
		cmocka_unit_test(dependents_follow_what_is_made_anew),
		cmocka_unit_test(conditions_are_waited_for_where_they_do_not_hold),
		cmocka_unit_test(what_has_ended_well_runs_again_only_for_who_waits_for_it),
		cmocka_unit_test(start_first_where_it_can_be),
		cmocka_unit_test(what_was_begun_is_finished_or_thrown_away),
		cmocka_unit_test(dependents_stop_first),
		cmocka_unit_test(restarts_go_on_to_those_who_ask_for_it),
		cmocka_unit_test(images_come_as_policies_say),
		cmocka_unit_test(images_that_are_missing),
		cmocka_unit_test(without_a_file_labels_give_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
