#include "cmd/compose/observe_compare.h"

#include "cmd/compose/body.h"
#include "cmd/compose/files.h"
#include "format/json.h"

/* ---- containers that others come from ---- */

static const char *id_of(void *data, const char *service)
{
	const struct seen *seen = data;
	const struct seen_container *found = NULL;

	for (size_t i = 0; i < seen->containers.count; i++) {
		const struct seen_container *c = &seen->containers.items[i];

		if (!c->one_off && strcmp(c->service, service) == 0 &&
		    (!found || c->number < found->number))
			found = c;
	}
	return found ? found->id : NULL;
}

static void names_of(void *data, const char *service, struct strings *names)
{
	const struct seen *seen = data;

	for (size_t i = 0; i < seen->containers.count; i++)
		if (!seen->containers.items[i].one_off &&
		    strcmp(seen->containers.items[i].service, service) == 0)
			strings_add(names, seen->containers.items[i].name);
}

/* ---- its image ---- */

/* That which the container was made from, which need not be the one that has the name now; NULL: it is gone. */
static bool get_image(struct compose *compose, const struct seen_container *container,
		      const char *name, json_t **image, struct error *err)
{
	json_t *known = json_object_get(compose->images, name);
	scoped_target struct target target = target_format("/images/%s/json", container->image);

	if (known && strcmp(doc_text(known, "Id"), container->image) == 0) {
		*image = json_incref(known);
		return true;
	}
	*image = api_get(compose->cli, &target, err);
	return *image || err->kind == ERROR_NOT_FOUND;
}

/* ---- the comparison ---- */

/* Daemons that take one network at create get the others afterwards; a container shows all. */
static bool add_connections(const struct body_request *request, json_t *body, struct error *err)
{
	scoped_json json_t *more = body_of_connections(request, err);
	json_t *endpoints =
		json_object_get(json_object_get(body, "NetworkingConfig"), "EndpointsConfig");

	if (more && endpoints)
		json_object_update(endpoints, more);
	return more != NULL;
}

static json_t *wanted_body(struct compose *compose, const struct seen *seen,
			   const struct seen_container *container, const struct service *service,
			   struct error *err)
{
	struct body_request request = {
		.project = compose->project,
		.service = service,
		.number = container->number ? container->number : 1,
		.name = container->name,
		.image = json_object_get(compose->images, service->image ? service->image : ""),
		.features = &compose->features,
		.api_version = compose->cli->api_version,
		.use_aliases = true,
		.publish = true,
		.id_of = id_of,
		.names_of = names_of,
		.data = (void *)seen,
		.files = &host_files,
	};
	json_t *body = body_of_container(&request, err);

	if (body && !add_connections(&request, body, err)) {
		json_decref(body);
		return NULL;
	}
	return body;
}

/* A service whose body cannot be made yet (a namespace of a container that is not there) is not compared. */
bool observe_compare(struct compose *compose, const struct seen *seen,
		     struct seen_container *container, struct error *err)
{
	const struct service *service = project_service(compose->project, container->service);
	scoped_target struct target target = target_format("/containers/%s/json", container->id);
	scoped_json json_t *inspected = NULL, *image = NULL, *body = NULL;
	struct error ignored;

	inspected = api_get(compose->cli, &target, err);
	if (!inspected)
		return err->kind == ERROR_NOT_FOUND;
	if (!get_image(compose, container, service->image ? service->image : "", &image, err))
		return false;
	body = wanted_body(compose, seen, container, service, &ignored);
	if (!body)
		return true;
	body_compare(body, inspected, image, &container->changes);
	container->compared = true;
	return true;
}
