#include "base/test.h"

#include "network/table_look.h"

#include <endian.h>

/* Attributes as the kernel tells them of a set: numbers of four bytes, or of eight. */
struct told {
	uint16_t attribute;
	uint32_t value;
	bool eight;
};

static uint64_t content_of(const struct told *first, const struct told *second)
{
	const struct told *const all[] = {first, second};
	const struct nlattr *attributes[TABLE_SET_ATTRIBUTE_MAX + 1] = {0};
	scoped_netlink struct netlink_batch batch = {0};

	netlink_begin_silent(&batch, 0, 0);
	for (size_t i = 0; i < array_length(all); i++) {
		uint64_t long_value = htobe64(all[i] ? all[i]->value : 0);

		if (all[i] && all[i]->eight)
			netlink_add(&batch, all[i]->attribute, &long_value, sizeof(long_value));
		else if (all[i])
			netlink_add_be32(&batch, all[i]->attribute, all[i]->value);
	}
	netlink_parse(batch.bytes.data + NLMSG_HDRLEN, batch.bytes.size - NLMSG_HDRLEN, attributes,
		      TABLE_SET_ATTRIBUTE_MAX);
	return table_set_content(attributes);
}

static void all_that_a_set_is_counts(void **state)
{
	static const struct told sets[] = {
		{NFTA_SET_FLAGS, NFT_SET_CONSTANT, false},
		{NFTA_SET_FLAGS, NFT_SET_INTERVAL, false},
		{NFTA_SET_FLAGS, NFT_SET_MAP, false},
		{NFTA_SET_FLAGS, NFT_SET_TIMEOUT, false},
		{NFTA_SET_FLAGS, NFT_SET_EVAL, false},
		{NFTA_SET_FLAGS, NFT_SET_MAP | NFT_SET_TIMEOUT, false},
		{NFTA_SET_NAME, 1, false},
		{NFTA_SET_KEY_TYPE, 1, false},
		{NFTA_SET_KEY_LEN, 1, false},
		{NFTA_SET_DATA_TYPE, 1, false},
		{NFTA_SET_DATA_LEN, 1, false},
		{NFTA_SET_OBJ_TYPE, 1, false},
		{NFTA_SET_POLICY, 1, false},
		{NFTA_SET_DESC, 1, false},
		{NFTA_SET_TIMEOUT, 1, true},
		{NFTA_SET_TIMEOUT, 2, true},
		{NFTA_SET_GC_INTERVAL, 1, true},
	};
	uint64_t none = content_of(NULL, NULL);

	for (size_t i = 0; i < array_length(sets); i++) {
		assert_true(content_of(&sets[i], NULL) != none);
		for (size_t j = 0; j < i; j++)
			assert_true(content_of(&sets[i], NULL) != content_of(&sets[j], NULL));
	}
}

static void what_stands_beside_it_does_not(void **state)
{
	static const struct told map = {NFTA_SET_FLAGS, NFT_SET_MAP, false};
	static const struct told others[] = {
		{NFTA_SET_TABLE, 1, false},
		{NFTA_SET_ID, 1, false},
		{NFTA_SET_USERDATA, 1, false},
		{NFTA_SET_HANDLE, 1, true},
	};

	for (size_t i = 0; i < array_length(others); i++)
		assert_true(content_of(&map, &others[i]) == content_of(&map, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_a_set_is_counts),
		cmocka_unit_test(what_stands_beside_it_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
