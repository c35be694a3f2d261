#include "unit/host_specifiers.h"

#include "base/error.h"
#include "os/file.h"
#include "os/process.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_LIMIT 65536

static char *read_line(const char *path)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	if (!file_read(AT_FDCWD, path, FILE_LIMIT, &text, &err) || !text.data)
		return str_dup("");
	return str_dup_n(text.data, strcspn(text.data, "\n"));
}

/* ---- names of the host ---- */

static const char *architecture(const char *machine)
{
	static const struct {
		const char *machine, *name;
	} names[] = {
		{"x86_64", "x86-64"},	 {"i686", "x86"},    {"i386", "x86"},
		{"aarch64", "arm64"},	 {"armv7l", "arm"},  {"riscv64", "riscv64"},
		{"ppc64le", "ppc64-le"}, {"s390x", "s390x"},
	};

	for (size_t i = 0; i < array_length(names); i++)
		if (str_equal(names[i].machine, machine))
			return names[i].name;
	return machine;
}

static void add_names(struct pairs *out)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	pairs_set(out, "H", name.nodename);
	pairs_set(out, "v", name.release);
	pairs_set(out, "a", architecture(name.machine));
	scoped_free char *plain = str_dup_n(name.nodename, strcspn(name.nodename, "."));
	pairs_set(out, "l", plain);
}

/* A boot id in the form that specifiers have: without dashes. */
static void add_ids(struct pairs *out)
{
	scoped_free char *machine = read_line("/etc/machine-id");
	char boot[40];
	size_t length = 0;

	for (const char *at = process_boot_id(); *at && length < sizeof(boot) - 1; at++)
		if (*at != '-')
			boot[length++] = *at;
	boot[length] = '\0';
	pairs_set(out, "m", machine);
	pairs_set(out, "b", boot);
}

/* ---- the distribution ---- */

static char *unquoted(const char *value, size_t length)
{
	if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
		return str_dup_n(value + 1, length - 2);
	return str_dup_n(value, length);
}

static void add_release_line(struct pairs *out, const char *line, size_t length)
{
	static const struct {
		const char *key, *specifier;
	} keys[] = {
		{"ID=", "o"},	      {"VERSION_ID=", "w"}, {"BUILD_ID=", "B"},
		{"VARIANT_ID=", "W"}, {"IMAGE_ID=", "M"},   {"IMAGE_VERSION=", "A"},
	};

	for (size_t i = 0; i < array_length(keys); i++) {
		size_t size = strlen(keys[i].key);

		if (length < size || strncmp(line, keys[i].key, size) != 0)
			continue;
		scoped_free char *value = unquoted(line + size, length - size);
		pairs_set(out, keys[i].specifier, value);
	}
}

static void add_release(struct pairs *out)
{
	static const char *const letters[] = {"o", "w", "B", "W", "M", "A"};
	scoped_buffer struct buffer text = {0};
	struct error err;

	for (size_t i = 0; i < array_length(letters); i++)
		pairs_set(out, letters[i], "");
	if (!file_read(AT_FDCWD, "/etc/os-release", FILE_LIMIT, &text, &err) || !text.data)
		return;
	for (const char *line = text.data; *line;) {
		size_t length = strcspn(line, "\n");

		add_release_line(out, line, length);
		line += length + (line[length] == '\n');
	}
}

/* ---- tasks ---- */

static int64_t read_number(const char *path)
{
	scoped_free char *text = read_line(path);
	int64_t number;

	return parse_i64(text, &number) ? number : INT64_MAX;
}

static int64_t tasks_of_host(void)
{
	int64_t pids = read_number("/proc/sys/kernel/pid_max"),
		threads = read_number("/proc/sys/kernel/threads-max");

	return pids < threads ? pids : threads;
}

void host_specifiers(struct pairs *out, int64_t *tasks_max)
{
	static const struct pair fixed[] = {
		{"u", "root"},	     {"U", "0"},	{"g", "root"}, {"G", "0"},
		{"h", "/root"},	     {"s", "/bin/sh"},	{"t", "/run"}, {"S", "/var/lib"},
		{"C", "/var/cache"}, {"L", "/var/log"}, {"E", "/etc"}, {"T", "/tmp"},
		{"V", "/var/tmp"},
	};

	for (size_t i = 0; i < array_length(fixed); i++)
		pairs_set(out, fixed[i].name, fixed[i].value);
	add_names(out);
	add_ids(out);
	add_release(out);
	*tasks_max = tasks_of_host() / 100 * 15;
}
