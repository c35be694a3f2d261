/* -v, --tmpfs and --mount. */
#include "format/json.h"
#include "format/mount_option.h"
#include "format/path.h"
#include "spec/document.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- pieces ---- */

/* Without links resolved: what does not exist yet has a path too. */
char *absolute_path(const char *path)
{
	scoped_free char *folder = getcwd(NULL, 0);
	scoped_free char *whole =
		*path == '/' ? str_dup(path) : str_format("%s/%s", folder ? folder : "", path);

	return path_clean(whole);
}

static bool is_relative(const char *path)
{
	return path[0] == '.' && (!path[1] || path[1] == '/' || strncmp(path, "../", 3) == 0 ||
				  strcmp(path, "..") == 0);
}

/* ---- -v ---- */

/* "source:target[:mode]" is a bind; a path or name alone is an anonymous volume. */
static bool add_volume(const char *text, json_t *volumes, struct strings *binds, struct error *err)
{
	size_t length = strcspn(text, ":");

	if (!*text)
		return error_set(err, ERROR_INVALID, "invalid empty volume spec");
	if (length == 0)
		return error_set(err, ERROR_INVALID,
				 "invalid spec: %s: empty section between colons", text);
	if (!text[length] || !text[length + 1]) {
		json_object_set_new(volumes, text, json_object());
		return true;
	}
	scoped_free char *source = str_dup_n(text, length);
	scoped_free char *absolute = is_relative(source) ? absolute_path(source) : str_dup(source);
	strings_format(binds, "%s%s", absolute, text + length);
	return true;
}

static void set_tmpfs(const struct strings *list, json_t *host)
{
	scoped_json json_t *mounts = json_object();

	for (size_t i = 0; i < list->count; i++) {
		size_t length = strcspn(list->items[i], ":");
		scoped_free char *path = str_dup_n(list->items[i], length);

		doc_set_text(mounts, path,
			     list->items[i] + length + (list->items[i][length] != '\0'));
	}
	if (json_object_size(mounts))
		json_object_set(host, "Tmpfs", mounts);
}

bool spec_set_volumes(const struct spec *spec, json_t *config, json_t *host, struct error *err)
{
	json_t *volumes = json_object();
	scoped_strings struct strings binds = {0};

	json_object_set_new(config, "Volumes", volumes);
	for (size_t i = 0; i < spec->volumes.count; i++)
		if (!add_volume(spec->volumes.items[i], volumes, &binds, err))
			return false;
	doc_set_list(host, "Binds", &binds, false);
	doc_set_list(host, "VolumesFrom", &spec->volumes_from, false);
	set_tmpfs(&spec->tmpfs, host);
	if (spec->mounts)
		json_object_set(host, "Mounts", spec->mounts);
	return true;
}

/* ---- --mount ---- */

static bool add_mount(void *field, const char *text, struct error *err)
{
	json_t **mounts = field, *mount = mount_option_parse(text, err);
	const char *source = doc_text(mount, "Source");

	if (!mount)
		return false;
	if (is_relative(source)) {
		scoped_free char *absolute = absolute_path(source);

		doc_set_text(mount, "Source", absolute);
	}
	if (!*mounts)
		*mounts = json_array();
	json_array_append_new(*mounts, mount);
	return true;
}

const struct option_kind option_mount = {"mount", add_mount, free_json_field, NULL};
