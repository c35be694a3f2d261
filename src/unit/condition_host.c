/* What conditions are asked of: the files and the facts of this machine. */
#include "unit/condition.h"

#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { FACT_LIMIT = 64 << 10 };

/* ---- paths ---- */

static bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool glob_exists(const char *pattern)
{
	glob_t found = {0};
	bool exists = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0;

	globfree(&found);
	return exists;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_symbolic_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static bool is_mount_point(const char *path)
{
	struct statx stx;

	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static bool is_read_write(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) == 0 && !(st.f_flag & ST_RDONLY);
}

static bool is_filled_directory(const char *path)
{
	DIR *folder = opendir(path);
	bool filled = false;

	if (!folder)
		return false;
	for (const struct dirent *entry; !filled && (entry = readdir(folder));)
		filled = !str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..");
	closedir(folder);
	return filled;
}

static bool is_filled_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* ---- facts ---- */

/* A small file of the kernel or the system, without the line's end; "" where it is not. */
static char *read_fact(const char *path)
{
	struct buffer text = {0};
	struct error err;

	if (!file_read(AT_FDCWD, path, FACT_LIMIT, &text, &err))
		buffer_clear(&text);
	while (text.size && text.data[text.size - 1] == '\n')
		text.data[--text.size] = '\0';
	return buffer_take(&text);
}

static bool is_host(const char *argument)
{
	scoped_free char *machine = read_fact("/etc/machine-id");
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	return str_equal(machine, argument) || fnmatch(argument, name, FNM_CASEFOLD) == 0;
}

static bool is_on_command_line(const char *argument)
{
	scoped_free char *line = read_fact("/proc/cmdline");
	scoped_strings struct strings words = strings_split(line, ' ');
	size_t length = strlen(argument);
	bool with_value = strchr(argument, '=');

	for (size_t i = 0; i < words.count; i++)
		if (str_equal(words.items[i], argument) ||
		    (!with_value && str_starts_with(words.items[i], argument) &&
		     words.items[i][length] == '='))
			return true;
	return false;
}

static bool is_architecture(const char *argument)
{
	static const struct {
		const char *machine, *name;
	} names[] = {
		{"x86_64", "x86-64"},		{"i686", "x86"},	{"i586", "x86"},
		{"aarch64", "arm64"},		{"armv7l", "arm"},	{"armv6l", "arm"},
		{"ppc64le", "ppc64-le"},	{"riscv64", "riscv64"}, {"s390x", "s390x"},
		{"loongarch64", "loongarch64"},
	};
	struct utsname host;

	if (str_equal(argument, "native") || uname(&host) < 0)
		return true;
	for (size_t i = 0; i < array_length(names); i++)
		if (str_equal(names[i].machine, host.machine))
			return str_equal(names[i].name, argument);
	return str_equal(host.machine, argument);
}

/* What a container's manager says of itself; "" outside. */
static char *container_name(void)
{
	scoped_free char *said = read_fact("/run/systemd/container");

	if (*said)
		return take(said);
	if (path_exists("/.dockerenv"))
		return str_dup("docker");
	return str_dup(path_exists("/run/.containerenv") ? "podman" : "");
}

/* "kvm", "vmware" ...; "vm-other" when only the processor says so; "" on bare metal. */
static const char *machine_name(void)
{
	static const struct {
		const char *words, *name;
	} makers[] = {
		{"KVM", "kvm"},		  {"QEMU", "qemu"},	      {"VMware", "vmware"},
		{"VirtualBox", "oracle"}, {"innotek", "oracle"},      {"Xen", "xen"},
		{"Amazon EC2", "amazon"}, {"Google", "google"},	      {"Microsoft", "microsoft"},
		{"Bochs", "bochs"},	  {"Parallels", "parallels"},
	};
	scoped_free char *maker = read_fact("/sys/class/dmi/id/sys_vendor");
	scoped_free char *product = read_fact("/sys/class/dmi/id/product_name");
	scoped_free char *processor = read_fact("/proc/cpuinfo");

	if (path_exists("/sys/hypervisor/type"))
		return "xen";
	if (!strstr(processor, " hypervisor"))
		return "";
	for (size_t i = 0; i < array_length(makers); i++)
		if (strstr(product, makers[i].words) || strstr(maker, makers[i].words))
			return makers[i].name;
	return "vm-other";
}

static bool is_virtualized(const char *argument)
{
	scoped_free char *container = container_name();
	const char *machine = machine_name();
	bool any = *container || *machine;

	if (str_equal(argument, "yes") || str_equal(argument, "true") || str_equal(argument, "1"))
		return any;
	if (str_equal(argument, "no") || str_equal(argument, "false") || str_equal(argument, "0"))
		return !any;
	if (str_equal(argument, "container"))
		return *container;
	if (str_equal(argument, "vm")) /* the innermost counts */
		return *machine && !*container;
	return str_equal(argument, *container ? container : machine);
}

static bool is_in_environment(const char *argument)
{
	scoped_free char *name = str_dup(argument);
	char *equals = strchr(name, '=');

	if (equals)
		*equals++ = '\0';
	const char *value = getenv(name);
	return value && (!equals || str_equal(value, equals));
}

static bool is_user(const char *argument)
{
	char names[4096];
	struct passwd user, *found = NULL;
	uint64_t uid;

	if (str_equal(argument, "@system"))
		return geteuid() < 1000;
	if (parse_u64(argument, &uid))
		return uid == geteuid();
	return getpwuid_r(geteuid(), &user, names, sizeof(names), &found) == 0 && found &&
	       str_equal(found->pw_name, argument);
}

static bool is_member(uint64_t gid)
{
	gid_t groups[256];
	int count = getgroups(array_length(groups), groups);

	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid();
}

static bool is_group(const char *argument)
{
	char names[16384];
	struct group group, *found = NULL;
	uint64_t gid;

	if (parse_u64(argument, &gid))
		return is_member(gid);
	return getgrnam_r(argument, &group, names, sizeof(names), &found) == 0 && found &&
	       is_member(found->gr_gid);
}

/* ">= 4", "<2", "8": the same as ">= 8". */
static bool compares(double have, const char *argument, double unit)
{
	static const struct {
		const char *sign;
		bool less, equal, more;
	} signs[] = {
		{"<=", true, true, false}, {">=", false, true, true}, {"!=", true, false, true},
		{"<", true, false, false}, {">", false, false, true}, {"=", false, true, false},
		{"", false, true, true},
	};
	static const char suffixes[] = "KMGT";
	size_t i = 0;
	char *end;

	while (!str_starts_with(argument, signs[i].sign))
		i++;
	double want = strtod(argument + strlen(signs[i].sign), &end);
	const char *suffix = *end && unit > 1 ? strchr(suffixes, *end) : NULL;
	for (; suffix && suffix >= suffixes; suffix--)
		want *= unit;
	return have < want ? signs[i].less : have > want ? signs[i].more : signs[i].equal;
}

static bool has_memory(const char *argument)
{
	return compares((double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE), argument,
			1024);
}

static bool has_cpus(const char *argument)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	return compares(CPU_COUNT(&set), argument, 1);
}

