#include "format/unit_export.h"

#include "format/unit_name.h"
#include "format/unit_text.h"
#include "format/unit_words.h"

#include <string.h>

enum { CONTAINER_FRONT = 4 }; /* docker run --rm --name=... */

#define OUR_DROP_IN "50-wherry.conf"
#define DOCKER	    "/usr/bin/docker"
#define OUR_SERVICE "wherry.service"

static const struct record_field file_fields[] = {
	RECORD_FIELD(struct unit_export_file, 1, "Path", RECORD_STRING, path),
	RECORD_FIELD(struct unit_export_file, 2, "Text", RECORD_STRING, text),
};
static const struct record_type file_type = RECORD_TYPE(struct unit_export_file, file_fields);

#define FIELD(tag, name, kind, member)                                                             \
	RECORD_FIELD_FLAGS(struct unit_export_source, tag, name, kind, member, RECORD_EMPTY_LIST)
static const struct record_field source_fields[] = {
	FIELD(1, "Name", RECORD_STRING, name),
	RECORD_NESTED(struct unit_export_source, 2, "Files", RECORD_LIST, files, RECORD_EMPTY_LIST,
		      &file_type),
	FIELD(3, "Environment", RECORD_PAIRS, environment),
	FIELD(4, "Command", RECORD_STRING, command),
	FIELD(5, "DockerIsMissing", RECORD_BOOL, docker_is_missing),
	FIELD(6, "Start", RECORD_STRINGS, start),
	FIELD(8, "Requires", RECORD_STRINGS, requires),
	FIELD(9, "Wants", RECORD_STRINGS, wants),
	FIELD(10, "Needs", RECORD_STRINGS, needs),
	FIELD(11, "IsActive", RECORD_BOOL, is_active),
};
const struct record_type unit_export_source_type =
	RECORD_TYPE(struct unit_export_source, source_fields);

void unit_export_fini(struct unit_export *files)
{
	pairs_fini(&files->files);
	strings_fini(&files->notes);
}

/* ---- what the unit's own files say ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct said {
	struct strings environment;	/* names of variables */
	struct strings requires, wants; /* words, as written */
	bool is_container, has_stop;
	const char *taken_back; /* borrowed: the file that empties Environment= behind ours */
};

static void said_fini(struct said *said)
{
	strings_fini(&said->environment);
	strings_fini(&said->requires);
	strings_fini(&said->wants);
}

static void add_words(const char *value, struct strings *to)
{
	scoped_strings struct strings words = {0};
	struct error ignored; /* such a line counts for nobody */

	if (unit_words_split(value, UNIT_WORDS_KEEP_ESCAPES, &words, NULL, &ignored))
		for (size_t i = 0; i < words.count; i++)
			strings_add(to, words.items[i]);
}

static void hear_variables(struct said *said, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value) {
		strings_fini(&said->environment);
		said->environment = (struct strings){0};
	}
	add_words(value, &words);
	for (size_t i = 0; i < words.count; i++)
		strings_take(&said->environment,
			     str_dup_n(words.items[i], strcspn(words.items[i], "=")));
}

static void hear_line(struct said *said, const char *path, bool is_drop_in,
		      const struct unit_line *line)
{
	if (str_equal(line->section, "Container")) /* its variables are the container's */
		return;
	if (str_equal(line->key, "Environment")) {
		hear_variables(said, line->value);
		if (is_drop_in && !*line->value && strcmp(base_of(path), OUR_DROP_IN) > 0)
			said->taken_back = path;
	}
	if (str_equal(line->key, "ExecStop"))
		said->has_stop = *line->value;
	else if (str_equal(line->key, "Requires"))
		add_words(line->value, &said->requires);
	else if (str_equal(line->key, "Wants"))
		add_words(line->value, &said->wants);
}

static bool hear(const struct unit_export_source *source, struct said *said, struct error *err)
{
	for (size_t i = 0; i < source->files.count; i++) {
		const struct unit_export_file *file =
			RECORD_AT(source->files, struct unit_export_file, i);
		struct unit_text text = {0};

		if (!unit_text_parse(file->text, strlen(file->text), file->path, &text, err))
			return false;
		for (size_t k = 0; k < text.sections.count; k++)
			said->is_container |= str_equal(text.sections.items[k].name, "Container");
		for (size_t k = 0; k < text.count; k++)
			hear_line(said, file->path, i > 0, &text.lines[k]);
		unit_text_fini(&text);
	}
	return true;
}

