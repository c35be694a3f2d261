/* One call of compose: its options and environment, what the daemon can do, containers by label. */
#include "cmd/compose/compose.h"

#include "cmd/compose/lease.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { PARALLEL_DEFAULT = 32, PARALLEL_MOST = 512 };

struct compose *compose_of(const struct cli *cli)
{
	return cli->scope;
}

/* ---- entering ---- */

static enum compose_style choose_style(const struct cli *cli)
{
	const char *wanted = getenv("WHERRY_COMPOSE_STYLE");

	if (!str_is_empty(wanted))
		return strcmp(wanted, "v1") == 0 ? COMPOSE_V1 : COMPOSE_V2;
	return strcmp(cli->program, "docker-compose") == 0 ? COMPOSE_V1 : COMPOSE_V2;
}

/* What says where the daemon is may stand here, too. */
static void lay_over(struct compose *compose)
{
	struct compose_options *ours = &compose->options;
	struct cli_options *call = &compose->cli->options;

	compose->outer = *call;
	if (ours->hosts.count)
		call->hosts = ours->hosts;
	if (ours->context)
		call->context = ours->context;
	if (ours->ca)
		call->ca = ours->ca;
	if (ours->certificate)
		call->certificate = ours->certificate;
	if (ours->key)
		call->key = ours->key;
	if (ours->tls)
		call->tls = true;
	if (ours->tls_verify)
		call->tls_verify = 1;
}

bool compose_flag(const char *name)
{
	const char *value = getenv(name);

	return value && (strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0 ||
			 strcasecmp(value, "yes") == 0 || strcasecmp(value, "on") == 0);
}

static void take_environment(struct compose_options *options)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{"COMPOSE_ANSI", offsetof(struct compose_options, ansi)},
		{"COMPOSE_PROGRESS", offsetof(struct compose_options, progress)},
	};

	for (size_t i = 0; i < array_length(texts); i++) {
		char **field = (char **)(void *)((char *)options + texts[i].offset);

		if (!*field && !str_is_empty(getenv(texts[i].name)))
			*field = str_dup(getenv(texts[i].name));
	}
	options->compatibility |= compose_flag("COMPOSE_COMPATIBILITY");
}

static bool take_parallel(struct option_number *parallel, struct error *err)
{
	const char *limit = getenv("COMPOSE_PARALLEL_LIMIT");

	if (parallel->given || str_is_empty(limit))
		return true;
	parallel->given = parse_i64(limit, &parallel->value);
	return parallel->given ||
	       error_set(err, ERROR_INVALID,
			 "COMPOSE_PARALLEL_LIMIT must be an integer (found: \"%s\")", limit);
}

static bool is_among(const char *value, const char *words)
{
	scoped_strings struct strings list = strings_split(words, ' ');

	return !value || strings_contain(&list, value);
}

static const char *const log_levels[] = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

/* LOG_LEVEL_ERROR + 1: CRITICAL; more: there is no such level. */
static size_t log_level_of(const struct compose_options *options)
{
	size_t level = 0;

	if (!options->log_level)
		return options->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
	while (level < array_length(log_levels) &&
	       strcasecmp(log_levels[level], options->log_level) != 0)
		level++;
	return level;
}

bool compose_says(const struct compose *compose, enum log_level level)
{
	return level >= log_level_of(&compose->options);
}

static bool check_options(const struct compose_options *options, struct error *err)
{
	if (log_level_of(options) == array_length(log_levels))
		return error_set(err, ERROR_INVALID,
				 "Invalid value for --log-level: %s. Expected one of DEBUG, INFO, "
				 "WARNING, ERROR, CRITICAL.",
				 options->log_level);
	if (!is_among(options->ansi, "never always auto"))
		return error_set(err, ERROR_INVALID,
				 "invalid value for --ansi: %s; there is never, always and auto",
				 options->ansi);
	if (!is_among(options->progress, "auto tty plain json quiet"))
		return error_set(err, ERROR_INVALID, "unsupported --progress value \"%s\"",
				 options->progress);
	return true;
}

