#include "compose/compose.h"

char *project_container_name(const struct project *project, const struct service *service,
			     unsigned number)
{
	char between = project->style == COMPOSE_V1 || project->compatibility ? '_' : '-';

	if (service->container_name && number == 1)
		return str_dup(service->container_name);
	return str_format("%s%c%s%c%u", project->name, between, service->name, between, number);
}