bool condition_probe_host(void *data, enum condition_kind kind, const char *argument)
{
	static bool (*const probes[CONDITIONS])(const char *) = {
		[CONDITION_PATH_EXISTS] = path_exists,
		[CONDITION_PATH_EXISTS_GLOB] = glob_exists,
		[CONDITION_PATH_IS_DIRECTORY] = is_directory,
		[CONDITION_PATH_IS_SYMBOLIC_LINK] = is_symbolic_link,
		[CONDITION_PATH_IS_MOUNT_POINT] = is_mount_point,
		[CONDITION_PATH_IS_READ_WRITE] = is_read_write,
		[CONDITION_DIRECTORY_NOT_EMPTY] = is_filled_directory,
		[CONDITION_FILE_NOT_EMPTY] = is_filled_file,
		[CONDITION_FILE_IS_EXECUTABLE] = is_executable,
		[CONDITION_HOST] = is_host,
		[CONDITION_KERNEL_COMMAND_LINE] = is_on_command_line,
		[CONDITION_VIRTUALIZATION] = is_virtualized,
		[CONDITION_ARCHITECTURE] = is_architecture,
		[CONDITION_ENVIRONMENT] = is_in_environment,
		[CONDITION_USER] = is_user,
		[CONDITION_GROUP] = is_group,
		[CONDITION_MEMORY] = has_memory,
		[CONDITION_CPUS] = has_cpus,
	};

	return probes[kind](argument);
}
