#include "cmd/compose/watch_sync.h"

#include "cmd/cli/container_exec.h"
#include "cmd/cli/tar_walk.h"
#include "format/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- every running container of the service ---- */

typedef bool each_container(struct compose *compose, const struct watch_rule *rule, const char *id,
			    const void *data, struct error *err);

static bool for_each(struct compose *compose, const struct watch_rule *rule, each_container *act,
		     const void *data, struct error *err)
{
	struct strings services = {(char *[]){(char *)rule->service->name, NULL}, 1}; /* borrowed */
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};

	if (!compose_containers(compose, &services, false, false, &containers, err))
		return false;
	for (size_t i = 0; i < containers.count; i++)
		if (!act(compose, rule, containers.items[i].id, data, err))
			return error_prefix(err, "%s", containers.items[i].name);
	return true;
}

static bool run_in(struct compose *compose, const char *id, const struct exec *exec,
		   const struct strings *command, struct error *err)
{
	int code;

	if (!exec_run(compose->cli, exec, id, command, &code, err))
		return false;
	return code == 0 ||
	       error_set(err, ERROR_SYSTEM, "'%s' exited with code %d", command->items[0], code);
}

/* ---- copies ---- */

static enum tar_verdict judge(void *data, const char *path, bool folder)
{
	return watch_rule_ignores(data, path, folder) ? TAR_PRUNE : TAR_TAKE;
}

static bool put(struct compose *compose, const char *id, struct tar_walk *walk, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/archive", id);
	struct http_body_source source = {tar_walk_read, walk, -1};
	struct api_request request = {
		.method = "PUT", .target = &target, .stream = &source, .type = "application/x-tar"};
	scoped_json json_t *answer = NULL;

	target_add(&target, "path", "/");
	return api_call(compose->cli, &request, &answer, err);
}

/* One path with all that is below it, as far as the rule wants it. */
static bool copy(struct compose *compose, const struct watch_rule *rule, const char *id,
		 const char *path, struct error *err)
{
	struct tar_walk_rules rules = {
		.judge = *path ? NULL : judge, /* others were judged when they were told */
		.data = (void *)rule,
		.of_root = true,
		.with_start = true,
	};
	scoped_free char *place = watch_rule_target(rule, path);
	scoped_free char *start = str_format("%s%s%s", rule->path, *path ? "/" : "", path);
	scoped(tar_walk) struct tar_walk *walk = tar_walk_new(AT_FDCWD, start, place, &rules);

	return put(compose, id, walk, err);
}

static bool drop(struct compose *compose, const struct watch_rule *rule, const char *id,
		 const char *path, struct error *err)
{
	static const struct exec quiet;
	scoped_free char *place = watch_rule_target(rule, path);
	scoped_free char *target = str_format("/%s", place);
	struct strings command = {(char *[]){"rm", "-rf", "--", target, NULL}, 4};

	return run_in(compose, id, &quiet, &command, err);
}

/* A rule may name one file: then `path` is its name, and it stands for the rule's own path. */
static const char *below_rule(const struct watch_rule *rule, const char *path)
{
	struct stat status;
	const char *slash = strrchr(rule->path, '/');

	if (stat(rule->path, &status) == 0 && S_ISDIR(status.st_mode))
		return path;
	return slash && strcmp(slash + 1, path) == 0 ? "" : path;
}

static bool sync_one(struct compose *compose, const struct watch_rule *rule, const char *id,
		     const char *path, struct error *err)
{
	scoped_free char *here = str_format("%s%s%s", rule->path, *path ? "/" : "", path);
	struct stat status;

	if (lstat(here, &status) < 0)
		return drop(compose, rule, id, path, err);
	/* A folder's files are told one by one. */
	return (S_ISDIR(status.st_mode) && *path) || copy(compose, rule, id, path, err);
}

static bool sync_all(struct compose *compose, const struct watch_rule *rule, const char *id,
		     const void *data, struct error *err)
{
	const struct strings *paths = data;

	for (size_t i = 0; i < paths->count; i++)
		if (!sync_one(compose, rule, id, below_rule(rule, paths->items[i]), err))
			return false;
	return true;
}

bool watch_sync(struct compose *compose, const struct watch_rule *rule, const struct strings *paths,
		struct error *err)
{
	return for_each(compose, rule, sync_all, paths, err);
}

/* ---- what follows a copy ---- */

static bool restart_one(struct compose *compose, const struct watch_rule *rule, const char *id,
			const void *data, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/restart", id);

	return api_do(compose->cli, NULL, "POST", &target, err);
}

bool watch_restart(struct compose *compose, const struct watch_rule *rule, struct error *err)
{
	return for_each(compose, rule, restart_one, NULL, err);
}

static bool exec_one(struct compose *compose, const struct watch_rule *rule, const char *id,
		     const void *data, struct error *err)
{
	const struct node *hook = node_get(rule->node, "exec");
	struct exec exec = {
		.user = (char *)node_get_text(hook, "user", NULL),
		.workdir = (char *)node_get_text(hook, "working_dir", NULL),
		.privileged = node_get_bool(hook, "privileged", false),
	};
	scoped_strings struct strings command = {0}, environment = {0};

	node_each (word, node_get(hook, "command"))
		strings_add(&command, word->value->text);
	node_each (variable, node_get(hook, "environment"))
		strings_format(&environment, "%s=%s", variable->key, variable->value->text);
	exec.env = environment; /* borrowed */
	return !command.count || run_in(compose, id, &exec, &command, err);
}

bool watch_exec(struct compose *compose, const struct watch_rule *rule, struct error *err)
{
	return for_each(compose, rule, exec_one, NULL, err);
}
