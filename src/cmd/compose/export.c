/* export: the files of a service's container as an archive.  With --units: a project as a unit that
 * brings it up at boot, and its model as one file beside it, so that neither the folder nor its
 * files are needed any more. */
#include "cmd/cli/container_change.h"
#include "cmd/compose/config.h"
#include "cmd/compose/verbs.h"

#include "format/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct wishes {
	char *output;
	bool units;
	struct option_number index;
};

static const struct option options[] = {
	{'o', "output", &option_string, offsetof(struct wishes, output),
	 .help = "File to write instead of stdout; with --units the folder (default: this one)"},
	{0, "index", &option_number, offsetof(struct wishes, index),
	 .help = "Number of the container, where the service has several"},
	{0, "units", &option_switch, offsetof(struct wishes, units),
	 .help = "Write a unit file, and the model that it starts"},
};

/* ---- texts ---- */

static void add_model(const struct compose *compose, struct buffer *out)
{
	scoped_config_selection struct config_selection selection = {.escape = true};
	scoped_arena struct arena arena = {0};
	static const struct strings all;

	config_select(&selection, compose->project, &all);
	selection.escape = true;
	yaml_write(config_tree_v2(&arena, &selection), true, out);
}

/* A path as one word of a unit's command: specifiers and quotes stand for themselves. */
static void add_word(struct buffer *out, const char *word)
{
	buffer_add_char(out, '"');
	for (; *word; word++) {
		if (*word == '%' || *word == '$')
			buffer_add_char(out, *word);
		else if (*word == '"' || *word == '\\')
			buffer_add_char(out, '\\');
		buffer_add_char(out, *word);
	}
	buffer_add_char(out, '"');
}

static void add_command(struct buffer *out, const char *key, const char *program, const char *name,
			const char *model, const char *verb)
{
	buffer_format(out, "%s=", key);
	add_word(out, program);
	buffer_format(out, " compose -p %s -f ", name);
	add_word(out, model);
	buffer_format(out, " %s\n", verb);
}

static void add_unit(const struct compose *compose, const char *program, const char *model,
		     struct buffer *out)
{
	const char *name = compose->project->name;

	buffer_format(out,
		      "[Unit]\n"
		      "Description=Project %s\n"
		      "After=network-online.target wherry.service docker.service\n"
		      "Wants=network-online.target\n"
		      "\n"
		      "[Service]\n"
		      "Type=oneshot\n"
		      "RemainAfterExit=yes\n"
		      "TimeoutStartSec=infinity\n",
		      name);
	add_command(out, "ExecStart", program, name, model, "up -d --remove-orphans");
	add_command(out, "ExecReload", program, name, model, "up -d --remove-orphans");
	add_command(out, "ExecStop", program, name, model, "stop");
	buffer_add_text(out, "\n[Install]\nWantedBy=multi-user.target\n");
}

/* ---- files ---- */

/* There whole or not at all; what a model says may be secret. */
static bool write_file(int folder, const char *name, mode_t mode, const struct buffer *text,
		       struct error *err)
{
	scoped_free char *passing = str_format(".%s.new", name);
	scoped_fd int fd = openat(folder, passing,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return error_errno(err, "cannot write '%s'", name);
	for (size_t at = 0; at < text->size;) {
		ssize_t wrote = write(fd, text->data + at, text->size - at);

		if (wrote < 0 && errno != EINTR) {
			error_errno(err, "cannot write '%s'", name);
			unlinkat(folder, passing, 0);
			return false;
		}
		at += wrote > 0 ? (size_t)wrote : 0;
	}
	return renameat(folder, passing, folder, name) == 0 ||
	       error_errno(err, "cannot write '%s'", name);
}

static char *own_path(struct error *err)
{
	char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (size > 0)
		return str_dup_n(path, (size_t)size);
	error_errno(err, "cannot tell where this program is");
	return NULL;
}

static bool write_units(struct compose *compose, const char *folder_name, struct error *err)
{
	const char *name = compose->project->name;
	scoped_free char *model_name = str_format("%s.compose.yaml", name),
			 *unit_name = str_format("%s.service", name), *program = own_path(err),
			 *folder_path = realpath(folder_name, NULL);
	scoped_buffer struct buffer model = {0}, unit = {0};
	scoped_fd int folder = open(folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || !folder_path)
		return error_errno(err, "cannot write to '%s'", folder_name);
	if (!program)
		return false;
	scoped_free char *model_path = str_format("%s/%s", folder_path, model_name);
	add_model(compose, &model);
	add_unit(compose, program, model_path, &unit);
	if (!write_file(folder, model_name, 0600, &model, err) ||
	    !write_file(folder, unit_name, 0644, &unit, err))
		return false;
	printf("%s/%s\n%s\n", folder_path, unit_name, model_path);
	return true;
}

static int export_units(struct compose *compose, const struct wishes *wishes)
{
	struct error err;

	if (!compose_open(compose, NULL))
		return 1;
	return write_units(compose, wishes->output ? wishes->output : ".", &err)
		       ? 0
		       : compose_fail(compose, &err);
}

static int export_service(struct compose *compose, const struct wishes *wishes, const char *service)
{
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	const struct export export = {wishes->output};
	struct error err;
	const struct compose_container *container =
		compose_any(compose, service, &wishes->index, &containers);

	if (!container)
		return 1;
	return export_container(compose->cli, &export, container->id, &err)
		       ? 0
		       : compose_fail(compose, &err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct wishes *wishes = fields;
	struct error err;

	if (wishes->units == (arguments->count == 1)) {
		error_set(&err, ERROR_INVALID,
			  "export wants a service, or --units for the whole project");
		return compose_fail(compose, &err);
	}
	return wishes->units ? export_units(compose, wishes)
			     : export_service(compose, wishes, arguments->items[0]);
}

const struct command compose_export = {
	.summary = "Write a service's files as an archive, or the project as a unit",
	.details =
		"Write the file system of a service's container as an archive. With --units: write "
		"a unit NAME.service for wherry's own supervisor or systemd, and beside it "
		"NAME.compose.yaml, the whole project as one file. Where the daemon recorded the "
		"project, -p NAME is enough and its folder is not needed.",
	.usage = "[OPTIONS] SERVICE | --units",
	.most = 1,
	.size = sizeof(struct wishes),
	.options = {OPTION_SET(options)},
	.run = run,
};
