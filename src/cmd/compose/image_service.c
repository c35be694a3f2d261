/* Pulling and pushing the image of one service. */
#include "cmd/cli/image_pull.h"
#include "cmd/compose/image_plan.h"
#include "cmd/compose/images.h"
#include "format/json.h"

static bool parse_image(const struct service *service, struct reference *reference,
			struct error *err)
{
	if (str_is_empty(service->image))
		return error_set(err, ERROR_INVALID, "service %s has no image", service->name);
	if (!reference_parse(service->image, reference, err))
		return error_prefix(err, "service %s: image %s", service->name, service->image);
	if (!reference->digest)
		reference_add_default_tag(reference);
	return true;
}

const char *image_platform(const struct service *service)
{
	const char *usual = getenv("DOCKER_DEFAULT_PLATFORM");

	return node_get_text(service->node, "platform", usual ? usual : "");
}

bool image_pull_service(const struct image_job *job, struct error *err)
{
	struct cli *cli = job->compose->cli;
	scoped_reference struct reference reference = {0};
	struct http_client *client;

	if (!image_is_named(job->service))
		return true; /* its name is that of what is built: no registry has it */
	if (!parse_image(job->service, &reference, err) || !(client = api_connect(cli, err)))
		return false;
	struct pull pull = {
		.platform = image_platform(job->service),
		.stream = {.client = client, .fd = -1, .each = job->tell, .data = job->data},
	};
	bool good = image_pull_reference(cli, &reference, &pull, err);
	http_client_free(client);
	return good;
}

static bool push_one(const struct image_job *job, const char *name, struct error *err)
{
	struct cli *cli = job->compose->cli;
	scoped_reference struct reference reference = {0};
	struct http_client *client;

	if (!reference_parse(name, &reference, err))
		return error_prefix(err, "service %s: image %s", job->service->name, name);
	reference_add_default_tag(&reference);
	if (!(client = api_connect(cli, err)))
		return false;
	struct image_stream stream = {
		.client = client, .fd = -1, .each = job->tell, .data = job->data};
	bool good = image_push_reference(cli, &reference, false, NULL, &stream, err);
	http_client_free(client);
	return good;
}

bool image_push_service(const struct image_job *job, struct error *err)
{
	const struct node *build = node_get(job->service->node, "build");

	if (!push_one(job, job->service->image, err))
		return false;
	node_each (tag, node_get(build, "tags"))
		if (!push_one(job, tag->value->text, err))
			return false;
	return true;
}
