/* Enabling and its like, edit, verify. */
#include "base/memory.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- links ---- */

static json_t *names_body(const struct strings *names, const struct unit_options *options)
{
	json_t *body = json_object(), *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, json_string(names->items[i]));
	json_object_set_new(body, "Names", list);
	json_object_set_new(body, "Runtime", json_boolean(options->runtime));
	json_object_set_new(body, "Force", json_boolean(options->force));
	return body;
}

static void say_hints(const json_t *answer)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(answer, "Hints"), i, item)
		fprintf(stderr, "%s\n", json_string_value(item));
}

static void say_changes(const json_t *answer)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(answer, "Removed"), i, item)
		fprintf(stderr, "Removed \"%s\".\n", json_string_value(item));
	json_array_foreach (json_object_get(answer, "Created"), i, item)
		fprintf(stderr, "Created symlink %s → %s.\n", doc_text(item, "Link"),
			doc_text(item, "Target"));
}

/* Paths stay as they are; names are made whole. */
static bool file_names(const struct strings *typed, struct strings *names, struct error *err)
{
	for (size_t i = 0; i < typed->count; i++) {
		scoped_strings struct strings one = {0}, whole = {0};

		if (*typed->items[i] == '/') {
			strings_add(names, typed->items[i]);
			continue;
		}
		strings_add(&one, typed->items[i]);
		if (!unit_patterns(&one, &whole, err))
			return false;
		strings_add(names, whole.items[0]);
	}
	return true;
}

/* "/etc/systemd/system/todo.service" as a unit's name. */
static void base_names(const struct strings *names, struct strings *units)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *slash = strrchr(names->items[i], '/');

		strings_add(units, slash ? slash + 1 : names->items[i]);
	}
}

/* What --now adds to each verb. */
static const struct {
	const char *verb, *job;
} follows[] = {
	{"enable", "start"},
	{"reenable", "restart"},
	{"disable", "stop"},
	{"mask", "stop"},
};

static int follow(struct cli *cli, const char *verb, const struct strings *names,
		  const struct unit_options *options)
{
	scoped_strings struct strings units = {0};

	base_names(names, &units);
	for (size_t i = 0; i < array_length(follows) && options->now; i++)
		if (str_equal(follows[i].verb, verb))
			return unit_run_jobs(cli, follows[i].job, &units, options);
	return 0;
}

/* What the API calls a verb: whatever can be enabled is by preset. */
static const char *api_verb(const char *verb)
{
	return str_equal(verb, "preset") ? "enable" : verb;
}

/* `target`: of add-wants and add-requires; NULL. */
static int change_links(struct cli *cli, const struct unit_options *options,
			const struct strings *names, const char *target_unit)
{
	const char *verb = strrchr(cli->path, ' ') + 1;
	scoped_target struct target target =
		target_format("/wherry/v1/unit-files/%s", api_verb(verb));
	scoped_json json_t *body = names_body(names, options);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answered = NULL;
	struct error err;

	if (target_unit)
		doc_set_text(body, "Target", target_unit);
	if (!api_call(cli, &request, &answered, &err)) {
		error_prefix(&err, "Failed to %s unit", verb);
		return cli_complain(&err);
	}
	scoped_json json_t *answer = answered;
	if (!options->quiet)
		say_changes(answer);
	if (!options->quiet && !options->no_warn && !str_equal(verb, "preset"))
		say_hints(answer);
	return follow(cli, verb, names, options);
}

static int run_links(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_strings struct strings names = {0};
	struct error err;

	if (!file_names(arguments, &names, &err))
		return cli_fail(cli, &err);
	return change_links(cli, fields, &names, NULL);
}

static int run_add(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_free char *target = unit_target_name(arguments->items[0]);
	scoped_strings struct strings names = {0};
	struct error err;

	if (!unit_patterns(arguments, &names, &err))
		return cli_fail(cli, &err);
	strings_remove(&names, 0);
	return change_links(cli, fields, &names, target);
}

#define LINK_COMMAND(text) UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", text, 1, -1, run_links)

const struct command unit_enable =
	LINK_COMMAND("Have units started at boot, as their [Install] says");
const struct command unit_disable = LINK_COMMAND("Remove what enable has linked");
const struct command unit_reenable = LINK_COMMAND("Disable, then enable");
const struct command unit_mask = LINK_COMMAND("Keep units from being started at all");
const struct command unit_unmask = LINK_COMMAND("Undo mask");
const struct command unit_link = LINK_COMMAND("Make unit files known that lie elsewhere");
const struct command unit_preset = LINK_COMMAND("Enable what can be enabled");
const struct command unit_revert =
	LINK_COMMAND("Remove drop-ins and masks of units, and files that hide a package's");

#define ADD_COMMAND(text) UNIT_COMMAND("[OPTIONS] TARGET UNIT [UNIT...]", text, 2, -1, run_add)

const struct command unit_add_wants = ADD_COMMAND("Have a target want units");
const struct command unit_add_requires = ADD_COMMAND("Have a target require units");

