#include "unit/load.h"

#include "format/unit_name.h"
#include "os/fd.h"
#include "os/file.h"
#include "unit/finish.h"
#include "unit/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct unit_file {
	struct buffer text;
	int64_t changed_ns;
	bool is_null; /* the device */
};

static bool read_file(const char *path, struct unit_file *out, struct error *err)
{
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "there is no '%s'", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "cannot read '%s'", path);
	out->changed_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	out->is_null = S_ISCHR(st.st_mode);
	if (out->is_null)
		return true;
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "'%s' is no file", path);
	return file_read_fd(fd, UNIT_TEXT_LIMIT, &out->text, err);
}

static void fail_load(struct unit_draft *draft, enum load_state state, const char *why)
{
	draft->config.load = state;
	str_replace(&draft->config.load_error, why);
}

static void note_change(struct unit_draft *draft, int64_t changed_ns)
{
	if (changed_ns > draft->config.file_changed_ns)
		draft->config.file_changed_ns = changed_ns;
}

/* ---- the main file ---- */

/* These need no file: a slice is what is below it, a device is never run. */
static bool needs_file(const struct unit_draft *draft)
{
	return draft->config.type != UNIT_SLICE && draft->config.type != UNIT_DEVICE;
}

static void mask(struct unit_draft *draft)
{
	scoped_free char *why = str_format("Unit %s is masked.", draft->config.name);

	fail_load(draft, LOAD_MASKED, why);
}

static void read_main(struct unit_draft *draft, const struct unit_source *source)
{
	struct unit_file file = {0};
	struct error err = {0};

	if (source->is_loop) {
		fail_load(draft, LOAD_ERROR, "its aliases lead to each other");
	} else if (source->is_masked) {
		unit_config_set_path(&draft->config, source->path);
		mask(draft);
	} else if (!source->path) {
		if (needs_file(draft))
			draft->config.load = LOAD_NOT_FOUND;
	} else if (!read_file(source->path, &file, &err)) {
		if (err.kind == ERROR_NOT_FOUND && needs_file(draft))
			draft->config.load = LOAD_NOT_FOUND;
		else if (err.kind != ERROR_NOT_FOUND)
			fail_load(draft, LOAD_ERROR, err.text);
	} else {
		unit_config_set_path(&draft->config, source->path);
		note_change(draft, file.changed_ns);
		if (file.is_null || !file.text.size)
			mask(draft);
		else if (!unit_draft_read(draft, file.text.data, file.text.size, source->path,
					  &err))
			fail_load(draft, LOAD_ERROR, err.text);
	}
	buffer_fini(&file.text);
}

/* ---- what stands beside it ---- */

/* A drop-in that cannot be read leaves the unit as it is. */
static void read_drop_in(struct unit_draft *draft, const char *path)
{
	struct unit_file file = {0};
	struct error err = {0};
	bool read = read_file(path, &file, &err);

	if (read && !file.is_null) {
		note_change(draft, file.changed_ns);
		strings_add(&draft->config.drop_ins, path);
		read = !file.text.size ||
		       unit_draft_read(draft, file.text.data, file.text.size, path, &err);
	}
	if (!read)
		unit_draft_warn(draft, "drop-in '%s' is passed over: %s", path, err.text);
	buffer_fini(&file.text);
}

static void read_drop_ins(struct unit_draft *draft, const struct unit_listing *listing)
{
	struct listing_files files;

	unit_listing_files(listing, draft->config.name, ".d", false, &files);
	for (size_t i = 0; i < files.count; i++)
		if (str_ends_with(files.items[i].name, ".conf"))
			read_drop_in(draft, files.items[i].path);
	listing_files_fini(&files);
}

/* Links to /dev/null and what is no file were not read before either. */
static bool is_new_drop_in(const struct listing_file *file, const struct strings *read)
{
	struct stat st;

	return str_ends_with(file->name, ".conf") && !strings_contain(read, file->path) &&
	       stat(file->path, &st) == 0 && S_ISREG(st.st_mode);
}

