/* Variables of a process, and what they make of its arguments. */
#include "execution/start_private.h"

#include "format/environment_file.h"
#include "format/unit_variable.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files, in the parent ---- */

/* Neither a fifo nor a device keeps us waiting. */
static bool read_regular(const char *path, struct buffer *out, struct error *err)
{
	scoped_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		bool absent = errno == ENOENT;

		error_errno(err, "cannot read the environment file '%s'", path);
		if (absent)
			err->kind = ERROR_NOT_FOUND;
		return false;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "the environment file '%s' is not a file",
				 path);
	return file_read_fd(fd, ENVIRONMENT_FILE_LIMIT, out, err) ||
	       error_prefix(err, "environment file '%s'", path);
}

static bool may_be_absent(const char *path, bool optional)
{
	return optional || str_equal(path, "/etc/environment");
}

static bool read_file(const char *written, struct pairs *out, struct error *err)
{
	bool optional = *written == '-';
	const char *path = written + optional;
	scoped_buffer struct buffer text = {0};

	if (read_regular(path, &text, err)) {
		environment_file_parse(text.data ? text.data : "", text.size, out, NULL);
		return true;
	}
	return optional || (err->kind == ERROR_NOT_FOUND && may_be_absent(path, optional));
}

/* A pattern is all that fits it, by name; nothing that fits is a file that is missing. */
static bool read_pattern(const char *written, struct pairs *out, struct error *err)
{
	bool optional = *written == '-';
	scoped_with(globfree) glob_t found = {0};

	if (!strpbrk(written, "*?["))
		return read_file(written, out, err);
	if (glob(written + optional, 0, NULL, &found) != 0)
		return optional ||
		       error_set(err, ERROR_NOT_FOUND, "no environment file fits '%s'", written);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!read_file(found.gl_pathv[i], out, err))
			return false;
	return true;
}

bool start_read_environment(const struct execution_context *context, struct pairs *out,
			    struct error *err)
{
	for (size_t i = 0; i < context->environment_files.count; i++)
		if (!read_pattern(context->environment_files.items[i], out, err))
			return false;
	return true;
}

/* ---- variables ---- */

static void set_all(struct pairs *out, const struct pairs *from)
{
	for (size_t i = 0; from && i < from->count; i++)
		if (from->items[i].value)
			pairs_set(out, from->items[i].name, from->items[i].value);
}

static void set_number(struct pairs *out, const char *name, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	pairs_set(out, name, text);
}

static void set_user(const struct starting *s, struct pairs *out)
{
	const struct user_identity *who = &s->identity;

	if (!s->has_user || !s->context->user)
		return;
	pairs_set(out, "USER", who->name ? who->name : s->context->user);
	pairs_set(out, "LOGNAME", who->name ? who->name : s->context->user);
	pairs_set(out, "HOME", who->home);
	pairs_set(out, "SHELL", who->shell ? who->shell : "/bin/sh");
}

static void set_folders(const struct starting *s, struct pairs *out)
{
	for (int kind = 0; kind < FOLDER_KINDS; kind++) {
		const struct strings *names = &s->context->folders[kind].names;
		scoped_strings struct strings paths = {0};
		scoped_free char *joined = NULL;

		for (size_t i = 0; i < names->count; i++)
			strings_take(&paths,
				     start_folder_path(s->context, (enum execution_folder_kind)kind,
						       names->items[i]));
		if (!paths.count)
			continue;
		joined = strings_join(&paths, ":");
		pairs_set(out, start_folder_variable((enum execution_folder_kind)kind), joined);
	}
}

static void set_sockets(const struct starting *s, struct pairs *out)
{
	const struct strings *names = s->start->sockets.names;
	scoped_free char *joined = NULL;

	if (!names || !names->count)
		return;
	joined = strings_join(names, ":");
	set_number(out, "LISTEN_FDS", (long long)names->count);
	set_number(out, "LISTEN_PID", getpid());
	pairs_set(out, "LISTEN_FDNAMES", joined);
}

