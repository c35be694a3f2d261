#include "cmd/cli/container_row.h"

#include "cmd/cli/api.h"
#include "cmd/cli/show.h"
#include "format/reference.h"
#include "format/units.h"

#define COMMAND_WIDTH 20
#define MOUNT_WIDTH   15

/* ---- ports ---- */

struct port {
	const char *ip, *type;
	int64_t inside, outside; /* outside 0: not published */
};

/* By private port, then address, then public port, then protocol. */
static int compare_ports(const void *a, const void *b)
{
	const struct port *x = a, *y = b;
	int by_ip = strcmp(x->ip, y->ip);

	if (x->inside != y->inside)
		return x->inside < y->inside ? -1 : 1;
	if (by_ip)
		return by_ip;
	if (x->outside != y->outside)
		return x->outside < y->outside ? -1 : 1;
	return strcmp(x->type, y->type);
}

static struct port *read_ports(const json_t *list, size_t *count)
{
	struct port *ports = mem_zeroed(json_array_size(list), sizeof(*ports));
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		ports[i] = (struct port){
			.ip = doc_text(item, "IP"),
			.type = doc_text(item, "Type"),
			.inside = doc_number(item, "PrivatePort"),
			.outside = doc_number(item, "PublicPort"),
		};
	}
	*count = json_array_size(list);
	qsort(ports, *count, sizeof(*ports), compare_ports);
	return ports;
}

/* Ports that are published under another number stand for themselves, behind all others. */
static bool stands_alone(const struct port *port)
{
	return port->outside && port->outside != port->inside;
}

/* A run: neighbours of one address and protocol, whose numbers follow one another.  Their members need
 * not stand side by side in the list: 80/tcp, 80/udp, 81/tcp are two runs. */
struct run {
	const struct port *first;
	int64_t last;
};

static struct run *find_run(struct run *runs, size_t count, const struct port *port)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(runs[i].first->type, port->type) == 0 &&
		    strcmp(runs[i].first->ip, port->ip) == 0)
			return &runs[i];
	return NULL;
}

static void add_host(struct buffer *out, const char *ip)
{
	buffer_format(out, strchr(ip, ':') ? "[%s]:" : "%s:", ip);
}

static void add_numbers(struct buffer *out, int64_t first, int64_t last)
{
	buffer_format(out, "%lld", (long long)first);
	if (last != first)
		buffer_format(out, "-%lld", (long long)last);
}

static void add_run(struct strings *texts, const struct port *first, int64_t last)
{
	scoped_buffer struct buffer text = {0};

	if (*first->ip && first->outside)
		add_host(&text, first->ip);
	if (first->outside) {
		add_numbers(&text, first->outside, first->outside + last - first->inside);
		buffer_add_text(&text, "->");
	}
	add_numbers(&text, first->inside, last);
	buffer_format(&text, "/%s", first->type);
	strings_add(texts, text.data);
}

static void add_runs(const struct port *ports, size_t count, struct strings *texts)
{
	struct run *runs = mem_zeroed(count, sizeof(*runs));
	size_t run_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (stands_alone(&ports[i]))
			continue;
		struct run *run = find_run(runs, run_count, &ports[i]);
		if (run && ports[i].inside == run->last + 1) {
			run->last++;
			continue;
		}
		if (run) {
			add_run(texts, run->first, run->last);
			*run = (struct run){&ports[i], ports[i].inside};
		} else {
			runs[run_count++] = (struct run){&ports[i], ports[i].inside};
		}
	}
	for (size_t i = 0; i < run_count; i++)
		add_run(texts, runs[i].first, runs[i].last);
	free(runs);
}

char *ports_to_text(const json_t *list)
{
	scoped_strings struct strings texts = {0};
	size_t count;
	struct port *ports = read_ports(list, &count);

	add_runs(ports, count, &texts);
	for (size_t i = 0; i < count; i++)
		if (stands_alone(&ports[i]))
			add_run(&texts, &ports[i], ports[i].inside);
	free(ports);
	return strings_join(&texts, ", ");
}

/* ---- the other columns ---- */

static void set_names(json_t *row, const json_t *names, bool truncate)
{
	scoped_strings struct strings shown = {0};
	size_t i;
	json_t *name;

	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);

		text += text && *text == '/';
		/* linked names have the parent's in front */
		if (text && (!truncate || !strchr(text, '/')))
			strings_add(&shown, text);
	}
	scoped_free char *text = strings_join(&shown, ",");
	doc_set_text(row, "Names", text);
}

/* The name of an image without its digest. */
static char *image_without_digest(const char *image)
{
	scoped_reference struct reference reference = {0};
	struct error not_a_name;

	if (!reference_parse(image, &reference, &not_a_name))
		return str_dup(image);
	free(take(reference.digest));
	return reference_familiar(&reference);
}

