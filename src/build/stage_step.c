/* RUN, COPY and ADD: what their text asks for, expanded and checked. */
#include "build/plan_private.h"

#include "format/expand.h"
#include "format/path.h"
#include "image/image_instruction.h"

static const struct record_field build_document_fields[] = {
	RECORD_FIELD(struct build_document, 1, "name", RECORD_STRING, name),
	RECORD_FIELD(struct build_document, 2, "content", RECORD_STRING, content),
};
const struct record_type build_document_type =
	RECORD_TYPE(struct build_document, build_document_fields);

static void run_fini(struct build_run *run)
{
	strings_fini(&run->command);
	strings_fini(&run->env);
	record_list_fini(&run_mount_type, &run->mounts);
	free(run->network);
	free(run->script);
	free(run->script_path);
}

static void copy_fini(struct build_copy *copy)
{
	strings_fini(&copy->sources);
	strings_fini(&copy->exclude);
	record_list_fini(&build_document_type, &copy->documents);
	free(copy->destination);
	free(copy->from.image);
	free(copy->chown);
	free(copy->chmod_text);
	free(copy->checksum);
}

void build_step_free(struct build_step *step)
{
	if (!step)
		return;
	run_fini(&step->run);
	copy_fini(&step->copy);
	free(step->created_by);
	free(step->key);
	free(step->folder);
	free(step);
}

/* ---- what is expanded from what ---- */

static char *name_of(const char *item)
{
	return str_dup_n(item, strcspn(item, "="));
}

static void add_args(const struct strings *args, struct strings *env)
{
	for (size_t i = 0; i < args->count; i++) {
		scoped_free char *name = name_of(args->items[i]);

		if (!environment_get(env, name))
			strings_add(env, args->items[i]);
	}
}

struct strings stage_environment(const struct stage_run *run)
{
	struct strings env = strings_copy(&run->config.defaults.env);

	add_args(&run->args, &env);
	return env;
}

/* What a RUN or COPY is made with. */
struct maker {
	struct stage_run *run;
	const struct instruction *i;
	struct strings env; /* owned */
	struct expand_rules rules;
	struct error *err;
};

static struct maker maker_init(struct stage_run *run, const struct instruction *i,
			       struct error *err)
{
	return (struct maker){.run = run,
			      .i = i,
			      .env = stage_environment(run),
			      .rules.escape = run->plan->file->escape,
			      .err = err};
}

static void maker_fini(struct maker *m)
{
	strings_fini(&m->env);
}

static char *expanded(struct maker *m, const char *text)
{
	m->rules.env = &m->env;
	return expand_word(text, &m->rules, m->err);
}

/* A flag's value into a field, unless it was not given. */
static bool expand_flag(struct maker *m, const char *name, char **field)
{
	const char *value = instruction_flag(m->i, name);

	if (!value)
		return true;
	*field = expanded(m, value);
	return *field != NULL;
}

/* Absolute and clean; of a folder that was written as one, with its '/'. */
static char *absolute(const struct stage_run *run, const char *path)
{
	const char *folder = run->config.defaults.working_dir;
	size_t length = strlen(path);
	scoped_free char *joined =
		*path == '/' ? str_dup(path) : str_format("/%s/%s", folder ? folder : "", path);
	char *clean = path_clean(joined);
	bool is_folder = length == 0 || path[length - 1] == '/' || strcmp(path, ".") == 0 ||
			 str_ends_with(path, "/.");

	if (!is_folder || strcmp(clean, "/") == 0)
		return clean;
	scoped_free char *without = clean;
	return str_format("%s/", without);
}

/* A trigger of the base image may name a stage that nobody knew this one to wait for. */
static bool use_source(struct maker *m, const char *from, struct build_source *out)
{
	const struct build_stage *stage = m->run->stage;
	bool known;

	if (!find_source(m->run->plan, stage->index, from, out, m->err))
		return false;
	known = out->stage < 0;
	for (size_t i = 0; i < stage->wait_count; i++)
		known = known || stage->waits_for[i] == out->stage;
	return known || error_set(m->err, ERROR_INVALID,
				  "a trigger of the base image wants files of stage \"%.60s\", on "
				  "which this stage does not depend",
				  from);
}

