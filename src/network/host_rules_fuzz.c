/* Any answer of nft or iptables-save: read, copied, judged. */
#include "format/json.h"
#include "network/host_rules.h"

#include <netinet/in.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct host_rules *rules)
{
	struct host_port port = {.protocol = IPPROTO_TCP, .host.family = AF_INET, .port = 80};
	struct host_findings findings = {0};
	scoped_buffer struct buffer out = {0};
	scoped_strings struct strings warnings = {0};

	host_rules_matter(rules);
	host_rules_warn(rules, &warnings);
	host_rules_render(rules, "wherry", &out);
	host_rules_judge(rules, &port, &findings);
	port.hook = HOST_FORWARD;
	port.out = "eth0";
	host_rules_judge(rules, &port, &findings);
	host_findings_fini(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_host_rules struct host_rules rules = {0};
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;
	scoped_json json_t *listing = json_parse((const char *)data, size, &err);

	if (listing)
		host_rules_add_nft(&rules, listing);
	else
		host_rules_add_save(&rules, AF_INET, text, "iptables");
	use(&rules);
	return 0;
}
