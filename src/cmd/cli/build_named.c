#include "cmd/cli/build_named.h"

#include "format/json.h"

static bool add_folder(struct build_context *context, const char *name, const char *folder,
		       json_t *all, struct error *err)
{
	scoped_free char *sent = build_context_add(context, folder, err);

	if (!sent)
		return error_prefix(err, "context '%s'", name);
	doc_set_format(all, name, "folder://%s", sent);
	return true;
}

bool build_named_add(struct build_context *context, const char *name, const char *value,
		     json_t *all, struct error *err)
{
	static const char image[] = "docker-image://", layout[] = "oci-layout://";

	if (str_starts_with(value, layout))
		return error_set(err, ERROR_UNSUPPORTED,
				 "context '%s': load the layout and name its image (%sNAME)", name,
				 image);
	if (str_starts_with(value, image))
		doc_set_text(all, name, value + strlen(image));
	else if (build_context_is_address(value))
		doc_set_text(all, name, value);
	else
		return add_folder(context, name, value, all, err);
	return true;
}

bool build_named_add_all(struct build_context *context, const struct strings *texts, json_t *all,
			 struct error *err)
{
	for (size_t i = 0; i < texts->count; i++) {
		const char *text = texts->items[i], *equals = strchr(text, '=');
		scoped_free char *name = str_dup_n(text, strcspn(text, "="));

		if (!equals || !*name || !equals[1])
			return error_set(err, ERROR_INVALID,
					 "invalid context value: %s, expected key=value", text);
		if (!build_named_add(context, name, equals + 1, all, err))
			return false;
	}
	return true;
}

bool build_named_check(struct cli *cli, const char *otherwise, struct error *err)
{
	scoped_target struct target target = target_format("/version");
	scoped_json json_t *version = api_get(cli, &target, err);
	size_t i;
	json_t *component;

	if (!version)
		return false;
	json_array_foreach (json_object_get(version, "Components"), i, component) {
		const char *words = doc_text(json_object_get(component, "Details"), "Features");
		scoped_strings struct strings features = strings_split(words, ' ');

		if (strcmp(doc_text(component, "Name"), "wherry") == 0 &&
		    strings_contain(&features, "folders"))
			return true;
	}
	return error_set(err, ERROR_UNSUPPORTED, "%s", otherwise);
}
