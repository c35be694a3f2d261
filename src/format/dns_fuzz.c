/* Any bytes as a message: what is read can be answered, and the answer reads back as one to it. */
#include "format/dns.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void answer(const uint8_t *data, const struct dns_message *asked, enum dns_parsed parsed)
{
	static const uint8_t address[16] = {0xfd};
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message answered;
	struct dns_reply reply;
	size_t size;

	dns_reply_begin(&reply, out, sizeof(out), data, asked);
	for (int i = 0; i < asked->id % 64; i++)
		dns_reply_address(&reply, address, i % 2 ? 4 : 16, 5);
	dns_reply_pointer(&reply, asked->name, 5);
	size = dns_reply_end(&reply, DNS_NO_ERROR);
	must(size <= sizeof(out));
	if (parsed != DNS_PARSED)
		return;
	must(dns_parse(out, size, &answered) == DNS_PARSED);
	must(dns_answers(&answered, asked));
	must(answered.truncated == reply.truncated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message asked;
	enum dns_parsed parsed = dns_parse(data, size, &asked);
	uint8_t bytes[16];

	if (parsed == DNS_NOTHING)
		return 0;
	must(asked.question_end <= size && asked.question_end >= DNS_HEADER_SIZE);
	must(strlen(asked.name) < sizeof(asked.name));
	dns_reverse_address(asked.name, bytes);
	answer(data, &asked, parsed);
	return 0;
}
