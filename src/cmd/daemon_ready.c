#include "cmd/daemon_ready.h"

#include "base/log.h"
#include "cmd/daemon_folders.h"
#include "os/fd.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool daemon_write_pidfile(struct daemon *d, struct error *err)
{
	char text[24];
	struct file_content content = {text, 0, 0644, false};

	if (!d->settings.pidfile)
		d->settings.pidfile = str_format("%s/wherryd.pid", d->settings.exec_root);
	if (!daemon_make_absolute(&d->settings.pidfile, err))
		return false;
	const char *name = strrchr(d->settings.pidfile, '/') + 1;
	scoped_free char *path =
		str_dup_n(d->settings.pidfile, (size_t)(name - d->settings.pidfile));
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	content.size = (size_t)snprintf(text, sizeof(text), "%d\n", (int)getpid());
	return folder >= 0 && file_replace(folder, name, &content, err);
}

void daemon_remove_pidfile(struct daemon *d)
{
	unlink(d->settings.pidfile);
}

/* systemd's readiness protocol: a datagram to the socket of NOTIFY_SOCKET. */
void daemon_notify_manager(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!path || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd >= 0 &&
	    sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
		log_warning("service manager not told", NULL, "text=%s", text);
}

void daemon_tell_ready(void *data)
{
	struct daemon *d = data;

	daemon_notify_manager("READY=1\n");
	if (!d->settings.ready_fd.given)
		return;
	int fd = (int)d->settings.ready_fd.value;
	if (write(fd, "ready\n", 6) < 0)
		log_warning("nobody reads --ready-fd", NULL, "");
	close(fd);
}
