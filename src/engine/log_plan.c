#include "engine/log_plan.h"

#include "base/memory.h"
#include "engine/engine_private.h"
#include "engine/log_driver.h"
#include "engine/log_tag.h"
#include "format/expression.h"
#include "format/journal_entry.h"
#include "format/json_write.h"
#include "format/syslog.h"
#include "format/units.h"

#include <sys/utsname.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define DEFAULT_TAG    "{{.ID}}"

/* ---- what lines carry ---- */

/* Labels and variables that the options name: labels=a,b env=C. */
static void add_named(const struct pairs *from, const char *names, struct pairs *out)
{
	scoped_strings struct strings list = strings_split(names ? names : "", ',');

	for (size_t i = 0; i < list.count; i++)
		if (pairs_have(from, list.items[i]))
			pairs_set(out, list.items[i], pairs_get(from, list.items[i]));
}

/* Those whose names fit: labels-regex, env-regex. */
static void add_fitting(const struct pairs *from, const char *pattern, struct pairs *out)
{
	regex_t regex;

	if (!pattern || expression_compile(pattern, REG_NOSUB, &regex) != 0)
		return;
	for (size_t i = 0; i < from->count; i++)
		if (regexec(&regex, from->items[i].name, 0, NULL, 0) == 0)
			pairs_set(out, from->items[i].name, from->items[i].value);
	regfree(&regex);
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

/* The options were checked at the create, so a tag that cannot be read is of an older version. */
static char *tag_of(const struct container *c, const char *text)
{
	scoped_free char *args = strings_join(&c->args, " ");
	scoped_free char *command =
		str_format("%s%s%s", c->path ? c->path : "", *args ? " " : "", args);
	struct utsname host = {0};
	struct log_tag_facts facts = {.id = c->id,
				      .name = c->name,
				      .image_id = c->image_id ? c->image_id : "",
				      .image_name = c->config.image ? c->config.image : "",
				      .hostname = host.nodename,
				      .command = command};
	struct error unused;
	char *tag;

	uname(&host);
	tag = log_tag_expand(text, &facts, &unused);
	return tag ? tag : str_dup(c->id);
}

static struct pairs attributes_of(const struct container *c)
{
	const struct pairs *options = &c->host_config.log_config.config;
	scoped_pairs struct pairs variables = variables_of(&c->config.env);
	struct pairs out = {0};

	add_named(&c->config.labels, pairs_get(options, "labels"), &out);
	add_fitting(&c->config.labels, pairs_get(options, "labels-regex"), &out);
	add_named(&variables, pairs_get(options, "env"), &out);
	add_fitting(&variables, pairs_get(options, "env-regex"), &out);
	return out;
}

/* In the file a tag that was asked for stands among them. */
static struct pairs file_attributes(const struct container *c)
{
	const char *text = pairs_get(&c->host_config.log_config.config, "tag");
	struct pairs out = attributes_of(c);

	if (!str_is_empty(text)) {
		scoped_free char *tag = tag_of(c, text);

		pairs_set(&out, "tag", tag);
	}
	pairs_sort(&out);
	return out;
}

char *log_details(const struct container *c)
{
	scoped_pairs struct pairs attributes = file_attributes(c);
	scoped_strings struct strings words = {0};

	for (size_t i = 0; i < attributes.count; i++)
		strings_format(&words, "%s=%s", attributes.items[i].name,
			       attributes.items[i].value);
	return words.count ? strings_join(&words, ",") : NULL;
}

static char *attributes_json(const struct container *c)
{
	scoped_pairs struct pairs attributes = file_attributes(c);
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

/* ---- the file ---- */

static int64_t size_option(const struct pairs *options, const char *name)
{
	const char *text = pairs_get(options, name);
	struct error unused;
	int64_t size;

	if (!text)
		return LOG_MAX_SIZE;
	return size_from_text(text, &size, &unused) ? size : -1;
}

static int64_t count_option(const struct pairs *options, const char *name)
{
	const char *text = pairs_get(options, name);
	int64_t count;

	return text && parse_i64(text, &count) ? count : LOG_MAX_FILES;
}

/* Docker's defaults: what nobody but us reads is compressed. */
static bool compresses(const struct log_config *log, bool sends)
{
	const char *name = sends ? "cache-compress" : "compress";

	if (str_equal(log->type, "json-file"))
		return log_option_is_true(&log->config, name);
	return !pairs_have(&log->config, name) || log_option_is_true(&log->config, name);
}

/* The copy of what is sent away has its own options. */
static void plan_file(const struct container *c, struct shim_log_options *out)
{
	const struct log_config *log = &c->host_config.log_config;
	bool sends = str_equal(log->type, "syslog") || str_equal(log->type, "journald") ||
		     str_equal(log->type, "journal");

	out->path = container_log_file(c);
	out->max_size = size_option(&log->config, sends ? "cache-max-size" : "max-size");
	out->max_files = count_option(&log->config, sends ? "cache-max-file" : "max-file");
	out->attrs_json = attributes_json(c);
	out->compress = compresses(log, sends);
	out->worker = str_dup(c->engine->worker);
}

/* ---- servers ---- */

static void plan_syslog(const struct container *c, struct shim_log_remote *out)
{
	const struct pairs *options = &c->host_config.log_config.config;
	const char *tag = pairs_get(options, "tag");
	struct syslog_address address;
	enum syslog_style style = SYSLOG_BSD_LOCAL;
	struct utsname host = {0};
	struct error unused;

	uname(&host);
	syslog_address_parse(pairs_get(options, "syslog-address"), &address, &unused);
	syslog_style_from_name(pairs_get(options, "syslog-format"), &style);
	syslog_facility_from_name(pairs_get(options, "syslog-facility"), &out->facility);
	out->kind = SHIM_LOG_SYSLOG;
	out->transport = address.transport;
	out->host = address.host;
	out->port = address.port;
	out->style = (int32_t)style;
	out->hostname = str_dup(host.nodename);
	out->tag = tag_of(c, str_is_empty(tag) ? DEFAULT_TAG : tag);
	out->worker = str_dup(c->engine->worker);
}

static void add_field(struct buffer *out, const char *name, const char *value)
{
	journal_field(out, name, value ? value : "", value ? strlen(value) : 0);
}

/* What both journals' entries carry: who the container is, and the labels and variables that were asked for. */
static void add_journal_fields(const struct container *c, const char *usual_tag, struct pairs *out)
{
	const char *text = pairs_get(&c->host_config.log_config.config, "tag");
	scoped_free char *tag = tag_of(c, str_is_empty(text) ? usual_tag : text);
	scoped_free char *short_id = str_dup_n(c->id, 12);
	scoped_pairs struct pairs attributes = attributes_of(c);

	pairs_set(out, "CONTAINER_ID", short_id);
	pairs_set(out, "CONTAINER_NAME", c->name);
	pairs_set(out, "CONTAINER_TAG", tag);
	pairs_set(out, "IMAGE_NAME", c->config.image);
	for (size_t i = 0; i < attributes.count; i++) {
		scoped_free char *name = journal_field_name(attributes.items[i].name);

		if (*name)
			pairs_append(out, name, attributes.items[i].value);
	}
}

static void plan_journald(const struct container *c, struct shim_log_remote *out)
{
	scoped_pairs struct pairs fields = {0};

	out->kind = SHIM_LOG_JOURNAL;
	out->host = str_dup(JOURNAL_SOCKET);
	add_journal_fields(c, DEFAULT_TAG, &fields);
	add_field(&out->fields, "CONTAINER_ID_FULL", c->id);
	add_field(&out->fields, "SYSLOG_IDENTIFIER", pairs_get(&fields, "CONTAINER_TAG"));
	for (size_t i = 0; i < fields.count; i++)
		add_field(&out->fields, fields.items[i].name, fields.items[i].value);
}

/* With nobody attached, what it says is its owner's output; else that is what the client makes of it. */
static bool speaks_for_owner(const struct container *c)
{
	return c->owner && c->is_detached;
}

static void add_owner(const struct container *c, struct shim_journal_log *journal)
{
	journal->unit = str_dup(c->owner);
	journal->invocation_id = str_dup_or_null(c->owner_invocation);
	journal->cgroup = str_dup_or_null(c->owner_cgroup);
}

/* Our own: who reads it looks for names. */
static void plan_journal(const struct container *c, struct shim_log_options *out)
{
	struct shim_journal_log *journal = mem_new(struct shim_journal_log);
	struct utsname host = {0};

	uname(&host);
	journal->folder = str_format("%s/journal", c->engine->settings.data_root);
	journal->hostname = str_dup(host.nodename);
	journal->container = str_dup(c->id);
	journal->max_bytes = c->engine->settings.journal_bytes;
	journal->exported = c->engine->settings.journal_export;
	add_journal_fields(c, "{{.Name}}", &journal->extra);
	journal->identifier = str_dup_or_null(pairs_get(&journal->extra, "CONTAINER_TAG"));
	if (speaks_for_owner(c))
		add_owner(c, journal);
	out->journal = journal;
}

bool log_plan(const struct container *c, struct shim_log_options *out, struct error *err)
{
	const char *type = c->host_config.log_config.type;

	out->driver = str_dup(type);
	plan_file(c, out);
	if (str_equal(type, "syslog"))
		plan_syslog(c, &out->remote);
	if (str_equal(type, "journal") || (speaks_for_owner(c) && !str_equal(type, "none")))
		plan_journal(c, out);
	if (!str_equal(type, "journald"))
		return true;
	if (access(JOURNAL_SOCKET, F_OK) < 0)
		return error_set(err, ERROR_SYSTEM,
				 "failed to initialize logging driver: journald is not enabled on "
				 "this host");
	plan_journald(c, &out->remote);
	return true;
}
