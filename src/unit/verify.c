/* What the machine is asked: can it execute each program of the unit, below the unit's root if that has one, and does it
 * know each user and group.  Programs whose failure counts for nothing (`-`) may be missing, as for systemd-analyze;
 * what the unit's own mounts bring, or an image, is there at its start only.
 *
 * A template is read as one of its instances, as there, and as another one: only what both have alike is asked for. */
#include "unit/verify.h"

#include "format/unit_name.h"
#include "unit/finish.h"

#include <errno.h>

#define DOCKER "/usr/bin/docker" /* execution/start_environment.c */

struct verifying {
	const struct verify *verify;
	const struct unit_draft *draft;
	const struct unit_draft *other; /* of a template: another instance; else the same */
	struct strings *problems;
};

static bool read_text(struct unit_draft *draft, const struct verify *v, struct error *err)
{
	if (!unit_draft_read(draft, v->text, v->size, v->file, err))
		return false;
	unit_draft_check(draft);
	return true;
}

static int probe(const struct verifying *v, enum verify_subject what, const char *root,
		 const char *name)
{
	return v->verify->probe(v->verify->data, what, root, name);
}

/* ---- programs ---- */

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	while (length && folder[length - 1] == '/')
		length--;
	return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

/* A root's links may lead to what is mounted there, whatever the path says. */
static bool may_be_mounted(const struct execution_context *c, const char *path)
{
	if (c->root_folder && c->bind_paths.count)
		return true;
	for (size_t i = 0; i < c->bind_paths.count; i++)
		if (is_below(path, RECORD_AT(c->bind_paths, struct execution_path_pair, i)->target))
			return true;
	return false;
}

static int probe_path(const struct verifying *v, const char *path)
{
	const char *root = v->draft->plan.context.root_folder, *docker = v->verify->docker;
	int why;

	if (may_be_mounted(&v->draft->plan.context, path))
		return 0;
	why = probe(v, VERIFY_PROGRAM, root, path);
	if (why == ENOENT && docker && str_equal(path, DOCKER))
		why = probe(v, VERIFY_PROGRAM, root, docker);
	return why;
}

static int probe_name(const struct verifying *v, const char *name)
{
	scoped_strings struct strings folders = strings_split(EXECUTION_PATH, ':');

	for (size_t i = 0; i < folders.count; i++) {
		scoped_free char *path = str_format("%s/%s", folders.items[i], name);

		if (probe_path(v, path) == 0)
			return 0;
	}
	return ENOENT;
}

static void check_command(const struct verifying *v, const struct execution_command *command)
{
	const char *path = command->path;
	int why = *path == '/' ? probe_path(v, path) : probe_name(v, path);

	if (why)
		strings_format(v->problems, "%s: Command %s is not executable: %s", v->verify->name,
			       path, strerror(why));
}

static void check_commands(const struct verifying *v, enum execution_phase phase)
{
	const struct record_list *all = &v->draft->plan.commands[phase],
				 *others = &v->other->plan.commands[phase];

	for (size_t i = 0; i < all->count && i < others->count; i++) {
		const struct execution_command *c = RECORD_AT(*all, struct execution_command, i),
					       *other = RECORD_AT(*others, struct execution_command,
								  i);

		if (c->path && !c->ignore_failure && str_equal(c->path, other->path))
			check_command(v, c);
	}
}

/* ---- users and groups ---- */

static void check_name(const struct verifying *v, enum verify_subject what, const char *name,
		       const char *other)
{
	static const char *const nouns[] = {[VERIFY_USER] = "user", [VERIFY_GROUP] = "group"};
	int why;

	if (str_is_empty(name) || !str_equal(name, other))
		return;
	why = probe(v, what, NULL, name);
	if (why == ESRCH)
		strings_format(v->problems, "%s: Failed to resolve %s %s: Unknown %s",
			       v->verify->name, nouns[what], name, nouns[what]);
	else if (why)
		strings_format(v->problems, "%s: Failed to resolve %s %s: %s", v->verify->name,
			       nouns[what], name, strerror(why));
}

/* DynamicUser=: who is not there yet will be. */
static void check_identity(const struct verifying *v)
{
	const struct execution_plan *plan = &v->draft->plan, *other = &v->other->plan;
	const struct strings *groups = &plan->context.supplementary_groups,
			     *others = &other->context.supplementary_groups;

	if (!plan->context.dynamic_user) {
		check_name(v, VERIFY_USER, plan->context.user, other->context.user);
		check_name(v, VERIFY_GROUP, plan->context.group, other->context.group);
	}
	for (size_t i = 0; i < groups->count && i < others->count; i++)
		check_name(v, VERIFY_GROUP, groups->items[i], others->items[i]);
	check_name(v, VERIFY_USER, plan->socket.user, other->socket.user);
	check_name(v, VERIFY_GROUP, plan->socket.group, other->socket.group);
}

/* ---- all ---- */

static void check_machine(const struct verifying *v)
{
	enum unit_type type = v->draft->config.type;

	if (type != UNIT_SERVICE && type != UNIT_SOCKET)
		return;
	for (int phase = 0; phase < EXECUTION_PHASES && !v->draft->root_image; phase++)
		check_commands(v, (enum execution_phase)phase);
	check_identity(v);
}

static char *instance_of(const struct verify *verify, const char *instance)
{
	return unit_name_is_template(verify->name) ? unit_name_with_instance(verify->name, instance)
						   : str_dup(verify->name);
}

static void check_machine_twice(struct verifying *v, const struct load_context *context)
{
	scoped_free char *name = instance_of(v->verify, "j");
	struct unit_draft other;
	struct error ignored;

	unit_draft_init(&other, context, name);
	v->other = &other;
	if (read_text(&other, v->verify, &ignored))
		check_machine(v);
	unit_draft_fini(&other);
}

void unit_verify(const struct load_context *context, const struct verify *verify,
		 struct strings *problems)
{
	scoped_free char *name = instance_of(verify, "i");
	struct error err = {0};
	struct unit_draft draft;
	struct verifying v = {verify, &draft, &draft, problems};

	unit_draft_init(&draft, context, name);
	bool read = read_text(&draft, verify, &err);
	for (size_t i = 0; i < draft.config.warnings.count; i++)
		strings_add(problems, draft.config.warnings.items[i]);
	for (size_t i = 0; i < draft.problems.count; i++)
		strings_add(problems, draft.problems.items[i]);
	if (err.kind)
		strings_add(problems, err.text);
	if (read && verify->probe && unit_name_is_template(verify->name))
		check_machine_twice(&v, context);
	else if (read && verify->probe)
		check_machine(&v);
	unit_draft_fini(&draft);
}