/* ---- RUN: the command ---- */

static void add_shell(const struct stage_run *run, struct strings *command)
{
	const struct strings *shell = &run->config.defaults.shell;

	for (size_t i = 0; i < shell->count; i++)
		strings_add(command, shell->items[i]);
	if (shell->count > 0)
		return;
	strings_add(command, "/bin/sh");
	strings_add(command, "-c");
}

/* The line is one here-document and nothing else. */
static bool is_script(const struct instruction *i)
{
	return i->document_count == 1 && strncmp(i->text, "<<", 2) == 0 &&
	       strpbrk(i->text, " \t") == NULL;
}

/* The line with the documents behind it again: the shell reads them. */
static char *line_with_documents(const struct instruction *i)
{
	struct buffer line = {0};

	buffer_add_text(&line, i->text);
	for (size_t d = 0; d < i->document_count; d++)
		buffer_format(&line, "\n%s%s", i->documents[d].content, i->documents[d].name);
	return buffer_take(&line);
}

static void set_script(struct build_run *out, const struct here_document *document)
{
	out->script = str_dup(document->content);
	out->script_path = str_format("/dev/pipes/%s", document->name);
	strings_add(&out->command, out->script_path);
}

static bool has_plain_name(const struct here_document *document)
{
	return *document->name && !strchr(document->name, '/') &&
	       strcmp(document->name, ".") != 0 && strcmp(document->name, "..") != 0;
}

static bool make_command(struct maker *m, struct build_run *out)
{
	const struct instruction *i = m->i;
	const struct here_document *document = i->documents;

	if (i->is_json) {
		for (size_t w = 0; w < i->words.count; w++)
			strings_add(&out->command, i->words.items[w]);
		return out->command.count > 0;
	}
	if (is_script(i) && str_starts_with(document->content, "#!")) {
		if (!has_plain_name(document))
			return error_set(m->err, ERROR_INVALID,
					 "a script cannot be a file named \"%.60s\"",
					 document->name);
		set_script(out, document);
		return true;
	}
	add_shell(m->run, &out->command);
	strings_take(&out->command,
		     is_script(i) ? str_dup(document->content) : line_with_documents(i));
	return true;
}

/* ---- RUN: flags ---- */

static bool set_mount_source(struct maker *m, struct run_mount *mount)
{
	struct build_source source;
	bool ok;

	if (!mount->from)
		return true;
	ok = use_source(m, mount->from, &source);
	if (ok) {
		free(mount->from);
		mount->from = source.stage >= 0 ? str_format("#%d", source.stage) : source.image;
	}
	return ok;
}

static bool set_mount_target(struct maker *m, struct run_mount *mount)
{
	if (!mount->target)
		return true;
	scoped_free char *joined =
		*mount->target == '/' ? str_dup(mount->target)
				      : str_format("/%s/%s",
						   m->run->config.defaults.working_dir
							   ? m->run->config.defaults.working_dir
							   : "",
						   mount->target);
	free(mount->target);
	mount->target = path_clean(joined);
	return strcmp(mount->target, "/") != 0 ||
	       error_set(m->err, ERROR_INVALID, "invalid mount target \"/\"");
}

/* "a/../b" is "b", and nothing leads out of where it is looked for. */
static void clean_mount_path(struct run_mount *mount)
{
	scoped_free char *whole = NULL;

	if (str_is_empty(mount->source))
		return;
	whole = str_format("/%s", mount->source);
	free(mount->source);
	mount->source = path_clean(whole);
}

static bool add_mount(struct maker *m, const char *written, struct build_run *out)
{
	scoped_free char *text = expanded(m, written);
	struct run_mount mount;

	if (!text || !run_mount_parse(text, &mount, m->err))
		return false;
	*(struct run_mount *)record_list_add(&run_mount_type, &out->mounts) = mount;
	struct run_mount *added = RECORD_AT(out->mounts, struct run_mount, out->mounts.count - 1);
	clean_mount_path(added);
	return set_mount_source(m, added) && set_mount_target(m, added);
}

