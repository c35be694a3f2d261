#include "base/test.h"

#include "base/memory.h"
#include "base/time.h"
#include "shim/acceptor.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct door {
	struct acceptor acceptor;
	struct rlimit room; /* that there is again when it was looked for twice */
	int64_t looked_ns[3];
	int looks;
	int client;
};

static void come_in(struct source *source, uint32_t events)
{
	struct door *d = container_of(source, struct door, acceptor.source);

	(void)events;
	d->looked_ns[d->looks++] = time_monotonic_ns();
	if (d->looks == 3)
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &d->room), 0);
	d->client = acceptor_take(&d->acceptor, SOCK_CLOEXEC);
	assert_int_equal(d->client >= 0, d->looks == 3);
	if (d->looks == 3)
		loop_end(d->acceptor.loop);
}

static void no_round(void *context)
{
	(void)context;
}

static int connect_to(int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static int bound_listener(void)
{
	struct sockaddr address = {.sa_family = AF_UNIX}; /* the kernel finds a name */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, &address, sizeof(address.sa_family)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* Descriptors that are open stay so. */
static void take_all_room(struct door *d)
{
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &d->room), 0);
	none = (struct rlimit){3, d->room.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void whom_there_is_no_descriptor_for_is_looked_for_once_a_second(void **state)
{
	struct door d = {.client = -1};
	struct error err;
	struct loop loop;

	(void)state;
	assert_true(loop_init(&loop, &err));
	int listener = bound_listener();
	int client = connect_to(listener);
	acceptor_init(&d.acceptor, &loop, listener, come_in);
	acceptor_watch(&d.acceptor, true);
	take_all_room(&d);
	loop_run(&loop, no_round, NULL);
	for (int i = 1; i < 3; i++)
		assert_true(d.looked_ns[i] - d.looked_ns[i - 1] >= NS_PER_SECOND);
	close(d.client);
	close(client);
	acceptor_fini(&d.acceptor);
	loop_fini(&loop);
}

static void who_is_not_watched_does_not_come_back_from_a_rest(void **state)
{
	struct door d = {.client = -1};
	struct error err;
	struct loop loop;

	(void)state;
	assert_true(loop_init(&loop, &err));
	int listener = bound_listener();
	int client = connect_to(listener);
	acceptor_init(&d.acceptor, &loop, listener, come_in);
	acceptor_watch(&d.acceptor, true);
	take_all_room(&d);
	assert_int_equal(acceptor_take(&d.acceptor, SOCK_CLOEXEC), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &d.room), 0);
	assert_true(d.acceptor.rest.at);
	acceptor_watch(&d.acceptor, true);
	assert_int_equal(d.acceptor.source.events, 0);
	acceptor_watch(&d.acceptor, false);
	assert_false(d.acceptor.rest.at);
	close(client);
	acceptor_fini(&d.acceptor);
	acceptor_fini(&d.acceptor);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whom_there_is_no_descriptor_for_is_looked_for_once_a_second),
		cmocka_unit_test(who_is_not_watched_does_not_come_back_from_a_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