static size_t choose_parallel(const struct option_number *wanted)
{
	if (!wanted->given || wanted->value == 0)
		return PARALLEL_DEFAULT;
	return wanted->value < 0 || wanted->value > PARALLEL_MOST ? PARALLEL_MOST
								  : (size_t)wanted->value;
}

int compose_enter(struct cli *cli, void *fields, const struct strings *words)
{
	struct compose *compose = fields;
	struct error err;

	cli->scope = compose;
	compose->cli = cli;
	compose->style = choose_style(cli);
	lay_over(compose);
	take_environment(&compose->options);
	if (!take_parallel(&compose->options.parallel, &err) ||
	    !check_options(&compose->options, &err))
		return compose_fail(compose, &err);
	cli->traces = compose_says(compose, LOG_LEVEL_DEBUG);
	compose->parallel = choose_parallel(&compose->options.parallel);
	if (compose->options.version)
		return compose_print_version(cli, compose->style);
	if (compose->options.no_ansi && compose->style == COMPOSE_V1)
		fprintf(stderr, "--no-ansi option is deprecated and will be removed in future "
				"versions. Use `--ansi never` instead.\n");
	return -1;
}

void compose_leave(struct cli *cli, void *fields)
{
	struct compose *compose = fields;

	cli->options = compose->outer;
	cli->traces = false;
	cli->scope = NULL;
	lease_free(compose->lease);
	if (compose->free_project)
		compose->free_project(compose->project);
	free(compose->project_name);
	pairs_fini(&compose->digests);
	json_decref(compose->images);
	strings_fini(&compose->warned);
}

/* ---- messages ---- */

bool compose_is_fancy(const struct compose *compose, int fd)
{
	const char *ansi = compose->options.ansi;

	if (compose->options.no_ansi || (ansi && strcmp(ansi, "never") == 0))
		return false;
	return (ansi && strcmp(ansi, "always") == 0) || isatty(fd);
}

int compose_fail(const struct compose *compose, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];
	bool red = compose->style == COMPOSE_V1 && compose_is_fancy(compose, STDERR_FILENO);

	fflush(stdout); /* what went well before stands before it */
	fprintf(stderr, "%s%s\n", red ? "\033[31mERROR\033[0m: " : "",
		error_text(err, text, sizeof(text)));
	return 1;
}

/* As each peer's logger does it: for people a mark, for a pipe the text alone or a line of pairs. */
void compose_warn(const struct compose *compose, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	bool fancy = compose_is_fancy(compose, STDERR_FILENO);
	va_list args;

	if (!compose_says(compose, LOG_LEVEL_WARNING))
		return;
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	fflush(stdout);
	if (compose->style == COMPOSE_V1)
		fprintf(stderr, "%s%s\n", fancy ? "\033[33mWARNING\033[0m: " : "", text.data);
	else if (fancy)
		fprintf(stderr, "\033[33mWARN\033[0m[0000] %s\n", text.data);
	else {
		char now[32];
		time_t seconds = time(NULL);
		struct tm tm;

		strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
		scoped_json json_t *quoted = json_string(text.data);
		scoped_free char *words = json_dumps(quoted, JSON_ENCODE_ANY);
		fprintf(stderr, "time=\"%s\" level=warning msg=%s\n", now, words ? words : "\"\"");
	}
}

/* ---- what the daemon can do ---- */

static void take_features(struct compose_features *features, const char *words)
{
	const struct {
		const char *name;
		bool *flag;
	} rows[] = {
		{"hold", &features->hold},	   {"group", &features->group},
		{"takeover", &features->takeover}, {"files", &features->files},
		{"projects", &features->projects}, {"folders", &features->folders},
		{"leases", &features->leases},	   {"restarts", &features->restarts},
	};
	scoped_strings struct strings list = strings_split(words, ' ');

	features->is_wherry = true;
	for (size_t i = 0; i < array_length(rows); i++)
		*rows[i].flag = strings_contain(&list, rows[i].name);
}

