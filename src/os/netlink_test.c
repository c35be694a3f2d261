#include "base/test.h"

#include "os/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void messages_and_attributes_are_padded_and_measured(void **state)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct ifinfomsg link = {.ifi_index = 7};
	const struct nlmsghdr *message;
	size_t nest;

	netlink_begin(&batch, RTM_NEWLINK, NLM_F_CREATE, "make link");
	netlink_header(&batch, &link, sizeof(link));
	netlink_add_text(&batch, IFLA_IFNAME, "eth0");
	nest = netlink_nest(&batch, IFLA_LINKINFO);
	netlink_add_u8(&batch, IFLA_INFO_KIND, 9);
	netlink_nest_end(&batch, nest);
	netlink_end(&batch);

	message = (const void *)batch.bytes.data;
	assert_int_equal(message->nlmsg_len, 16 + 16 + 12 + 4 + 8);
	assert_int_equal(batch.bytes.size, message->nlmsg_len);
	assert_int_equal(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE);
	assert_memory_equal(batch.bytes.data + 32, "\x09\0\x03\0eth0\0\0\0\0", 12);
	assert_memory_equal(batch.bytes.data + 44, "\x0c\0\x12\x80\x05\0\x01\0\x09\0\0\0", 12);
}

static void attributes_are_found_by_number(void **state)
{
	scoped_netlink struct netlink_batch batch = {0};
	const struct nlattr *found[5];

	netlink_add_text(&batch, 2, "two");
	netlink_add_u32(&batch, 4, 0x04040404);
	netlink_add_u32(&batch, 77, 77);
	netlink_parse(batch.bytes.data, batch.bytes.size, found, 4);
	assert_string_equal(netlink_text(found[2]), "two");
	assert_int_equal(*(const uint32_t *)netlink_data(found[4]), 0x04040404);
	assert_null(found[1]);
	assert_null(netlink_text(found[1]));
	assert_null(netlink_text(found[4])); /* not a text */
}

static void malformed_attributes_end_the_walk(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {
		{"", 0},
		{"\x04", 1},
		{"\0\0\x01\0", 4},	   /* shorter than its own header */
		{"\xff\xff\x01\0aaaa", 8}, /* longer than the input */
		{"\x05\0\x02\0a", 5},	   /* its padding is missing: fine, and the last */
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const struct nlattr *found[3];
		void *copy = mem_copy(cases[i].bytes, cases[i].size);

		netlink_parse(copy, cases[i].size, found, 2);
		assert_null(found[1]);
		assert_int_equal(found[2] != NULL, i == 4);
		free(copy);
	}
}

static void the_failing_step_gives_the_error(void **state)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct error err;
	scoped_fd int fd = netlink_open(NETLINK_ROUTE, &err);
	struct ifinfomsg link = {.ifi_index = 0x7ffffff0};
	const char *steps[] = {"see the first", "see the second"};

	assert_true(fd >= 0);
	for (int i = 0; i < 2; i++) {
		netlink_begin(&batch, RTM_GETLINK, 0, steps[i]);
		netlink_header(&batch, &link, sizeof(link));
		netlink_end(&batch);
	}
	assert_false(netlink_send(fd, &batch, &err));
	assert_string_equal(err.text, "cannot see the first");
	assert_int_equal(err.os, ENODEV);
	assert_int_equal(recv(fd, &link, sizeof(link), MSG_DONTWAIT),
			 -1); /* nothing is left over */
}

static void messages_of_a_packet_are_walked_to_their_end(void **state)
{
	static const struct {
		uint32_t lengths[3];
		size_t size, count;
	} cases[] = {
		{{16, 16, 16}, 48, 3}, {{20, 28, 0}, 48, 2},  {{16, 17, 0}, 48, 2},
		{{16, 40, 0}, 48, 1},  {{15, 16, 16}, 48, 0}, {{16, 16, 16}, 47, 2},
		{{16, 16, 16}, 0, 0},  {{46, 0, 0}, 46, 1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		_Alignas(8) char packet[48] = {0};
		size_t at = 0, count = 0, place = 0;

		for (size_t j = 0; j < 3 && place + 16 <= sizeof(packet); j++) {
			((struct nlmsghdr *)(void *)(packet + place))->nlmsg_len =
				cases[i].lengths[j];
			place += NLMSG_ALIGN(cases[i].lengths[j]);
		}
		while (netlink_message(packet, cases[i].size, &at))
			count++;
		assert_int_equal(count, cases[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_and_attributes_are_padded_and_measured),
		cmocka_unit_test(attributes_are_found_by_number),
		cmocka_unit_test(malformed_attributes_end_the_walk),
		cmocka_unit_test(messages_of_a_packet_are_walked_to_their_end),
		cmocka_unit_test(the_failing_step_gives_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