/* Only who writes to the journal by stdout or stderr is told which stream that is. */
static void set_journal(const struct starting *s, struct pairs *out)
{
	struct stat st;
	scoped_free char *text = NULL;

	if (s->start->journal < 0 || fstat(s->start->journal, &st) < 0)
		return;
	text = str_format("%llu:%llu", (unsigned long long)st.st_dev,
			  (unsigned long long)st.st_ino);
	pairs_set(out, "JOURNAL_STREAM", text);
}

static void set_own(const struct starting *s, struct pairs *out)
{
	const char *language = getenv("LANG");

	pairs_set(out, "PATH", EXECUTION_PATH);
	pairs_set(out, "LANG", str_is_empty(language) ? "C.UTF-8" : language);
	if (s->start->invocation_id)
		pairs_set(out, "INVOCATION_ID", s->start->invocation_id);
	set_journal(s, out);
	set_number(out, "SYSTEMD_EXEC_PID", getpid());
	set_user(s, out);
	set_folders(s, out);
	set_sockets(s, out);
	if (s->start->credentials)
		pairs_set(out, "CREDENTIALS_DIRECTORY", s->start->credentials);
	set_all(out, s->start->environment);
	if (pairs_get(out, "WATCHDOG_USEC"))
		set_number(out, "WATCHDOG_PID", getpid());
}

static void pass(const struct starting *s, struct pairs *out)
{
	const struct strings *names = &s->context->pass_environment;

	for (size_t i = 0; i < names->count; i++) {
		const char *value = getenv(names->items[i]);

		if (value)
			pairs_set(out, names->items[i], value);
	}
}

/* "NAME", or "NAME=value" where only that value is not wanted. */
static void unset(const struct starting *s, struct pairs *out)
{
	const struct strings *names = &s->context->unset_environment;

	for (size_t i = 0; i < names->count; i++) {
		const char *equals = strchrnul(names->items[i], '=');
		scoped_free char *name =
			str_dup_n(names->items[i], (size_t)(equals - names->items[i]));

		if (!*equals || str_equal(pairs_get(out, name), equals + 1))
			pairs_remove(out, name);
	}
}

bool start_environment(struct starting *s, struct error *err)
{
	scoped_pairs struct pairs all = {0};

	set_own(s, &all);
	set_all(&all, &s->context->default_environment);
	pass(s, &all);
	set_all(&all, &s->context->environment);
	set_all(&all, s->file_environment);
	unset(s, &all);
	strings_set_empty(&s->environment);
	for (size_t i = 0; i < all.count; i++)
		strings_format(&s->environment, "%s=%s", all.items[i].name, all.items[i].value);
	return true;
}

/* ---- the program and its arguments ---- */

static bool find_in_path(const char *name, char **out)
{
	scoped_strings struct strings folders = strings_split(EXECUTION_PATH, ':');

	for (size_t i = 0; i < folders.count; i++) {
		scoped_free char *path = str_format("%s/%s", folders.items[i], name);

		if (access(path, X_OK) == 0) {
			*out = take(path);
			return true;
		}
	}
	return false;
}

static bool find_program(struct starting *s, struct error *err)
{
	const char *path = s->start->command->path;

	if (str_is_empty(path))
		return error_set(err, ERROR_INVALID, "no program is given");
	if (*path != '/') {
		errno = ENOENT;
		return find_in_path(path, &s->program) ||
		       error_errno(err, "cannot find '%s' in %s", path, EXECUTION_PATH);
	}
	if (str_equal(path, "/usr/bin/docker") && s->start->docker && access(path, F_OK) < 0)
		path = s->start->docker;
	s->program = str_dup(path);
	return true;
}

bool start_arguments(struct starting *s, struct error *err)
{
	const struct execution_command *c = s->start->command;

	if (!find_program(s, err))
		return false;
	if (c->no_variables)
		s->args = strings_copy(&c->args);
	else
		unit_variables_expand(&c->args, &s->environment, &s->args);
	if (!s->args.count)
		strings_add(&s->args, s->program);
	return true;
}