/* An image that is named by its id is shown by the short one. */
static void set_image(json_t *row, const json_t *container, bool truncate)
{
	const char *image = doc_text(container, "Image"), *id = doc_text(container, "ImageID");
	scoped_free char *short_id = show_short_id(id), *short_image = show_short_id(image);
	scoped_free char *name = truncate ? image_without_digest(image) : str_dup(image);

	if (!*image)
		doc_set_text(row, "Image", "<no image>");
	else if (truncate && strcmp(short_id, short_image) == 0)
		doc_set_text(row, "Image", short_id);
	else
		doc_set_text(row, "Image", name);
}

static void set_command(json_t *row, const json_t *container, bool truncate)
{
	const char *command = doc_text(container, "Command");
	scoped_free char *cut = truncate ? show_cut(command, COMMAND_WIDTH) : str_dup(command);
	scoped_buffer struct buffer quoted = {0};

	buffer_add_char(&quoted, '"');
	for (const char *at = cut; *at; at++)
		buffer_format(&quoted, strchr("\"\\", *at) ? "\\%c" : "%c", *at);
	buffer_add_char(&quoted, '"');
	doc_set_text(row, "Command", quoted.data);
}

static void set_mounts(json_t *row, const json_t *mounts, bool truncate)
{
	scoped_strings struct strings names = {0};
	int64_t local = 0;
	size_t i;
	json_t *mount;

	json_array_foreach (mounts, i, mount) {
		const char *name = doc_text(mount, "Name"), *source = doc_text(mount, "Source");

		local += strcmp(doc_text(mount, "Driver"), "local") == 0;
		name = *name ? name : source;
		strings_take(&names, truncate ? show_cut(name, MOUNT_WIDTH) : str_dup(name));
	}
	scoped_free char *text = strings_join(&names, ",");
	doc_set_text(row, "Mounts", text);
	doc_set_format(row, "LocalVolumes", "%lld", (long long)local);
}

static void set_networks(json_t *row, const json_t *container)
{
	json_t *networks =
		json_object_get(json_object_get(container, "NetworkSettings"), "Networks");
	scoped_strings struct strings names = {0};
	const char *name;
	json_t *network;

	json_object_foreach (networks, name, network)
		strings_add(&names, name);
	scoped_free char *text = strings_join(&names, ",");
	doc_set_text(row, "Networks", text);
}

static void set_size(json_t *row, const json_t *container)
{
	int64_t virtual = doc_number(container, "SizeRootFs");
	scoped_free char *own = size_to_text((double)doc_number(container, "SizeRw"));
	scoped_free char *all = size_to_text((double)virtual);

	if (virtual)
		doc_set_format(row, "Size", "%s (virtual %s)", own, all);
	else
		doc_set_text(row, "Size", own);
}

json_t *container_row(const json_t *container, bool truncate)
{
	json_t *row = json_object();
	int64_t created = doc_number(container, "Created");
	const char *id = doc_text(container, "Id");
	scoped_free char *short_id = truncate ? show_short_id(id) : str_dup(id);
	scoped_free char *created_at = show_time(created), *age = show_age(created);
	scoped_free char *ports = ports_to_text(json_object_get(container, "Ports"));
	scoped_free char *labels = show_labels(json_object_get(container, "Labels"));

	doc_set_text(row, "ID", short_id);
	doc_set_text(row, "CreatedAt", created_at);
	doc_set_text(row, "RunningFor", age);
	doc_set_text(row, "Ports", ports);
	doc_set_text(row, "Labels", labels);
	doc_set_text(row, "State", doc_text(container, "State"));
	doc_set_text(row, "Status", doc_text(container, "Status"));
	json_object_set_new(row, "Platform", json_null());
	set_names(row, json_object_get(container, "Names"), truncate);
	set_image(row, container, truncate);
	set_command(row, container, truncate);
	set_mounts(row, json_object_get(container, "Mounts"), truncate);
	set_networks(row, container);
	set_size(row, container);
	return row;
}

static const struct listing_column columns[] = {
	{"ID", "CONTAINER ID"},	     {"Names", "NAMES"},
	{"Image", "IMAGE"},	     {"Command", "COMMAND"},
	{"CreatedAt", "CREATED AT"}, {"RunningFor", "CREATED"},
	{"Ports", "PORTS"},	     {"State", "STATE"},
	{"Status", "STATUS"},	     {"Size", "SIZE"},
	{"Labels", "LABELS"},	     {"Mounts", "MOUNTS"},
	{"Networks", "NETWORKS"},    {"LocalVolumes", "LOCAL VOLUMES"},
	{"Platform", "PLATFORM"},
};

const struct listing container_listing = {
	.row_type = "*formatter.ContainerContext",
	LISTING_COLUMNS(columns),
	.identity = "ID",
	.raw = "container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\n"
	       "created_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\n"
	       "status: {{- pad .Status 1 0}}\nnames: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\n"
	       "ports: {{- pad .Ports 1 0}}\n",
	.call = row_call_label,
	.failure = "failed to execute template", /* ps runs it twice: for what it asks, first */
	.tried_first = true,
};
