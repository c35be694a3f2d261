/* `changes` of import and commit: Dockerfile instructions that say something of the image and do
 * nothing.  A table of them. */
#include "image/image.h"

#include "base/map.h"
#include "format/json.h"
#include "format/units.h"
#include "image/change_words.h"

#include <ctype.h>
#include <strings.h>

struct change {
	const char *name; /* as written, for messages */
	const char *text; /* what stands behind the name, without blanks around */
	struct image_defaults *defaults;
	struct error *err;
};

static bool bad(const struct change *c, const char *why)
{
	return error_set(c->err, ERROR_INVALID, "%s %s", c->name, why);
}

/* ---- forms of the text ---- */

/* ["a", "b"]; false when it is not that. */
static bool read_array(const char *text, struct strings *out)
{
	struct error ignored;
	size_t i;
	json_t *item;

	if (*text != '[')
		return false;
	scoped_json json_t *json = json_parse(text, strlen(text), &ignored);
	if (!json_is_array(json))
		return false;
	json_array_foreach (json, i, item)
		if (!json_is_string(item))
			return false;
	strings_set_empty(out);
	json_array_foreach (json, i, item)
		strings_add(out, json_string_value(item));
	return true;
}

/* An array as it is; anything else is a line for the shell. */
static void read_command(const struct change *c, struct strings *out)
{
	static const char *const usual[] = {"/bin/sh", "-c", NULL};
	char *const *shell = c->defaults->shell.count > 0 ? c->defaults->shell.items
							  : (char *const *)(uintptr_t)usual;

	strings_fini(out);
	if (read_array(c->text, out))
		return;
	for (; *shell; shell++)
		strings_add(out, *shell);
	strings_add(out, c->text);
}

static bool read_words(const struct change *c, struct strings *out)
{
	if (read_array(c->text, out))
		return true;
	return change_words(c->text, &c->defaults->env, out, c->err);
}

static bool read_one(const struct change *c, char **field)
{
	char *word = change_word(c->text, &c->defaults->env, c->err);

	if (!word)
		return false;
	free(*field);
	*field = word;
	return true;
}

/* ---- names and values: NAME=value ..., or of old NAME value ---- */

static size_t first_word_length(const char *text)
{
	return strcspn(text, " \t");
}

static bool is_old_form(const char *text)
{
	return memchr(text, '=', first_word_length(text)) == NULL;
}

static bool read_old_form(const struct change *c, struct pairs *out)
{
	size_t length = first_word_length(c->text);
	const char *rest = c->text + length + strspn(c->text + length, " \t");
	scoped_free char *name = str_dup_n(c->text, length);
	scoped_free char *value = change_word(rest, &c->defaults->env, c->err);

	if (!value)
		return false;
	if (str_is_empty(rest))
		return bad(c, "must have two arguments");
	pairs_set(out, name, value);
	return true;
}

static bool read_pairs(const struct change *c, struct pairs *out)
{
	scoped_strings struct strings words = {0};

	if (is_old_form(c->text))
		return read_old_form(c, out);
	if (!change_words(c->text, &c->defaults->env, &words, c->err))
		return false;
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');

		if (!equals || equals == words.items[i])
			return bad(c, "names can not be blank, and each needs a value: NAME=value");
		*equals = '\0';
		pairs_set(out, words.items[i], equals + 1);
	}
	return true;
}

static void set_env(struct strings *env, const char *name, const char *value)
{
	size_t length = strlen(name);
	char *item = str_format("%s=%s", name, value);

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->items[i], name, length) != 0 || env->items[i][length] != '=')
			continue;
		free(env->items[i]);
		env->items[i] = item;
		return;
	}
	strings_take(env, item);
}

/* ---- the instructions ---- */

static bool apply_cmd(const struct change *c)
{
	read_command(c, &c->defaults->cmd);
	return true;
}

static bool apply_entrypoint(const struct change *c)
{
	read_command(c, &c->defaults->entrypoint);
	return true;
}

static bool apply_env(const struct change *c)
{
	scoped_pairs struct pairs pairs = {0};

	if (!read_pairs(c, &pairs))
		return false;
	for (size_t i = 0; i < pairs.count; i++)
		set_env(&c->defaults->env, pairs.items[i].name, pairs.items[i].value);
	return true;
}

