/* run: one command in a new container of a service, beside those that `up` makes.  What the service
 * needs is brought up first; then its container is made from the service as the line changes it. */
#include "cmd/compose/run.h"
#include "cmd/compose/body.h"
#include "cmd/compose/carry.h"
#include "cmd/compose/verbs.h"

#include "base/id.h"
#include "cmd/cli/container_run.h"
#include "cmd/cli/terminal.h"
#include "cmd/compose/files.h"
#include "cmd/compose/lease.h"
#include "format/json.h"
#include "spec/spec_kinds.h"

#include <stdio.h>
#include <unistd.h>

#define HERE(field) offsetof(struct run_wishes, field)

static const struct option options[] = {
	{0, "build", &option_switch, HERE(build), .help = "Build the image first"},
	{0, "cap-add", &option_list, HERE(cap_add), .help = "Add a capability"},
	{0, "cap-drop", &option_list, HERE(cap_drop), .help = "Take a capability away"},
	{'d', "detach", &option_switch, HERE(detach),
	 .help = "Run it in the background and print what it is called"},
	{0, "entrypoint", &option_string, HERE(entrypoint),
	 .help = "Run this instead of the entrypoint of service and image"},
	{'e', "env", &option_list, HERE(environment),
	 .help = "Set an environment variable: NAME=VALUE, or NAME as it is here"},
	{0, "env-from-file", &option_list, HERE(environment_files),
	 .help = "Set environment variables from a file"},
	{'i', "interactive", &option_switch, HERE(interactive), .initial = "true",
	 .help = "Keep stdin open"},
	{'l', "label", &option_list, HERE(labels), .help = "Add a label"},
	{0, "name", &option_string, HERE(name), .help = "Name of the container"},
	{'T', "no-tty", &option_switch, HERE(no_tty),
	 .help = "Give it no terminal (default: one where stdout is a terminal)"},
	{'T', "no-TTY", &option_switch, HERE(no_tty), .hidden = true,
	 .help = "The same as --no-tty"},
	{'t', "tty", &option_switch, HERE(tty), .hidden = true, .initial = "true",
	 .help = "What is so where stdout is a terminal; =false is --no-tty"},
	{0, "no-deps", &option_switch, HERE(no_dependencies),
	 .help = "Do not bring up what the service needs"},
	{'p', "publish", &option_list, HERE(publish), .help = "Publish a port on the host"},
	{0, "pull", &option_string, HERE(pull), .help = "When to pull: always, missing, never"},
	{'q', "quiet", &option_switch, HERE(quiet), .help = "Show nothing of our own"},
	{0, "quiet-build", &option_switch, HERE(quiet_build), .help = "Show nothing of a build"},
	{0, "quiet-pull", &option_switch, HERE(quiet_pull), .help = "Show nothing of a pull"},
	{0, "remove-orphans", &option_switch, HERE(remove_orphans),
	 .help = "Remove containers of services that are not in the file"},
	{0, "rm", &option_switch, HERE(remove), .help = "Remove the container when it exits"},
	{'P', "service-ports", &option_switch, HERE(service_ports),
	 .help = "Publish the ports that the service publishes"},
	{0, "use-aliases", &option_switch, HERE(use_aliases),
	 .help = "Answer to the service's names on its networks"},
	{'u', "user", &option_string, HERE(user), .help = "User to run as: NAME|UID[:GROUP|GID]"},
	{'v', "volume", &option_list, HERE(volumes),
	 .help = "Mount a volume or a path of this host"},
	{'w', "workdir", &option_string, HERE(workdir), .help = "Folder to start in"},
};

/* ---- what it needs ---- */

static struct plan_options needs_options(const struct compose *compose,
					 const struct run_wishes *wishes,
					 const struct strings *services)
{
	return (struct plan_options){
		.services = *services,
		.no_dependencies = wishes->no_dependencies,
		.no_recreate = true, /* what runs is as it is: this is no `up` */
		.remove_orphans = wishes->remove_orphans,
		.ignore_orphans = !wishes->remove_orphans,
		.can_hold = compose->features.hold && compose->features.takeover,
		.can_balance = compose->features.group,
		.wait_timeout_ms = -1,
		.stop_timeout_s = -1,
	};
}

static bool get_images(struct compose *compose, const struct run_wishes *wishes,
		       const struct plan_options *how, struct situation *situation)
{
	scoped_plan struct plan plan = {0};
	struct image_wishes images = {
		.quiet = wishes->quiet_pull || wishes->quiet_build || wishes->quiet,
		.asked_for = wishes->build,
	};
	struct error err;

	plan_images(compose->project, &situation->seen, how,
		    wishes->build ? IMAGES_BUILD : IMAGES_AS_POLICY, wishes->pull, &plan);
	if (!carry_check(compose, &plan))
		return false;
	if (!plan.count)
		return true;
	struct progress *progress =
		progress_new(compose, images.quiet ? PROGRESS_QUIET : PROGRESS_AUTO, false);
	progress_plan(progress, &plan);
	bool good = images_carry_out(compose, &plan, &images, progress, NULL, &err);
	progress_free(progress);
	if (!good && compose->style == COMPOSE_V2) /* version 1 has said it */
		compose_fail(compose, &err);
	return good && situation_see(compose, SITUATION_WANTED, situation);
}

