#include "shim/unit_pid_file.h"

#include "base/log.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct unit_pid_file {
	struct unit_shim *unit;
	struct source source; /* inotify on its folder */
	bool complained;
};

/* ---- what it says ---- */

enum verdict { ABSENT, WRONG, RIGHT };

static bool read_number(int fd, pid_t *out)
{
	scoped_buffer struct buffer text = {0};
	struct error err;
	int64_t value;

	if (!file_read_fd(fd, 64, &text, &err) || !text.data)
		return false;
	text.data[strcspn(text.data, " \t\r\n")] = '\0';
	if (!parse_i64(text.data, &value) || value < 2 || value > INT32_MAX)
		return false;
	*out = (pid_t)value;
	return true;
}

/* Nobody but root can have put it there: neither the file nor any folder or link on the way to it.  Else a
 * service would make any process its own, to be ended with it, by a link to the file that names that. */
static bool is_of_root(const char *path)
{
	scoped_free char *part = str_dup(path);
	struct stat st;

	for (char *slash = strrchr(part, '/'); slash; slash = strrchr(part, '/')) {
		if (lstat(*part ? part : "/", &st) < 0 || st.st_uid != 0 ||
		    (!S_ISLNK(st.st_mode) && st.st_mode & 022))
			return false;
		*slash = '\0';
	}
	return true;
}

/* A process of another unit, or of nobody, is believed only of a file that nobody but root may write. */
static bool is_credible(struct unit_shim *u, int fd, pid_t pid)
{
	struct stat st;

	if (pid == getpid() || kill(pid, 0) < 0)
		return false;
	if (unit_owns(u, pid))
		return true;
	return fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & 022) &&
	       is_of_root(u->start.plan.pid_file);
}

static enum verdict read_pid_file(struct unit_shim *u, pid_t *pid)
{
	const char *path = u->start.plan.pid_file;
	scoped_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return ABSENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return WRONG;
	if (!read_number(fd, pid))
		return st.st_size ? WRONG : ABSENT; /* it may be about to be written */
	return is_credible(u, fd, *pid) ? RIGHT : WRONG;
}

/* ---- waiting for it ---- */

void unit_pid_file_forget(struct unit_shim *u)
{
	if (!u->pid_file)
		return;
	loop_watch(&u->loop, &u->pid_file->source, 0);
	close_fd(&u->pid_file->source.fd);
	free(u->pid_file);
	u->pid_file = NULL;
}

/* The folder, or the nearest one above that is there: things appear in it. */
static bool watch_folder(int inotify, const char *path)
{
	scoped_free char *folder = str_dup(path);
	char *slash;

	while ((slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (inotify_add_watch(inotify, *folder ? folder : "/",
				      IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB) >= 0)
			return true;
		if (errno != ENOENT && errno != ENOTDIR)
			return false;
	}
	return false;
}

static void look(struct unit_shim *u);

static void folder_ready(struct source *source, uint32_t events)
{
	struct unit_pid_file *file = container_of(source, struct unit_pid_file, source);
	char drain[4096];

	while (read(source->fd, drain, sizeof(drain)) > 0)
		;
	look(file->unit);
}

/* Each folder on the way may have come meanwhile, so it is watched anew. */
static void wait_for_it(struct unit_shim *u)
{
	bool complained = u->pid_file && u->pid_file->complained;
	int inotify;

	unit_pid_file_forget(u);
	inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (inotify < 0 || !watch_folder(inotify, u->start.plan.pid_file)) {
		unit_warn(u, "PIDFile= '%s' cannot be watched", u->start.plan.pid_file);
		close_fd(&inotify);
		return; /* the timeout of the start ends this */
	}
	u->pid_file = mem_new(struct unit_pid_file);
	*u->pid_file = (struct unit_pid_file){.unit = u,
					      .source = {.fd = inotify, .ready = folder_ready},
					      .complained = complained};
	loop_watch(&u->loop, &u->pid_file->source, EPOLLIN);
}

static void complain(struct unit_shim *u, pid_t pid)
{
	if (u->pid_file && u->pid_file->complained)
		return;
	unit_say(u, 4, "%s: PIDFile= '%s' names no process of this unit", u->start.plan.unit,
		 u->start.plan.pid_file);
	if (u->pid_file)
		u->pid_file->complained = true;
}

static void look(struct unit_shim *u)
{
	pid_t pid = 0;
	enum verdict verdict = read_pid_file(u, &pid);

	if (verdict == RIGHT) {
		unit_pid_file_forget(u);
		unit_take_main(u, pid);
		return;
	}
	wait_for_it(u);
	if (verdict == WRONG)
		complain(u, pid);
	else if (read_pid_file(u, &pid) == RIGHT) /* written before it was watched */
		look(u);
}

void unit_pid_file_look(struct unit_shim *u, bool wait)
{
	pid_t pid = 0;

	if (wait)
		look(u);
	else if (read_pid_file(u, &pid) != RIGHT)
		UNIT_EVENT(u, EVENT_MAIN_UNKNOWN);
	else if (pid != u->main.pid)
		unit_take_main(u, pid);
}
