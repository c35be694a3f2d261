#include "shim/unit_store.h"

#include "os/fd.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- sockets ---- */

struct unit_sockets_held {
	int *fds;
	size_t count;
	struct strings names;
};

void unit_sockets_drop(struct unit_shim *u)
{
	struct unit_sockets_held *held = u->sockets;

	for (size_t i = 0; held && i < held->count; i++)
		close_fd(&held->fds[i]);
	if (held) {
		free(held->fds);
		strings_fini(&held->names);
	}
	free(held);
	u->sockets = NULL;
}

void unit_sockets_hold(struct unit_shim *u, const struct strings *names, int *fds, size_t count)
{
	struct unit_sockets_held *held;

	unit_sockets_drop(u);
	if (!count)
		return;
	held = u->sockets = mem_new(struct unit_sockets_held);
	held->fds = mem_zeroed(count, sizeof(*held->fds));
	held->count = count;
	for (size_t i = 0; i < count; i++) {
		held->fds[i] = take_fd(fds[i]);
		strings_add(&held->names, i < names->count ? names->items[i] : "unknown");
	}
}

/* ---- the store ---- */

struct stored {
	struct unit_shim *unit;
	struct stored *next;
	struct source source; /* owned; watched for its end alone */
	char *name;
};

struct unit_store {
	struct stored *first;
	size_t count;
};

static void remove_stored(struct stored *s)
{
	struct unit_shim *u = s->unit;
	struct stored **at = &u->store->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	u->store->count--;
	u->status.stored_descriptors = (int64_t)u->store->count;
	loop_watch(&u->loop, &s->source, 0);
	close_fd(&s->source.fd);
	free(s->name);
	free(s);
}

static void stored_ended(struct source *source, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR))
		remove_stored(container_of(source, struct stored, source));
}

static bool is_same(int a, int b)
{
	struct stat one, other;

	if (fstat(a, &one) < 0 || fstat(b, &other) < 0 || !(one.st_mode & S_IFMT))
		return false; /* all of the kernel's nameless ones share a number */
	return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
	       one.st_mode == other.st_mode;
}

static bool is_stored(const struct unit_shim *u, int fd)
{
	for (const struct stored *s = u->store->first; s; s = s->next)
		if (is_same(s->source.fd, fd))
			return true;
	return false;
}

static void append(struct unit_store *store, struct stored *s)
{
	struct stored **at = &store->first;

	while (*at)
		at = &(*at)->next;
	*at = s;
	store->count++;
}

void unit_store_add(struct unit_shim *u, int fd, const char *name, bool polled)
{
	struct stored *s;

	if (!u->store)
		u->store = mem_new(struct unit_store);
	if ((int64_t)u->store->count >= u->start.plan.descriptor_store_max || is_stored(u, fd)) {
		close(fd);
		return;
	}
	s = mem_new(struct stored);
	*s = (struct stored){.unit = u,
			     .source = {.fd = fd, .ready = stored_ended},
			     .name = str_dup(*name ? name : "stored")};
	append(u->store, s);
	u->status.stored_descriptors = (int64_t)u->store->count;
	if (polled) /* EPOLLET: of what is ready all the time only the end is of interest */
		loop_watch(&u->loop, &s->source, EPOLLRDHUP | EPOLLET);
}

void unit_store_remove(struct unit_shim *u, const char *name)
{
	for (struct stored *s = u->store ? u->store->first : NULL, *next; s; s = next) {
		next = s->next;
		if (str_equal(s->name, name))
			remove_stored(s);
	}
}

void unit_store_clear(struct unit_shim *u)
{
	while (u->store && u->store->first)
		remove_stored(u->store->first);
	free(u->store);
	u->store = NULL;
}

/* ---- both ---- */

void unit_descriptors_fini(struct unit_descriptors *d)
{
	free(d->fds);
	strings_fini(&d->names);
}

void unit_store_gather(struct unit_shim *u, struct unit_descriptors *out)
{
	size_t sockets = u->sockets ? u->sockets->count : 0;
	size_t stored = u->store ? u->store->count : 0, at = sockets;

	out->fds = mem_zeroed(sockets + stored, sizeof(*out->fds));
	for (size_t i = 0; i < sockets; i++) {
		out->fds[i] = u->sockets->fds[i];
		strings_add(&out->names, u->sockets->names.items[i]);
	}
	for (const struct stored *s = stored ? u->store->first : NULL; s; s = s->next) {
		out->fds[at++] = s->source.fd;
		strings_add(&out->names, s->name);
	}
}