/* ---- the drop-in ---- */

/* One word that reads back as it is: systemd fills in specifiers once more. */
static void add_word(struct buffer *out, const char *word)
{
	scoped_free char *quoted = unit_word_quote(word);

	for (const char *c = quoted; *c; c++)
		buffer_add_text(out, *c == '%' ? "%%" : (const char[]){*c, '\0'});
}

static const char *environment_section(const char *name)
{
	return str_ends_with(name, ".service")	? "Service"
	       : str_ends_with(name, ".socket") ? "Socket"
						: NULL;
}

static void add_links(const char *key, const struct strings *said, const struct strings *names,
		      struct buffer *out)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *instead = unit_export_builtin(names->items[i]);

		if (strings_contain(said, names->items[i]) || (instead && !*instead))
			continue;
		buffer_format(out, "%s=%s\n", key, instead ? instead : names->items[i]);
	}
}

static void add_dependencies(const struct unit_export_source *source, const struct said *said,
			     struct buffer *out)
{
	if (said->is_container)
		buffer_add_text(out, "After=" OUR_SERVICE "\nRequires=" OUR_SERVICE "\n");
	add_links("Requires", &said->requires, &source->requires, out);
	add_links("Wants", &said->wants, &source->wants, out);
}

static void add_environment(const struct unit_export_source *source, const struct said *said,
			    struct buffer *out)
{
	for (size_t i = 0; i < source->environment.count; i++) {
		const struct pair *variable = &source->environment.items[i];
		scoped_free char *word = str_format("%s=%s", variable->name, variable->value);

		if (strings_contain(&said->environment, variable->name))
			continue;
		buffer_add_text(out, "Environment=");
		add_word(out, word);
		buffer_add_char(out, '\n');
	}
}

static void add_command(const struct unit_export_source *source, const char *key,
			const struct strings *words, struct buffer *out)
{
	buffer_add_text(out, key);
	add_word(out, source->command ? source->command : words->items[0]);
	for (size_t i = 1; i < words->count; i++) {
		buffer_add_char(out, ' ');
		add_word(out, words->items[i]);
	}
	buffer_add_char(out, '\n');
}

static const char *container_name(const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (str_starts_with(words->items[i], "--name="))
			return words->items[i] + strlen("--name=");
	return NULL;
}

/* Words that make the container ours, in a row at the front: what the user wrote comes behind them. */
static bool is_for_us_alone(const char *word)
{
	return str_starts_with(word, "--label=wherry.unit=") || str_equal(word, "--detach") ||
	       str_equal(word, "--log-driver=journal");
}

/* `docker run` for a supervisor that sees its child alone: the client stays.  Returns whether it did not here. */
static bool foreground(const struct strings *start, struct strings *words)
{
	bool is_front = true, was_detached = false;

	for (size_t i = 0; i < start->count; i++) {
		const char *word = start->items[i];

		is_front &= i < CONTAINER_FRONT || is_for_us_alone(word);
		if (is_front && is_for_us_alone(word))
			was_detached |= str_equal(word, "--detach");
		else
			strings_add(words, word);
	}
	return was_detached;
}

static void add_verb(const struct unit_export_source *source, const char *key, const char *verb,
		     const char *name, struct buffer *out)
{
	scoped_strings struct strings words = strings_split(verb, ' ');

	strings_add(&words, name);
	add_command(source, key, &words, out);
}

/* Here no container outlives its client; there a killed client leaves it, and its name taken. */
static void add_container(const struct unit_export_source *source, const struct said *said,
			  struct buffer *out)
{
	const char *name = container_name(&source->start);
	scoped_strings struct strings start = {0};

	if (foreground(&source->start, &start))
		buffer_add_text(out, "Type=exec\n");
	add_command(source, "ExecStart=", &start, out);
	if (name && !said->has_stop)
		add_verb(source, "ExecStop=-", DOCKER " stop", name, out);
	if (name)
		add_verb(source, "ExecStopPost=-", DOCKER " rm --force", name, out);
}

