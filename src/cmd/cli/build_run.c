#include "cmd/cli/build_run.h"

#include "cmd/cli/address.h"
#include "cmd/cli/auth.h"
#include "cmd/cli/build_secret.h"
#include "format/base64.h"
#include "format/json.h"

/* ---- credentials ---- */

/* Of every registry that one is known of: a Dockerfile may name any. */
static char *registry_config(const struct cli *cli)
{
	scoped_json json_t *all = auth_read_all(cli);
	scoped_free char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	scoped_buffer struct buffer encoded = {0};

	base64_encode(text, strlen(text), &encoded);
	for (size_t i = 0; i < encoded.size; i++)
		encoded.data[i] = encoded.data[i] == '+'   ? '-'
				  : encoded.data[i] == '/' ? '_'
							   : encoded.data[i];
	return buffer_take(&encoded);
}

/* ---- the build ---- */

/* The agent's socket is known by its path, so that the daemon must be on the same host. */
static bool add_agents(struct cli *cli, const struct build *build, struct pairs *headers,
		       struct error *err)
{
	scoped_free char *address = NULL, *agents = NULL;

	if (build->ssh.count == 0)
		return true;
	address = address_choose(cli, err);
	if (!address)
		return false;
	if (!str_starts_with(address, "unix://"))
		return error_set(
			err, ERROR_INVALID,
			"--ssh hands an agent to a daemon on this host alone, and not to %s",
			address);
	agents = build_agents_header(&build->ssh, err);
	if (agents)
		pairs_set(headers, "X-Wherry-Ssh", agents);
	return agents != NULL;
}

static ssize_t read_context(void *data, void *out, size_t size, struct error *err)
{
	const struct build_run *run = data;
	ssize_t got = build_context_read(run->context, out, size, err);

	if (got >= 0 && run->sent)
		run->sent(run->data, got == 0);
	return got;
}

static bool add_secrets(const struct build_run *run, struct pairs *headers, struct error *err)
{
	scoped_free char *secrets = NULL;

	if (!run->build->secrets.count && !json_object_size(run->secrets))
		return true;
	secrets = build_secrets_header(&run->build->secrets, run->secrets, err);
	if (secrets)
		pairs_set(headers, "X-Wherry-Secrets", secrets);
	return secrets != NULL;
}

bool build_run(struct cli *cli, const struct build_run *run, struct error *err)
{
	const struct build_context *context = run->context;
	scoped_target struct target target = target_format("/build");
	scoped_pairs struct pairs headers = {0};
	scoped_free char *credentials = registry_config(cli);
	struct http_body_source source = {read_context, (void *)run, -1};
	struct api_request api = {
		.client = run->client,
		.method = "POST",
		.target = &target,
		.stream = context->remote ? NULL : &source,
		.type = "application/x-tar",
		.headers = &headers,
	};

	if (!add_secrets(run, &headers, err) || !add_agents(cli, run->build, &headers, err))
		return false;
	if (!str_is_empty(context->dockerfile))
		target_add(&target, "dockerfile", context->dockerfile);
	if (context->remote)
		target_add(&target, "remote", context->remote);
	build_add_parameters(run->build, &target);
	if (json_object_size(run->contexts)) {
		scoped_free char *contexts = json_dumps(run->contexts, JSON_COMPACT);

		target_add(&target, "contexts", contexts);
	}
	pairs_set(&headers, "X-Registry-Config", credentials);
	return api_stream(cli, &api, run->hear, run->data, err);
}
