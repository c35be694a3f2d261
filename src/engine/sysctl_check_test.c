#include "engine/sysctl_check.h"

#include "base/test.h"

static void only_settings_of_namespaces_of_its_own_are_a_containers(void **state)
{
	static const struct {
		const char *name, *ipc, *network, *uts, *error;
	} rows[] = {
		{"net.ipv4.ip_forward", "", "bridge", "", ""},
		{"net/ipv4/ip_forward", "", "bridge", "", ""},
		{"net.ipv4.ip_forward", "", "host", "",
		 "sysctl \"net.ipv4.ip_forward\" not allowed in host network namespace"},
		{"net/ipv4/ip_forward", "", "host", "",
		 "sysctl \"net/ipv4/ip_forward\" not allowed in host network namespace"},
		{"net.ipv4.ip_forward", "", "container:x", "", ""},
		{"kernel.msgmax", "private", "", "", ""},
		{"kernel.msgmax", "host", "", "",
		 "sysctl \"kernel.msgmax\" is not allowed in the hosts ipc namespace"},
		{"fs.mqueue.msg_max", "shareable", "", "", ""},
		{"kernel.domainname", "", "", "", ""},
		{"kernel.domainname", "", "", "host",
		 "sysctl \"kernel.domainname\" is not allowed in the hosts UTS namespace"},
		{"kernel.hostname", "", "", "",
		 "sysctl \"kernel.hostname\" is not allowed as it conflicts with the OCI "
		 "\"hostname\" field"},
		{"vm.swappiness", "", "", "",
		 "sysctl \"vm.swappiness\" is not in a separate kernel namespace"},
		{"kernel.msgmaxx", "", "", "",
		 "sysctl \"kernel.msgmaxx\" is not in a separate kernel namespace"},
		{"kernel.core_pattern", "", "", "",
		 "sysctl \"kernel.core_pattern\" is not in a separate kernel namespace"},
		{"net", "", "", "", "sysctl \"net\" is not in a separate kernel namespace"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct host_config host = {
			.ipc_mode = (char *)rows[i].ipc,
			.network_mode = (char *)rows[i].network,
			.uts_mode = (char *)rows[i].uts,
		};
		struct error err = {0};

		pairs_set(&host.sysctls, rows[i].name, "1");
		assert_int_equal(sysctl_check(&host, &err), !*rows[i].error);
		assert_string_equal(err.text, rows[i].error);
		pairs_fini(&host.sysctls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_settings_of_namespaces_of_its_own_are_a_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
