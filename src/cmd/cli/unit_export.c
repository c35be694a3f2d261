/* export: files by which the host's systemd runs units of ours.  What is in them: format/unit_export.h. */
#include "format/unit_export.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/marked_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEMD_FOLDER "/run/systemd/system" /* is there where systemd is the first process */

/* ---- asking ---- */

static bool get_source(struct cli *cli, const char *name, struct unit_export_source *source,
		       struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units/%s/export", name);
	scoped_json json_t *answer = api_get(cli, &target, err);

	return answer &&
	       record_from_json(&unit_export_source_type, answer, RECORD_FOR_API, source, err);
}

/* The names of units and, after them, what they need; `asked`: how many were typed. */
struct exporting {
	struct strings names;
	size_t asked;
	struct pairs needs; /* what -> by whom */
	struct unit_export out;
};

static void exporting_fini(struct exporting *e)
{
	strings_fini(&e->names);
	pairs_fini(&e->needs);
	unit_export_fini(&e->out);
}

static void follow_needs(struct exporting *e, const struct unit_export_source *source, bool all)
{
	for (size_t i = 0; i < source->needs.count; i++) {
		const char *need = source->needs.items[i];

		pairs_set(&e->needs, need, source->name);
		if (all && !strings_contain(&e->names, need))
			strings_add(&e->names, need);
	}
}

static bool export_one(struct cli *cli, struct exporting *e, const char *name, bool recursive,
		       struct error *err)
{
	struct unit_export_source source = {0};
	bool good = get_source(cli, name, &source, err) && unit_export_add(&source, &e->out, err);

	if (good)
		follow_needs(e, &source, recursive);
	if (good && !str_equal(name, source.name))
		strings_format(&e->out.notes,
			       "%s: is exported as %s: systemd does not know the other name", name,
			       source.name);
	record_fini(&unit_export_source_type, &source);
	return good;
}

/* What nobody named and we do not know may well be a unit of systemd's. */
static bool export_all(struct cli *cli, struct exporting *e, bool recursive, struct error *err)
{
	for (size_t i = 0; i < e->names.count; i++) {
		scoped_free char *name = str_dup(e->names.items[i]);

		if (export_one(cli, e, name, recursive, err))
			continue;
		if (i < e->asked || err->kind != ERROR_NOT_FOUND)
			return false;
		strings_format(&e->out.notes, "%s: %s is not one of ours: systemd has to know it",
			       pairs_get(&e->needs, name), name);
	}
	for (size_t i = 0; i < e->needs.count; i++)
		if (!strings_contain(&e->names, e->needs.items[i].name))
			strings_format(&e->out.notes,
				       "%s: needs %s, which is not exported: name it, too, or give "
				       "--recursive",
				       e->needs.items[i].value, e->needs.items[i].name);
	return true;
}

/* ---- writing ---- */

static bool open_output(const char *path, int *folder, struct error *err)
{
	if (str_equal(path, SYSTEMD_FOLDER) && access(path, F_OK) < 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "systemd does not run here ('%s' is missing): name a folder with "
				 "--output, or - to see the files",
				 path);
	scoped_free char *whole = realpath(path, NULL);
	if (!whole && mkdir(path, 0755) < 0)
		return error_errno(err, "cannot make '%s'", path);
	*folder = folder_open(AT_FDCWD, path, err);
	return *folder >= 0;
}

static bool write_to(const char *path, const struct unit_export *out,
		     const struct unit_options *options, struct error *err)
{
	scoped_fd int folder = -1;
	struct error other;

	if (!open_output(path, &folder, err))
		return false;
	if (!options->force && !marked_files_check(folder, UNIT_EXPORT_MARK, &out->files, &other))
		return error_set(err, other.kind, "'%s': %s: --force replaces it", path,
				 other.text);
	if (!marked_files_write(folder, UNIT_EXPORT_MARK, &out->files, NULL, err))
		return error_prefix(err, "'%s'", path);
	for (size_t i = 0; i < out->files.count && !options->quiet; i++)
		printf("%s/%s\n", path, out->files.items[i].name);
	return true;
}

/* ---- the verb ---- */

static int print_files(const struct pairs *files)
{
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < files->count; i++)
		buffer_format(&text, "%s# %s\n%s", i ? "\n" : "", files->items[i].name,
			      files->items[i].value);
	return cli_print(&text);
}

static int run_export(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	const char *path = options->output ? options->output : SYSTEMD_FOLDER;
	scoped_with(exporting_fini) struct exporting e = {0};
	struct error err;

	if (!unit_names(cli, arguments, &e.names, &err))
		return cli_fail(cli, &err);
	e.asked = e.names.count;
	if (!export_all(cli, &e, options->recursive, &err))
		return cli_complain(&err);
	for (size_t i = 0; i < e.out.notes.count; i++)
		fprintf(stderr, "%s\n", e.out.notes.items[i]);
	if (str_is_empty(path) || str_equal(path, "-"))
		return print_files(&e.out.files);
	return write_to(path, &e.out, options, &err) ? 0 : cli_complain(&err);
}

const struct command unit_export =
	UNIT_COMMAND("[--output DIR] [--recursive] UNIT [UNIT...]",
		     "Write units for the host's systemd, - to standard output", 1, -1, run_export);