static bool apply_label(const struct change *c)
{
	return read_pairs(c, &c->defaults->labels);
}

static bool apply_user(const struct change *c)
{
	return read_one(c, &c->defaults->user);
}

static bool apply_stop_signal(const struct change *c)
{
	return read_one(c, &c->defaults->stop_signal);
}

static bool apply_workdir(const struct change *c)
{
	scoped_free char *before = str_dup_or_null(c->defaults->working_dir);
	char **field = &c->defaults->working_dir;
	char *joined;

	if (!read_one(c, field))
		return false;
	if (**field == '/')
		return true;
	joined = str_format("%s/%s", str_is_empty(before) || str_equal(before, "/") ? "" : before,
			    *field);
	free(*field);
	*field = joined;
	return true;
}

static bool apply_volume(const struct change *c)
{
	scoped_strings struct strings words = {0};

	if (!read_words(c, &words))
		return false;
	for (size_t i = 0; i < words.count; i++) {
		if (words.items[i][0] == '\0')
			return bad(c, "specified can not be an empty string");
		if (!strings_contain(&c->defaults->volumes, words.items[i]))
			strings_add(&c->defaults->volumes, words.items[i]);
	}
	return true;
}

static bool apply_onbuild(const struct change *c)
{
	static const char *const barred[] = {"ONBUILD", "FROM", "MAINTAINER"};
	size_t length = first_word_length(c->text);

	for (size_t i = 0; i < array_length(barred); i++)
		if (strlen(barred[i]) == length && strncasecmp(barred[i], c->text, length) == 0)
			return error_set(c->err, ERROR_INVALID,
					 "%s isn't allowed as an ONBUILD trigger", barred[i]);
	strings_add(&c->defaults->on_build, c->text);
	return true;
}

/* ---- EXPOSE 80 443/tcp 8000-8010/udp ---- */

static bool parse_port(const char *text, size_t length, uint64_t *out)
{
	scoped_free char *digits = str_dup_n(text, length);

	return parse_u64(digits, out) && *out <= 65535;
}

static bool read_range(const char *text, uint64_t *first, uint64_t *last)
{
	size_t length = strcspn(text, "/"), dash = strcspn(text, "-/");

	if (dash == length)
		return parse_port(text, length, first) && (*last = *first, true);
	return parse_port(text, dash, first) &&
	       parse_port(text + dash + 1, length - dash - 1, last) && *first <= *last;
}

static bool is_protocol(const char *text)
{
	return !strcasecmp(text, "tcp") || !strcasecmp(text, "udp") || !strcasecmp(text, "sctp");
}

