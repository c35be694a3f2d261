#include "cmd/cli/config.h"

#include "cmd/cli/api.h"
#include "format/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_LIMIT (4u << 20)

static bool read_file(int fd, struct buffer *out)
{
	ssize_t got;

	while ((got = read(fd, buffer_reserve(out, 65536), 65536)) > 0) {
		buffer_wrote(out, (size_t)got);
		if (out->size > CONFIG_LIMIT)
			return false;
	}
	return got == 0;
}

json_t *config_read(const struct cli *cli)
{
	scoped_free char *directory = cli_config_directory(cli);
	scoped_free char *path = str_format("%s/config.json", directory);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped_buffer struct buffer text = {0};
	struct error err = {0};

	if (fd < 0)
		return json_object();
	json_t *config =
		read_file(fd, &text) && text.size ? json_parse(text.data, text.size, &err) : NULL;
	if (json_is_object(config))
		return config;
	json_decref(config);
	if (*err.text)
		fprintf(stderr, "WARNING: Error loading config file: %s: %s\n", path, err.text);
	return json_object();
}

static bool write_all(int fd, const char *text)
{
	size_t size = strlen(text);

	while (size) {
		ssize_t wrote = write(fd, text, size);

		if (wrote < 0)
			return false;
		text += wrote;
		size -= (size_t)wrote;
	}
	return fsync(fd) == 0;
}

bool config_write(const struct cli *cli, const json_t *config, struct error *err)
{
	scoped_free char *directory = cli_config_directory(cli);
	scoped_free char *path = str_format("%s/config.json", directory);
	scoped_free char *draft = str_format("%s/.config.json.XXXXXX", directory);
	scoped_free char *text = json_dumps(config, JSON_INDENT(8));

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", directory);
	scoped_fd int fd = mkostemp(draft, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return error_errno(err, "cannot write in '%s'", directory);
	if (write_all(fd, text) && rename(draft, path) == 0)
		return true;
	error_errno(err, "cannot write '%s'", path);
	unlink(draft);
	return false;
}

char *config_format(const struct cli *cli, const char *option, const char *name)
{
	if (!str_is_empty(option))
		return str_dup(option);
	scoped_json json_t *config = config_read(cli);
	const char *format = doc_text(config, name);
	return *format ? str_dup(format) : NULL;
}
