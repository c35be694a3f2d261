/* The kernel has no "set this element": adding over an existing one with another value fails, deleting
 * an absent one too, and either fails the whole transaction.  As a rule the daemon knows what is there,
 * so changes are first sent as they are, in one message a map; only when that fails one by one. */
#include "network/firewall.h"

#include "base/log.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define NOTICE_SIZE 65536

/* What the messages of a transaction say. */
struct news {
	bool damaged; /* our table has lost something, and was not made whole behind that */
	bool foreign; /* another's has changed */
};

struct firewall {
	char *table; /* owned */
	int commands, notices;
	uv_poll_t poll;
	struct news coming; /* of the one whose end was not told yet */
	struct firewall_listener listener;
};

/* ---- elements ---- */

static bool send_batch(struct firewall *f, struct netlink_batch *batch, struct error *err)
{
	element_transaction_end(batch);
	return netlink_send(f->commands, batch, err);
}

static bool change_all(struct firewall *f, enum element_change change,
		       const struct element *elements, size_t count, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	element_transaction_begin(&batch);
	elements_message(&batch, f->table, change, elements, count);
	return send_batch(f, &batch, err);
}

static bool change_one(struct firewall *f, enum element_change change,
		       const struct element *element, struct error *err)
{
	return change_all(f, change, element, 1, err);
}

static bool is_taken(const struct error *err)
{
	return err->os == EEXIST || err->os == EBUSY;
}

/* Would adding it alone fail?  Then it stands there with another value.  Asked by doing so. */
static bool find_taken(struct firewall *f, const struct element *elements, size_t count,
		       struct element_list *taken, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (change_one(f, ELEMENT_ADD, &elements[i], err))
			continue;
		if (!is_taken(err))
			return false;
		vector_add(taken, elements[i]);
	}
	return true;
}

/* All that goes stands there, with whatever value. */
static bool exchange(struct firewall *f, const struct element *gone, size_t gone_count,
		     const struct element *come, size_t come_count, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	element_transaction_begin(&batch);
	elements_message(&batch, f->table, ELEMENT_DELETE, gone, gone_count);
	elements_message(&batch, f->table, ELEMENT_DELETE, come, come_count);
	elements_message(&batch, f->table, ELEMENT_ADD, come, come_count);
	return send_batch(f, &batch, err);
}

static bool take_over(struct firewall *f, const struct element *elements, size_t count,
		      struct error *err)
{
	struct element_list taken = {0};
	bool done = find_taken(f, elements, count, &taken, err) &&
		    exchange(f, NULL, 0, taken.items, taken.count, err);
	struct error ignored;

	vector_fini(&taken);
	if (!done)
		firewall_remove(f, elements, count, &ignored);
	return done;
}

bool firewall_add(struct firewall *f, const struct element *elements, size_t count,
		  struct error *err)
{
	if (count == 0 || change_all(f, ELEMENT_ADD, elements, count, err))
		return true;
	return is_taken(err) && take_over(f, elements, count, err);
}

bool firewall_remove(struct firewall *f, const struct element *elements, size_t count,
		     struct error *err)
{
	if (count == 0 || change_all(f, ELEMENT_DELETE, elements, count, err))
		return true;
	for (size_t i = 0; i < count; i++)
		if (!change_one(f, ELEMENT_DELETE, &elements[i], err) && err->os != ENOENT)
			return false;
	return true;
}

bool firewall_replace(struct firewall *f, const struct element *gone, size_t gone_count,
		      const struct element *come, size_t come_count, struct error *err)
{
	if (exchange(f, gone, gone_count, come, come_count, err))
		return true;
	/* Not all of them stand there. */
	return firewall_add(f, come, come_count, err) && firewall_remove(f, gone, gone_count, err);
}

/* ---- notices ---- */

/* The kernel tells every change of every table, several messages in a packet, and its end in one of its own; the
 * first of a packet says enough: our own changes of elements (they are told with the number of the
 * socket that made them) are dropped here, without waking the process, as is what changes no rule. */
static bool filter_notices(int fd, uint32_t own)
{
	static const uint16_t wanted[] = {NFT_MSG_DELRULE,  NFT_MSG_DELCHAIN,	NFT_MSG_DELSET,
					  NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE,	NFT_MSG_NEWCHAIN,
					  NFT_MSG_NEWRULE,  NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM,
					  NFT_MSG_NEWGEN};
	enum { COUNT = array_length(wanted) };
	struct sock_filter code[COUNT + 5] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		[COUNT + 1] = BPF_STMT(BPF_RET | BPF_K, 0),
		[COUNT + 2] =
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		[COUNT + 3] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(own), (uint8_t)0, 1),
	};
	struct sock_filter all[COUNT + 6];
	struct sock_fprog program = {.len = COUNT + 6, .filter = all};

	/* A filter reads numbers in network order, netlink writes them in the host's. */
	for (uint8_t i = 0; i < COUNT; i++) {
		uint16_t type = htons((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | wanted[i]));

		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type,
							   (uint8_t)(COUNT - i), 0);
	}
	memcpy(all, code, sizeof(code));
	all[COUNT + 4] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	all[COUNT + 5] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static void judge_own(uint16_t type, const char *chain, struct news *news)
{
	switch (type) {
	case NFT_MSG_NEWCHAIN: /* our own changes make this one last; see table_form.h */
		if (chain && str_starts_with(chain, "rules-"))
			news->damaged = false;
		break;
	case NFT_MSG_DELTABLE:
	case NFT_MSG_DELCHAIN:
	case NFT_MSG_DELRULE:
	case NFT_MSG_DELSET:
		news->damaged = true;
		break;
	default:
		break;
	}
}

