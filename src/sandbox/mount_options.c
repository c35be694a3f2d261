#include "sandbox/mount_options.h"

enum { OPTION_LIMIT = 64 };

static const struct {
	const char *name;
	unsigned set, clear;
} attributes[] = {
	{"ro", MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID, 0},
	{"suid", 0, MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV, 0},
	{"dev", 0, MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
	{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"defaults", 0, 0},
};

static bool apply_attribute(struct mount_options *o, const char *name)
{
	for (size_t i = 0; i < array_length(attributes); i++) {
		if (!str_equal(attributes[i].name, name))
			continue;
		o->attributes = (o->attributes & ~attributes[i].clear) | attributes[i].set;
		return true;
	}
	return false;
}

static void add_option(struct mount_options *o, char *word)
{
	char *equals = strchr(word, '=');

	if (equals)
		*equals = '\0';
	vector_add(o, ((struct mount_option){word, equals ? equals + 1 : NULL}));
}

bool mount_options_parse(const struct mount_spec *spec, struct mount_options *out,
			 struct error *err)
{
	char *save = NULL;

	out->attributes =
		(spec->read_only ? MOUNT_ATTR_RDONLY : 0) | (spec->nosuid ? MOUNT_ATTR_NOSUID : 0) |
		(spec->nodev ? MOUNT_ATTR_NODEV : 0) | (spec->noexec ? MOUNT_ATTR_NOEXEC : 0);
	out->text = str_dup(spec->options ? spec->options : "");
	for (char *word = strtok_r(out->text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (apply_attribute(out, word))
			continue;
		if (out->count == OPTION_LIMIT)
			return error_set(err, ERROR_INVALID, "more than %d mount options",
					 OPTION_LIMIT);
		add_option(out, word);
	}
	return true;
}

void mount_options_fini(struct mount_options *options)
{
	vector_fini(options);
	free(options->text);
}
