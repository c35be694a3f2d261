#include "spec/endpoint.h"

#include "spec/document.h"
#include "spec/spec.h"

void endpoint_fini(struct endpoint *endpoint)
{
	free(endpoint->network);
	free(endpoint->ip);
	free(endpoint->ip6);
	free(endpoint->mac_address);
	strings_fini(&endpoint->aliases);
	strings_fini(&endpoint->links);
	strings_fini(&endpoint->link_local);
	pairs_fini(&endpoint->driver_options);
}

json_t *endpoint_to_json(const struct endpoint *endpoint)
{
	json_t *json = json_object(), *ipam = json_object();

	doc_set_list(json, "Aliases", &endpoint->aliases, false);
	doc_set_list(json, "Links", &endpoint->links, false);
	doc_set_map(json, "DriverOpts", &endpoint->driver_options, false);
	if (endpoint->mac_address)
		doc_set_text(json, "MacAddress", endpoint->mac_address);
	if (endpoint->priority.given)
		json_object_set_new(json, "GwPriority", json_integer(endpoint->priority.value));
	if (endpoint->ip)
		doc_set_text(ipam, "IPv4Address", endpoint->ip);
	if (endpoint->ip6)
		doc_set_text(ipam, "IPv6Address", endpoint->ip6);
	doc_set_list(ipam, "LinkLocalIPs", &endpoint->link_local, false);
	if (json_object_size(ipam))
		json_object_set(json, "IPAMConfig", ipam);
	json_decref(ipam);
	return json;
}
