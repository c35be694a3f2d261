#include "engine/extension.h"

#include "base/memory.h"
#include "format/base64.h"
#include "format/path.h"

#include <limits.h>

#define GROUP_NAME_MAX 255

#define T struct container_group
static const struct record_field container_group_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "Name", RECORD_STRING, name, RECORD_EMPTY_STRING),
	RECORD_FIELD(T, 2, "Balance", RECORD_BOOL, balance),
	RECORD_FIELD(T, 3, "Vip", RECORD_BOOL, vip),
};
const struct record_type container_group_type = RECORD_TYPE(T, container_group_fields);
#undef T

#define T struct container_restarts
static const struct record_field container_restarts_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "Delay", RECORD_OPTIONAL_I64, delay_ns, RECORD_OMIT_ABSENT),
	RECORD_FIELD_FLAGS(T, 2, "Window", RECORD_OPTIONAL_I64, window_ns, RECORD_OMIT_ABSENT),
};
const struct record_type container_restarts_type = RECORD_TYPE(T, container_restarts_fields);
#undef T

#define T struct container_file
static const struct record_field container_file_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "Target", RECORD_STRING, target, RECORD_EMPTY_STRING),
	RECORD_FIELD_FLAGS(T, 2, "Content", RECORD_STRING, content, RECORD_EMPTY_STRING),
	RECORD_FIELD(T, 3, "Uid", RECORD_I64, uid),
	RECORD_FIELD(T, 4, "Gid", RECORD_I64, gid),
	RECORD_FIELD(T, 5, "Mode", RECORD_OPTIONAL_I64, mode),
};
const struct record_type container_file_type = RECORD_TYPE(T, container_file_fields);
#undef T

#define T struct extension
static const struct record_field extension_fields[] = {
	RECORD_FIELD(T, 1, "Hold", RECORD_BOOL, hold),
	RECORD_NESTED(T, 2, "Group", RECORD_POINTER, group, RECORD_OMIT_ABSENT,
		      &container_group_type),
	RECORD_NESTED(T, 3, "Files", RECORD_LIST, files, RECORD_OMIT_EMPTY, &container_file_type),
	RECORD_NESTED(T, 4, "Restarts", RECORD_POINTER, restarts, RECORD_OMIT_ABSENT,
		      &container_restarts_type),
	RECORD_FIELD_FLAGS(T, 5, "OwnVolumes", RECORD_STRINGS, own_volumes, RECORD_OMIT_EMPTY),
};
const struct record_type extension_type = RECORD_TYPE(T, extension_fields);
#undef T

static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return false;
	return true;
}

static bool check_group(const struct container_group *group, struct error *err)
{
	if (str_is_empty(group->name))
		return error_set(err, ERROR_INVALID, "Wherry.Group needs a Name");
	if (strlen(group->name) > GROUP_NAME_MAX || !is_plain(group->name))
		return error_set(err, ERROR_INVALID,
				 "Wherry.Group.Name has up to %d characters without blanks",
				 GROUP_NAME_MAX);
	return true;
}

static bool check_time(const char *name, const struct optional_i64 *ns, struct error *err)
{
	return !ns->given || (ns->value >= 0 && ns->value <= CONTAINER_RESTART_NS_MOST) ||
	       error_set(err, ERROR_INVALID,
			 "Wherry.Restarts.%s is in nanoseconds, from 0 to those of 30 days", name);
}

static bool check_restarts(const struct container_restarts *restarts, struct error *err)
{
	return check_time("Delay", &restarts->delay_ns, err) &&
	       check_time("Window", &restarts->window_ns, err);
}

/* ---- files ---- */

#define DEFAULT_MODE 0444
#define ID_MOST	     (UINT32_MAX - 1) /* the last one means nobody */

static bool has_part(const char *path, const char *part)
{
	size_t length = strlen(part);

	for (const char *at = path; (at = strstr(at, part)); at += length)
		if (at > path && at[-1] == '/' && (at[length] == '/' || at[length] == '\0'))
			return true;
	return false;
}

