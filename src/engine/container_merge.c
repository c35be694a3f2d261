#include "engine/container_merge.h"

#include "base/memory.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- environment ---- */

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

static bool same_name(const char *a, const char *b)
{
	size_t length = name_length(a);

	return length == name_length(b) && memcmp(a, b, length) == 0;
}

static int find_variable(const struct strings *env, const char *variable)
{
	for (size_t i = 0; i < env->count; i++)
		if (same_name(env->items[i], variable))
			return (int)i;
	return -1;
}

static void set_variable(struct strings *env, const char *variable)
{
	int at = find_variable(env, variable);
	bool unset = !variable[name_length(variable)];

	if (at >= 0 && unset)
		strings_remove(env, (size_t)at);
	else if (at >= 0)
		str_replace(&env->items[at], variable);
	else if (!unset)
		strings_add(env, variable);
}

static void set_variables(struct strings *env, const struct strings *more)
{
	for (size_t i = 0; more && i < more->count; i++)
		set_variable(env, more->items[i]);
}

struct strings container_environment(const struct environment_request *request)
{
	struct strings env = {0};

	strings_add(&env, DEFAULT_PATH);
	if (!str_is_empty(request->hostname))
		strings_format(&env, "HOSTNAME=%s", request->hostname);
	if (request->terminal)
		strings_add(&env, "TERM=xterm");
	set_variables(&env, request->links);
	set_variables(&env, request->env);
	set_variables(&env, request->more);
	return env;
}

/* ---- merging ---- */

static void take_text(char **field, const char *image)
{
	if (str_is_empty(*field) && !str_is_empty(image))
		str_replace(field, image);
}

static void take_list(struct strings *field, const struct strings *image)
{
	strings_fini(field);
	*field = strings_copy(image);
}

static void add_missing(struct strings *field, const struct strings *image)
{
	for (size_t i = 0; i < image->count; i++)
		if (!strings_contain(field, image->items[i]))
			strings_add(field, image->items[i]);
}

static void add_missing_variables(struct strings *env, const struct strings *image)
{
	for (size_t i = 0; i < image->count; i++)
		if (find_variable(env, image->items[i]) < 0)
			strings_add(env, image->items[i]);
}

static void add_missing_labels(struct pairs *labels, const struct pairs *image)
{
	for (size_t i = 0; i < image->count; i++)
		if (!pairs_have(labels, image->items[i].name))
			pairs_set(labels, image->items[i].name, image->items[i].value);
}

static void merge_command(struct container_config *config, const struct image_defaults *image)
{
	if (config->entrypoint.count == 0) {
		if (config->cmd.count == 0) {
			take_list(&config->cmd, &image->cmd);
			config->args_escaped = image->args_escaped;
		}
		if (!config->entrypoint.items)
			take_list(&config->entrypoint, &image->entrypoint);
	}
	if (config->entrypoint.count == 1 && str_is_empty(config->entrypoint.items[0]))
		strings_fini(&config->entrypoint);
}

static void take_number(int64_t *field, int64_t image)
{
	if (*field == 0)
		*field = image;
}

static void merge_healthcheck(struct container_config *config,
			      const struct image_healthcheck *image)
{
	struct image_healthcheck *check = config->healthcheck;

	if (!image)
		return;
	if (!check)
		check = config->healthcheck = mem_new(struct image_healthcheck);
	if (check->test.count == 0)
		take_list(&check->test, &image->test);
	take_number(&check->interval, image->interval);
	take_number(&check->timeout, image->timeout);
	take_number(&check->start_period, image->start_period);
	take_number(&check->start_interval, image->start_interval);
	take_number(&check->retries, image->retries);
}

void container_config_merge(struct container_config *config, const struct image_defaults *image)
{
	take_text(&config->user, image->user);
	take_text(&config->working_dir, image->working_dir);
	take_text(&config->stop_signal, image->stop_signal);
	add_missing(&config->exposed_ports, &image->exposed_ports);
	add_missing(&config->volumes, &image->volumes);
	add_missing_variables(&config->env, &image->env);
	add_missing_labels(&config->labels, &image->labels);
	merge_command(config, image);
	merge_healthcheck(config, image->healthcheck);
}

bool container_command(const struct container_config *config, char **path, struct strings *args,
		       struct error *err)
{
	struct strings all = strings_copy(&config->entrypoint);

	for (size_t i = 0; i < config->cmd.count; i++)
		strings_add(&all, config->cmd.items[i]);
	if (all.count == 0) {
		strings_fini(&all);
		return error_set(err, ERROR_INVALID, "no command specified");
	}
	*path = str_dup(all.items[0]);
	strings_remove(&all, 0);
	*args = all;
	return true;
}
