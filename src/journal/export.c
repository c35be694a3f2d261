/* Entries to journald as well: its socket takes a datagram of fields, and holds ten of them.  One that lives takes
 * them in microseconds, so a full socket is waited for, but once: from then on, until it takes something again,
 * entries stand in our journal alone, and are counted. */
#include "journal/writer.h"

#include "format/journal_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 200, TRIES = 8 };

static void add_text(struct buffer *out, const char *name, const char *value)
{
	if (value)
		journal_field(out, name, value, strlen(value));
}

static void add_number(struct buffer *out, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add_text(out, name, text);
}

/* What a sender may say of somebody else: `journalctl -u` finds OBJECT_SYSTEMD_UNIT when root has said it. */
static void add_origin_fields(struct buffer *out, struct text_part fields)
{
	struct text_part name, value;

	while (origin_next(&fields, &name, &value)) {
		scoped_free char *field = str_dup_n(name.text, name.size);
		const char *shown = field;

		if (str_equal(field, ORIGIN_UNIT)) {
			journal_field(out, "UNIT", value.text, value.size);
			shown = "OBJECT_SYSTEMD_UNIT";
		} else if (str_equal(field, ORIGIN_INVOCATION)) {
			shown = "INVOCATION_ID";
		} else if (str_equal(field, ORIGIN_CONTAINER)) {
			shown = "CONTAINER_ID_FULL";
		} else if (str_equal(field, ORIGIN_HOSTNAME) || str_equal(field, ORIGIN_CGROUP)) {
			continue; /* journald's own word */
		}
		journal_field(out, shown, value.text, value.size);
	}
}

/* It may have been started again, and listens anew. */
static bool reconnect(const struct journal_writer *w)
{
	return (errno == ECONNREFUSED || errno == ENOTCONN) &&
	       connect(w->export_socket, (const struct sockaddr *)&w->export_address,
		       sizeof(w->export_address)) == 0;
}

/* false: it is full, and stays so. */
static bool wait_for_room(const struct journal_writer *w)
{
	struct pollfd p = {.fd = w->export_socket, .events = POLLOUT};

	return !w->export_lost && poll(&p, 1, PATIENCE_MS) > 0 && (p.revents & POLLOUT);
}

/* More than once: others may be faster at taking the room. */
static bool send_datagram(const struct journal_writer *w, const struct buffer *entry)
{
	for (int i = 0; i < TRIES; i++) {
		if (send(w->export_socket, entry->data, entry->size, MSG_DONTWAIT | MSG_NOSIGNAL) >=
		    0)
			return true;
		if (!(errno == EAGAIN ? wait_for_room(w) : reconnect(w)))
			return false;
	}
	return false;
}

static void tell_lost(struct journal_writer *w)
{
	scoped_buffer struct buffer out = {0};
	scoped_free char *text =
		str_format("%llu entries were not exported", (unsigned long long)w->export_lost);

	w->export_lost = 0;
	add_text(&out, "MESSAGE", text);
	add_text(&out, "PRIORITY", "4");
	add_text(&out, "SYSLOG_IDENTIFIER", "wherry");
	add_origin_fields(&out, (struct text_part){w->origin.data, w->origin.size});
	send_datagram(w, &out);
}

static void send_entry(struct journal_writer *w, const struct buffer *entry)
{
	if (!send_datagram(w, entry))
		w->export_lost++;
	else if (w->export_lost)
		tell_lost(w);
}

void writer_export(struct journal_writer *w, const struct export_text *text)
{
	const struct journal_entry *entry = text->entry;
	scoped_buffer struct buffer out = {0};

	if (w->export_socket < 0)
		return;
	journal_field(&out, "MESSAGE", text->text.text,
		      text->line ? journal_line_size(text->text.text, text->text.size)
				 : text->text.size);
	add_number(&out, "PRIORITY", text->priority);
	add_text(&out, "SYSLOG_IDENTIFIER", entry->identifier ? entry->identifier : entry->comm);
	add_text(&out, "MESSAGE_ID", entry->message_id);
	if (entry->pid > 0)
		add_number(&out, "SYSLOG_PID", entry->pid);
	add_origin_fields(&out, (struct text_part){w->origin.data, w->origin.size});
	send_entry(w, &out);
}

bool journal_writer_export(struct journal_writer *w, const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!path)
		path = "/run/systemd/journal/socket";
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID, "'%s' is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "cannot reach journald at '%s'", path);
	close_fd(&w->export_socket);
	w->export_socket = take_fd(fd);
	w->export_address = address;
	return true;
}
