#include "door/docker/container_text.h"

#include "format/port.h"
#include "format/units.h"

/* ---- status ---- */

static char *age(int64_t since_ns, int64_t now_ns)
{
	return duration_to_words(now_ns > since_ns ? now_ns - since_ns : 0);
}

static char *running_text(const struct container *c, const char *up)
{
	if (c->health == HEALTH_NONE)
		return str_format("Up %s", up);
	return str_format("Up %s (%s%s)", up, c->health == HEALTH_STARTING ? "health: " : "",
			  health_state_name((enum health_state)c->health));
}

char *container_status_text(const struct container *c, int64_t now_ns)
{
	scoped_free char *up = age(c->started_ns, now_ns);
	scoped_free char *ago = age(c->finished_ns, now_ns);
	int code = (int)c->exit_code;

	switch ((enum container_state)c->state) {
	case CONTAINER_CREATED:
		return str_dup("Created");
	case CONTAINER_RUNNING:
		return running_text(c, up);
	case CONTAINER_PAUSED:
		return str_format("Up %s (Paused)", up);
	case CONTAINER_RESTARTING:
		return str_format("Restarting (%d) %s ago", code, ago);
	case CONTAINER_EXITED:
		return str_format("Exited (%d) %s ago", code, ago);
	case CONTAINER_REMOVING:
		return str_dup("Removal In Progress");
	case CONTAINER_DEAD:
		break;
	}
	return str_dup("Dead");
}

/* ---- command ---- */

char *container_command_text(const char *path, const struct strings *args)
{
	struct buffer text = {0};

	buffer_add_text(&text, path ? path : "");
	for (size_t i = 0; i < args->count; i++) {
		const char *quote = strchr(args->items[i], ' ') ? "'" : "";

		buffer_format(&text, " %s%s%s", quote, args->items[i], quote);
	}
	return buffer_take(&text);
}

/* ---- ports ---- */

#define T struct port_row
static const struct record_field port_row_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "IP", RECORD_STRING, ip, RECORD_OMIT_EMPTY),
	RECORD_FIELD(T, 2, "PrivatePort", RECORD_I64, private_port),
	RECORD_FIELD_FLAGS(T, 3, "PublicPort", RECORD_I64, public_port, RECORD_OMIT_EMPTY),
	RECORD_FIELD(T, 4, "Type", RECORD_STRING, type),
};
const struct record_type port_row_type = RECORD_TYPE(T, port_row_fields);
#undef T

/* A row for each port of a specification; a range has many. */
static void add_rows(const char *spec, const struct port_binding *binding, struct record_list *out)
{
	uint16_t first, last;
	int protocol;
	uint64_t host = 0;
	struct error ignored;

	if (!port_spec_parse(spec, &protocol, &first, &last, &ignored))
		return;
	if (binding && !parse_u64(binding->host_port ? binding->host_port : "", &host))
		return;
	for (int port = first; port <= last; port++) {
		struct port_row *row = record_list_add(&port_row_type, out);

		row->ip = binding ? str_dup(binding->host_ip ? binding->host_ip : "") : NULL;
		row->private_port = port;
		row->public_port = (int64_t)host;
		row->type = str_dup(port_protocol_name(protocol));
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct port_row *left = a, *right = b;

	if (left->private_port != right->private_port)
		return left->private_port < right->private_port ? -1 : 1;
	int by_type = strcmp(left->type, right->type);
	if (by_type)
		return by_type;
	return strcmp(left->ip ? left->ip : "", right->ip ? right->ip : "");
}

void port_rows(const struct record_map *published, const struct strings *exposed,
	       struct record_list *out)
{
	for (size_t i = 0; i < published->count; i++) {
		const struct record_list *list = RECORD_AT(*published, struct record_list, i);

		for (size_t k = 0; k < list->count; k++)
			add_rows(published->names[i], RECORD_AT(*list, struct port_binding, k),
				 out);
		if (list->count == 0)
			add_rows(published->names[i], NULL, out);
	}
	for (size_t i = 0; i < exposed->count; i++)
		if (!record_map_get(&record_list_of, published, exposed->items[i]))
			add_rows(exposed->items[i], NULL, out);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(struct port_row), compare_rows);
}
