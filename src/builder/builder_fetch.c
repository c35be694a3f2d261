/* FETCH: what is elsewhere comes into the build's folder "extra" by a worker that has the network and nothing
 * else.  A name in "extra" is the build worker's to choose, but not one that leads out of it. */
#include "builder/builder_private.h"

#include "base/memory.h"
#include "build/fetch_job.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_message(void *data, struct message *message)
{
	struct build_slot *slot = data;
	struct build_text text = {0};
	struct error err;

	if (message->type != FETCH_DONE ||
	    !record_decode(&build_text_type, message->data, message->size, &text, &err))
		return;
	str_replace(&slot->fetched, text.text ? text.text : "");
	record_fini(&build_text_type, &text);
}

static void on_end(void *data, const struct error *err)
{
	struct build_slot *slot = data;
	scoped_free char *fetched = take(slot->fetched);
	struct build_text text = {slot->number, fetched};
	struct error why;

	slot->fetcher = NULL;
	if (!err && fetched) {
		slot_answer(slot, BUILD_FETCHED, &build_text_type, &text, NULL, 0);
		return;
	}
	if (err)
		why = *err;
	else
		error_set(&why, ERROR_SYSTEM, "the fetcher has ended without a word");
	slot_fail(slot, &why);
}

static bool check_name(const char *name, struct error *err)
{
	return (!str_is_empty(name) && !strchr(name, '/') && name[0] != '.') ||
	       error_set(err, ERROR_SYSTEM, "the build worker names no place to fetch to");
}

/* A folder for git is nobody's, as git is. */
static int make_place(const struct build *build, const struct build_fetch *order, struct error *err)
{
	scoped_fd int extra =
		openat(build->inside, "extra", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int place;

	if (extra < 0) {
		error_errno(err, "cannot open the build's folder");
		return -1;
	}
	if (!order->git)
		place = openat(extra, order->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	else
		place = mkdirat(extra, order->name, 0755) == 0
				? openat(extra, order->name,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
				: -1;
	if (place < 0 || (order->git && fchown(place, FETCH_NOBODY, FETCH_NOBODY) < 0)) {
		error_errno(err, "cannot make a place to fetch to");
		close_fd(&place);
	}
	return place;
}

static bool fetch(struct build_slot *slot, const struct build_fetch *order, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	const struct builder *builder = slot->build->builder;
	scoped_fd int place =
		check_name(order->name, err) ? make_place(slot->build, order, err) : -1;

	if (place < 0)
		return false;
	slot->fetcher = worker_process_start(builder->loop, builder->worker, "build-fetch",
					     &handlers, slot, err);
	if (!slot->fetcher)
		return false;
	worker_process_send(slot->fetcher, (enum worker_message)FETCH_BEGIN, &build_fetch_type,
			    order, &place, 1);
	return true;
}

bool build_serve_fetch(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_fetch order = {0};
	bool ok = record_decode(&build_fetch_type, message->data, message->size, &order, err) &&
		  fetch(slot, &order, err);

	record_fini(&build_fetch_type, &order);
	return ok;
}
