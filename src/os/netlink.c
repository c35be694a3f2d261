/* See netlink.h.  Every piece is aligned to 4 bytes; sizes are filled in when a piece is closed.
 * The sequence number of a message is its place in the batch, so an acknowledgement names its step.
 */
#include "os/netlink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACKNOWLEDGEMENTS_SIZE 16384

void netlink_batch_fini(struct netlink_batch *batch)
{
	buffer_fini(&batch->bytes);
	vector_fini(&batch->steps);
}

static void add_padded(struct netlink_batch *batch, const void *data, size_t size)
{
	static const char zeros[NLMSG_ALIGNTO];

	buffer_add(&batch->bytes, data, size);
	buffer_add(&batch->bytes, zeros, NLMSG_ALIGN(size) - size);
}

static void begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const char *step)
{
	struct nlmsghdr header = {.nlmsg_type = type,
				  .nlmsg_flags = NLM_F_REQUEST | flags,
				  .nlmsg_seq = (uint32_t)batch->steps.count};

	batch->message = batch->bytes.size;
	vector_add(&batch->steps, step);
	add_padded(batch, &header, sizeof(header));
}

void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const char *step)
{
	begin(batch, type, flags | NLM_F_ACK, step);
}

void netlink_begin_silent(struct netlink_batch *batch, uint16_t type, uint16_t flags)
{
	begin(batch, type, flags, NULL);
}

void netlink_end(struct netlink_batch *batch)
{
	struct nlmsghdr *header = (void *)(batch->bytes.data + batch->message);

	header->nlmsg_len = (uint32_t)(batch->bytes.size - batch->message);
}

void netlink_header(struct netlink_batch *batch, const void *data, size_t size)
{
	add_padded(batch, data, size);
}

void netlink_add(struct netlink_batch *batch, uint16_t attribute, const void *data, size_t size)
{
	struct nlattr header = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = attribute};

	add_padded(batch, &header, sizeof(header));
	add_padded(batch, data, size);
}

void netlink_add_text(struct netlink_batch *batch, uint16_t attribute, const char *text)
{
	netlink_add(batch, attribute, text, strlen(text) + 1);
}

void netlink_add_u8(struct netlink_batch *batch, uint16_t attribute, uint8_t value)
{
	netlink_add(batch, attribute, &value, sizeof(value));
}

void netlink_add_u32(struct netlink_batch *batch, uint16_t attribute, uint32_t value)
{
	netlink_add(batch, attribute, &value, sizeof(value));
}

void netlink_add_be32(struct netlink_batch *batch, uint16_t attribute, uint32_t value)
{
	netlink_add_u32(batch, attribute, htonl(value));
}

size_t netlink_nest(struct netlink_batch *batch, uint16_t attribute)
{
	size_t nest = batch->bytes.size;

	netlink_add(batch, attribute | NLA_F_NESTED, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink_batch *batch, size_t nest)
{
	struct nlattr *header = (void *)(batch->bytes.data + nest);

	assert(batch->bytes.size - nest <= UINT16_MAX);
	header->nla_len = (uint16_t)(batch->bytes.size - nest);
}

int netlink_open(int protocol, struct error *err)
{
	int one = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0) {
		error_errno(err, "cannot open a netlink socket");
		return -1;
	}
	/* An acknowledgement then does not repeat the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return fd;
}

static bool send_all(int socket, const struct netlink_batch *batch, struct error *err)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(socket, batch->bytes.data, batch->bytes.size, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent >= 0 || error_errno(err, "cannot send to the kernel");
}

struct acknowledgements {
	const struct netlink_batch *batch;
	size_t expected;
	size_t failed; /* first message that failed; SIZE_MAX: none */
	int os;
};

static const char *step_name(const struct netlink_batch *batch, size_t number)
{
	return number < batch->steps.count ? batch->steps.items[number] : NULL;
}

/* A refusal of a whole nfnetlink transaction is told for its silent first message, and nothing else
 * is told then. */
static void note_acknowledgement(struct acknowledgements *acks, const struct nlmsghdr *message)
{
	const struct nlmsgerr *answer = NLMSG_DATA(message);

	if (message->nlmsg_type != NLMSG_ERROR ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
		return;
	if (step_name(acks->batch, message->nlmsg_seq))
		acks->expected--;
	else if (answer->error)
		acks->expected = 0;
	if (answer->error == 0 || message->nlmsg_seq >= acks->failed)
		return;
	acks->failed = message->nlmsg_seq;
	acks->os = -answer->error;
}

/* All answers are there when send() returns, so this never waits. */
static bool receive_acknowledgements(int socket, struct acknowledgements *acks, struct error *err)
{
	_Alignas(struct nlmsghdr) char data[ACKNOWLEDGEMENTS_SIZE];

	while (acks->expected > 0) {
		ssize_t size = recv(socket, data, sizeof(data), MSG_DONTWAIT);
		const struct nlmsghdr *m;
		size_t at = 0;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_errno(err, "cannot hear the kernel's answer");
		while ((m = netlink_message(data, (size_t)size, &at)))
			note_acknowledgement(acks, m);
	}
	return true;
}

static size_t count_acknowledgements(const struct netlink_batch *batch)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->steps.count; i++)
		count += batch->steps.items[i] != NULL;
	return count;
}

bool netlink_send(int socket, const struct netlink_batch *batch, struct error *err)
{
	struct acknowledgements acks = {
		.batch = batch, .expected = count_acknowledgements(batch), .failed = SIZE_MAX};
	const char *step;

	if (!send_all(socket, batch, err) || !receive_acknowledgements(socket, &acks, err))
		return false;
	if (acks.failed == SIZE_MAX)
		return true;
	step = step_name(batch, acks.failed);
	errno = acks.os;
	return error_errno(err, "cannot %s", step ? step : "open a transaction of the firewall");
}

const struct nlmsghdr *netlink_message(const void *packet, size_t size, size_t *at)
{
	const struct nlmsghdr *message = (const void *)((const char *)packet + *at);

	if (*at >= size || size - *at < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > size - *at)
		return NULL;
	*at += NLMSG_ALIGN(message->nlmsg_len);
	return message;
}

void netlink_parse(const void *data, size_t size, const struct nlattr **attributes, size_t max)
{
	const char *at = data;

	memset(attributes, 0, (max + 1) * sizeof(*attributes));
	while (size >= NLA_HDRLEN) {
		const struct nlattr *attribute = (const void *)at;
		size_t type = attribute->nla_type & NLA_TYPE_MASK;
		size_t step = NLA_ALIGN(attribute->nla_len);

		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > size)
			return;
		if (type <= max)
			attributes[type] = attribute;
		if (step >= size)
			return;
		at += step;
		size -= step;
	}
}

const void *netlink_data(const struct nlattr *attribute)
{
	return (const char *)attribute + NLA_HDRLEN;
}

size_t netlink_size(const struct nlattr *attribute)
{
	return attribute->nla_len - NLA_HDRLEN;
}

const char *netlink_text(const struct nlattr *attribute)
{
	const char *text;

	if (!attribute || netlink_size(attribute) == 0)
		return NULL;
	text = netlink_data(attribute);
	return text[netlink_size(attribute) - 1] == 0 ? text : NULL;
}