/* `there` knows all that are exposed: a range may have 65,535. */
static bool expose(const struct change *c, const char *text, struct map *there)
{
	const char *slash = strchr(text, '/');
	scoped_free char *protocol = str_dup(slash ? slash + 1 : "tcp");
	struct strings *ports = &c->defaults->exposed_ports;
	uint64_t first, last;

	if (!read_range(text, &first, &last))
		return error_set(c->err, ERROR_INVALID, "invalid containerPort: %.100s", text);
	if (!is_protocol(protocol))
		return error_set(c->err, ERROR_INVALID, "invalid proto: %.100s", protocol);
	for (char *p = protocol; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (; first <= last; first++) {
		scoped_free char *port = str_format("%u/%s", (unsigned)first, protocol);

		if (!map_put(there, port, ports))
			strings_add(ports, port);
	}
	return true;
}

static bool apply_expose(const struct change *c)
{
	const struct strings *ports = &c->defaults->exposed_ports;
	scoped_strings struct strings words = {0};
	scoped_map struct map there = {0};

	if (!change_words(c->text, &c->defaults->env, &words, c->err))
		return false;
	for (size_t i = 0; i < ports->count; i++)
		map_put(&there, ports->items[i], &there);
	for (size_t i = 0; i < words.count; i++)
		if (!expose(c, words.items[i], &there))
			return false;
	return true;
}

/* ---- HEALTHCHECK [--interval=5s ...] NONE | CMD ... ---- */

static const struct {
	const char *name;
	size_t offset;
} durations[] = {
	{"--interval=", offsetof(struct image_healthcheck, interval)},
	{"--timeout=", offsetof(struct image_healthcheck, timeout)},
	{"--start-period=", offsetof(struct image_healthcheck, start_period)},
	{"--start-interval=", offsetof(struct image_healthcheck, start_interval)},
};

static bool read_retries(const char *value, struct image_healthcheck *check)
{
	return parse_i64(value, &check->retries) && check->retries >= 0 &&
	       check->retries < INT32_MAX;
}

static bool read_option(const struct change *c, const char *option, struct image_healthcheck *check)
{
	for (size_t i = 0; i < array_length(durations); i++)
		if (str_starts_with(option, durations[i].name))
			return duration_from_text(
				option + strlen(durations[i].name),
				(int64_t *)(void *)((char *)check + durations[i].offset), c->err);
	if (str_starts_with(option, "--retries=") &&
	    read_retries(option + strlen("--retries="), check))
		return true;
	return error_set(c->err, ERROR_INVALID, "bad flag for HEALTHCHECK: %.100s", option);
}

/* The flags in front; *text is then what stands behind them. */
static bool read_options(const struct change *c, const char **text, struct image_healthcheck *check)
{
	while (str_starts_with(*text, "--")) {
		size_t length = first_word_length(*text);
		scoped_free char *option = str_dup_n(*text, length);

		if (!read_option(c, option, check))
			return false;
		*text += length + strspn(*text + length, " \t");
	}
	return true;
}

static bool read_test(const struct change *c, const char *text, struct image_healthcheck *check)
{
	size_t length = first_word_length(text);
	const char *rest = text + length + strspn(text + length, " \t");
	scoped_strings struct strings words = {0};

	if (length == 4 && !strncasecmp(text, "NONE", 4) && *rest == '\0') {
		strings_add(&check->test, "NONE");
		return true;
	}
	if (length != 3 || strncasecmp(text, "CMD", 3) != 0 || *rest == '\0')
		return error_set(c->err, ERROR_INVALID,
				 "HEALTHCHECK needs NONE or CMD and a command");
	if (!read_array(rest, &words)) {
		strings_add(&check->test, "CMD-SHELL");
		strings_add(&check->test, rest);
		return true;
	}
	strings_add(&check->test, "CMD");
	for (size_t i = 0; i < words.count; i++)
		strings_add(&check->test, words.items[i]);
	return true;
}

static bool apply_healthcheck(const struct change *c)
{
	struct image_healthcheck check = {0};
	struct image_healthcheck **field = &c->defaults->healthcheck;
	const char *text = c->text;

	if (!read_options(c, &text, &check) || !read_test(c, text, &check)) {
		record_fini(&image_healthcheck_type, &check);
		return false;
	}
	if (!*field)
		*field = mem_new(struct image_healthcheck);
	record_fini(&image_healthcheck_type, *field);
	**field = check;
	return true;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	bool (*apply)(const struct change *c);
} instructions[] = {
	{"CMD", apply_cmd},	    {"ENTRYPOINT", apply_entrypoint},	{"ENV", apply_env},
	{"EXPOSE", apply_expose},   {"HEALTHCHECK", apply_healthcheck}, {"LABEL", apply_label},
	{"ONBUILD", apply_onbuild}, {"STOPSIGNAL", apply_stop_signal},	{"USER", apply_user},
	{"VOLUME", apply_volume},   {"WORKDIR", apply_workdir},
};

static char *trimmed(const char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	for (length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]);
	     length--)
		;
	return str_dup_n(text, length);
}

static bool apply_one(const char *line, struct image_config *config, struct error *err)
{
	scoped_free char *text = trimmed(line);
	size_t length = first_word_length(text);
	scoped_free char *name = str_dup_n(text, length);
	struct change change = {.text = text + length + strspn(text + length, " \t"),
				.defaults = &config->defaults,
				.err = err};

	for (size_t i = 0; i < array_length(instructions); i++) {
		if (strcasecmp(instructions[i].name, name) != 0)
			continue;
		change.name = instructions[i].name;
		if (*change.text == '\0')
			return bad(&change, "requires an argument");
		return instructions[i].apply(&change);
	}
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return error_set(err, ERROR_INVALID, "%.100s is not a valid change command", name);
}

bool image_apply_changes(const struct strings *changes, struct image_config *config,
			 struct error *err)
{
	for (size_t i = 0; i < changes->count; i++)
		if (!apply_one(changes->items[i], config, err))
			return false;
	return true;
}
