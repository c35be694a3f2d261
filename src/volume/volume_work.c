#include "volume/volume_work.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

static bool remove_all(const struct removal_plan *plan, int64_t *bytes, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, plan->folder, err);

	if (folder < 0)
		return false;
	for (size_t i = 0; i < plan->names.count; i++) {
		int64_t size = measure(plan->folder, plan->names.items[i]);

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
