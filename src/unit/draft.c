#include "unit/draft.h"

#include "format/unit_name.h"
#include "unit/key.h"
#include "unit/name_pool.h"

#include <pthread.h>

#define SECOND INT64_C(1000000)

static void set_defaults(struct unit_draft *draft)
{
	draft->config.start_limit_interval_us = 10 * SECOND;
	draft->config.start_limit_burst = 5;
	draft->config.on_failure_mode = JOB_REPLACE;
	draft->config.on_success_mode = JOB_FAIL;
	draft->restart.delay_us = SECOND / 10;
	draft->timer.accuracy_us = 60 * SECOND;
	draft->path.trigger_interval_us = 2 * SECOND;
	draft->path.trigger_burst = 200;
	draft->plan.socket.trigger_interval_us = 2 * SECOND;
	draft->plan.restart_kill_signal = 0; /* as KillSignal= */
}

static void set_specifiers(struct unit_draft *draft)
{
	const struct pairs *common = &draft->context->specifiers;

	for (size_t i = 0; i < common->count; i++)
		draft->specifiers.value[common->items[i].name[0] & 0x7f] = common->items[i].value;
	unit_specifiers_of_name(draft->config.name, &draft->specifiers, &draft->arena);
	draft->specifiers.value['%'] = "%";
	if (unit_name_is_template(draft->config.name) && !draft->specifiers.value['f'])
		draft->specifiers.value['f'] = ""; /* it is read for `cat` and for enabling */
}

void unit_draft_init(struct unit_draft *draft, const struct load_context *context, const char *name)
{
	enum unit_type type = UNIT_SERVICE;

	*draft = (struct unit_draft){.context = context};
	unit_type_of_name(name, &type);
	draft->config.name = name_pool_get(name);
	draft->config.type = type;
	draft->config.load = LOAD_LOADED;
	execution_plan_init(&draft->plan, name);
	set_defaults(draft);
	set_specifiers(draft);
}

static struct unit_draft blank;

static void make_blank(void)
{
	execution_plan_init(&blank.plan, "");
	str_replace(&blank.plan.unit, NULL);
	set_defaults(&blank);
}

const struct unit_draft *unit_draft_blank(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_blank);
	return &blank;
}

static void free_parts(struct unit_draft *draft)
{
	for (size_t i = 0; i < draft->timer.count; i++)
		calendar_free(draft->timer.points[i].calendar);
	free(draft->timer.points);
	for (size_t i = 0; i < draft->path.count; i++)
		free(draft->path.watches[i].path);
	free(draft->path.watches);
	free(draft->mount.what);
	free(draft->mount.where);
	free(draft->mount.type);
	free(draft->mount.options);
}

void unit_draft_fini(struct unit_draft *draft)
{
	unit_config_free(mem_copy(&draft->config, sizeof(draft->config)));
	record_fini(&execution_plan_type, &draft->plan);
	free_parts(draft);
	map_fini(&draft->arrows);
	vector_fini(&draft->dependencies);
	strings_fini(&draft->install.wanted_by);
	strings_fini(&draft->install.required_by);
	strings_fini(&draft->install.alias);
	strings_fini(&draft->install.also);
	free(draft->install.default_instance);
	free(draft->container.image);
	free(draft->container.name);
	free(draft->container.user);
	free(draft->container.group);
	pairs_fini(&draft->container.options);
	strings_fini(&draft->container.command);
	free(draft->triggered);
	strings_fini(&draft->sockets);
	strings_fini(&draft->mounts_for);
	strings_fini(&draft->arena);
	strings_fini(&draft->problems);
}

static char *place_text(const struct unit_draft *draft, const char *format, va_list args)
{
	struct buffer text = {0};

	if (draft->line)
		buffer_format(&text, "%s:%u: ", draft->file, draft->line);
	else
		buffer_format(&text, "%s: ", draft->file ? draft->file : draft->config.name);
	buffer_format_v(&text, format, args);
	return buffer_take(&text);
}

void unit_draft_warn(struct unit_draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strings_take(&draft->config.warnings, place_text(draft, format, args));
	va_end(args);
}

void unit_draft_refuse(struct unit_draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strings_take(&draft->problems, place_text(draft, format, args));
	va_end(args);
}

/* ---- arrows ---- */

static uint64_t arrows_to(const struct unit_draft *draft, const char *name)
{
	return (uint64_t)(uintptr_t)map_get(&draft->arrows, name);
}

bool unit_draft_depends(const struct unit_draft *draft, enum dependency kind, const char *name)
{
	return arrows_to(draft, name) >> kind & 1;
}

static void make_explicit(struct unit_draft *draft, enum dependency kind, const char *name)
{
	for (size_t i = 0; i < draft->dependencies.count; i++) {
		struct unit_dependency *d = &draft->dependencies.items[i];

		if (d->kind == kind && d->name == name)
			d->implicit = false;
	}
}

void unit_draft_depend(struct unit_draft *draft, enum dependency kind, const char *name,
		       bool implicit)
{
	uint64_t arrows = arrows_to(draft, name);

	name = name_pool_get(name);
	if (arrows >> kind & 1) {
		if (!implicit)
			make_explicit(draft, kind, name);
		return;
	}
	map_put(&draft->arrows, name, (void *)(uintptr_t)(arrows | UINT64_C(1) << kind));
	struct unit_dependency d = {kind, implicit, name};
	vector_add(&draft->dependencies, d);
}

bool unit_draft_read(struct unit_draft *draft, const char *text, size_t size, const char *file,
		     struct error *err)
{
	struct unit_text lines = {0};

	if (!unit_text_parse(text, size, file, &lines, err)) {
		unit_text_fini(&lines);
		return false;
	}
	draft->file = file;
	for (size_t i = 0; i < lines.warnings.count; i++)
		strings_add(&draft->config.warnings, lines.warnings.items[i]);
	unit_keys_apply(draft, &lines);
	draft->line = 0;
	draft->file = NULL;
	unit_text_fini(&lines);
	return true;
}
