#include "cmd/compose/verbs.h"

static bool fail_index(const struct compose *compose, const struct option_number *index)
{
	struct error err;

	error_set(&err, ERROR_INVALID, "invalid --index %lld: containers are numbered from 1",
		  (long long)index->value);
	compose_fail(compose, &err);
	return false;
}

static bool list(struct compose *compose, const struct strings *services, bool all,
		 const struct option_number *index, struct compose_containers *containers)
{
	struct error err;

	if (index->given && (index->value < 1 || index->value > INT32_MAX))
		return fail_index(compose, index);
	if (!compose_name(compose) || !compose_check_services(compose, services))
		return false;
	if (compose_containers(compose, services, all, false, containers, &err))
		return true;
	compose_fail(compose, &err);
	return false;
}

static const struct compose_container *pick(struct compose *compose, const char *service, bool all,
					    const struct option_number *index,
					    struct compose_containers *containers)
{
	struct strings services = {(char *[]){(char *)service, NULL}, 1}; /* borrowed */
	const struct compose_container *found;
	struct error err;

	if (!list(compose, &services, all, index, containers))
		return NULL;
	found = compose_pick(containers, service, index->given ? (unsigned)index->value : 0, &err);
	if (!found)
		compose_fail(compose, &err);
	return found;
}

const struct compose_container *compose_running(struct compose *compose, const char *service,
						const struct option_number *index,
						struct compose_containers *containers)
{
	return pick(compose, service, false, index, containers);
}

const struct compose_container *compose_any(struct compose *compose, const char *service,
					    const struct option_number *index,
					    struct compose_containers *containers)
{
	return pick(compose, service, true, index, containers);
}