static bool set_run_flag(struct maker *m, const struct instruction_flag *flag,
			 struct build_run *out)
{
	static const char *const networks[] = {"default", "none", "host"};

	if (strcmp(flag->name, "mount") == 0)
		return add_mount(m, flag->value, out);
	if (strcmp(flag->name, "security") == 0) {
		out->insecure = strcmp(flag->value, "insecure") == 0;
		return out->insecure || strcmp(flag->value, "sandbox") == 0 ||
		       error_set(m->err, ERROR_INVALID, "security \"%.60s\" is not valid",
				 flag->value);
	}
	for (size_t i = 0; i < array_length(networks); i++)
		if (strcmp(networks[i], flag->value) == 0)
			str_replace(&out->network, flag->value);
	return out->network ||
	       error_set(m->err, ERROR_INVALID, "invalid network mode \"%.60s\"", flag->value);
}

/* ---- RUN: what it is called ---- */

/* ARGs that count: "|2 A=1 B=2 ", sorted; nothing when there are none. */
static void say_args(const struct stage_run *run, struct buffer *said)
{
	const struct strings *env = &run->config.defaults.env;
	scoped_strings struct strings counted = {0};

	for (size_t i = 0; i < run->args.count; i++) {
		scoped_free char *name = name_of(run->args.items[i]);

		if (!environment_get(env, name))
			strings_add(&counted, run->args.items[i]);
	}
	if (counted.count == 0)
		return;
	strings_sort(&counted);
	scoped_free char *all = strings_join(&counted, " ");
	buffer_format(said, "|%zu %s ", counted.count, all);
}

static char *run_line(struct maker *m, const struct build_run *out)
{
	scoped_free char *command = strings_join(&out->command, " ");
	struct buffer said = {0};

	say_args(m->run, &said);
	for (size_t f = 0; f < m->i->flag_count; f++)
		buffer_format(&said, "--%s=%s ", m->i->flags[f].name, m->i->flags[f].value);
	buffer_add_text(&said, command);
	if (out->script)
		buffer_format(&said, " <<%s\n%s%s", m->i->documents->name, out->script,
			      m->i->documents->name);
	return buffer_take(&said);
}

/* Proxies of the build reach the command, too, wherever it is called. */
static void add_proxies(const struct stage_run *run, struct strings *env)
{
	const struct pairs *given = &run->plan->options->build_args;

	for (size_t i = 0; i < given->count; i++)
		if (given->items[i].value && is_proxy_arg(given->items[i].name) &&
		    !environment_get(env, given->items[i].name))
			strings_format(env, "%s=%s", given->items[i].name, given->items[i].value);
}

bool stage_make_run(struct stage_run *run, const struct instruction *i, struct error *err)
{
	struct build_run *out = &run->step->run;

	run->step->kind = BUILD_STEP_RUN;
	scoped_with(maker_fini) struct maker m = maker_init(run, i, err);

	for (size_t f = 0; f < i->flag_count; f++)
		if (!set_run_flag(&m, &i->flags[f], out))
			return false;
	if (!make_command(&m, out))
		return false;
	out->env = stage_environment(run);
	add_proxies(run, &out->env);
	run->step->created_by = run_line(&m, out);
	return true;
}

/* ---- COPY, ADD ---- */

static bool expand_sources(struct maker *m, struct build_copy *out)
{
	for (size_t w = 0; w + 1 < m->i->words.count; w++) {
		char *word = expanded(m, m->i->words.items[w]);

		if (!word)
			return false;
		strings_take(&out->sources, word);
	}
	return true;
}

static bool add_document(struct maker *m, const struct here_document *written,
			 struct build_copy *out)
{
	struct expand_rules rules = {.env = &m->env, .escape = m->rules.escape, .document = true};
	struct build_document *document;
	char *content = written->expand ? expand_word(written->content, &rules, m->err)
					: str_dup(written->content);

	if (!content)
		return false;
	document = record_list_add(&build_document_type, &out->documents);
	document->name = str_dup(written->name);
	document->content = content;
	return has_plain_name(written) ||
	       error_set(m->err, ERROR_INVALID, "a document cannot be a file named \"%.60s\"",
			 written->name);
}

