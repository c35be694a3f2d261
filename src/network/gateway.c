#include "network/network.h"

#include <string.h>

/* Does `a` come before `b`?  The order in which networks were joined says nothing. */
static bool is_before(const struct endpoint_spec *a, const struct endpoint_spec *b)
{
	return strcmp(a->network_name ? a->network_name : "",
		      b->network_name ? b->network_name : "") < 0;
}

static const char *gateway_of(const struct endpoint_spec *endpoint, bool six)
{
	return six ? endpoint->gateway6 : endpoint->gateway;
}

static int choose(const struct record_list *endpoints, bool six)
{
	int chosen = -1;

	for (size_t i = 0; i < endpoints->count; i++) {
		const struct endpoint_spec *endpoint =
			RECORD_AT(*endpoints, struct endpoint_spec, i);

		if (!gateway_of(endpoint, six))
			continue;
		if (chosen < 0 ||
		    is_before(endpoint, RECORD_AT(*endpoints, struct endpoint_spec, chosen)))
			chosen = (int)i;
	}
	return chosen;
}

struct gateway_choice gateways_choose(const struct record_list *endpoints)
{
	return (struct gateway_choice){choose(endpoints, false), choose(endpoints, true)};
}

struct gateway_choice gateways_mark(struct record_list *endpoints)
{
	struct gateway_choice choice = gateways_choose(endpoints);

	for (size_t i = 0; i < endpoints->count; i++) {
		struct endpoint_spec *endpoint = RECORD_AT(*endpoints, struct endpoint_spec, i);

		endpoint->no_route = choice.four != (int)i;
		endpoint->no_route6 = choice.six != (int)i;
	}
	return choice;
}

const struct endpoint_spec *gateway_endpoint(const struct record_list *endpoints)
{
	struct gateway_choice choice = gateways_choose(endpoints);
	int index = choice.four >= 0 ? choice.four : choice.six;
	const struct endpoint_spec *endpoint =
		index < 0 ? NULL : RECORD_AT(*endpoints, struct endpoint_spec, index);

	return endpoint && (!endpoint->driver || str_equal(endpoint->driver, "bridge")) ? endpoint
											: NULL;
}
