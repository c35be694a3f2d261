/* Texts from settings, requests and the host's files. */
#include "network/etc.h"
#include "network/host_facts.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_resolv_conf(const char *text, size_t size)
{
	scoped_resolv_conf struct resolv_conf conf = {0}, asked = {0};
	scoped_buffer struct buffer out = {0};

	resolv_conf_parse(text, size, &conf);
	resolv_conf_render(&conf, &asked, true, &out);
	resolv_conf_render(&asked, &conf, false, &out);
}

static void read_subnet(const char *text)
{
	struct subnet subnet;
	struct address address;

	if (!subnet_parse(text, &subnet, &address))
		return;
	scoped_free char *back = subnet_text(&subnet);
	struct address_pool pool;

	if (!subnet_contains(&subnet, &address) || !back)
		abort();
	address_pool_init(&pool, &subnet, &subnet);
	if (address_pool_take(&pool, &address) && !subnet_contains(&subnet, &address))
		abort();
	address_pool_fini(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct subnet subnet = {.base.family = AF_INET, .prefix = 8};
	struct pool_template template;
	struct error err;

	read_resolv_conf(text, size);
	read_subnet(text);
	extra_host_check(text, &err);
	pool_template_parse(text, &template, &err);
	struct host_routes routes = {text, text};
	routes_overlap(&routes, &subnet);
	subnet = (struct subnet){.base.family = AF_INET6, .prefix = 8};
	routes_are_near(&routes, &subnet, "eth0");
	return 0;
}