bool unit_has_new_drop_ins(const struct load_context *context, const char *name,
			   const struct strings *read)
{
	scoped(unit_listing) struct unit_listing *listing = unit_listing_read(context->paths);
	struct listing_files files;
	bool found = false;

	unit_listing_files(listing, name, ".d", false, &files);
	for (size_t i = 0; i < files.count; i++)
		found |= is_new_drop_in(&files.items[i], read);
	listing_files_fini(&files);
	return found;
}

static bool is_builtin(const struct load_context *context, const char *name)
{
	return context->is_builtin && context->is_builtin(name);
}

static void read_links(struct unit_draft *draft, const struct unit_listing *listing,
		       const char *suffix, enum dependency kind)
{
	bool own = is_builtin(draft->context, draft->config.name);
	struct listing_files files;

	unit_listing_files(listing, draft->config.name, suffix, own, &files);
	for (size_t i = 0; i < files.count; i++)
		if (unit_name_is_valid(files.items[i].name))
			unit_draft_depend(draft, kind, files.items[i].name, false);
	listing_files_fini(&files);
}

/* ---- the whole ---- */

void unit_draft_load(struct unit_draft *draft, const struct load_context *context,
		     const struct unit_listing *listing, const struct unit_source *source)
{
	const struct strings *aliases = unit_listing_aliases(listing, source->name);

	unit_draft_init(draft, context, source->name);
	if (aliases)
		draft->config.aliases = strings_copy(aliases);
	if (is_builtin(context, source->name))
		unit_config_set_path(&draft->config, source->path); /* named, but not read */
	else
		read_main(draft, source);
	read_links(draft, listing, ".wants", DEPENDENCY_WANTS);
	read_links(draft, listing, ".requires", DEPENDENCY_REQUIRES);
	if (draft->config.load != LOAD_LOADED || is_builtin(context, source->name))
		return;
	read_drop_ins(draft, listing);
	unit_draft_check(draft);
}

/* What is not there has no arrows by rule; built-in targets and slices do, services of that kind do not. */
static bool has_rules(const struct unit_draft *draft)
{
	enum unit_type type = draft->config.type;

	if (load_is_builtin(draft->context, draft->config.name))
		return type == UNIT_TARGET || type == UNIT_SLICE;
	return draft->config.load == LOAD_LOADED;
}

static struct unit_config *load_listed(const struct load_context *context,
				       const struct unit_listing *listing, const char *name)
{
	struct unit_source source;
	struct unit_draft draft;

	unit_source_find(listing, name, &source);
	unit_draft_load(&draft, context, listing, &source);
	if (source.is_alias && !strings_contain(&draft.config.aliases, name))
		strings_add(&draft.config.aliases, name);
	if (has_rules(&draft))
		unit_draft_add_implicit(&draft, listing);
	unit_source_fini(&source);
	return unit_draft_finish(&draft);
}

struct unit_config *unit_load(const struct load_context *context, const char *name)
{
	scoped(unit_listing) struct unit_listing *own =
		context->listing ? NULL : unit_listing_read(context->paths);

	return load_listed(context, own ? own : context->listing, name);
}

static bool add_text(const char *path, struct pairs *files, struct error *err)
{
	struct unit_file file = {0};
	bool read = read_file(path, &file, err);

	if (read)
		pairs_append(files, path, file.text.data ? file.text.data : "");
	buffer_fini(&file.text);
	return read;
}

bool unit_read_files(const struct unit_config *config, struct pairs *files, struct error *err)
{
	scoped_free char *path = unit_config_path(config);

	if (!path)
		return error_set(err, ERROR_NOT_FOUND, "No files found for %s.", config->name);
	if (!add_text(path, files, err))
		return false;
	for (size_t i = 0; i < config->drop_ins.count; i++)
		if (!add_text(config->drop_ins.items[i], files, err))
			return false;
	return true;
}
