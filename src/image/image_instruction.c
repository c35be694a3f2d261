#include "image/image_instruction.h"

#include "base/map.h"
#include "base/signal_name.h"
#include "base/time.h"
#include "format/expand.h"
#include "format/path.h"
#include "format/units.h"

#include <ctype.h>
#include <strings.h>

struct change {
	const struct instruction *instruction;
	const struct instruction_setting *setting;
	struct expand_rules rules;
	struct image_config *config;
	struct image_defaults *defaults;
	struct buffer *said;
	struct error *err;
};

static char *expanded(const struct change *c, const char *text)
{
	return c->setting->literal ? str_dup(text) : expand_word(text, &c->rules, c->err);
}

/* Its one word into a field. */
static bool set_text(const struct change *c, char **field)
{
	char *word = expanded(c, c->instruction->words.items[0]);

	if (!word)
		return false;
	free(*field);
	*field = word;
	buffer_format(c->said, " %s", word);
	return true;
}

/* ---- commands ---- */

static void write_quoted(struct buffer *out, const char *text)
{
	static const char escaped[] = "\a\b\f\n\r\t\v\"\\", letters[] = "abfnrtv\"\\";

	buffer_add_char(out, '"');
	for (; *text; text++) {
		const char *found = strchr(escaped, *text);

		if (found)
			buffer_format(out, "\\%c", letters[found - escaped]);
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			buffer_format(out, "\\x%02x", (unsigned)*text);
		else
			buffer_add_char(out, *text);
	}
	buffer_add_char(out, '"');
}

void write_quoted_words(struct buffer *out, const struct strings *words)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < words->count; i++) {
		if (i > 0)
			buffer_add_char(out, ' ');
		write_quoted(out, words->items[i]);
	}
	buffer_add_char(out, ']');
}

static void copy_words(const struct strings *from, struct strings *to)
{
	for (size_t i = 0; i < from->count; i++)
		strings_add(to, from->items[i]);
}

/* An array as it is; a line for the shell. */
static void read_command(const struct change *c, struct strings *out)
{
	strings_fini(out);
	strings_set_empty(out);
	if (!c->instruction->is_json && c->instruction->words.count > 0) {
		copy_words(&c->defaults->shell, out);
		if (out->count == 0) {
			strings_add(out, "/bin/sh");
			strings_add(out, "-c");
		}
	}
	copy_words(&c->instruction->words, out);
	buffer_add_char(c->said, ' ');
	write_quoted_words(c->said, out);
}

static bool apply_cmd(const struct change *c)
{
	read_command(c, &c->defaults->cmd);
	if (c->setting->cmd_set)
		*c->setting->cmd_set = true;
	return true;
}

static bool apply_entrypoint(const struct change *c)
{
	read_command(c, &c->defaults->entrypoint);
	if (c->setting->cmd_set && !*c->setting->cmd_set)
		strings_fini(&c->defaults->cmd);
	return true;
}

static bool apply_shell(const struct change *c)
{
	scoped_free char *words = strings_join(&c->instruction->words, " ");

	strings_fini(&c->defaults->shell);
	copy_words(&c->instruction->words, &c->defaults->shell);
	buffer_format(c->said, " [%s]", words);
	return true;
}

/* ---- names and values: all are expanded before any is set ---- */

static bool expand_pair(const struct change *c, const struct pair *pair, struct pairs *out)
{
	scoped_free char *name = expanded(c, pair->name);
	scoped_free char *value = name ? expanded(c, pair->value) : NULL;

	if (!value)
		return false;
	if (*name == '\0')
		return error_set(c->err, ERROR_INVALID, "%s names can not be blank",
				 instruction_name(c->instruction->kind));
	pairs_set(out, name, value);
	buffer_format(c->said, " %s=%s", name, value);
	return true;
}

static bool expand_pairs(const struct change *c, struct pairs *out)
{
	for (size_t i = 0; i < c->instruction->pair_count; i++)
		if (!expand_pair(c, &c->instruction->pairs[i], out))
			return false;
	return true;
}

void environment_set(struct strings *env, const char *name, const char *value)
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

static bool apply_env(const struct change *c)
{
	scoped_pairs struct pairs pairs = {0};

	if (!expand_pairs(c, &pairs))
		return false;
	for (size_t i = 0; i < pairs.count; i++)
		environment_set(&c->defaults->env, pairs.items[i].name, pairs.items[i].value);
	return true;
}

