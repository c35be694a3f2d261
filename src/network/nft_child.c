/* A ruleset is refused as a whole with the error of its first rule that does not work, which says
 * "No such file or directory" for a missing module.  So after a failure each feature that the ruleset
 * stands on is checked alone (`nft -c`: the kernel judges, nothing changes) and the first that fails
 * is named.
 *
 * Whoever closes a socket of the firewall is held until what was changed before is freed, 15 ms and more:
 * so nft ends that much later than its rules are in force.  The kernel tells when they are. */
#include "network/nft_child.h"

#include "os/fd.h"
#include "os/netlink.h"
#include "os/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX    8
#define OUTPUT_MAX  (256u << 20)
#define NOTICE_SIZE 8192

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

/* The program under way. */
struct child {
	pid_t pid;
	int pidfd, output, messages;
};

static void child_fini(struct child *child)
{
	close_fd(&child->pidfd);
	close_fd(&child->output);
	close_fd(&child->messages);
}

static bool start(const char *nft, const char *const *args, const struct buffer *input,
		  struct child *child, struct error *err)
{
	scoped_free char *program = find_program(nft);
	scoped_fd int in =
		memfd_sealed("nft", input ? input->data : NULL, input ? input->size : 0, err);
	const char *slash = strrchr(nft, '/');
	char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t)(slash ? slash + 1 : nft)};

	child->output = memfd_create("nft-out", MFD_CLOEXEC);
	child->messages = memfd_create("nft-err", MFD_CLOEXEC);
	if (!program)
		return error_set(err, ERROR_UNAVAILABLE, "the program '%s' is not installed", nft);
	if (in < 0 || child->output < 0 || child->messages < 0)
		return in < 0 ? false : error_errno(err, "cannot make a file in memory");
	for (size_t i = 0; args[i] && i < ARGS_MAX; i++)
		argv[i + 1] = (char *)args[i];
	struct spawn spawn = {.path = program,
			      .args = argv,
			      .in = in,
			      .out = child->output,
			      .err = child->messages,
			      .ends_with_us = true};
	return process_spawn(&spawn, &child->pid, &child->pidfd, err);
}

bool nft_run(const char *nft, const char *const *args, const struct buffer *input,
	     struct buffer *out, struct error *err)
{
	scoped_with(child_fini) struct child child = {0, -1, -1, -1};

	if (!start(nft, args, input, &child, err) || !wait_for(child.pid, child.messages, err))
		return false;
	return !out || read_memory(child.output, out, err);
}

json_t *nft_list(const char *nft, const char *const *args)
{
	scoped_buffer struct buffer out = {0};
	struct error ignored;

	if (!nft_run(nft, args, NULL, &out, &ignored))
		return NULL;
	return json_parse(out.data, out.size, &ignored);
}

/* ---- naming what is missing ---- */

#define CHECK_TABLE		"table inet wherry-check "
#define CHECK_CHAIN(hook, rule) CHECK_TABLE "{ chain c { " hook " " rule "; }; }"
#define NAT_HOOK		"type nat hook prerouting priority -100;"
#define SOURCE_HOOK		"type nat hook postrouting priority 100;"
#define FILTER_HOOK		"type filter hook forward priority 0;"
#define TURNS			"taking turns (CONFIG_NFT_NUMGEN)"

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
	{TURNS, CHECK_CHAIN(FILTER_HOOK, "numgen inc mod 2 0 accept")},
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

/* ---- loading ---- */

struct nft_load {
	struct child child;
	int notices; /* of what the kernel has changed; -1: it cannot be heard */
	bool reaped;
	char *nft; /* owned */
};

/* Of all that is told only the ends of transactions. */
static bool filter_ends(int fd)
{
	/* A filter reads numbers in network order, netlink writes them in the host's. */
	uint16_t end = htons((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN));
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, end, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = array_length(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static int listen_for_ends(void)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	struct error ignored;
	scoped_fd int fd = netlink_open(NETLINK_NETFILTER, &ignored);
	int group = NFNLGRP_NFTABLES;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 && filter_ends(fd) &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0)
		return take_fd(fd);
	return -1;
}

/* A socket's number is its process's, as a rule: where it is not, the child's end tells. */
static bool hears_end_of(int notices, pid_t pid)
{
	_Alignas(struct nlmsghdr) char data[NOTICE_SIZE];
	ssize_t size = recv(notices, data, sizeof(data), MSG_DONTWAIT);
	const struct nlmsghdr *message;
	size_t at = 0;

	while (size > 0 && (message = netlink_message(data, (size_t)size, &at)))
		if (message->nlmsg_pid == (uint32_t)pid)
			return true;
	return false;
}

struct nft_load *nft_load_begin(const char *nft, const struct buffer *ruleset, struct error *err)
{
	static const char *const args[] = {"-f", "-", NULL};
	struct nft_load *load = mem_new(struct nft_load);

	*load = (struct nft_load){{0, -1, -1, -1}, listen_for_ends(), true, str_dup(nft)};
	if (start(nft, args, ruleset, &load->child, err)) {
		load->reaped = false;
		return load;
	}
	error_prefix(err, "cannot load the firewall");
	nft_load_end(load);
	return NULL;
}

bool nft_lacks_turns(const char *nft)
{
	const char *missing = find_missing_feature(nft);

	return missing && str_equal(missing, TURNS);
}

static bool judge_end(struct nft_load *load, struct error *err)
{
	const char *missing;

	load->reaped = true;
	if (wait_for(load->child.pid, load->child.messages, err))
		return true;
	missing = find_missing_feature(load->nft);
	if (missing)
		return error_set(err, ERROR_UNAVAILABLE,
				 "cannot load the firewall: the kernel has no %s", missing);
	return error_prefix(err, "cannot load the firewall");
}

bool nft_load_wait(struct nft_load *load, struct error *err)
{
	for (;;) {
		struct pollfd ready[] = {{load->notices, POLLIN, 0},
					 {load->child.pidfd, POLLIN, 0}};

		if (poll(ready, 2, -1) < 0)
			continue;
		if (ready[0].revents && hears_end_of(load->notices, load->child.pid))
			return true;
		if (ready[1].revents)
			return judge_end(load, err);
	}
}

void nft_load_end(struct nft_load *load)
{
	if (!load)
		return;
	close_fd(&load->notices);
	if (!load->reaped)
		waitpid(load->child.pid, NULL, 0);
	child_fini(&load->child);
	free(load->nft);
	free(load);
}

bool nft_load(const char *nft, const struct buffer *ruleset, struct error *err)
{
	struct nft_load *load = nft_load_begin(nft, ruleset, err);
	bool ok = load && nft_load_wait(load, err);

	nft_load_end(load);
	return ok;
}
