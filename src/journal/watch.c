#include "journal/watch.h"

#include "base/memory.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

bool journal_watch_open(struct journal_watch *watch, const char *folder, struct error *err)
{
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd >= 0 &&
	    inotify_add_watch(watch->fd, folder,
			      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM) >= 0)
		return true;
	error_errno(err, "cannot watch the journal's folder '%s'", folder);
	close_fd(&watch->fd);
	return false;
}

void journal_watch_close(struct journal_watch *watch)
{
	close_fd(&watch->fd);
}

static void tell(const struct inotify_event *event, journal_changed *changed, void *data)
{
	if (event->mask & IN_Q_OVERFLOW)
		changed(data, JOURNAL_FILES_CHANGED, NULL);
	else if (event->len)
		changed(data,
			event->mask & (IN_DELETE | IN_MOVED_FROM) ? JOURNAL_FILE_WENT
								  : JOURNAL_FILE_GREW,
			event->name);
}

static void take_events(int fd, journal_changed *changed, void *data)
{
	_Alignas(struct inotify_event) char bytes[16 << 10];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	const struct inotify_event *event;

	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(const void *)(bytes + at);
		tell(event, changed, data);
	}
}

bool journal_watch_wait(struct journal_watch *watch, int stop, journal_changed *changed, void *data)
{
	struct pollfd p[] = {{.fd = watch->fd, .events = POLLIN},
			     {.fd = stop, .events = POLLIN | POLLRDHUP}};

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	if (p[1].revents)
		return false;
	take_events(watch->fd, changed, data);
	return true;
}
