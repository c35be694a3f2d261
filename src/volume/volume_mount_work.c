/* A volume's own options name a filesystem as mount(8) would be told: type, device, o.  Three things
 * are done for people's convenience, as mount(8) does them: names of file servers become addresses, a
 * file gets a loop device (which goes by itself with the mount), and flags that a bind mount does not
 * take at once are given in a second step. */
#include "volume/volume_mount_work.h"

#include "os/fd.h"
#include "os/file.h"
#include "volume/loop_device.h"
#include "volume/mount_words.h"
#include "volume/volume_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)

static const struct record_field plan_fields[] = {
	FIELD(mounting_plan, 1, RECORD_I64, daemon),
	FIELD(mounting_plan, 2, RECORD_STRING, folder),
	FIELD(mounting_plan, 3, RECORD_STRINGS, unmount),
	FIELD(mounting_plan, 4, RECORD_STRING, mount),
	FIELD(mounting_plan, 5, RECORD_STRING, type),
	FIELD(mounting_plan, 6, RECORD_STRING, device),
	FIELD(mounting_plan, 7, RECORD_STRING, options),
};
const struct record_type mounting_plan_type = RECORD_TYPE(struct mounting_plan, plan_fields);

static const struct record_field report_fields[] = {
	FIELD(mounting_report, 1, RECORD_I32, error_kind),
	FIELD(mounting_report, 2, RECORD_I32, error_os),
	FIELD(mounting_report, 3, RECORD_STRING, error),
};
const struct record_type mounting_report_type = RECORD_TYPE(struct mounting_report, report_fields);

/* ---- the folder ---- */

/* The lock lasts as long as the descriptor. */
static int lock_folder(int volumes, const char *name, struct error *err)
{
	scoped_fd int folder = folder_open(volumes, name, err);

	if (folder < 0)
		return -1;
	while (flock(folder, LOCK_EX) < 0)
		if (errno != EINTR) {
			error_errno(err, "cannot lock the folder of volume '%s'", name);
			return -1;
		}
	return take_fd(folder);
}

