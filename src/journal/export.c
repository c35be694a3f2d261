/* Entries to journald as well: its socket takes a datagram of fields.  Nothing waits for it: what it does not take
 * at once stands in our journal alone. */
#include "journal/writer.h"

#include "format/journal_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void send_entry(const struct journal_writer *w, const struct buffer *entry)
{
	const int how = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (send(w->export_socket, entry->data, entry->size, how) < 0 && reconnect(w))
		(void)!send(w->export_socket, entry->data, entry->size, how);
}

void writer_export(struct journal_writer *w, const struct export_text *text)
{
	const struct journal_entry *entry = text->entry;
	scoped_buffer struct buffer out = {0};

	if (w->export_socket < 0)
		return;
	journal_field(&out, "MESSAGE", text->text.text, text->text.size);
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
