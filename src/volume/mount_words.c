#include "volume/mount_words.h"

#include <sys/mount.h>

static const struct {
	const char *name;
	unsigned long set, clear;
} flags[] = {
	{"defaults", 0, 0},
	{"ro", MS_RDONLY, 0},
	{"rw", 0, MS_RDONLY},
	{"nosuid", MS_NOSUID, 0},
	{"suid", 0, MS_NOSUID},
	{"nodev", MS_NODEV, 0},
	{"dev", 0, MS_NODEV},
	{"noexec", MS_NOEXEC, 0},
	{"exec", 0, MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS, 0},
	{"async", 0, MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC, 0},
	{"mand", MS_MANDLOCK, 0},
	{"nomand", 0, MS_MANDLOCK},
	{"noatime", MS_NOATIME, 0},
	{"atime", 0, MS_NOATIME},
	{"nodiratime", MS_NODIRATIME, 0},
	{"diratime", 0, MS_NODIRATIME},
	{"relatime", MS_RELATIME, 0},
	{"norelatime", 0, MS_RELATIME},
	{"strictatime", MS_STRICTATIME, 0},
	{"nostrictatime", 0, MS_STRICTATIME},
	{"bind", MS_BIND, 0},
	{"rbind", MS_BIND | MS_REC, 0},
};

static const struct {
	const char *name;
	unsigned long value;
} propagations[] = {
	{"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
	{"shared", MS_SHARED},	       {"rshared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE},	       {"rslave", MS_SLAVE | MS_REC},
	{"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

static bool take_flag(const char *word, struct mount_words *out)
{
	for (size_t i = 0; i < array_length(flags); i++) {
		if (!str_equal(flags[i].name, word))
			continue;
		out->flags = (out->flags & ~flags[i].clear) | flags[i].set;
		return true;
	}
	return false;
}

static bool take_propagation(const char *word, struct mount_words *out)
{
	for (size_t i = 0; i < array_length(propagations); i++) {
		if (!str_equal(propagations[i].name, word))
			continue;
		out->propagation = propagations[i].value;
		return true;
	}
	return false;
}

void mount_words_parse(const char *text, struct mount_words *out)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ','), rest = {0};

	*out = (struct mount_words){0};
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (str_equal(word, "loop"))
			out->loop = true;
		else if (*word && !take_flag(word, out) && !take_propagation(word, out))
			strings_add(&rest, word);
	}
	out->data = strings_join(&rest, ",");
}

void mount_words_fini(struct mount_words *words)
{
	free(words->data);
	*words = (struct mount_words){0};
}

static bool is_secret(const char *word)
{
	return str_starts_with(word, "password=") || str_starts_with(word, "pass=") ||
	       str_starts_with(word, "secret=");
}

char *mount_words_without_secrets(const char *text)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ','), shown = {0};

	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (is_secret(word))
			strings_format(&shown, "%.*s=********", (int)strcspn(word, "="), word);
		else
			strings_add(&shown, word);
	}
	return strings_join(&shown, ",");
}

/* "name=value": where the value begins; NULL: another word. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return str_starts_with(word, name) && word[length] == '=' ? word + length + 1 : NULL;
}

char *mount_words_get(const char *text, const char *name)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ',');

	for (size_t i = 0; i < words.count; i++)
		if (value_of(words.items[i], name))
			return str_dup(value_of(words.items[i], name));
	return NULL;
}

char *mount_words_set(const char *text, const char *name, const char *value)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ','), out = {0};
	bool placed = false;

	for (size_t i = 0; i < words.count; i++) {
		if (!value_of(words.items[i], name)) {
			if (*words.items[i])
				strings_add(&out, words.items[i]);
			continue;
		}
		strings_format(&out, "%s=%s", name, value);
		placed = true;
	}
	if (!placed)
		strings_format(&out, "%s=%s", name, value);
	return strings_join(&out, ",");
}
