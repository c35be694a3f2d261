#include "os/message.h"

#include "base/test.h"
#include "os/socket.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];

static int connect_ends(void **state)
{
	struct error err;

	return socket_pair(ends, &err) ? 0 : -1;
}

static int close_ends(void **state)
{
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	return 0;
}

static void send_text(uint16_t type, const char *text, int fd)
{
	struct message m = {.type = type, .version = 3, .data = text, .size = strlen(text)};
	struct error err;

	if (fd >= 0)
		m.fds[m.fd_count++] = fd;
	assert_true(message_send(ends[0], &m, 1000, &err));
}

/* Two messages lie in the socket, each with a descriptor, raw bytes behind them. */
static void descriptors_stay_with_their_message_and_later_bytes_in_the_socket(void **state)
{
	int null = open("/dev/null", O_RDONLY), zero = open("/dev/zero", O_RDONLY);
	scoped_with(message_reader_fini) struct message_reader r = {0};
	struct stat st;
	struct error err;
	char rest[8] = "";

	send_text(1, "first", -1);
	send_text(2, "second", null);
	send_text(3, "", zero);
	assert_int_equal(write(ends[0], "raw", 3), 3);

	assert_true(message_receive(&r, ends[1], 0, &err));
	assert_int_equal(r.message.type, 1);
	assert_int_equal(r.message.version, 3);
	assert_memory_equal(r.message.data, "first", 5);
	assert_int_equal(r.message.fd_count, 0);
	assert_true(message_receive(&r, ends[1], 0, &err));
	assert_int_equal(r.message.fd_count, 1);
	assert_int_equal(fstat(r.message.fds[0], &st), 0);
	assert_int_equal(st.st_rdev & 0xff, 3);
	assert_true(message_receive(&r, ends[1], 0, &err));
	assert_int_equal(r.message.size, 0);
	assert_int_equal(fstat(r.message.fds[0], &st), 0);
	assert_int_equal(st.st_rdev & 0xff, 5);
	assert_int_equal(read(ends[1], rest, sizeof(rest)), 3);
	assert_string_equal(rest, "raw");
	close(null);
	close(zero);
}

static void a_message_may_arrive_byte_by_byte(void **state)
{
	const char bytes[] = {3, 0, 0, 0, 7, 0, 1, 0, 'a', 'b', 'c'};
	scoped_with(message_reader_fini) struct message_reader r = {0};
	struct error err;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_PARTIAL);
		assert_int_equal(write(ends[0], &bytes[i], 1), 1);
	}
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_READY);
	assert_int_equal(r.message.type, 7);
	close_fd(&ends[0]);
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_END);
}

static void an_oversized_or_cut_message_is_refused(void **state)
{
	const char large[] = {5, 0, 0, 0, 7, 0, 1, 0}, cut[] = {3, 0, 0, 0, 7, 0, 1, 0, 'a'};
	scoped_with(message_reader_fini) struct message_reader r = {.limit = 4};
	scoped_with(message_reader_fini) struct message_reader s = {.limit = 4};
	struct error err;

	assert_int_equal(write(ends[0], large, sizeof(large)), sizeof(large));
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_FAILED);
	assert_int_equal(write(ends[0], cut, sizeof(cut)), sizeof(cut));
	assert_int_equal(message_read(&s, ends[1], &err), MESSAGE_PARTIAL);
	close_fd(&ends[0]);
	assert_int_equal(message_read(&s, ends[1], &err), MESSAGE_FAILED);
}

/* Who goes without reading all that it was told has said its last words, and ended. */
static void an_end_with_unread_words_is_an_end(void **state)
{
	scoped_with(message_reader_fini) struct message_reader r = {0};
	struct error err;

	assert_int_equal(write(ends[1], "unread", 6), 6);
	send_text(1, "last words", -1);
	close_fd(&ends[0]);
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_READY);
	assert_memory_equal(r.message.data, "last words", 10);
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_END);
}

static void such_an_end_within_a_message_is_none(void **state)
{
	const char cut[] = {3, 0, 0, 0, 7, 0, 1, 0, 'a'};
	scoped_with(message_reader_fini) struct message_reader r = {0};
	struct error err;

	assert_int_equal(write(ends[1], "unread", 6), 6);
	assert_int_equal(write(ends[0], cut, sizeof(cut)), sizeof(cut));
	close_fd(&ends[0]);
	assert_int_equal(message_read(&r, ends[1], &err), MESSAGE_FAILED);
	assert_string_equal(err.text, "the other end closed within a message");
}

static void waiting_ends_with_the_timeout(void **state)
{
	scoped_with(message_reader_fini) struct message_reader r = {0};
	struct error err;

	assert_false(message_receive(&r, ends[1], 1, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
}

/* More than a socket holds: the queue is flushed piece by piece, in order, descriptors with it. */
static void a_queue_passes_more_than_the_socket_holds(void **state)
{
	scoped_with(message_reader_fini) struct message_reader r = {0};
	scoped_with(message_queue_fini) struct message_queue q = {0};
	scoped_free char *data = mem_zeroed(1, 3 << 20);
	struct message m = {.data = data, .size = 3 << 20, .fds = {ends[0]}, .fd_count = 1};
	struct error err;
	int received = 0, flushes = 0;

	for (m.type = 0; m.type < 3; m.type++)
		assert_true(message_queue_add(&q, &m, &err));
	while (received < 3) {
		enum message_state state_now;

		assert_true(message_queue_flush(&q, ends[0], &err));
		flushes++;
		state_now = message_read(&r, ends[1], &err);
		assert_int_not_equal(state_now, MESSAGE_FAILED);
		if (state_now != MESSAGE_READY)
			continue;
		assert_int_equal(r.message.type, received++);
		assert_int_equal(r.message.size, 3 << 20);
		assert_int_equal(r.message.fd_count, 1);
	}
	assert_int_equal(q.count, 0);
	assert_null(q.items);
	assert_true(flushes > 3);
}

#define with_ends(test) cmocka_unit_test_setup_teardown(test, connect_ends, close_ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_ends(descriptors_stay_with_their_message_and_later_bytes_in_the_socket),
		with_ends(a_message_may_arrive_byte_by_byte),
		with_ends(an_oversized_or_cut_message_is_refused),
		with_ends(an_end_with_unread_words_is_an_end),
		with_ends(such_an_end_within_a_message_is_none),
		with_ends(waiting_ends_with_the_timeout),
		with_ends(a_queue_passes_more_than_the_socket_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