/* Tables of other daemons of ours say nothing about the host. */
static void judge_notice(struct firewall *f, const struct nlmsghdr *message)
{
	const struct nlattr *attributes[NFTA_CHAIN_NAME + 1];
	const char *data = NLMSG_DATA(message), *table;
	uint16_t type = message->nlmsg_type & 0xff;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return;
	netlink_parse(data + sizeof(struct nfgenmsg),
		      message->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg)), attributes,
		      NFTA_CHAIN_NAME);
	table = netlink_text(attributes[NFTA_TABLE_NAME]);
	if (str_equal(table, f->table))
		judge_own(type,
			  type == NFT_MSG_NEWCHAIN ? netlink_text(attributes[NFTA_CHAIN_NAME])
						   : NULL,
			  &f->coming);
	else if (table && !str_starts_with(table, "wherry"))
		f->coming.foreign = true;
}

/* The parts of a transaction may come one by one; its end is told last. */
static void read_packet(struct firewall *f, const void *data, size_t size, struct news *news)
{
	const struct nlmsghdr *m;
	size_t at = 0;

	while ((m = netlink_message(data, size, &at))) {
		if (m->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
			continue;
		if ((m->nlmsg_type & 0xff) != NFT_MSG_NEWGEN) {
			judge_notice(f, m);
			continue;
		}
		news->damaged |= f->coming.damaged;
		news->foreign |= f->coming.foreign;
		f->coming = (struct news){0};
	}
}

static void on_notices(uv_poll_t *poll, int status, int events)
{
	static _Alignas(struct nlmsghdr) char data[NOTICE_SIZE];
	struct firewall *f = poll->data;
	struct news news = {0};

	for (;;) {
		ssize_t size = recv(f->notices, data, sizeof(data), MSG_DONTWAIT);

		if (size < 0 && errno == ENOBUFS)
			news.damaged = true; /* some were lost: as good as damage */
		else if (size < 0 && errno != EINTR)
			break;
		else if (size > 0)
			read_packet(f, data, (size_t)size, &news);
	}
	if (news.damaged)
		f->listener.lost(f->listener.data);
	else if (news.foreign)
		f->listener.changed(f->listener.data);
}

static uint32_t own_number(const struct firewall *f)
{
	struct sockaddr_nl own = {0};
	socklen_t size = sizeof(own);

	getsockname(f->commands, (struct sockaddr *)&own, &size);
	return own.nl_pid;
}

static bool join_group(int fd, int group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
}

static bool watch(struct firewall *f, uv_loop_t *loop, struct error *err)
{
	struct sockaddr_nl any = {.nl_family = AF_NETLINK};

	f->notices = netlink_open(NETLINK_NETFILTER, err);
	if (f->notices < 0)
		return false;
	if (bind(f->notices, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    !filter_notices(f->notices, own_number(f)) || !join_group(f->notices, NFNLGRP_NFTABLES))
		return error_errno(err, "cannot watch the firewall: the kernel has no nf_tables");
	uv_poll_init(loop, &f->poll, f->notices);
	f->poll.data = f;
	uv_poll_start(&f->poll, UV_READABLE, on_notices);
	uv_unref((uv_handle_t *)&f->poll);
	return true;
}

struct firewall *firewall_open(uv_loop_t *loop, const char *table,
			       const struct firewall_listener *listener, struct error *err)
{
	struct firewall *f = mem_new(struct firewall);

	*f = (struct firewall){.table = str_dup(table), .notices = -1, .listener = *listener};
	f->commands = netlink_open(NETLINK_NETFILTER, err);
	if (f->commands >= 0 && watch(f, loop, err))
		return f;
	firewall_close(f);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct firewall *f = handle->data;

	close_fd(&f->notices);
	free(f->table);
	free(f);
}

void firewall_close(struct firewall *f)
{
	if (!f)
		return;
	close_fd(&f->commands);
	if (f->poll.data) {
		uv_close((uv_handle_t *)&f->poll, on_closed);
		return;
	}
	f->poll.data = f;
	on_closed((uv_handle_t *)&f->poll);
}
