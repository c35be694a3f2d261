#include "build/plan_private.h"

#include "format/expand.h"
#include "image/image_instruction.h"

const char *environment_get(const struct strings *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = env->count; i-- > 0;)
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=')
			return env->items[i] + length + 1;
	return NULL;
}

bool is_proxy_arg(const char *name)
{
	static const char *const names[] = {
		"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
		"ftp_proxy",  "NO_PROXY",   "no_proxy",	   "ALL_PROXY",	  "all_proxy"};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void add_platform(struct strings *out, const char *prefix, const struct platform *p)
{
	char text[PLATFORM_TEXT_SIZE];

	strings_format(out, "%sPLATFORM=%s", prefix, platform_text(p, text));
	strings_format(out, "%sOS=%s", prefix, p->os);
	strings_format(out, "%sARCH=%s", prefix, p->architecture);
	strings_format(out, "%sVARIANT=%s", prefix, p->variant);
}

struct strings platform_args(const struct build_plan *plan)
{
	const char *target = plan->options->target;
	struct strings out = {0};

	add_platform(&out, "BUILD", &plan->options->host);
	add_platform(&out, "TARGET", &plan->platform);
	strings_format(&out, "TARGETSTAGE=%s", str_is_empty(target) ? "default" : target);
	return out;
}

/* What counts: the build's own value, the default, that of the ARGs before the first FROM; NULL: none. */
static const char *find_value(const struct build_plan *plan, const char *name,
			      const char *otherwise)
{
	const char *given = pairs_get(&plan->options->build_args, name);

	if (given)
		return given;
	return otherwise ? otherwise : environment_get(&plan->global_args, name);
}

bool declare_arg(struct build_plan *plan, const struct pair *pair, const struct strings *env,
		 struct strings *args, struct buffer *said, struct error *err)
{
	struct expand_rules rules = {.env = env, .escape = plan->file->escape};
	scoped_free char *name = expand_word(pair->name, &rules, err);
	scoped_free char *otherwise =
		name && pair->value ? expand_word(pair->value, &rules, err) : NULL;

	if (!name || (pair->value && !otherwise))
		return false;
	scoped_free char *value = str_dup_or_null(find_value(plan, name, otherwise));
	if (value)
		environment_set(args, name, value);
	if (!strings_contain(&plan->known_args, name))
		strings_add(&plan->known_args, name);
	buffer_format(said, " %s%s%s", name, otherwise ? "=" : "", otherwise ? otherwise : "");
	return true;
}