static bool is_mounted(int folder)
{
	struct statx st;

	return statx(folder, VOLUME_DATA, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_INO, &st) ==
		       0 &&
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* ---- the device ---- */

struct source {
	const char *device; /* what mount() is told */
	const char *type;
	char *options;	    /* owned */
	char loop_path[LOOP_PATH_SIZE]; /* of the loop device, where there is one */
	int loop;
};

static void source_fini(struct source *s)
{
	free(s->options);
	close_fd(&s->loop);
}

/* A numeric address of a name; NULL with err set. */
static char *find_address(const char *name, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char text[INET6_ADDRSTRLEN + 32] = "";
	int status = getaddrinfo(name, NULL, &hints, &found);

	if (status == 0)
		status = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				     NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	if (status == 0)
		return str_dup(text);
	error_set(err, ERROR_UNAVAILABLE, "cannot find the address of '%s': %s", name,
		  gai_strerror(status));
	return NULL;
}

/* "server:/path" and "//server/share"; NULL: no name in it. */
static char *server_of(const char *device)
{
	const char *name = device + strspn(device, "/");
	size_t length = strcspn(name, name > device ? "/" : ":");

	return length > 0 && name[length] ? str_dup_n(name, length) : NULL;
}

static bool is_of_network(const char *type)
{
	return str_starts_with(type, "nfs") || str_equal(type, "cifs") || str_equal(type, "smb3");
}

/* The kernel takes addresses only; without `addr` the server of the device is meant. */
static bool resolve_server(struct source *s, struct error *err)
{
	scoped_free char *given = mount_words_get(s->options, "addr");
	scoped_free char *server = given ? NULL : server_of(s->device);
	scoped_free char *address = NULL;
	char *options;

	if (!is_of_network(s->type) || (!given && !server))
		return true;
	address = find_address(given ? given : server, err);
	if (!address)
		return false;
	options = mount_words_set(s->options, "addr", address);
	free(s->options);
	s->options = options;
	return true;
}

static bool attach_loop(struct source *s, bool read_only, struct error *err)
{
	s->loop = loop_device_open(s->device, read_only, s->loop_path, err);
	if (s->loop >= 0)
		s->device = s->loop_path;
	return s->loop >= 0;
}

static bool wants_loop(const struct source *s, const struct mount_words *words)
{
	struct stat st;

	if (words->flags & MS_BIND || is_of_network(s->type))
		return false;
	return words->loop || (stat(s->device, &st) == 0 && S_ISREG(st.st_mode));
}

/* ---- mounting ---- */

static bool fail_to_mount(const struct source *s, const char *volume, struct error *err)
{
	int os = errno;
	scoped_free char *shown = mount_words_without_secrets(s->options);

	errno = os;
	return error_errno(err, "failed to mount local volume: mount %s:%s%s%s", s->device, volume,
			   *shown ? ", options: " : "", shown);
}

#define LATE_FLAGS                                                                                 \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

static bool mount_at(const struct source *s, const struct mount_words *words, const char *target)
{
	bool bind = words->flags & MS_BIND;

	if (mount(s->device, target, s->type, words->flags, words->data) < 0)
		return false;
	return !bind || !(words->flags & LATE_FLAGS) ||
	       mount(NULL, target, NULL,
		     MS_BIND | MS_REMOUNT | (words->flags & (LATE_FLAGS | MS_REC)), NULL) == 0;
}

static void unmount_at(int folder)
{
	char path[FD_PATH_SIZE + sizeof(VOLUME_DATA)];
	char above[FD_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/" VOLUME_DATA, fd_path(folder, above));
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
}

/* The target is named by descriptor for the first step only: behind it stands what was there before.
 * Nobody but root can change the folder above. */
static bool mount_words_at(const struct source *s, const struct mount_words *words, int folder,
			   const char *volume, struct error *err)
{
	char path[FD_PATH_SIZE + sizeof(VOLUME_DATA)];
	char above[FD_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/" VOLUME_DATA, fd_path(folder, above));
	if (mount_at(s, words, path) &&
	    (!words->propagation || mount(NULL, path, NULL, words->propagation, NULL) == 0))
		return true;
	fail_to_mount(s, volume, err);
	unmount_at(folder);
	return false;
}

static bool mount_source(struct source *s, int folder, const char *volume, struct error *err)
{
	scoped_with(mount_words_fini) struct mount_words words = {0};

	if (!resolve_server(s, err))
		return error_prefix(err, "failed to mount local volume");
	mount_words_parse(s->options, &words);
	if (wants_loop(s, &words) && !attach_loop(s, words.flags & MS_RDONLY, err))
		return error_prefix(err, "failed to mount local volume");
	return mount_words_at(s, &words, folder, volume, err);
}

static bool mount_volume(const struct mounting_plan *plan, int volumes, struct error *err)
{
	scoped_fd int folder = lock_folder(volumes, plan->mount, err);
	scoped_with(source_fini) struct source s = {
		.device = plan->device ? plan->device : "",
		.type = plan->type ? plan->type : "",
		.options = str_dup(plan->options ? plan->options : ""),
		.loop = -1,
	};
	struct stat st;

	if (folder < 0)
		return false;
	if (is_mounted(folder))
		return true;
	if (fstatat(folder, VOLUME_DATA, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return error_errno(err, "the folder of volume '%s' is missing", plan->mount);
	return mount_source(&s, folder, plan->mount, err);
}

/* One that is gone meanwhile, or not mounted, is as wanted. */
static void unmount_volume(int volumes, const char *name)
{
	struct error gone;
	scoped_fd int folder = lock_folder(volumes, name, &gone);

	if (folder >= 0)
		unmount_at(folder);
}

/* ---- the job ---- */

/* A daemon that died before we asked to die with it has left us to somebody else. */
static bool die_with_daemon(const struct mounting_plan *plan, struct error *err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return getppid() == plan->daemon || error_set(err, ERROR_UNAVAILABLE, "the daemon is gone");
}

static bool work(const struct mounting_plan *plan, struct error *err)
{
	scoped_fd int volumes = -1;

	if (!die_with_daemon(plan, err))
		return false;
	volumes = folder_open(AT_FDCWD, plan->folder, err);
	if (volumes < 0)
		return false;
	for (size_t i = 0; i < plan->unmount.count; i++)
		unmount_volume(volumes, plan->unmount.items[i]);
	return !plan->mount || mount_volume(plan, volumes, err);
}

void mounting_work(const struct mounting_plan *plan, struct mounting_report *report)
{
	struct error err;

	if (work(plan, &err))
		return;
	report->error_kind = (int32_t)err.kind;
	report->error_os = err.os;
	report->error = str_dup(err.text);
}