/* Networks, volumes, and its dependencies, as far as their conditions say. */
static bool bring_up_needs(struct compose *compose, const struct run_wishes *wishes,
			   const char *service, const struct plan_options *how,
			   struct situation *situation)
{
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.progress = wishes->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
				     .verb = "up"};

	plan_up(&situation->wanted, &situation->seen, how, &plan);
	plan_leave_out(&plan, service);
	return carry_out(compose, &plan, situation, &carry) == 0;
}

/* ---- its container ---- */

struct new_container {
	struct compose *compose;
	const struct run_wishes *wishes;
	const struct situation *situation;
	struct service service; /* as the line changes it */
	char *name;		/* owned */
	char slug[ID_SIZE];
	json_t *body; /* owned */
	char *id;     /* owned; NULL: not made yet */
};

static void new_container_fini(struct new_container *made)
{
	free(made->name);
	json_decref(made->body);
	free(made->id);
}

static char *make_name(const struct new_container *made)
{
	const struct project *project = made->compose->project;
	char mark =
		project->style == COMPOSE_V1 || made->compose->options.compatibility ? '_' : '-';

	if (made->wishes->name)
		return str_dup(made->wishes->name);
	return str_format("%s%c%s%crun%c%.12s", project->name, mark, made->service.name, mark, mark,
			  made->slug);
}

/* A container that namespaces or volumes come from: the first of the service. */
static const char *id_of(void *data, const char *service)
{
	const struct seen *seen = data;
	const struct seen_container *found = NULL;

	for (size_t i = 0; i < seen->containers.count; i++) {
		const struct seen_container *c = &seen->containers.items[i];

		if (!c->one_off && str_equal(c->service, service) &&
		    (!found || c->number < found->number))
			found = c;
	}
	return found ? found->id : NULL;
}

static void set_streams(const struct new_container *made)
{
	const struct run_wishes *wishes = made->wishes;
	bool input = wishes->interactive && !wishes->detach;
	bool tty = wishes->tty && !wishes->no_tty && !wishes->detach && isatty(STDOUT_FILENO) &&
		   (!input || isatty(STDIN_FILENO));
	unsigned rows, columns;
	const struct {
		const char *name;
		bool value;
	} members[] = {
		{"AttachStdin", input},
		{"AttachStdout", !wishes->detach},
		{"AttachStderr", !wishes->detach},
		{"OpenStdin", input},
		{"StdinOnce", input},
		{"Tty", tty},
	};

	for (size_t i = 0; i < array_length(members); i++)
		json_object_set_new(made->body, members[i].name, json_boolean(members[i].value));
	json_t *host = json_object_get(made->body, "HostConfig");
	json_object_set_new(host, "AutoRemove", json_boolean(wishes->remove));
	if (tty && terminal_size(STDOUT_FILENO, &rows, &columns))
		json_object_set_new(host, "ConsoleSize",
				    json_pack("[i, i]", (int)rows, (int)columns));
}

static bool connect_all(struct new_container *made, const json_t *connections, struct error *err)
{
	const char *network;
	json_t *endpoint;

	json_object_foreach ((json_t *)connections, network, endpoint) {
		scoped_target struct target target = target_format("/networks/%s/connect", network);
		scoped_json json_t *body =
			json_pack("{s:s, s:O}", "Container", made->id, "EndpointConfig", endpoint);

		if (!api_post(made->compose->cli, &target, body, err))
			return false;
	}
	return true;
}

static bool put_files(struct new_container *made, const struct buffer *tar, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/archive", made->id);
	struct http_bytes bytes = {tar->data, tar->size};
	struct http_body_source source = {http_bytes_read, &bytes, (int64_t)tar->size};
	struct api_request request = {
		.method = "PUT", .target = &target, .stream = &source, .type = "application/x-tar"};

	if (!tar->size)
		return true;
	target_add(&target, "path", "/");
	scoped_json json_t *answer = NULL;
	return api_call(made->compose->cli, &request, &answer, err);
}

static bool post_create(struct new_container *made, const struct target *target, struct error *err)
{
	struct cli *cli = made->compose->cli;
	struct api_request request = {.method = "POST", .target = target, .body = made->body};
	scoped_json json_t *answer = NULL;

	if (!api_call(cli, &request, &answer, err))
		return false;
	made->id = str_dup(doc_text(answer, "Id"));
	return true;
}

