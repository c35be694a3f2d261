#include "volume/volume_work.h"

#include "base/map.h"
#include "os/file.h"
#include "volume/volume_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define OPEN_FOLDERS		       32

static const struct record_field plan_fields[] = {
	FIELD(removal_plan, 1, RECORD_STRING, folder),
	FIELD(removal_plan, 2, RECORD_STRINGS, names),
};
const struct record_type removal_plan_type = RECORD_TYPE(struct removal_plan, plan_fields);

static const struct record_field report_fields[] = {
	FIELD(removal_report, 1, RECORD_I64, bytes),
	FIELD(removal_report, 2, RECORD_I32, error_kind),
	FIELD(removal_report, 3, RECORD_I32, error_os),
	FIELD(removal_report, 4, RECORD_STRING, error),
};
const struct record_type removal_report_type = RECORD_TYPE(struct removal_report, report_fields);

static const struct record_field measuring_plan_fields[] = {
	FIELD(measuring_plan, 1, RECORD_STRINGS, folders),
};
const struct record_type measuring_plan_type =
	RECORD_TYPE(struct measuring_plan, measuring_plan_fields);

static const struct record_field measuring_report_fields[] = {
	FIELD(measuring_report, 1, RECORD_STRINGS, bytes),
};
const struct record_type measuring_report_type =
	RECORD_TYPE(struct measuring_report, measuring_report_fields);

/* ---- removing ---- */

static int64_t counted; /* nftw takes no argument for its callback; a worker has one thread */

static int count_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
	if (type == FTW_F && info->st_nlink <= 1)
		counted += (int64_t)info->st_blocks * 512;
	return 0;
}

static int64_t measure(const char *folder, const char *name)
{
	scoped_free char *path = str_format("%s/%s", folder, name);

	counted = 0;
	nftw(path, count_file, OPEN_FOLDERS, FTW_PHYS | FTW_MOUNT);
	return counted;
}

/* What a volume is made of was unmounted behind its last user; a daemon that died before leaves that
 * here.  Nothing of it may be removed. */
static void unmount(const char *folder, const char *name)
{
	scoped_free char *path = str_format("%s/%s/" VOLUME_DATA, folder, name);

	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
}

static bool remove_all(const struct removal_plan *plan, int64_t *bytes, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, plan->folder, err);

	if (folder < 0)
		return false;
	for (size_t i = 0; i < plan->names.count; i++) {
		int64_t size;

		unmount(plan->folder, plan->names.items[i]);
		size = measure(plan->folder, plan->names.items[i]);
		if (!tree_remove(folder, plan->names.items[i], err))
			return false;
		*bytes += size;
	}
	return true;
}

void removal_work(const struct removal_plan *plan, struct removal_report *report)
{
	struct error err;

	if (remove_all(plan, &report->bytes, &err))
		return;
	report->error_kind = (int32_t)err.kind;
	report->error_os = err.os;
	report->error = str_dup(err.text);
}

/* ---- measuring ---- */

static struct map seen; /* files of several names, by device and inode */

static bool is_new(const struct stat *info)
{
	char key[48];

	if (info->st_nlink < 2)
		return true;
	snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)info->st_dev,
		 (unsigned long long)info->st_ino);
	if (map_get(&seen, key))
		return false;
	map_put(&seen, key, &seen);
	return true;
}

static int count_length(const char *path, const struct stat *info, int type, struct FTW *where)
{
	if (type == FTW_F && S_ISREG(info->st_mode) && is_new(info))
		counted += (int64_t)info->st_size;
	return 0;
}

void measuring_work(const struct measuring_plan *plan, struct measuring_report *report)
{
	for (size_t i = 0; i < plan->folders.count; i++) {
		counted = 0;
		nftw(plan->folders.items[i], count_length, OPEN_FOLDERS, FTW_PHYS | FTW_MOUNT);
		strings_format(&report->bytes, "%lld", (long long)counted);
	}
	map_fini(&seen);
}
