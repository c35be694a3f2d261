/* Names of images with the digests that stand behind them. */
#include "cmd/compose/config.h"

#include "cmd/cli/auth.h"
#include "format/reference.h"

#include <string.h>

/* What the registry says, asked through the daemon. */
static char *registry_digest(struct compose *compose, const struct reference *reference,
			     struct error *err)
{
	scoped_free char *name = reference_text(reference);
	scoped_free char *auth = auth_header(compose->cli, reference->domain);
	scoped_target struct target target = target_format("/distribution/%s/json", name);
	scoped_pairs struct pairs headers = {0};
	struct api_request request = {.method = "GET", .target = &target, .headers = &headers};
	json_t *answer = NULL;

	pairs_set(&headers, "X-Registry-Auth", auth);
	if (!api_call(compose->cli, &request, &answer, err))
		return NULL;
	const char *digest = doc_text(json_object_get(answer, "Descriptor"), "digest");
	char *found = *digest ? str_dup(digest) : NULL;
	json_decref(answer);
	if (!found)
		error_set(err, ERROR_NOT_FOUND, "the registry names no digest");
	return found;
}

/* What the daemon remembers of where the image came from. */
static char *local_digest(struct compose *compose, const struct reference *reference)
{
	scoped_free char *name = reference_familiar(reference);
	scoped_free char *repository = reference_familiar_name(reference);
	scoped_target struct target target = target_format("/images/%s/json", name);
	struct error err;
	json_t *image = api_get(compose->cli, &target, &err), *entry;
	char *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(image, "RepoDigests"), i, entry) {
		const char *text = json_string_value(entry), *at = text ? strchr(text, '@') : NULL;
		scoped_free char *of = at ? str_dup_n(text, (size_t)(at - text)) : NULL;

		if (of && !found && strcmp(of, repository) == 0)
			found = str_dup(at + 1);
	}
	json_decref(image);
	return found;
}

/* The name with its digest; one that has a digest stays. */
static char *resolve(struct compose *compose, const char *image, struct error *err)
{
	scoped_reference struct reference reference = {0};

	if (!reference_parse(image, &reference, err))
		return NULL;
	if (reference.digest)
		return str_dup(image);
	reference_add_default_tag(&reference);
	reference.digest = registry_digest(compose, &reference, err);
	if (!reference.digest)
		reference.digest = local_digest(compose, &reference);
	if (!reference.digest) {
		error_prefix(err, "cannot find the digest of '%s'", image);
		return NULL;
	}
	if (compose->style == COMPOSE_V2)
		return reference_text(&reference);
	str_replace(&reference.tag, NULL);
	return reference_familiar(&reference);
}

bool config_resolve_images(struct compose *compose, struct node *tree, struct error *err)
{
	scoped_map struct map known = {0};
	bool good = true;

	node_each(member, node_get(tree, "services")) {
		struct node *image = node_get(member->value, "image");
		char *resolved;

		if (!image || !good)
			continue;
		if (!(resolved = map_get(&known, image->text)) &&
		    (resolved = resolve(compose, image->text, err)) != NULL)
			map_put(&known, image->text, resolved);
		if (resolved)
			image->text = arena_text(&compose->project->arena, resolved);
		good = resolved != NULL;
	}
	for (struct map_slot *slot = map_first(&known); slot; slot = map_next(&known, slot))
		free(slot->value);
	return good;
}