static bool create_from(struct new_container *made, struct body_request *request, struct error *err)
{
	scoped_target struct target target = body_target(request);
	scoped_buffer struct buffer tar = {0};
	scoped_json json_t *connections = NULL;

	made->body = body_of_container(request, err);
	connections = made->body ? body_of_connections(request, err) : NULL;
	if (!connections || !body_files_tar(request, &tar, err))
		return false;
	set_streams(made);
	return post_create(made, &target, err) && connect_all(made, connections, err) &&
	       put_files(made, &tar, err);
}

static void remove_half_made(struct new_container *made)
{
	scoped_target struct target target =
		target_format("/containers/%s", made->id ? made->id : "");
	struct error ignored;

	target_add(&target, "force", "1");
	target_add(&target, "v", "1");
	if (made->id)
		api_do(made->compose->cli, NULL, "DELETE", &target, &ignored);
}

static bool create(struct new_container *made, struct error *err)
{
	struct compose *compose = made->compose;
	scoped_strings struct strings warnings = {0};
	struct body_request request = {
		.project = compose->project,
		.service = &made->service,
		.name = made->name,
		.slug = made->slug,
		.hash = pairs_get(&made->situation->wanted.hashes, made->service.name),
		.image = json_object_get(compose->images, made->service.image),
		.image_id = doc_text(json_object_get(compose->images, made->service.image), "Id"),
		.features = &compose->features,
		.api_version = compose->cli->api_version,
		.use_aliases = made->wishes->use_aliases,
		.publish =
			true, /* the service's own are gone already, unless they were asked for */
		.id_of = id_of,
		.data = (void *)&made->situation->seen,
		.files = &host_files,
		.warnings = &warnings,
	};

	if (!create_from(made, &request, err)) {
		remove_half_made(made);
		return false;
	}
	for (size_t i = 0; i < warnings.count; i++)
		compose_warn(compose, "%s", warnings.items[i]);
	return true;
}

/* ---- its life ---- */

static int start_detached(struct new_container *made)
{
	scoped_target struct target target = target_format("/containers/%s/start", made->id);
	struct error err;

	if (!api_do(made->compose->cli, NULL, "POST", &target, &err)) {
		remove_half_made(made);
		return compose_fail(made->compose, &err);
	}
	printf("%s\n", made->compose->style == COMPOSE_V1 ? made->name : made->id);
	return 0;
}

static int run_it(struct new_container *made)
{
	struct error err;

	if (!create(made, &err))
		return compose_fail(made->compose, &err);
	if (made->wishes->detach)
		return start_detached(made);
	struct foreground foreground = {made->id, made->body, made->wishes->remove, true, NULL};
	return container_run_foreground(made->compose->cli, &foreground);
}

/* ---- the verb ---- */

/* What it needs, in our turn, which is over before it runs itself. */
static int bring_up_all_needs(struct compose *compose, const struct run_wishes *wishes,
			      const struct strings *services, struct situation *situation)
{
	struct plan_options how;

	if (!lease_take(compose))
		return carry_interrupted(compose);
	bool good = situation_see(compose, SITUATION_WANTED, situation);
	if (good) {
		how = needs_options(compose, wishes, services);
		good = get_images(compose, wishes, &how, situation) &&
		       bring_up_needs(compose, wishes, services->items[0], &how, situation) &&
		       situation_see(compose, SITUATION_WANTED, situation);
	}
	lease_give_back(compose);
	return good ? 0 : 1;
}

static int run_service(struct compose *compose, const struct run_wishes *wishes,
		       const struct strings *services, const struct strings *command)
{
	const char *name = services->items[0];
	scoped_situation struct situation situation = {0};
	scoped_with(new_container_fini) struct new_container made = {
		.compose = compose, .wishes = wishes, .situation = &situation};

	int status = bring_up_all_needs(compose, wishes, services, &situation);
	if (status)
		return status;
	if (!run_change_service(compose, wishes, command, project_service(compose->project, name),
				&made.service))
		return 1;
	id_new(made.slug);
	made.name = make_name(&made);
	return run_it(&made);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	struct strings services = {(char *[]){arguments->items[0], NULL}, 1}; /* borrowed */
	struct strings command = {arguments->items + 1, arguments->count - 1};
	const struct run_wishes *wishes = fields;
	struct error err;

	if (wishes->service_ports && wishes->publish.count) {
		error_set(&err, ERROR_INVALID, "--service-ports and --publish are incompatible");
		return compose_fail(compose, &err);
	}
	return compose_open(compose, &services) ? run_service(compose, wishes, &services, &command)
						: 1;
}

const struct command compose_run = {
	.summary = "Run one command in a new container of a service",
	.usage = "[OPTIONS] SERVICE [COMMAND] [ARG...]",
	.least = 1,
	.most = -1,
	.options_first = true,
	.size = sizeof(struct run_wishes),
	.options = {OPTION_SET(options)},
	.run = run,
};
