/* For tests: folders of units that live as long as a test. */
#pragma once

#include "base/test.h"
#include "os/file.h"
#include "unit/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two folders of ours, etc and run, and one of somebody else: below `root`. */
struct unit_scratch {
	char root[64];
	struct unit_paths paths;
	struct load_context context;
};

static inline void scratch_begin(struct unit_scratch *s)
{
	static const char *const names[] = {"etc", "run", "lib"};
	struct error err;

	*s = (struct unit_scratch){.root = "/tmp/wherry-units-XXXXXX", .paths.own = 2};
	assert_non_null(mkdtemp(s->root));
	for (size_t i = 0; i < array_length(names); i++) {
		strings_format(&s->paths.folders, "%s/%s", s->root, names[i]);
		assert_true(folder_make(AT_FDCWD, s->paths.folders.items[i], 0755, &err));
	}
	s->context.paths = &s->paths;
	pairs_set(&s->context.specifiers, "H", "host.example");
	pairs_set(&s->context.specifiers, "t", "/run");
}

static inline void scratch_end(struct unit_scratch *s)
{
	struct error err;

	tree_remove(AT_FDCWD, s->root, &err);
	strings_fini(&s->paths.folders);
	pairs_fini(&s->context.specifiers);
}

/* "etc/a.service", with the folders above it. */
static inline void scratch_write(struct unit_scratch *s, const char *path, const char *text)
{
	scoped_free char *full = str_format("%s/%s", s->root, path);
	scoped_free char *folder = str_dup_n(full, (size_t)(strrchr(full, '/') - full));
	struct error err;
	struct file_content content = {text, strlen(text), 0644, false};

	assert_true(folder_make(AT_FDCWD, folder, 0755, &err));
	scoped_fd int fd = folder_open(AT_FDCWD, folder, &err);
	assert_true(file_replace(fd, strrchr(full, '/') + 1, &content, &err));
}

static inline void scratch_link(struct unit_scratch *s, const char *path, const char *target)
{
	scoped_free char *full = str_format("%s/%s", s->root, path);
	scoped_free char *folder = str_dup_n(full, (size_t)(strrchr(full, '/') - full));
	struct error err;

	assert_true(folder_make(AT_FDCWD, folder, 0755, &err));
	assert_int_equal(symlink(target, full), 0);
}

/* A text as etc/NAME, loaded; the caller frees. */
static inline struct unit_config *scratch_load(struct unit_scratch *s, const char *name,
					       const char *text)
{
	scoped_free char *path = str_format("etc/%s", name);

	scratch_write(s, path, text);
	return unit_load(&s->context, name);
}

static inline bool config_path_ends_with(const struct unit_config *config, const char *end)
{
	scoped_free char *path = unit_config_path(config);

	return path && str_ends_with(path, end);
}

static inline bool config_has(const struct unit_config *config, enum dependency kind,
			      const char *name)
{
	for (size_t i = 0; i < config->dependency_count; i++)
		if (config->dependencies[i].kind == kind &&
		    str_equal(config->dependencies[i].name, name))
			return true;
	return false;
}
