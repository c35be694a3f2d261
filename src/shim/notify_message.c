#include "shim/notify_message.h"

#include "base/text.h"

struct line {
	const char *value;
	size_t size;
};

static bool is(const struct line *line, const char *text)
{
	return line->size == strlen(text) && memcmp(line->value, text, line->size) == 0;
}

static bool number(const struct line *line, int64_t least, int64_t *out)
{
	char text[24];
	int64_t value;

	if (line->size == 0 || line->size >= sizeof(text))
		return false;
	memcpy(text, line->value, line->size);
	text[line->size] = '\0';
	if (!parse_i64(text, &value) || value < least)
		return false;
	*out = value;
	return true;
}

/* ---- what each line says ---- */

static void take_ready(const struct line *line, struct notify_message *out)
{
	out->ready |= is(line, "1");
}

static void take_reloading(const struct line *line, struct notify_message *out)
{
	out->reloading |= is(line, "1");
}

static void take_stopping(const struct line *line, struct notify_message *out)
{
	out->stopping |= is(line, "1");
}

static void take_barrier(const struct line *line, struct notify_message *out)
{
	out->barrier |= is(line, "1");
}

static void take_watchdog(const struct line *line, struct notify_message *out)
{
	out->watchdog |= is(line, "1");
	out->watchdog_trigger |= is(line, "trigger");
}

static void take_span(const struct line *line, int64_t *out)
{
	if (number(line, 1, out) && *out > NOTIFY_SPAN_LIMIT_US)
		*out = NOTIFY_SPAN_LIMIT_US;
}

static void take_watchdog_us(const struct line *line, struct notify_message *out)
{
	take_span(line, &out->watchdog_us);
}

static void take_extend(const struct line *line, struct notify_message *out)
{
	take_span(line, &out->extend_us);
}

static void take_main_pid(const struct line *line, struct notify_message *out)
{
	int64_t pid;

	if (number(line, 2, &pid) && pid <= INT32_MAX)
		out->main_pid = pid;
}

static void take_errno(const struct line *line, struct notify_message *out)
{
	int64_t value;

	if (!number(line, 0, &value) || value > 4095)
		return;
	out->has_errno = true;
	out->error = (int32_t)value;
}

/* Cut where a character begins; control characters would let a service draw on terminals. */
static void take_status(const struct line *line, struct notify_message *out)
{
	size_t size = line->size;

	if (size >= sizeof(out->status)) {
		size = sizeof(out->status) - 1;
		while (size > 0 && ((unsigned char)line->value[size] & 0xc0) == 0x80)
			size--;
	}
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)line->value[i];

		out->status[i] = c < ' ' || c == 0x7f ? ' ' : line->value[i];
	}
	out->status[size] = '\0';
	out->has_status = true;
}

static void take_store(const struct line *line, struct notify_message *out)
{
	out->store |= is(line, "1");
}

static void take_remove(const struct line *line, struct notify_message *out)
{
	out->remove |= is(line, "1");
}

static void take_poll(const struct line *line, struct notify_message *out)
{
	out->no_poll |= is(line, "0");
}

/* Printable, without ":", which parts names in LISTEN_FDNAMES. */
static void take_name(const struct line *line, struct notify_message *out)
{
	if (line->size == 0 || line->size >= sizeof(out->name))
		return;
	for (size_t i = 0; i < line->size; i++)
		if (line->value[i] <= ' ' || line->value[i] > '~' || line->value[i] == ':')
			return;
	memcpy(out->name, line->value, line->size);
	out->name[line->size] = '\0';
}

static const struct {
	const char *name;
	void (*read)(const struct line *line, struct notify_message *out);
} names[] = {
	{"READY=", take_ready},
	{"RELOADING=", take_reloading},
	{"STOPPING=", take_stopping},
	{"STATUS=", take_status},
	{"ERRNO=", take_errno},
	{"MAINPID=", take_main_pid},
	{"WATCHDOG=", take_watchdog},
	{"WATCHDOG_USEC=", take_watchdog_us},
	{"EXTEND_TIMEOUT_USEC=", take_extend},
	{"FDSTORE=", take_store},
	{"FDSTOREREMOVE=", take_remove},
	{"FDNAME=", take_name},
	{"FDPOLL=", take_poll},
	{"BARRIER=", take_barrier},
};

static void take_line(const char *text, size_t size, struct notify_message *out)
{
	for (size_t i = 0; i < array_length(names); i++) {
		size_t length = strlen(names[i].name);

		if (size < length || memcmp(text, names[i].name, length) != 0)
			continue;
		names[i].read(&(struct line){text + length, size - length}, out);
		return;
	}
}

void notify_message_parse(const char *data, size_t size, struct notify_message *out)
{
	const char *end = data + size;

	*out = (struct notify_message){0};
	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *stop = newline ? newline : end;

		take_line(data, (size_t)(stop - data), out);
		data = newline ? newline + 1 : end;
	}
}
