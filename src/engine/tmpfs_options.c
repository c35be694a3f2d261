#include "engine/tmpfs_options.h"

#include "base/memory.h"
#include "base/text.h"

static bool takes_value(const char *option)
{
	static const char *const names[] = {
		"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "mpol=", "huge="};

	for (size_t i = 0; i < array_length(names); i++)
		if (str_starts_with(option, names[i]))
			return true;
	return false;
}

static bool set_flag(const char *option, struct tmpfs_flags *flags)
{
	const struct {
		const char *name;
		bool *flag; /* NULL: nothing to do */
		bool value;
	} known[] = {
		{"ro", &flags->read_only, true},  {"rw", &flags->read_only, false},
		{"nosuid", &flags->nosuid, true}, {"suid", &flags->nosuid, false},
		{"nodev", &flags->nodev, true},	  {"dev", &flags->nodev, false},
		{"noexec", &flags->noexec, true}, {"exec", &flags->noexec, false},
		{"defaults", NULL, false},	  {"noatime", NULL, false},
		{"atime", NULL, false},		  {"relatime", NULL, false},
		{"nodiratime", NULL, false},	  {"strictatime", NULL, false},
		{"async", NULL, false},		  {"sync", NULL, false},
	};

	for (size_t i = 0; i < array_length(known); i++) {
		if (!str_equal(known[i].name, option))
			continue;
		if (known[i].flag)
			*known[i].flag = known[i].value;
		return true;
	}
	return false;
}

bool tmpfs_options_parse(const char *text, char **options, struct tmpfs_flags *flags,
			 struct error *err)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ','), kept = {0};
	struct tmpfs_flags read = {.nosuid = true, .nodev = true, .noexec = true};

	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (takes_value(word))
			strings_add(&kept, word);
		else if (*word && !set_flag(word, &read))
			return error_set(err, ERROR_INVALID, "invalid tmpfs option [\"%s\"]", word);
	}
	*options = strings_join(&kept, ",");
	*flags = read;
	return true;
}
