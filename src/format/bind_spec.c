#include "format/bind_spec.h"

#include "format/path.h"

/* ---- options ---- */

enum group { ACCESS, LABEL, PROPAGATION, COPY, CONSISTENCY };

static const struct option {
	const char *name;
	enum group group;
} options[] = {
	{"rw", ACCESS},
	{"ro", ACCESS},
	{"z", LABEL},
	{"Z", LABEL},
	{"private", PROPAGATION},
	{"rprivate", PROPAGATION},
	{"shared", PROPAGATION},
	{"rshared", PROPAGATION},
	{"slave", PROPAGATION},
	{"rslave", PROPAGATION},
	{"nocopy", COPY},
	{"consistent", CONSISTENCY},
	{"cached", CONSISTENCY},
	{"delegated", CONSISTENCY},
};

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < array_length(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static void apply_option(const struct option *option, struct bind_mode *mode)
{
	switch (option->group) {
	case ACCESS:
		mode->read_only = strcmp(option->name, "ro") == 0;
		break;
	case LABEL:
		mode->label = option->name[0];
		break;
	case PROPAGATION:
		mode->propagation = option->name;
		break;
	case COPY:
		mode->no_copy = true;
		break;
	case CONSISTENCY: /* of Docker Desktop; means nothing here */
		break;
	}
}

bool bind_mode_parse(const char *text, struct bind_mode *out, struct error *err)
{
	scoped_strings struct strings names = strings_split(text, ',');
	struct bind_mode mode = {.propagation = ""};
	unsigned seen = 0;

	for (size_t i = 0; *text && i < names.count; i++) {
		const struct option *option = find_option(names.items[i]);

		if (!option || seen & 1u << option->group)
			return error_set(err, ERROR_INVALID, "invalid mode: %s", text);
		seen |= 1u << option->group;
		apply_option(option, &mode);
	}
	*out = mode;
	return true;
}

/* ---- the whole ---- */

void bind_spec_fini(struct bind_spec *spec)
{
	free(spec->source);
	free(spec->target);
	free(spec->mode);
	*spec = (struct bind_spec){0};
}

/* A path that Docker would clean; others stay as they were typed, for the error's sake. */
static char *clean_if_absolute(const char *path)
{
	return *path == '/' ? path_clean(path) : str_dup(path);
}

static bool is_mode(const char *text)
{
	struct bind_mode mode;
	struct error ignored;

	return *text && bind_mode_parse(text, &mode, &ignored);
}

/* target | source:target | source:target:mode; "/a:ro" is neither. */
static bool split_spec(const char *text, struct bind_spec *spec)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	char **part = parts.items;

	if (parts.count > 3 || !*part[0] || (parts.count > 1 && !*part[1]))
		return false;
	if (parts.count == 2 && is_mode(part[1]))
		return false;
	spec->target = clean_if_absolute(part[parts.count > 1]);
	spec->source = parts.count > 1 ? clean_if_absolute(part[0]) : NULL;
	spec->mode = str_dup(parts.count > 2 ? part[2] : "");
	spec->is_volume = !spec->source || *spec->source != '/';
	return true;
}

static bool check_target(const char *target, struct error *err)
{
	if (*target != '/')
		return error_set(err, ERROR_INVALID,
				 "invalid mount path: '%s' mount path must be absolute", target);
	return strcmp(target, "/") != 0 ||
	       error_set(err, ERROR_INVALID, "invalid specification: destination can't be '/'");
}

static bool check_spec(const struct bind_spec *spec, struct error *err)
{
	if (!check_target(spec->target, err))
		return false;
	if (spec->is_volume && *spec->options.propagation)
		return error_set(err, ERROR_INVALID, "field BindOptions must not be specified");
	if (!spec->is_volume && spec->options.no_copy)
		return error_set(err, ERROR_INVALID, "field VolumeOptions must not be specified");
	if (!spec->source && spec->options.read_only)
		return error_set(err, ERROR_INVALID,
				 "must not set ReadOnly mode when using anonymous volumes");
	return true;
}

static bool parse(const char *text, struct bind_spec *spec, struct error *err)
{
	if (!split_spec(text, spec))
		return error_set(err, ERROR_INVALID, "invalid volume specification: '%s'", text);
	if (!bind_mode_parse(spec->mode, &spec->options, err))
		return false;
	if (check_spec(spec, err))
		return true;
	error_prefix(err, "invalid mount config for type \"%s\"",
		     spec->is_volume ? "volume" : "bind");
	return error_prefix(err, "invalid volume specification: '%s'", text);
}

bool bind_spec_parse(const char *text, struct bind_spec *out, struct error *err)
{
	struct bind_spec spec = {0};

	if (!parse(text, &spec, err)) {
		bind_spec_fini(&spec);
		return false;
	}
	*out = spec;
	return true;
}
