#include "network/etc.h"

#include "network/address.h"
#include "os/file.h"

#include <fcntl.h>
#include <string.h>

#define HOST_FILE	  "/etc/resolv.conf"
#define RESOLVED_FILE	  "/run/systemd/resolve/resolv.conf"
#define RESOLVED_STUB	  "127.0.0.53"
#define RESOLV_CONF_LIMIT 65536

#define NAMES_SERVER "127.0.0.11"

static const char *const public_servers[] = {"8.8.8.8", "8.8.4.4"};

/* ---- reading resolv.conf ---- */

void resolv_conf_fini(struct resolv_conf *conf)
{
	strings_fini(&conf->servers);
	strings_fini(&conf->search);
	strings_fini(&conf->options);
}

#define BLANKS " \t\r\f\v"

/* The words of a line up to a comment. */
static struct strings split_words(const char *line)
{
	struct strings words = {0};

	for (line += strspn(line, BLANKS); *line && !strchr("#;", *line);
	     line += strspn(line, BLANKS)) {
		size_t length = strcspn(line, BLANKS);

		strings_take(&words, str_dup_n(line, length));
		line += length;
	}
	return words;
}

static void add_arguments(struct strings *list, const struct strings *words)
{
	for (size_t i = 1; i < words->count; i++)
		strings_add(list, words->items[i]);
}

static void take_line(struct resolv_conf *conf, const struct strings *words)
{
	if (words->count < 2)
		return;
	if (str_equal(words->items[0], "nameserver")) {
		strings_add(&conf->servers, words->items[1]);
	} else if (str_equal(words->items[0], "search") || str_equal(words->items[0], "domain")) {
		strings_fini(&conf->search);
		add_arguments(&conf->search, words);
	} else if (str_equal(words->items[0], "options")) {
		add_arguments(&conf->options, words);
	}
}

void resolv_conf_parse(const char *text, size_t size, struct resolv_conf *out)
{
	scoped_free char *copy = str_dup_n(text, size);
	scoped_strings struct strings lines = strings_split(copy, '\n');

	for (size_t i = 0; i < lines.count; i++) {
		scoped_strings struct strings words = split_words(lines.items[i]);

		take_line(out, &words);
	}
}

static void read_file(const char *path, struct resolv_conf *out)
{
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	if (file_read(AT_FDCWD, path, RESOLV_CONF_LIMIT, &text, &ignored))
		resolv_conf_parse(text.data, text.size, out);
}

void resolv_conf_read_host(struct resolv_conf *out)
{
	scoped_resolv_conf struct resolv_conf conf = {0}, resolved = {0};
	bool stub;

	read_file(HOST_FILE, &conf);
	stub = conf.servers.count == 1 && str_equal(conf.servers.items[0], RESOLVED_STUB);
	if (stub)
		read_file(RESOLVED_FILE, &resolved);
	if (resolved.servers.count > 0) {
		*out = resolved;
		resolved = (struct resolv_conf){0};
		return;
	}
	*out = conf;
	conf = (struct resolv_conf){0};
}

/* ---- writing resolv.conf ---- */

static bool is_reachable_inside(const char *server, bool ipv6)
{
	scoped_free char *plain = str_dup_n(server, strcspn(server, "%")); /* without a zone */
	struct address address;

	return address_parse(plain, &address) && !address_is_loopback(&address) &&
	       (ipv6 || address.family == AF_INET);
}

static void add_server(struct buffer *out, const char *server)
{
	buffer_format(out, "nameserver %s\n", server);
}

static void add_host_servers(const struct resolv_conf *host, bool ipv6, struct buffer *out)
{
	bool any = false;

	for (size_t i = 0; i < host->servers.count; i++) {
		if (!is_reachable_inside(host->servers.items[i], ipv6))
			continue;
		add_server(out, host->servers.items[i]);
		any = true;
	}
	for (size_t i = 0; !any && i < array_length(public_servers); i++)
		add_server(out, public_servers[i]);
}

static void add_list(const char *word, const struct strings *list, struct buffer *out)
{
	scoped_free char *joined = strings_join(list, " ");

	if (list->count > 0)
		buffer_format(out, "%s %s\n", word, joined);
}

static const struct strings *given_or(const struct strings *asked, const struct strings *host)
{
	return asked->count > 0 ? asked : host;
}

static void add_search(const struct resolv_conf *host, const struct resolv_conf *asked,
		       struct buffer *out)
{
	const struct strings *search = given_or(&asked->search, &host->search);

	if (search->count != 1 || !str_equal(search->items[0], "."))
		add_list("search", search, out);
}

void resolv_conf_render(const struct resolv_conf *host, const struct resolv_conf *asked, bool ipv6,
			struct buffer *out)
{
	for (size_t i = 0; i < asked->servers.count; i++)
		add_server(out, asked->servers.items[i]);
	if (asked->servers.count == 0)
		add_host_servers(host, ipv6, out);
	add_search(host, asked, out);
	add_list("options", given_or(&asked->options, &host->options), out);
}

static bool is_ndots(const char *option)
{
	return str_starts_with(option, "ndots:");
}

/* The host's ndots is meant for the host's search list. */
static void add_names_options(const struct resolv_conf *host, const struct resolv_conf *asked,
			      struct buffer *out)
{
	scoped_strings struct strings options = {0};
	bool ndots = false;