bool compose_ask_features(struct compose *compose, struct error *err)
{
	scoped_target struct target target = target_format("/version");
	size_t i;
	json_t *component;

	if (compose->features.asked)
		return true;
	scoped_json json_t *version = api_get(compose->cli, &target, err);
	if (!version)
		return false;
	json_array_foreach (json_object_get(version, "Components"), i, component)
		if (strcmp(doc_text(component, "Name"), "wherry") == 0)
			take_features(&compose->features,
				      doc_text(json_object_get(component, "Details"), "Features"));
	return compose->features.asked = true;
}

/* ---- containers ---- */

static const char *label(const json_t *container, const char *name)
{
	scoped_free char *key = str_format("com.docker.compose.%s", name);

	return doc_text(json_object_get(container, "Labels"), key);
}

static struct compose_container read_container(const json_t *document)
{
	const char *name = json_string_value(json_array_get(json_object_get(document, "Names"), 0));

	return (struct compose_container){
		.id = doc_text(document, "Id"),
		.name = name ? name + (*name == '/') : "",
		.service = label(document, "service"),
		.number = (unsigned)strtoul(label(document, "container-number"), NULL, 10),
		.one_off = strcasecmp(label(document, "oneoff"), "true") == 0,
		.document = document,
	};
}

static int by_service(const void *a, const void *b)
{
	const struct compose_container *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	if (order)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

bool compose_containers(struct compose *compose, const struct strings *services, bool all,
			bool one_offs, struct compose_containers *out, struct error *err)
{
	scoped_target struct target target = target_format("/containers/json");
	scoped_strings struct strings filters = {0};
	size_t i;
	json_t *document;

	strings_format(&filters, "label=com.docker.compose.project=%s", compose->project_name);
	target_add_flag(&target, "all", all);
	target_add_filters(&target, &filters);
	json_t *list = api_get(compose->cli, &target, err);
	if (!list)
		return false;
	*out = (struct compose_containers){
		.list = list,
		.items = mem_zeroed(json_array_size(list) + 1, sizeof(*out->items)),
	};
	json_array_foreach (list, i, document) {
		struct compose_container container = read_container(document);

		if ((one_offs || !container.one_off) &&
		    (!services || !services->count || strings_contain(services, container.service)))
			out->items[out->count++] = container;
	}
	qsort(out->items, out->count, sizeof(*out->items), by_service);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct compose_container *)a)->name,
		      ((const struct compose_container *)b)->name);
}

void compose_sort_by_name(struct compose_containers *containers)
{
	if (containers->count)
		qsort(containers->items, containers->count, sizeof(*containers->items), by_name);
}

void compose_containers_fini(struct compose_containers *containers)
{
	json_decref(containers->list);
	free(containers->items);
	*containers = (struct compose_containers){0};
}

const struct compose_container *compose_pick(const struct compose_containers *containers,
					     const char *service, unsigned index, struct error *err)
{
	const struct compose_container *first = NULL;

	for (size_t i = 0; i < containers->count; i++) {
		const struct compose_container *c = &containers->items[i];

		if (c->one_off || strcmp(c->service, service) != 0)
			continue;
		if (index ? c->number == index
			  : strcmp(doc_text(c->document, "State"), "running") == 0)
			return c;
		if (!index && !first)
			first = c;
	}
	if (!first && index)
		error_set(err, ERROR_NOT_FOUND, "service \"%s\" has no container with index %u",
			  service, index);
	else if (!first)
		error_set(err, ERROR_NOT_FOUND, "service \"%s\" is not running", service);
	return first;
}

const char *compose_short_name(const struct compose *compose, const char *name)
{
	size_t length = strlen(compose->project_name);

	if (strncmp(name, compose->project_name, length) == 0 &&
	    (name[length] == '_' || name[length] == '-') && name[length + 1])
		return name + length + 1;
	return name;
}