/* A target that climbs is a mistake or worse: it is not guessed at what is meant. */
static bool check_target(struct container_file *file, size_t index, struct error *err)
{
	const char *target = file->target ? file->target : "";

	if (*target != '/' || strlen(target) >= PATH_MAX)
		return error_set(err, ERROR_INVALID,
				 "Wherry.Files[%zu].Target '%.200s' is not an absolute path", index,
				 target);
	if (has_part(target, ".."))
		return error_set(err, ERROR_INVALID,
				 "Wherry.Files[%zu].Target '%.200s' must not hold '..'", index,
				 target);
	char *clean = path_clean(target);
	free(file->target);
	file->target = clean;
	if (str_equal(clean, "/"))
		return error_set(err, ERROR_INVALID, "Wherry.Files[%zu].Target '/' is no file",
				 index);
	return true;
}

static bool check_number(const char *name, size_t index, int64_t value, int64_t most,
			 struct error *err)
{
	return (value >= 0 && value <= most) ||
	       error_set(err, ERROR_INVALID, "Wherry.Files[%zu].%s %lld is not between 0 and %lld",
			 index, name, (long long)value, (long long)most);
}

static bool check_file(struct container_file *file, size_t index, struct error *err)
{
	if (!file->mode.given)
		file->mode = (struct optional_i64){true, DEFAULT_MODE};
	return check_target(file, index, err) &&
	       check_number("Uid", index, file->uid, ID_MOST, err) &&
	       check_number("Gid", index, file->gid, ID_MOST, err) &&
	       check_number("Mode", index, file->mode.value, 0777, err);
}

/* One below another cannot be, either: a file is no folder. */
static bool excludes(const char *one, const char *other)
{
	size_t length = strlen(one);

	return str_starts_with(other, one) && (other[length] == '/' || other[length] == '\0');
}

static bool check_targets(const struct record_list *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++)
		for (size_t k = 0; k < files->count; k++) {
			const char *one = RECORD_AT(*files, struct container_file, i)->target;
			const char *other = RECORD_AT(*files, struct container_file, k)->target;

			if (i != k && excludes(one, other))
				return error_set(err, ERROR_INVALID,
						 "Wherry.Files: '%.200s' and '%.200s' exclude "
						 "each other",
						 one, other);
		}
	return true;
}

static bool check_files(struct record_list *files, struct error *err)
{
	if (files->count > CONTAINER_FILES_MOST)
		return error_set(err, ERROR_INVALID, "Wherry.Files: at most %d files",
				 CONTAINER_FILES_MOST);
	for (size_t i = 0; i < files->count; i++)
		if (!check_file(RECORD_AT(*files, struct container_file, i), i, err))
			return false;
	return check_targets(files, err);
}

bool container_files_decode(const struct record_list *files, struct buffer *contents,
			    struct error *err)
{
	size_t total = 0;

	for (size_t i = 0; i < files->count; i++) {
		const struct container_file *file = RECORD_AT(*files, struct container_file, i);
		const char *text = file->content ? file->content : "";

		if (!base64_decode(text, strlen(text), &contents[i]))
			return error_set(err, ERROR_INVALID,
					 "Wherry.Files: the content of '%.200s' is not base64",
					 file->target);
		if (contents[i].size > CONTAINER_FILE_SIZE_MOST)
			return error_set(err, ERROR_INVALID,
					 "Wherry.Files: '%.200s' is larger than 1 MiB",
					 file->target);
		total += contents[i].size;
		if (total > CONTAINER_FILES_SIZE_MOST)
			return error_set(err, ERROR_INVALID,
					 "Wherry.Files are larger than 16 MiB together");
	}
	return true;
}

/* ---- all ---- */

bool extension_check(struct extension *extension, struct error *err)
{
	return !extension || ((!extension->group || check_group(extension->group, err)) &&
			      (!extension->restarts || check_restarts(extension->restarts, err)) &&
			      check_files(&extension->files, err));
}