	for (size_t i = 0; i < asked->options.count; i++) {
		strings_add(&options, asked->options.items[i]);
		ndots = ndots || is_ndots(asked->options.items[i]);
	}
	for (size_t i = 0; asked->options.count == 0 && i < host->options.count; i++)
		if (!is_ndots(host->options.items[i]))
			strings_add(&options, host->options.items[i]);
	if (!ndots)
		strings_add(&options, "ndots:0");
	add_list("options", &options, out);
}

void resolv_conf_render_names(const struct resolv_conf *host, const struct resolv_conf *asked,
			      struct buffer *out)
{
	add_server(out, NAMES_SERVER);
	add_search(host, asked, out);
	add_names_options(host, asked, out);
}

void resolv_conf_servers(const struct resolv_conf *asked, struct strings *out)
{
	scoped_resolv_conf struct resolv_conf host = {0};
	const struct strings *servers = &asked->servers;

	if (servers->count == 0) {
		read_file(HOST_FILE, &host);
		servers = &host.servers;
	}
	for (size_t i = 0; i < servers->count; i++)
		strings_add(out, servers->items[i]);
	for (size_t i = 0; servers->count == 0 && i < array_length(public_servers); i++)
		strings_add(out, public_servers[i]);
}

/* ---- hosts ---- */

static const char ipv6_lines[] = "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::0\tip6-localnet\n"
				 "ff00::0\tip6-mcastprefix\n"
				 "ff02::1\tip6-allnodes\n"
				 "ff02::2\tip6-allrouters\n";

/* "name:address"; an IPv6 address may stand in brackets. */
static bool split_extra_host(const char *text, char **name, char **address)
{
	const char *colon = strchr(text, ':'), *start = colon ? colon + 1 : NULL;
	size_t length = start ? strlen(start) : 0;

	if (!colon || colon == text || length == 0)
		return false;
	if (length > 2 && start[0] == '[' && start[length - 1] == ']') {
		start++;
		length -= 2;
	}
	*name = str_dup_n(text, (size_t)(colon - text));
	*address = str_dup_n(start, length);
	return true;
}

static bool is_host_gateway(const char *address)
{
	return str_equal(address, "host-gateway");
}

/* Names and addresses become owned by the caller. */
static bool parse_extra_host(const char *text, char **name, char **address, struct error *err)
{
	struct address parsed;

	if (!split_extra_host(text, name, address))
		return error_set(err, ERROR_INVALID, "bad format for add-host: \"%s\"", text);
	if (is_host_gateway(*address) || address_parse(*address, &parsed))
		return true;
	return error_set(err, ERROR_INVALID, "invalid IP address in add-host: \"%s\"", *address);
}

bool extra_host_check(const char *text, struct error *err)
{
	scoped_free char *name = NULL, *address = NULL;

	return parse_extra_host(text, &name, &address, err);
}

static bool add_extra_host(const char *text, const char *gateway, struct buffer *out,
			   struct error *err)
{
	scoped_free char *name = NULL, *address = NULL;

	if (!parse_extra_host(text, &name, &address, err))
		return false;
	if (!is_host_gateway(address))
		buffer_format(out, "%s\t%s\n", address, name);
	else if (gateway)
		buffer_format(out, "%s\t%s\n", gateway, name);
	else
		return error_set(err, ERROR_SYSTEM,
				 "unable to derive the IP value for host-gateway");
	return true;
}

static void add_own_line(const struct hosts_content *content, const char *address,
			 struct buffer *out)
{
	if (str_is_empty(address))
		return;
	if (str_is_empty(content->domainname))
		buffer_format(out, "%s\t%s\n", address, content->hostname);
	else
		buffer_format(out, "%s\t%s.%s %s\n", address, content->hostname,
			      content->domainname, content->hostname);
}

bool hosts_render(const struct hosts_content *content, struct buffer *out, struct error *err)
{
	buffer_add_text(out, "127.0.0.1\tlocalhost\n");
	if (content->ipv6)
		buffer_add_text(out, ipv6_lines);
	for (size_t i = 0; content->extra && i < content->extra->count; i++)
		if (!add_extra_host(content->extra->items[i], content->host_gateway, out, err))
			return false;
	for (size_t i = 0; content->links && i < content->links->count; i++)
		buffer_format(out, "%s\t%s\n", content->links->items[i].value,
			      content->links->items[i].name);
	add_own_line(content, content->address, out);
	add_own_line(content, content->address6, out);
	for (size_t i = 0; content->others && i < content->others->count; i++)
		add_own_line(content, content->others->items[i], out);
	return true;
}

/* Is it "ADDRESS NAME ..." with this name? */
static bool is_line_of(const char *line, size_t length, const char *name)
{
	size_t at = strcspn(line, BLANKS), size = strlen(name);

	if (at == 0 || at >= length)
		return false;
	at += strspn(line + at, BLANKS);
	return length >= at + size && memcmp(line + at, name, size) == 0 &&
	       (length == at + size || strchr(BLANKS, line[at + size]));
}

void hosts_change_link(const char *text, const char *name, const char *address, struct buffer *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), whole = length + (text[length] == '\n'),
		       kept = 0;

		if (!is_line_of(text, length, name))
			buffer_add(out, text, whole);
		else if (address) {
			kept = strcspn(text, BLANKS);
			buffer_add_text(out, address);
			buffer_add(out, text + kept, whole - kept);
		}
		text += whole;
	}
}

void hostname_render(const char *hostname, struct buffer *out)
{
	buffer_format(out, "%s\n", hostname);
}
