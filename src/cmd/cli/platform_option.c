#include "cmd/cli/platform_option.h"

#include "format/json.h"
#include "format/platform.h"

bool platform_option_add(struct cli *cli, struct target *target, const char *platform,
			 const char *version, struct error *err)
{
	struct platform parsed;

	if (str_is_empty(platform))
		return true;
	if (!api_requires(cli, "--platform", version, err))
		return false;
	if (!platform_parse(platform, &parsed, err))
		return error_prefix(err, "invalid platform");
	scoped_json json_t *document =
		json_pack("{s:s, s:s}", "architecture", parsed.architecture, "os", parsed.os);
	if (*parsed.variant)
		doc_set_text(document, "variant", parsed.variant);
	scoped_free char *text = json_dumps(document, JSON_COMPACT);
	target_add(target, "platform", text);
	return true;
}
