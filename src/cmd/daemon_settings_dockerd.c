/* Keys of dockerd's file that there is nothing to set for: people bring their daemon.json along.  One that asks for
 * nothing is taken in silence, one that cannot matter is said, and one that a container, or who guards the host, would
 * miss is refused. */
#include "base/log.h"
#include "base/text.h"
#include "cmd/daemon_settings.h"

static const struct {
	const char *key;
	bool refused;
	const char *harmless; /* NULL: no value but those that ask for nothing */
	const char *why;
} keys[] = {
	{"allow-nondistributable-artifacts", false, NULL, "every layer is pushed"},
	{"authorization-plugins", true, NULL,
	 "nobody is asked whether a request is allowed; give who may ask a client certificate "
	 "(tlsverify)"},
	{"builder", false, NULL, "what builds left goes with `wherry builder prune`"},
	{"cdi-spec-dirs", false, NULL, "devices are given with --device"},
	{"containerd", false, NULL, "there is no containerd"},
	{"containerd-namespace", false, NULL, "there is no containerd"},
	{"containerd-plugins-namespace", false, NULL, "there is no containerd"},
	{"cpu-rt-period", true, NULL, "control groups are given no real-time time"},
	{"cpu-rt-runtime", true, NULL, "control groups are given no real-time time"},
	{"cri-containerd", false, NULL, "there is no containerd"},
	{"default-gateway", true, NULL, "it is the bridge's own address: set bip"},
	{"default-gateway-v6", true, NULL, "it is the bridge's own address"},
	{"default-network-opts", true, NULL, "give networks their options when they are made"},
	{"default-runtime", true, "runc", "containers are started by wherry itself"},
	{"exec-opts", false, NULL, "control groups are made without a driver"},
	{"experimental", false, NULL, "there is nothing to switch on"},
	{"features", false, NULL, "there is nothing to switch on"},
	{"firewall-backend", false, "nftables", "nftables is the only one"},
	{"http-proxy", true, NULL, "set http_proxy in the daemon's environment"},
	{"https-proxy", true, NULL, "set https_proxy in the daemon's environment"},
	{"ip6tables", false, "true", "iptables is for both"},
	{"ipv6", false, NULL, "fixed-cidr-v6 alone gives the default bridge IPv6"},
	{"log-format", false, "text", "text is the only one"},
	{"max-concurrent-uploads", false, NULL,
	 "a push decides by itself how many layers go at once"},
	{"metrics-addr", false, NULL, "there are no metrics"},
	{"network-control-plane-mtu", false, NULL, "there is no swarm"},
	{"no-proxy", true, NULL, "set no_proxy in the daemon's environment"},
	{"node-generic-resources", false, NULL, "there is no swarm"},
	{"proxies", true, NULL,
	 "set http_proxy, https_proxy and no_proxy in the daemon's environment"},
	{"raw-logs", false, NULL, "logs are in colour on a terminal alone"},
	{"runtimes", false, NULL, "containers are started by wherry itself"},
	{"selinux-enabled", true, NULL, "containers are given no SELinux labels"},
	{"shutdown-timeout", false, NULL, "containers go on when the daemon ends"},
	{"storage-opts", false, NULL, "layers lie in the filesystem of data-root"},
	{"swarm-default-advertise-addr", false, NULL, "there is no swarm"},
	{"userland-proxy-path", false, NULL, "there is no such program"},
	{"userns-remap", true, NULL, "every container has the users of the host"},
};

static bool is_harmless(const char *harmless, const json_t *value)
{
	return harmless && (json_is_true(value) ? str_equal(harmless, "true")
						: str_equal(harmless, json_string_value(value)));
}

bool daemon_settings_of_dockerd(const char *key, const json_t *value, bool *known,
				struct error *err)
{
	size_t i = 0;

	while (i < array_length(keys) && !str_equal(keys[i].key, key))
		i++;
	*known = i < array_length(keys);
	if (!*known || json_is_nothing(value) || is_harmless(keys[i].harmless, value))
		return true;
	if (keys[i].refused)
		return error_set(err, ERROR_UNSUPPORTED, "setting '%s' is not supported: %s", key,
				 keys[i].why);
	log_warning("a setting of dockerd has no effect here", NULL, "setting=%s why=%s", key,
		    keys[i].why);
	return true;
}