static bool apply_label(const struct change *c)
{
	scoped_pairs struct pairs pairs = {0};

	if (!expand_pairs(c, &pairs))
		return false;
	for (size_t i = 0; i < pairs.count; i++)
		pairs_set(&c->defaults->labels, pairs.items[i].name, pairs.items[i].value);
	return true;
}

/* ---- one word ---- */

static bool apply_maintainer(const struct change *c)
{
	str_replace(&c->config->author, c->instruction->words.items[0]);
	buffer_format(c->said, " %s", c->config->author);
	return true;
}

static bool apply_user(const struct change *c)
{
	return set_text(c, &c->defaults->user);
}

static bool apply_stop_signal(const struct change *c)
{
	char **field = &c->defaults->stop_signal;

	return set_text(c, field) &&
	       (signal_from_name(*field) != 0 ||
		error_set(c->err, ERROR_INVALID, "invalid signal: %.60s", *field));
}

static bool apply_workdir(const struct change *c)
{
	scoped_free char *word = expanded(c, c->instruction->words.items[0]);
	const char *before = c->defaults->working_dir;

	if (!word)
		return false;
	if (*word == '\0')
		return error_set(c->err, ERROR_INVALID, "cannot normalize nothing");
	scoped_free char *joined =
		*word == '/' ? take(word) : str_format("/%s/%s", before ? before : "", word);
	free(c->defaults->working_dir);
	c->defaults->working_dir = path_clean(joined);
	buffer_format(c->said, " %s", c->defaults->working_dir);
	return true;
}

static bool apply_onbuild(const struct change *c)
{
	strings_add(&c->defaults->on_build, c->instruction->text);
	buffer_format(c->said, " %s", c->instruction->text);
	return true;
}

/* ---- VOLUME ---- */