static void add_section(struct buffer *out, const char *name, const struct buffer *lines)
{
	if (!lines->size)
		return;
	buffer_format(out, "[%s]\n", name);
	buffer_add(out, lines->data, lines->size);
}

static void add_drop_in(const struct unit_export_source *source, const struct said *said,
			struct unit_export *out)
{
	scoped_free char *path = str_format("%s.d/" OUR_DROP_IN, source->name);
	const char *section = environment_section(source->name);
	scoped_buffer struct buffer unit = {0}, rest = {0}, text = {0};

	add_dependencies(source, said, &unit);
	if (section)
		add_environment(source, said, &rest);
	if (said->is_container)
		add_container(source, said, &rest);
	if (!unit.size && !rest.size)
		return;
	buffer_add_text(&text, UNIT_EXPORT_MARK "\n");
	add_section(&text, "Unit", &unit);
	add_section(&text, section, &rest);
	pairs_set(&out->files, path, text.data);
}

/* ---- the files ---- */

/* An instance's file is most often its template's; a container's is a service there. */
static char *main_name(const struct unit_export_source *source, const char *path)
{
	scoped_free char *template = unit_name_template(source->name);
	const char *base = base_of(path), *end = strrchr(base, '.');

	if (!template || !end)
		return str_dup(source->name);
	scoped_free char *service = str_format("%.*s.service", (int)(end - base), base);
	bool is_template = str_equal(base, template) ||
			   (str_equal(end, ".container") && str_equal(service, template));
	return str_dup(is_template ? template : source->name);
}

static void add_copy(const struct unit_export_source *source, const char *name,
		     const struct unit_export_file *file, struct unit_export *out)
{
	scoped_buffer struct buffer text = {0};

	buffer_format(&text, UNIT_EXPORT_MARK " from %s\n", file->path);
	unit_export_rewrite(source, file->text, &text, &out->notes);
	pairs_set(&out->files, name, text.data);
}

static bool check(const struct unit_export_source *source, const struct said *said,
		  struct error *err)
{
	for (size_t i = 1; i < source->files.count; i++) {
		const char *path = RECORD_AT(source->files, struct unit_export_file, i)->path;

		if (str_equal(base_of(path), OUR_DROP_IN))
			return error_set(err, ERROR_UNSUPPORTED,
					 "%s: its drop-in %s has the name of the one to be written",
					 source->name, path);
	}
	if (said->is_container && unit_name_is_template(source->name))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s: a template with a [Container] is exported by its instances",
				 source->name);
	if (said->is_container && !source->start.count)
		return error_set(err, ERROR_UNSUPPORTED, "%s: its [Container] has no command",
				 source->name);
	return true;
}

static bool add_files(const struct unit_export_source *source, const struct said *said,
		      struct unit_export *out, struct error *err)
{
	if (!check(source, said, err))
		return false;
	for (size_t i = 0; i < source->files.count; i++) {
		const struct unit_export_file *file =
			RECORD_AT(source->files, struct unit_export_file, i);
		scoped_free char *name =
			i ? str_format("%s.d/%s", source->name, base_of(file->path))
			  : main_name(source, file->path);

		add_copy(source, name, file, out);
	}
	add_drop_in(source, said, out);
	if (said->taken_back)
		strings_format(&out->notes, "%s: %s empties Environment= after " OUR_DROP_IN,
			       source->name, said->taken_back);
	if (source->is_active)
		strings_format(&out->notes,
			       "%s: is active here: stop it before systemd starts it, too",
			       source->name);
	return true;
}

bool unit_export_add(const struct unit_export_source *source, struct unit_export *out,
		     struct error *err)
{
	struct said said = {0};

	if (!source->name || !unit_name_is_valid(source->name) || !source->files.count)
		return error_set(err, ERROR_INVALID, "'%s' has no file to export",
				 source->name ? source->name : "");
	bool good = hear(source, &said, err) && add_files(source, &said, out, err);
	said_fini(&said);
	return good;
}