/* ---- edit ---- */

static bool put_text(struct cli *cli, const char *name, const struct unit_options *options,
		     const char *text, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/unit-files/%s", name);
	scoped_json json_t *body = json_object();
	struct api_request request = {.method = "PUT", .target = &target, .body = body};
	json_t *answer = NULL;

	doc_set_text(body, "Text", text);
	if (!options->full)
		doc_set_text(body, "DropIn", options->drop_in ? options->drop_in : "override.conf");
	json_object_set_new(body, "Runtime", json_boolean(options->runtime));
	bool good = api_call(cli, &request, &answer, err);
	json_decref(answer);
	return good;
}

/* What is there already: the drop-in, or with --full the unit's file. */
static bool present_text(struct cli *cli, const char *name, const struct unit_options *options,
			 struct buffer *text, struct error *err)
{
	const char *wanted = options->drop_in ? options->drop_in : "override.conf";
	scoped_json json_t *files = unit_get_files(cli, name, err);
	size_t i;
	json_t *file;

	if (!files)
		return false;
	json_array_foreach (files, i, file) {
		const char *slash = strrchr(doc_text(file, "Path"), '/');

		if (options->full ? i == 0 : slash && str_equal(slash + 1, wanted))
			buffer_add_text(text, doc_text(file, "Text"));
	}
	return true;
}

static const char *editor(void)
{
	static const char *const names[] = {"SYSTEMD_EDITOR", "EDITOR", "VISUAL"};

	for (size_t i = 0; i < array_length(names); i++)
		if (!str_is_empty(getenv(names[i])))
			return getenv(names[i]);
	return "editor";
}

/* $EDITOR may be a command with arguments, so a shell splits it; the path is an argument of its own. */
static bool run_editor(const char *path, struct error *err)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(err, "cannot fork");
	if (pid == 0) {
		setenv("WHERRY_EDITOR", editor(), 1);
		execl("/bin/sh", "sh", "-c", "exec $WHERRY_EDITOR \"$1\"", "sh", path,
		      (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return error_set(err, ERROR_SYSTEM, "the editor '%s' failed; nothing is changed",
				 editor());
	return true;
}

static bool edit_in_file(const struct buffer *before, struct buffer *after, struct error *err)
{
	char path[] = "/tmp/wherry-edit-XXXXXX";
	scoped_fd int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot make a temporary file");
	bool good = (!before->size || fd_write_all(fd, before->data, before->size, err)) &&
		    run_editor(path, err) && file_read(AT_FDCWD, path, 1 << 20, after, err);
	unlink(path);
	return good;
}

static bool edit_one(struct cli *cli, const char *name, const struct unit_options *options,
		     struct error *err)
{
	scoped_buffer struct buffer before = {0}, after = {0};

	if (!present_text(cli, name, options, &before, err) || !edit_in_file(&before, &after, err))
		return false;
	if (!after.size) {
		fprintf(stderr, "Editing \"%s\" canceled: temporary file is empty.\n", name);
		return true;
	}
	return put_text(cli, name, options, after.data, err);
}

static int run_edit(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target reload = target_format("/wherry/v1/reload");
	scoped_strings struct strings names = {0};
	struct error err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr, "Cannot edit units if not on a tty.\n");
		return 1;
	}
	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++)
		if (!edit_one(cli, names.items[i], fields, &err))
			return cli_complain(&err);
	return api_post(cli, &reload, NULL, &err) ? 0 : cli_fail(cli, &err);
}

const struct command unit_edit =
	UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", "Change units through a drop-in, with your editor",
		     1, -1, run_edit);

/* ---- verify ---- */

static bool verify_one(struct cli *cli, const char *path, size_t *problems, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/verify");
	const char *slash = strrchr(path, '/');
	scoped_buffer struct buffer text = {0};
	scoped_json json_t *body = json_object();
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answered = NULL;
	size_t i;
	json_t *problem;

	if (!file_read(AT_FDCWD, path, 1 << 20, &text, err))
		return error_prefix(err, "cannot read '%s'", path);
	doc_set_text(body, "Name", slash ? slash + 1 : path);
	doc_set_text(body, "File", path);
	doc_set_text(body, "Text", text.data ? text.data : "");
	if (!api_call(cli, &request, &answered, err))
		return false;
	scoped_json json_t *answer = answered;
	json_array_foreach (json_object_get(answer, "Problems"), i, problem)
		printf("%s\n", json_string_value(problem));
	*problems += json_array_size(json_object_get(answer, "Problems"));
	return true;
}

static int run_verify(struct cli *cli, void *fields, const struct strings *arguments)
{
	size_t problems = 0;
	struct error err;

	for (size_t i = 0; i < arguments->count; i++)
		if (!verify_one(cli, arguments->items[i], &problems, &err))
			return cli_fail(cli, &err);
	return problems ? 1 : 0;
}

const struct command unit_verify = UNIT_COMMAND(
	"[OPTIONS] FILE [FILE...]", "Name every problem of unit files", 1, -1, run_verify);
