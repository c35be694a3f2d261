#include "engine/mount_make.h"

#include "base/id.h"
#include "base/memory.h"
#include "format/path.h"

bool mount_set_destination(struct mount_point *mount, const char *target, struct error *err)
{
	scoped_free char *clean = NULL;

	if (*target != '/')
		return error_set(err, ERROR_INVALID,
				 "invalid mount path: '%s' mount path must be absolute", target);
	clean = path_clean(target);
	if (str_equal(clean, "/"))
		return error_set(err, ERROR_INVALID,
				 "invalid specification: destination can't be '/'");
	free(mount->destination);
	mount->destination = take(clean);
	return true;
}

void mount_make_anonymous(struct mount_point *mount)
{
	char id[ID_SIZE];

	id_new(id);
	str_replace(&mount->name, id);
	mount->anonymous = true;
}

void mount_make_volume(struct mount_point *mount, const char *driver)
{
	str_replace(&mount->type, "volume");
	str_replace(&mount->driver, str_is_empty(driver) ? "local" : driver);
	str_replace(&mount->propagation, "");
	mount->copy_up = true;
	mount->rw = true;
}

void mount_make_bind(struct mount_point *mount, const char *source)
{
	free(mount->source);
	mount->source = path_clean(source);
	str_replace(&mount->type, "bind");
	str_replace(&mount->propagation, "rprivate");
	mount->recursive = true;
	mount->rw = true;
}