static bool apply_volume(const struct change *c)
{
	const struct strings *words = &c->instruction->words;

	for (size_t i = 0; i < words->count; i++) {
		scoped_free char *path = expanded(c, words->items[i]);

		if (!path)
			return false;
		if (*path == '\0')
			return error_set(c->err, ERROR_INVALID,
					 "VOLUME specified can not be an empty string");
		if (!strings_contain(&c->defaults->volumes, path))
			strings_add(&c->defaults->volumes, path);
		buffer_format(c->said, "%s%s", i ? " " : " [", path);
	}
	buffer_add_char(c->said, ']');
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
	const char *colon = strrchr(text, ':'), *slash = strchr(text, '/');
	scoped_free char *protocol = str_dup(slash ? slash + 1 : "tcp");
	struct strings *ports = &c->defaults->exposed_ports;
	uint64_t first, last;

	/* "8080:80" is read, though a port of a host means nothing in an image */
	if (!read_range(colon ? colon + 1 : text, &first, &last))
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

static bool expose_all(const struct change *c, const struct strings *words)
{
	const struct strings *ports = &c->defaults->exposed_ports;
	scoped_map struct map there = {0};

	for (size_t i = 0; i < ports->count; i++)
		map_put(&there, ports->items[i], &there);
	for (size_t i = 0; i < words->count; i++) {
		if (!expose(c, words->items[i], &there))
			return false;
		buffer_format(c->said, " %s", words->items[i]);
	}
	return true;
}

static bool apply_expose(const struct change *c)
{
	const struct strings *written = &c->instruction->words;
	scoped_strings struct strings words = {0};

	for (size_t i = 0; i < written->count; i++)
		if (!expand_words(written->items[i], &c->rules, &words, c->err))
			return false;
	return expose_all(c, &words);
}

/* ---- HEALTHCHECK [--interval=5s ...] NONE | CMD ... ---- */

static const struct {
	const char *name;
	size_t offset;
} durations[] = {
	{"interval", offsetof(struct image_healthcheck, interval)},
	{"timeout", offsetof(struct image_healthcheck, timeout)},
	{"start-period", offsetof(struct image_healthcheck, start_period)},
	{"start-interval", offsetof(struct image_healthcheck, start_interval)},
};

static int64_t *duration_of(struct image_healthcheck *check, size_t i)
{
	return (int64_t *)(void *)((char *)check + durations[i].offset);
}

static bool read_duration(const struct change *c, size_t i, struct image_healthcheck *check)
{
	const char *value = instruction_flag(c->instruction, durations[i].name);
	int64_t *ns = duration_of(check, i);

	if (!value)
		return true;
	if (!duration_from_text(value, ns, c->err))
		return false;
	if (*ns != 0 && *ns < NS_PER_MS)
		return error_set(c->err, ERROR_INVALID, "%s cannot be less than 1ms",
				 durations[i].name);
	return true;
}

static bool read_retries(const struct change *c, struct image_healthcheck *check)
{
	const char *value = instruction_flag(c->instruction, "retries");

	if (!value)
		return true;
	if (!parse_i64(value, &check->retries))
		return error_set(c->err, ERROR_INVALID, "--retries needs a number, not %.60s",
				 value);
	if (check->retries < 0 || check->retries > INT32_MAX)
		return error_set(c->err, ERROR_INVALID, "--retries cannot be negative (%.60s)",
				 value);
	return true;
}

static void read_test(const struct instruction *instruction, struct strings *out)
{
	if (instruction->words.count == 0)
		strings_add(out, "NONE");
	else
		strings_add(out, instruction->is_json ? "CMD" : "CMD-SHELL");
	copy_words(&instruction->words, out);
}

static bool read_check(const struct change *c, struct image_healthcheck *check)
{
	for (size_t i = 0; i < array_length(durations); i++)
		if (!read_duration(c, i, check))
			return false;
	if (!read_retries(c, check))
		return false;
	read_test(c->instruction, &check->test);
	return true;
}

/* As Go prints the struct: nobody reads it, but the line of a history tells one check from another. */
static void write_check(struct buffer *out, struct image_healthcheck *check)
{
	buffer_add_text(out, " &{");
	write_quoted_words(out, &check->test);
	for (size_t i = 0; i < array_length(durations); i++) {
		scoped_free char *text = duration_to_text(*duration_of(check, i));

		buffer_format(out, " \"%s\"", text);
	}
	buffer_format(out, " '\\x%02x'}", (unsigned)check->retries);
}

static bool apply_healthcheck(const struct change *c)
{
	struct image_healthcheck check = {0};
	struct image_healthcheck **field = &c->defaults->healthcheck;

	if (!read_check(c, &check)) {
		record_fini(&image_healthcheck_type, &check);
		return false;
	}
	if (!*field)
		*field = mem_new(struct image_healthcheck);
	record_fini(&image_healthcheck_type, *field);
	**field = check;
	write_check(c->said, *field);
	return true;
}

/* ---- the table ---- */

static bool (*const settings[INSTRUCTION_KINDS])(const struct change *c) = {
	[INSTRUCTION_CMD] = apply_cmd,
	[INSTRUCTION_ENTRYPOINT] = apply_entrypoint,
	[INSTRUCTION_ENV] = apply_env,
	[INSTRUCTION_EXPOSE] = apply_expose,
	[INSTRUCTION_HEALTHCHECK] = apply_healthcheck,
	[INSTRUCTION_LABEL] = apply_label,
	[INSTRUCTION_MAINTAINER] = apply_maintainer,
	[INSTRUCTION_ONBUILD] = apply_onbuild,
	[INSTRUCTION_SHELL] = apply_shell,
	[INSTRUCTION_STOPSIGNAL] = apply_stop_signal,
	[INSTRUCTION_USER] = apply_user,
	[INSTRUCTION_VOLUME] = apply_volume,
	[INSTRUCTION_WORKDIR] = apply_workdir,
};

bool instruction_is_setting(enum instruction_kind kind)
{
	return settings[kind] != NULL;
}

bool image_apply_instruction(const struct instruction *instruction,
			     const struct instruction_setting *setting, struct image_config *config,
			     struct error *err)
{
	scoped_buffer struct buffer unread = {0};
	scoped_strings struct strings env = {0};
	struct change change = {
		.instruction = instruction,
		.setting = setting,
		.config = config,
		.defaults = &config->defaults,
		.said = setting->said ? setting->said : &unread,
		.err = err,
	};

	if (!setting->env)
		env = strings_copy(&config->defaults.env);
	change.rules.env = setting->env ? setting->env : &env;
	change.rules.escape = setting->escape;
	buffer_add_text(change.said, instruction_name(instruction->kind));
	return settings[instruction->kind](&change);
}