static bool check_destination(struct maker *m, const struct build_copy *out)
{
	size_t count = out->sources.count + out->documents.count;
	const char *end = out->destination + strlen(out->destination) - 1;

	if (count == 0)
		return error_set(m->err, ERROR_INVALID, "%s requires at least two arguments",
				 instruction_name(m->i->kind));
	return count == 1 || *end == '/' ||
	       error_set(m->err, ERROR_INVALID,
			 "When using %s with more than one source file, the destination must be a "
			 "directory and end with a /",
			 instruction_name(m->i->kind));
}

/* Octal, or symbolic as chmod's: u=rwX,go+r. */
static bool set_mode(struct maker *m, struct build_copy *out)
{
	scoped_free char *text = NULL;
	size_t length;

	if (!expand_flag(m, "chmod", &text))
		return false;
	if (!text)
		return true;
	length = strlen(text);
	if (length > 0 && length <= 5 && strspn(text, "01234567") == length) {
		out->chmod = (int32_t)strtol(text, NULL, 8);
		if (out->chmod <= 07777)
			return true;
	} else if (length > 0 && length < 200 && strspn(text, "ugoarwxXst+-=,") == length) {
		out->chmod_text = take(text);
		return true;
	}
	return error_set(m->err, ERROR_INVALID,
			 "invalid chmod parameter: '%.60s'. it should be octal string and between "
			 "0 and 07777",
			 text);
}

static bool set_excludes(struct maker *m, struct build_copy *out)
{
	for (size_t f = 0; f < m->i->flag_count; f++) {
		char *pattern;

		if (strcmp(m->i->flags[f].name, "exclude") != 0)
			continue;
		pattern = expanded(m, m->i->flags[f].value);
		if (!pattern)
			return false;
		strings_take(&out->exclude, pattern);
	}
	return true;
}

static bool set_copy_flags(struct maker *m, struct build_copy *out)
{
	const struct instruction *i = m->i;
	const char *from = instruction_flag(i, "from");

	out->is_add = i->kind == INSTRUCTION_ADD;
	out->link = instruction_flag_is_set(i, "link");
	out->parents = instruction_flag_is_set(i, "parents");
	out->keep_git_dir = instruction_flag_is_set(i, "keep-git-dir");
	if (instruction_flag(i, "unpack"))
		out->unpack = instruction_flag_is_set(i, "unpack") ? 1 : -1;
	return set_mode(m, out) && set_excludes(m, out) && expand_flag(m, "chown", &out->chown) &&
	       expand_flag(m, "checksum", &out->checksum) &&
	       (!from || use_source(m, from, &out->from));
}

/* What changes the result is said; what it brings comes with the digest. */
static void say_copy(struct maker *m, const struct build_copy *out, const char *destination)
{
	static const char *const said[] = {"chown", "chmod", "checksum", "parents", "unpack"};
	struct buffer *to = &m->run->said;

	buffer_format(to, "%s ", instruction_name(m->i->kind));
	for (size_t n = 0; n < array_length(said); n++) {
		const char *value = instruction_flag(m->i, said[n]);

		if (value)
			buffer_format(to, "--%s%s%s ", said[n], *value ? "=" : "",
				      n == 0 ? out->chown : value);
	}
	free(m->run->said_behind);
	m->run->said_behind = str_format(" in %s ", destination);
}

bool stage_make_copy(struct stage_run *run, const struct instruction *i, struct error *err)
{
	struct build_copy *out = &run->step->copy;
	scoped_with(maker_fini) struct maker m = maker_init(run, i, err);
	scoped_free char *destination = NULL;

	run->step->kind = BUILD_STEP_COPY;
	if (!set_copy_flags(&m, out) || !expand_sources(&m, out))
		return false;
	for (size_t d = 0; d < i->document_count; d++)
		if (!add_document(&m, &i->documents[d], out))
			return false;
	destination = expanded(&m, i->words.items[i->words.count - 1]);
	if (!destination)
		return false;
	out->destination = absolute(run, destination);
	say_copy(&m, out, destination);
	return check_destination(&m, out);
}
