#include "door/docker/host_info.h"

#include "base/error.h"
#include "os/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_LIMIT 65536
#define XFS_MAGIC  0x58465342

/* ---- os-release ---- */

/* In quotes a backslash takes the next character as it is. */
static char *unquoted(const char *text, size_t length)
{
	struct buffer out = {0};
	char quote = length && (*text == '"' || *text == '\'') ? *text : '\0';

	for (size_t i = quote != '\0'; i < length && text[i] != quote; i++) {
		if (text[i] == '\\' && i + 1 < length)
			i++;
		buffer_add_char(&out, text[i]);
	}
	return buffer_take(&out);
}

char *os_release_value(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > length && strncmp(text, name, length) == 0 && text[length] == '=')
			return unquoted(text + length + 1, line - length - 1);
		text += line + (text[line] == '\n');
	}
	return NULL;
}

/* ---- files ---- */

static char *read_text(const char *path)
{
	struct buffer text = {0};
	struct error ignored;

	file_read(AT_FDCWD, path, FILE_LIMIT, &text, &ignored);
	return buffer_take(&text);
}

static bool is_switched_on(const char *path)
{
	scoped_free char *text = read_text(path);

	return *text == '1';
}

/* MemTotal of /proc/meminfo, which is in KiB. */
static int64_t read_memory(void)
{
	scoped_free char *text = read_text("/proc/meminfo");
	const char *line = strstr(text, "MemTotal:");
	long long kib = 0;

	if (line)
		kib = strtoll(line + strlen("MemTotal:"), NULL, 10);
	return kib * 1024;
}

static const char *filesystem_name(const char *path)
{
	static const struct {
		long magic;
		const char *name;
	} names[] = {
		{EXT4_SUPER_MAGIC, "extfs"},  {XFS_MAGIC, "xfs"},
		{BTRFS_SUPER_MAGIC, "btrfs"}, {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
		{TMPFS_MAGIC, "tmpfs"},	      {F2FS_SUPER_MAGIC, "f2fs"},
	};
	struct statfs fs;

	if (statfs(path, &fs) == 0)
		for (size_t i = 0; i < array_length(names); i++)
			if ((unsigned long)fs.f_type == (unsigned long)names[i].magic)
				return names[i].name;
	return "<unknown>";
}

static void read_system(struct host_info *out)
{
	struct utsname kernel;

	uname(&kernel);
	out->name = str_dup(kernel.nodename);
	out->kernel = str_dup(kernel.release);
	out->machine = str_dup(kernel.machine);
	scoped_free char *etc = read_text("/etc/os-release");
	scoped_free char *usr = *etc ? NULL : read_text("/usr/lib/os-release");
	const char *release = usr ? usr : etc;
	out->operating_system = os_release_value(release, "PRETTY_NAME");
	out->os_version = os_release_value(release, "VERSION_ID");
	if (!out->operating_system)
		out->operating_system = str_dup("Linux");
}

void host_info_read(const char *data_root, struct host_info *out)
{
	*out = (struct host_info){
		.filesystem = filesystem_name(data_root),
		.processors = sysconf(_SC_NPROCESSORS_ONLN),
		.memory = read_memory(),
		.ipv4_forwarding = is_switched_on("/proc/sys/net/ipv4/ip_forward"),
		.bridge_nf = is_switched_on("/proc/sys/net/bridge/bridge-nf-call-iptables"),
		.bridge_nf6 = is_switched_on("/proc/sys/net/bridge/bridge-nf-call-ip6tables"),
	};
	read_system(out);
}

void host_info_fini(struct host_info *info)
{
	free(info->name);
	free(info->kernel);
	free(info->machine);
	free(info->operating_system);
	free(info->os_version);
	*info = (struct host_info){0};
}
