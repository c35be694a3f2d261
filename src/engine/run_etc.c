/* What a run is told of its networks: hosts, hostname and resolv.conf. */
#include "engine/link.h"
#include "engine/run_network.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

#define ETC_MODE    0644
#define HOSTS_LIMIT (1 << 20)

static bool write_file(int folder, const char *name, const struct buffer *content,
		       struct error *err)
{
	scoped_fd int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, ETC_MODE);

	if (fd >= 0 &&
	    write(fd, content->data ? content->data : "", content->size) == (ssize_t)content->size)
		return true;
	return error_errno(err, "cannot write '%s'", name);
}

/* On the host's network, the host's own names come first. */
static void add_host_names(struct buffer *out)
{
	struct error unused;

	if (file_read(AT_FDCWD, "/etc/hosts", HOSTS_LIMIT, out, &unused) && out->size > 0 &&
	    out->data[out->size - 1] != '\n')
		buffer_add_char(out, '\n');
}

/* The kernel gives ::1 to each new network namespace, unless it knows no IPv6 or the container wants
 * none. */
static bool has_loopback6(const struct container *c)
{
	static const char *const off[] = {"net.ipv6.conf.all.disable_ipv6",
					  "net.ipv6.conf.lo.disable_ipv6"};

	for (size_t i = 0; i < array_length(off); i++)
		if (str_equal(pairs_get(&c->host_config.sysctls, off[i]), "1"))
			return false;
	return access("/proc/net/if_inet6", F_OK) == 0;
}

/* What it is on its networks but the first. */
static void add_other_addresses(const struct record_list *endpoints, struct strings *out)
{
	for (size_t i = 1; i < endpoints->count; i++) {
		const struct endpoint_spec *spec = RECORD_AT(*endpoints, struct endpoint_spec, i);

		if (spec->address)
			strings_add(out, spec->address);
		if (spec->address6)
			strings_add(out, spec->address6);
	}
}

static bool write_hosts(struct container_run *run, const struct network_mode *mode, int folder,
			struct error *err)
{
	struct container *c = run->container;
	const struct endpoint_spec *spec =
		run->plan.endpoints.count ? RECORD_AT(run->plan.endpoints, struct endpoint_spec, 0)
					  : NULL;
	struct hosts_content content = {
		.hostname = c->config.hostname,
		.domainname = c->config.domainname,
		.address = spec ? spec->address : NULL,
		.address6 = spec ? spec->address6 : NULL,
		.ipv6 = (spec && spec->address6) || has_loopback6(c),
		.extra = &c->host_config.extra_hosts,
		.host_gateway = networks_host_gateway(c->engine->parts.networks),
	};
	scoped_buffer struct buffer text = {0};
	scoped_pairs struct pairs links = {0};
	scoped_strings struct strings others = {0};

	links_add_hosts(c, &links);
	add_other_addresses(&run->plan.endpoints, &others);
	content.links = &links;
	content.others = &others;
	if (mode->kind == NETWORK_MODE_HOST)
		add_host_names(&text);
	return hosts_render(&content, &text, err) && write_file(folder, "hosts", &text, err);
}

static int open_etc(const struct container_run *run, struct error *err)
{
	scoped_fd int folder = folder_open(run->container->engine->runs, run->container->id, err);

	return folder >= 0 ? folder_open(folder, "etc", err) : -1;
}

bool run_rewrite_hosts(struct container_run *run, struct error *err)
{
	struct network_mode mode = {.kind = NETWORK_MODE_NETWORK};
	scoped_fd int etc = open_etc(run, err);

	return etc >= 0 && write_hosts(run, &mode, etc, err);
}

static bool write_hostname(const struct container *c, int folder, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	hostname_render(c->config.hostname, &text);
	return write_file(folder, "hostname", &text, err);
}

static const struct strings *given_or(const struct strings *asked, const struct strings *otherwise)
{
	return asked->count ? asked : otherwise;
}

/* Each list of the container's own, else the daemon's; borrowed. */
static struct resolv_conf asked_resolv_conf(const struct container *c)
{
	const struct host_config *own = &c->host_config;
	const struct engine_settings *settings = engine_get_settings(c->engine);

	return (struct resolv_conf){*given_or(&own->dns, &settings->dns),
				    *given_or(&own->dns_search, &settings->dns_search),
				    *given_or(&own->dns_options, &settings->dns_options)};
}

/* On the host's network its loopback servers can be reached, so the host's file is right as it is,
 * unless the container asks for others. */
static bool write_resolv_conf(struct container_run *run, const struct network_mode *mode,
			      int folder, struct error *err)
{
	struct resolv_conf asked = asked_resolv_conf(run->container);
	bool nothing_asked = !asked.servers.count && !asked.search.count && !asked.options.count;
	scoped_resolv_conf struct resolv_conf host = {0};
	scoped_buffer struct buffer text = {0};
	bool ipv6 = run->plan.endpoints.count &&
		    RECORD_AT(run->plan.endpoints, struct endpoint_spec, 0)->address6;

	if (mode->kind == NETWORK_MODE_HOST && nothing_asked &&
	    file_read(AT_FDCWD, "/etc/resolv.conf", HOSTS_LIMIT, &text, err))
		return write_file(folder, "resolv.conf", &text, err);
	resolv_conf_read_host(&host);
	if (run->plan.names)
		resolv_conf_render_names(&host, &asked, &text);
	else
		resolv_conf_render(&host, &asked, ipv6, &text);
	return write_file(folder, "resolv.conf", &text, err);
}

void run_name_servers(const struct container *c, struct strings *out)
{
	struct resolv_conf asked = asked_resolv_conf(c);

	resolv_conf_servers(&asked, out);
}

bool run_rewrite_resolv_conf(struct container_run *run, struct error *err)
{
	struct network_mode mode = {.kind = NETWORK_MODE_NETWORK};
	scoped_fd int etc = open_etc(run, err);

	return etc >= 0 && write_resolv_conf(run, &mode, etc, err);
}

bool run_write_etc(struct container_run *run, const struct network_mode *mode, int run_folder,
		   struct error *err)
{
	scoped_fd int etc = -1;

	if (mode->kind == NETWORK_MODE_CONTAINER)
		return true; /* it sees the files of the network's owner */
	if (!folder_make(run_folder, "etc", 0755, err))
		return false;
	etc = folder_open(run_folder, "etc", err);
	return etc >= 0 && write_hosts(run, mode, etc, err) &&
	       write_hostname(run->container, etc, err) && write_resolv_conf(run, mode, etc, err);
}
