#include "engine/handover.h"

#include "base/memory.h"
#include "network/address.h"

/* A number without a host's port asked for is any, but of the same port of the container. */
static bool is_number_asked_for(const struct port_request *request,
				const struct published_port *port)
{
	if (request->first == 0)
		return request->container_port == port->container_port;
	return port->host_port >= request->first && port->host_port <= request->last;
}

static bool is_address_asked_for(const struct port_request *request,
				 const struct published_port *port)
{
	struct address asked, given;

	if (str_is_empty(request->host_ip))
		return true;
	return address_parse(request->host_ip, &asked) && address_parse(port->host_ip, &given) &&
	       address_equal(&asked, &given);
}

/* `number`: what the request has been given already, on another address; 0: nothing. */
static bool fits(const struct port_request *request, int32_t number,
		 const struct published_port *port)
{
	return request->protocol == port->protocol && is_number_asked_for(request, port) &&
	       is_address_asked_for(request, port) && (number == 0 || number == port->host_port);
}

static size_t find_request(const struct port_request *wanted, size_t count, const int32_t *numbers,
			   const struct published_port *port)
{
	size_t found = count;

	for (size_t i = 0; i < count; i++) {
		if (!fits(&wanted[i], numbers[i], port))
			continue;
		if (wanted[i].container_port == port->container_port)
			return i;
		if (found == count)
			found = i;
	}
	return found;
}

static bool match_all(struct record_list *ports, const struct port_request *wanted, size_t count,
		      int32_t *numbers, struct error *err)
{
	for (size_t i = 0; i < ports->count; i++) {
		struct published_port *port = RECORD_AT(*ports, struct published_port, i);
		size_t request = find_request(wanted, count, numbers, port);

		if (request == count)
			return error_set(err, ERROR_CONFLICT,
					 "only the old one publishes port %s:%d/%s", port->host_ip,
					 port->host_port, port_protocol_name(port->protocol));
		numbers[request] = port->host_port;
		port->container_port = wanted[request].container_port;
	}
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == 0)
			return error_set(err, ERROR_CONFLICT, "only the new one publishes %d/%s",
					 wanted[i].container_port,
					 port_protocol_name(wanted[i].protocol));
	return true;
}

bool handover_match(const struct record_list *held, const struct port_request *wanted, size_t count,
		    struct record_list *out, struct error *err)
{
	scoped_free int32_t *numbers = mem_zeroed(count + 1, sizeof(*numbers));

	record_list_copy(&published_port_type, held, out);
	if (match_all(out, wanted, count, numbers, err))
		return true;
	record_list_fini(&published_port_type, out);
	return false;
}
