#include "engine/log_plan.h"

#include "base/memory.h"
#include "format/json_write.h"
#include "format/units.h"

/* Labels and variables that the options name: labels=a,b env=C. */
static void add_named(const struct pairs *from, const char *names, struct pairs *out)
{
	scoped_strings struct strings list = strings_split(names ? names : "", ',');

	for (size_t i = 0; i < list.count; i++)
		if (pairs_have(from, list.items[i]))
			pairs_set(out, list.items[i], pairs_get(from, list.items[i]));
}

static struct pairs variables_of(const struct strings *env)
{
	struct pairs out = {0};

	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');
		scoped_free char *name = NULL;

		if (!equals)
			continue;
		name = str_dup_n(env->items[i], (size_t)(equals - env->items[i]));
		pairs_set(&out, name, equals + 1);
	}
	return out;
}

static struct pairs attributes_of(const struct container *c)
{
	const struct pairs *options = &c->host_config.log_config.config;
	const char *labels = pairs_get(options, "labels"), *env = pairs_get(options, "env");
	struct pairs out = {0};

	if (labels)
		add_named(&c->config.labels, labels, &out);
	if (env) {
		scoped_pairs struct pairs variables = variables_of(&c->config.env);

		add_named(&variables, env, &out);
	}
	pairs_sort(&out);
	return out;
}

char *log_details(const struct container *c)
{
	scoped_pairs struct pairs attributes = attributes_of(c);
	scoped_strings struct strings words = {0};

	for (size_t i = 0; i < attributes.count; i++)
		strings_format(&words, "%s=%s", attributes.items[i].name,
			       attributes.items[i].value);
	return words.count ? strings_join(&words, ",") : NULL;
}

static char *attributes_json(const struct container *c)
{
	scoped_pairs struct pairs attributes = attributes_of(c);
	scoped_buffer struct buffer json = {0};

	if (attributes.count == 0)
		return NULL;
	buffer_add_char(&json, '{');
	for (size_t i = 0; i < attributes.count; i++) {
		json_write_name(&json, attributes.items[i].name);
		json_write_string(&json, attributes.items[i].value);
	}
	buffer_add_char(&json, '}');
	return buffer_take(&json);
}

static int64_t max_size_of(const struct pairs *options)
{
	const char *text = pairs_get(options, "max-size");
	struct error unused;
	int64_t size;

	if (!text)
		return LOG_MAX_SIZE;
	return size_from_text(text, &size, &unused) ? size : -1;
}

static int64_t max_files_of(const struct pairs *options)
{
	const char *text = pairs_get(options, "max-file");
	int64_t count;

	return text && parse_i64(text, &count) ? count : LOG_MAX_FILES;
}

void log_plan(const struct container *c, struct shim_log_options *out)
{
	const struct log_config *log = &c->host_config.log_config;

	out->driver = str_dup(log->type);
	out->path = container_log_path(c);
	out->max_size = max_size_of(&log->config);
	out->max_files = max_files_of(&log->config);
	out->attrs_json = attributes_json(c);
}
