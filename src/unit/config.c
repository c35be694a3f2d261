#include "unit/config.h"

#include "base/text.h"
#include "unit/dependency_pool.h"
#include "unit/name_pool.h"

static void free_timer(struct timer_config *timer)
{
	for (size_t i = 0; timer && i < timer->count; i++)
		calendar_free(timer->points[i].calendar);
	free(timer ? timer->points : NULL);
	free(timer);
}

static void free_path(struct path_config *path)
{
	for (size_t i = 0; path && i < path->count; i++)
		free(path->watches[i].path);
	free(path ? path->watches : NULL);
	free(path);
}

static void free_mount(struct mount_config *mount)
{
	if (!mount)
		return;
	free(mount->what);
	free(mount->where);
	free(mount->type);
	free(mount->options);
	free(mount);
}

static void free_restart(struct restart_config *restart)
{
	if (!restart)
		return;
	if (restart->codes) {
		record_fini(&exit_set_type, &restart->codes->prevent);
		record_fini(&exit_set_type, &restart->codes->force);
	}
	free(restart->codes);
	free(restart);
}

static void free_limits(struct execution_limits *limits)
{
	if (limits)
		record_fini(&execution_limits_type, limits);
	free(limits);
}

static void free_conditions(struct unit_config *config)
{
	for (size_t i = 0; i < config->condition_count; i++)
		free(config->conditions[i].argument);
	free(config->conditions);
}

void unit_config_free(struct unit_config *config)
{
	if (!config)
		return;
	free(config->load_error);
	free(config->source_path);
	strings_fini(&config->drop_ins);
	strings_fini(&config->aliases);
	strings_fini(&config->warnings);
	free(config->description);
	strings_fini(&config->documentation);
	dependency_pool_release(config->dependencies);
	free_conditions(config);
	free_restart(config->restart);
	free_timer(config->timer);
	free_path(config->path_watch);
	free_mount(config->mount);
	free_limits(config->slice_limits);
	packed_record_fini(&config->plan);
	strings_fini(&config->foreign);
	free(config);
}

void unit_config_set_path(struct unit_config *config, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	scoped_free char *folder = slash ? str_dup_n(path, (size_t)(slash - path)) : NULL;

	config->folder = slash ? name_pool_get(folder) : NULL;
	config->file = slash ? name_pool_get(slash + 1) : NULL;
}

char *unit_config_path(const struct unit_config *config)
{
	return config->file ? str_format("%s/%s", config->folder, config->file) : NULL;
}

static void add_names(const struct unit_config *config, struct execution_plan *plan)
{
	scoped_free char *described =
		config->description ? str_format("%s - %s", config->name, config->description)
				    : str_dup(config->name);

	str_replace(&plan->unit, config->name);
	str_replace(&plan->description, described);
}

bool unit_config_plan(const struct unit_config *config, struct execution_plan *out)
{
	*out = (struct execution_plan){0};
	if (!record_unpack(&execution_plan_type, &config->plan, out))
		return false;
	add_names(config, out);
	return true;
}
