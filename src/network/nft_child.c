/* A ruleset is refused as a whole with the error of its first rule that does not work, which says
 * "No such file or directory" for a missing module.  So after a failure each feature that the ruleset
 * stands on is checked alone (`nft -c`: the kernel judges, nothing changes) and the first that fails
 * is named. */
#include "network/nft_child.h"

#include "os/fd.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX   8
#define OUTPUT_MAX (256u << 20)

/* ---- running ---- */

static char *find_in(const char *folders, const char *name)
{
	scoped_strings struct strings list = strings_split(folders, ':');

	for (size_t i = 0; i < list.count; i++) {
		scoped_free char *path = str_format("%s/%s", list.items[i], name);

		if (list.items[i][0] == '/' && access(path, X_OK) == 0)
			return take(path);
	}
	return NULL;
}

/* A daemon's PATH need not have the folders of administrators' programs. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");
	char *found;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? str_dup(name) : NULL;
	found = path ? find_in(path, name) : NULL;
	return found ? found : find_in("/usr/sbin:/sbin:/usr/bin:/bin", name);
}

static bool read_memory(int fd, struct buffer *out, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0 || info.st_size > OUTPUT_MAX)
		return error_errno(err, "cannot read what nft wrote");
	lseek(fd, 0, SEEK_SET);
	if (!fd_read_all(fd, buffer_reserve(out, (size_t)info.st_size), (size_t)info.st_size, err))
		return false;
	buffer_wrote(out, (size_t)info.st_size);
	return true;
}

/* The first line, which is the one that matters. */
static bool tell_failure(int messages, int status, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	char *newline;

	if (!read_memory(messages, &text, err))
		return false;
	newline = text.data ? strchr(text.data, '\n') : NULL;
	if (newline)
		*newline = 0;
	if (text.size == 0)
		return error_set(err, ERROR_SYSTEM, "nft ended with status %d", status);
	return error_set(err, ERROR_SYSTEM, "nft: %s", text.data);
}

static bool wait_for(pid_t pid, int messages, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "cannot wait for nft");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return tell_failure(messages, status, err);
}

bool nft_run(const char *nft, const char *const *args, const struct buffer *input,
	     struct buffer *out, struct error *err)
{
	scoped_free char *program = find_program(nft);
	scoped_fd int in =
		memfd_sealed("nft", input ? input->data : NULL, input ? input->size : 0, err);
	scoped_fd int output = memfd_create("nft-out", MFD_CLOEXEC);
	scoped_fd int messages = memfd_create("nft-err", MFD_CLOEXEC), pidfd = -1;
	const char *slash = strrchr(nft, '/');
	char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t)(slash ? slash + 1 : nft)};
	pid_t pid;

	if (!program)
		return error_set(err, ERROR_UNAVAILABLE, "the program '%s' is not installed", nft);
	if (in < 0 || output < 0 || messages < 0)
		return in < 0 ? false : error_errno(err, "cannot make a file in memory");
	for (size_t i = 0; args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = (char *)args[i];
	struct spawn child = {
		.path = program, .args = argv, .in = in, .out = output, .err = messages};
	if (!process_spawn(&child, &pid, &pidfd, err) || !wait_for(pid, messages, err))
		return false;
	return !out || read_memory(output, out, err);
}

/* ---- naming what is missing ---- */

#define CHECK_TABLE		"table inet wherry-check "
#define CHECK_CHAIN(hook, rule) CHECK_TABLE "{ chain c { " hook " " rule "; }; }"
#define NAT_HOOK		"type nat hook prerouting priority -100;"
#define SOURCE_HOOK		"type nat hook postrouting priority 100;"
#define FILTER_HOOK		"type filter hook forward priority 0;"

static const struct {
	const char *name, *ruleset;
} features[] = {
	{"nf_tables (CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET)", CHECK_TABLE "{ }"},
	{"NAT (CONFIG_NFT_NAT, CONFIG_NF_NAT)",
	 CHECK_CHAIN(NAT_HOOK, "meta nfproto ipv4 dnat ip to 127.0.0.2")},
	{"masquerading (CONFIG_NFT_MASQ)", CHECK_CHAIN(SOURCE_HOOK, "masquerade")},
	{"connection tracking (CONFIG_NFT_CT, CONFIG_NF_CONNTRACK)",
	 CHECK_CHAIN(FILTER_HOOK, "ct state established accept")},
	{"address types (CONFIG_NFT_FIB_INET)",
	 CHECK_CHAIN(NAT_HOOK, "fib daddr type local accept")},
	{"maps of concatenations (CONFIG_NF_TABLES, Linux 5.6)",
	 CHECK_TABLE "{ map m { type inet_proto . inet_service : ipv4_addr . inet_service; }; }"},
	{"kinds of devices (meta iifkind)",
	 CHECK_CHAIN(FILTER_HOOK, "meta iifkind \"bridge\" accept")},
};

static const char *find_missing_feature(const char *nft)
{
	static const char *const check[] = {"-c", "-f", "-", NULL};

	for (size_t i = 0; i < array_length(features); i++) {
		scoped_buffer struct buffer text = {0};
		struct error ignored;

		buffer_format(&text, "%s\n", features[i].ruleset);
		if (!nft_run(nft, check, &text, NULL, &ignored))
			return features[i].name;
	}
	return NULL;
}

bool nft_load(const char *nft, const struct buffer *ruleset, struct error *err)
{
	static const char *const load[] = {"-f", "-", NULL};
	const char *missing;

	if (nft_run(nft, load, ruleset, NULL, err))
		return true;
	if (err->kind == ERROR_UNAVAILABLE)
		return error_prefix(err, "cannot load the firewall");
	missing = find_missing_feature(nft);
	if (missing)
		return error_set(err, ERROR_UNAVAILABLE,
				 "cannot load the firewall: the kernel has no %s", missing);
	return error_prefix(err, "cannot load the firewall");
}
