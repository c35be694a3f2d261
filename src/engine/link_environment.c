#include "engine/link_environment.h"

#include "format/port.h"

#include <ctype.h>
#include <netinet/in.h>

/* ---- ports ---- */

struct port {
	uint16_t number;
	int protocol;
};

struct port_list {
	struct port *items;
	size_t count, capacity;
};

static int compare(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->protocol != IPPROTO_TCP) - (y->protocol != IPPROTO_TCP);
}

static void list_ports(const struct strings *exposed, struct port_list *out)
{
	for (size_t i = 0; i < exposed->count; i++) {
		struct port port;
		uint16_t last;

		if (port_spec_parse(exposed->items[i], &port.protocol, &port.number, &last,
				    &(struct error){0}))
			vector_add(out, port);
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare);
}

/* How many ports follow each other from the first on. */
static size_t run_length(const struct port *ports, size_t count)
{
	size_t length = 1;

	while (length < count && ports[length].protocol == ports->protocol &&
	       ports[length].number == ports->number + length)
		length++;
	return length;
}

/* ---- variables ---- */

struct naming {
	const char *address;
	char *alias; /* as variables begin with */
	struct strings *out;
};

static char *upper(const char *text)
{
	char *copy = str_dup(text);

	for (char *c = copy; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return copy;
}

/* "ALIAS_PORT_80_TCP", what all variables of one port begin with. */
static char *prefix_of(const struct naming *n, const struct port *port)
{
	scoped_free char *protocol = upper(port_protocol_name(port->protocol));

	return str_format("%s_PORT_%d_%s", n->alias, port->number, protocol);
}

static void add_url(const struct naming *n, const char *name, const struct port *port)
{
	strings_format(n->out, "%s=%s://%s:%d", name, port_protocol_name(port->protocol),
		       n->address, port->number);
}

static void add_common(const struct naming *n, const char *prefix, const struct port *port)
{
	strings_format(n->out, "%s_ADDR=%s", prefix, n->address);
	strings_format(n->out, "%s_PROTO=%s", prefix, port_protocol_name(port->protocol));
}

static void add_range(const struct naming *n, const struct port *first, const struct port *last)
{
	scoped_free char *prefix = prefix_of(n, first);
	scoped_free char *start = str_format("%s_START", prefix);
	scoped_free char *end = str_format("%s_END", prefix);

	add_url(n, start, first);
	add_common(n, prefix, first);
	strings_format(n->out, "%s_PORT_START=%d", prefix, first->number);
	add_url(n, end, last);
	strings_format(n->out, "%s_PORT_END=%d", prefix, last->number);
}

static void add_ranges(const struct naming *n, const struct port_list *ports)
{
	for (size_t i = 0; i < ports->count;) {
		size_t length = run_length(ports->items + i, ports->count - i);

		if (length > 1)
			add_range(n, &ports->items[i], &ports->items[i + length - 1]);
		i += length;
	}
}

static void add_port(const struct naming *n, const struct port *port)
{
	scoped_free char *prefix = prefix_of(n, port);

	add_url(n, prefix, port);
	add_common(n, prefix, port);
	strings_format(n->out, "%s_PORT=%d", prefix, port->number);
}

static void add_ports(const struct naming *n, const struct strings *exposed)
{
	struct port_list ports = {0};
	scoped_free char *first = str_format("%s_PORT", n->alias);

	list_ports(exposed, &ports);
	if (ports.count > 0)
		add_url(n, first, &ports.items[0]);
	add_ranges(n, &ports);
	for (size_t i = 0; i < ports.count; i++)
		add_port(n, &ports.items[i]);
	vector_fini(&ports);
}

/* Every image has these two, and they say nothing about it. */
static bool is_common(const char *variable)
{
	return str_starts_with(variable, "HOME=") || str_starts_with(variable, "PATH=");
}

void link_environment(const struct link_facts *facts, struct strings *out)
{
	scoped_free char *alias = upper(facts->alias);
	struct naming n = {facts->address, alias, out};

	add_ports(&n, facts->exposed);
	strings_format(out, "%s_NAME=/%s/%s", alias, facts->parent, facts->alias);
	for (size_t i = 0; i < facts->env->count; i++)
		if (strchr(facts->env->items[i], '=') && !is_common(facts->env->items[i]))
			strings_format(out, "%s_ENV_%s", alias, facts->env->items[i]);
}
