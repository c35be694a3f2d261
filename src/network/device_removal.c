/* The request keeps its thread until the kernel is done; the kernel's notice of the removal comes before
 * that, to another socket.  Should it get lost, the thread's end says the same, later. */
#include "network/device_removal.h"

#include "base/memory.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NOTICE_SIZE 65536

struct device_removal {
	int index;
	int requests, notices;
	int ended; /* eventfd: the thread is over, and has left its `failure` */
	pthread_t thread;
	struct error failure; /* kind ERROR_NONE: it went well */
};

/* ---- beginning ---- */

static bool open_sockets(struct device_removal *r, const char *name, struct error *err)
{
	struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	struct ifreq request = {0};

	r->requests = netlink_open(NETLINK_ROUTE, err);
	r->notices = r->requests < 0 ? -1 : netlink_open(NETLINK_ROUTE, err);
	r->ended = eventfd(0, EFD_CLOEXEC);
	if (r->requests < 0 || r->notices < 0)
		return false;
	if (r->ended < 0 || bind(r->notices, (struct sockaddr *)&links, sizeof(links)) < 0)
		return error_errno(err, "cannot hear of the end of a device");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	r->index = ioctl(r->requests, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
	return true;
}

static bool open_sockets_in(struct device_removal *r, const char *name, int netns,
			    struct error *err)
{
	scoped_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool ok;

	if (home < 0 || setns(netns, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot enter the container's network namespace");
	ok = open_sockets(r, name, err);
	if (setns(home, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot leave the container's network namespace");
	return ok;
}

static void *remove_device(void *data)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct device_removal *r = data;
	struct ifinfomsg header = {.ifi_index = r->index};
	struct error err;

	netlink_begin(&batch, RTM_DELLINK, 0, "remove a device");
	netlink_header(&batch, &header, sizeof(header));
	netlink_end(&batch);
	if (!netlink_send(r->requests, &batch, &err) && err.os != ENODEV)
		r->failure = err;
	eventfd_write(r->ended, 1);
	return NULL;
}

static void free_removal(struct device_removal *r)
{
	close_fd(&r->requests);
	close_fd(&r->notices);
	close_fd(&r->ended);
	free(r);
}

static bool begin(struct device_removal *r, const char *name, int netns, struct error *err)
{
	if (!(netns < 0 ? open_sockets(r, name, err) : open_sockets_in(r, name, netns, err)))
		return false;
	if (r->index == 0)
		return true;
	errno = pthread_create(&r->thread, NULL, remove_device, r);
	return errno == 0 || error_errno(err, "cannot start a thread");
}

bool device_removal_begin(const char *name, int netns, struct device_removal **out,
			  struct error *err)
{
	struct device_removal *r = mem_new(struct device_removal);
	bool ok;

	*r = (struct device_removal){.requests = -1, .notices = -1, .ended = -1};
	ok = begin(r, name, netns, err);
	*out = ok && r->index > 0 ? r : NULL;
	if (!*out)
		free_removal(r);
	return ok;
}

/* ---- waiting ---- */

/* A bridge tells of a port that leaves with the same message, in its own family. */
static bool is_end_of(const struct nlmsghdr *message, int index)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	return message->nlmsg_type == RTM_DELLINK &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) && link->ifi_family == AF_UNSPEC &&
	       link->ifi_index == index;
}

static bool hears_end(const struct device_removal *r)
{
	_Alignas(struct nlmsghdr) char data[NOTICE_SIZE];
	ssize_t size = recv(r->notices, data, sizeof(data), MSG_DONTWAIT);
	const struct nlmsghdr *message;
	size_t at = 0;

	while (size > 0 && (message = netlink_message(data, (size_t)size, &at)))
		if (is_end_of(message, r->index))
			return true;
	return false;
}

bool device_removal_wait_gone(struct device_removal *r, struct error *err)
{
	if (!r)
		return true;
	for (;;) {
		struct pollfd ready[] = {{r->ended, POLLIN, 0}, {r->notices, POLLIN, 0}};

		if (poll(ready, 2, -1) < 0)
			continue;
		if (ready[0].revents)
			break;
		if (hears_end(r))
			return true;
	}
	if (r->failure.kind == ERROR_NONE)
		return true;
	*err = r->failure;
	return false;
}

void device_removal_end(struct device_removal *r)
{
	if (!r)
		return;
	pthread_join(r->thread, NULL);
	free_removal(r);
}

void device_removals_end(struct device_removals *removals)
{
	for (size_t i = 0; i < removals->count; i++)
		device_removal_end(removals->items[i]);
	vector_fini(removals);
}
