#include "base/test.h"

#include "format/json.h"
#include "network/forward_pass.h"

static const char *const two[] = {"docker0", "br-1", NULL};
static const char *const none[] = {NULL};

/* ---- iptables ---- */

#define DROPS  "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [7:420]\n"
#define JUMP   "FORWARD -m comment --comment lets-containers-pass -j wherry\n"
#define QUOTED "-A FORWARD -m comment --comment \"lets-containers-pass\" -j wherry\n"
#define CHAIN  ":wherry - [0:0]\n"
#define RULES                                                                                      \
	"-A wherry -i docker0 -j ACCEPT\n-A wherry -o docker0 -j ACCEPT\n"                         \
	"-A wherry -i br-1 -j ACCEPT\n-A wherry -o br-1 -j ACCEPT\n"
#define OTHERS "-A FORWARD -i lan0 -j ACCEPT\n"
#define MADE   "*filter\n" CHAIN

static void of_iptables_our_chain_is_filled_and_stands_first(void **state)
{
	static const struct {
		const char *save;
		const char *const *bridges;
		const char *change;
	} cases[] = {
		{DROPS OTHERS "COMMIT\n", two, MADE RULES "-I " JUMP "COMMIT\n"},
		/* As it should be. */
		{DROPS CHAIN QUOTED OTHERS RULES "COMMIT\n", two, ""},
		{DROPS CHAIN "-A " JUMP OTHERS RULES "COMMIT\n", two, ""},
		/* Others came before us, twice ours, a bridge less. */
		{DROPS CHAIN OTHERS QUOTED RULES "COMMIT\n", two,
		 MADE "-D " JUMP RULES "-I " JUMP "COMMIT\n"},
		{DROPS CHAIN QUOTED QUOTED RULES "COMMIT\n", two,
		 MADE "-D " JUMP "-D " JUMP RULES "-I " JUMP "COMMIT\n"},
		{DROPS CHAIN QUOTED "-A wherry -i docker0 -j ACCEPT\nCOMMIT\n", two,
		 MADE "-D " JUMP RULES "-I " JUMP "COMMIT\n"},
		/* Nothing is dropped, or nobody is to pass. */
		{"*filter\n:FORWARD ACCEPT [0:0]\n" OTHERS "COMMIT\n", two, ""},
		{"*filter\n:FORWARD ACCEPT [0:0]\n" CHAIN QUOTED RULES, two,
		 MADE "-D " JUMP "-X wherry\nCOMMIT\n"},
		{DROPS CHAIN QUOTED RULES, none, MADE "-D " JUMP "-X wherry\nCOMMIT\n"},
		{DROPS OTHERS, none, ""},
		/* A last rule that rejects. */
		{"*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j REJECT --reject-with "
		 "icmp-port-unreachable\n",
		 two, MADE RULES "-I " JUMP "COMMIT\n"},
		{"", two, ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct forward_pass pass = {"nft", "wherry", cases[i].bridges};
		scoped_buffer struct buffer out = {0};

		forward_pass_save(cases[i].save, &pass, &out);
		assert_string_equal(out.data ? out.data : "", cases[i].change);
	}
}

/* ---- nftables ---- */

#define LISTING(policy, rules)                                                                     \
	"{\"nftables\": [{\"metainfo\": {}}, {\"chain\": {\"family\": \"inet\", \"table\": "       \
	"\"filter\", \"name\": \"forward\", \"hook\": \"forward\", \"policy\": \"" policy          \
	"\"}}" rules "]}"
#define MARKED(handle, comment)                                                                    \
	", {\"rule\": {\"comment\": \"wherry lets-containers-pass " comment                        \
	"\", \"handle\": " handle ", \"expr\": [{\"accept\": null}]}}"
#define OTHER ", {\"rule\": {\"handle\": 9, \"expr\": [{\"accept\": null}]}}"
#define RIGHT "eb3fb529"
#define MADE_NFT                                                                                   \
	"insert rule inet filter forward oifname { \"docker0\", \"br-1\" } counter accept "        \
	"comment "                                                                                 \
	"\"wherry lets-containers-pass " RIGHT "\"\n"                                              \
	"insert rule inet filter forward iifname { \"docker0\", \"br-1\" } counter accept "        \
	"comment "                                                                                 \
	"\"wherry lets-containers-pass " RIGHT "\"\n"
#define GONE(handle) "delete rule inet filter forward handle " handle "\n"

static void of_nftables_two_marked_rules_stand_first(void **state)
{
	static const struct {
		const char *listing;
		const char *const *bridges;
		const char *change;
	} cases[] = {
		{LISTING("drop", OTHER), two, MADE_NFT},
		{LISTING("drop", MARKED("3", RIGHT) MARKED("4", RIGHT) OTHER), two, ""},
		{LISTING("drop", MARKED("3", "00000000") MARKED("4", "00000000")), two,
		 GONE("3") GONE("4") MADE_NFT},
		{LISTING("drop", OTHER MARKED("3", RIGHT) MARKED("4", RIGHT)), two,
		 GONE("3") GONE("4") MADE_NFT},
		{LISTING("accept", OTHER), two, ""},
		{LISTING("accept",
			 ", {\"rule\": {\"expr\": [{\"counter\": {}}, {\"reject\": {}}]}}"),
		 two, MADE_NFT},
		{LISTING("accept", ", {\"rule\": {\"expr\": [{\"match\": {}}, {\"drop\": null}]}}"),
		 two, ""},
		{LISTING("drop", MARKED("3", RIGHT) OTHER), none, GONE("3")},
		{LISTING("drop", OTHER), none, ""},
		{"{}", two, ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct forward_pass pass = {"nft", "wherry", cases[i].bridges};
		scoped_buffer struct buffer out = {0};
		struct error err;
		json_t *listing = json_parse(cases[i].listing, strlen(cases[i].listing), &err);

		assert_non_null(listing);
		forward_pass_nft(listing, &pass, &out);
		assert_string_equal(out.data ? out.data : "", cases[i].change);
		json_decref(listing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_iptables_our_chain_is_filled_and_stands_first),
		cmocka_unit_test(of_nftables_two_marked_rules_stand_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
