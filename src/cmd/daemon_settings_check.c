/* What the words of settings mean, and which mean nothing. */
#include "base/log.h"
#include "cmd/daemon_settings.h"
#include "engine/log_driver.h"
#include "image/registry_plan.h"
#include "network/address.h"
#include "network/host_facts.h"
#include "sandbox/rights.h"

#include <unistd.h>

/* ---- words that others ask for, too ---- */

static const struct {
	const char *name;
	enum log_level level;
} log_levels[] = {
	{"debug", LOG_DEBUG}, {"info", LOG_INFO},   {"warn", LOG_WARNING},
	{"error", LOG_ERROR}, {"fatal", LOG_ERROR},
};

static bool find_log_level(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < array_length(log_levels); i++) {
		if (!str_equal(log_levels[i].name, name))
			continue;
		*level = log_levels[i].level;
		return true;
	}
	return false;
}

void daemon_settings_apply_log(const struct daemon_settings *settings)
{
	enum log_level level = LOG_INFO;

	find_log_level(settings->log_level, &level);
	log_set_level(settings->debug ? LOG_DEBUG : level);
}

/* "nofile=1024:2048", or one number for both. */
static bool parse_ulimit(const char *text, struct ulimit *out, struct error *err)
{
	scoped_strings struct strings sides = strings_split(text, '=');
	if (sides.count == 2) {
		scoped_strings struct strings numbers = strings_split(sides.items[1], ':');
		const char *hard = numbers.items[numbers.count - 1];
		if (numbers.count <= 2 && parse_i64(numbers.items[0], &out->soft) &&
		    parse_i64(hard, &out->hard)) {
			str_replace(&out->name, sides.items[0]);
			return true;
		}
	}
	return error_set(err, ERROR_INVALID, "--default-ulimit '%s' wants NAME=SOFT[:HARD]", text);
}

bool daemon_settings_ulimits(const struct daemon_settings *settings, struct record_list *out,
			     struct error *err)
{
	for (size_t i = 0; i < settings->ulimits.count; i++)
		if (!parse_ulimit(settings->ulimits.items[i], record_list_add(&ulimit_type, out),
				  err))
			return false;
	return true;
}

/* ---- what can be said wrong without a look at the host ---- */

static bool is_address(const char *text)
{
	struct address address;

	return address_parse(text, &address);
}

static bool is_pool(const char *text)
{
	struct pool_template pool;
	struct error ignored;

	return pool_template_parse(text, &pool, &ignored);
}

static bool is_subnet(const char *text)
{
	struct subnet subnet;
	struct address address;

	return subnet_parse(text, &subnet, &address);
}

static bool is_web_address(const char *text)
{
	return str_starts_with(text, "http://") || str_starts_with(text, "https://");
}

static bool is_label(const char *text)
{
	return text[0] != '=' && strchr(text, '=');
}

static bool is_ulimit(const char *text)
{
	struct ulimit limit = {0};
	struct error ignored;
	bool good = parse_ulimit(text, &limit, &ignored) && rlimit_from_name(limit.name) >= 0 &&
		    (limit.hard == -1 || (limit.soft != -1 && limit.soft <= limit.hard));

	record_fini(&ulimit_type, &limit);
	return good;
}

static bool is_ipc_mode(const char *text)
{
	return str_equal(text, "private") || str_equal(text, "shareable");
}

static bool is_cgroupns_mode(const char *text)
{
	return str_equal(text, "private") || str_equal(text, "host");
}

static bool is_host(const char *text)
{
	const char *port = strrchr(text, ':');

	if (str_starts_with(text, "tcp://"))
		return port > text + strlen("tcp") && port[1];
	return str_starts_with(text, "unix:///") || str_starts_with(text, "fd://");
}

static bool check_text(const char *flag, const char *text, bool (*is_good)(const char *text),
		       const char *wanted, struct error *err)
{
	return is_good(text) ||
	       error_set(err, ERROR_INVALID, "--%s '%s' wants %s", flag, text, wanted);
}

static bool check_texts(const struct daemon_settings *s, struct error *err)
{
	const struct {
		const char *flag, *text;
		bool (*is_good)(const char *text);
		const char *wanted;
	} rows[] = {
		{"bip", s->bip, is_subnet, "an address with its prefix: 172.17.0.1/16"},
		{"fixed-cidr", s->fixed_cidr, is_subnet, "a subnet: 172.17.1.0/24"},
		{"fixed-cidr-v6", s->fixed_cidr6, is_subnet, "a subnet: fd00:1::/64"},
		{"ip", s->default_host_ip, is_address, "an IP address"},
		{"host-gateway-ip", s->host_gateway, is_address, "an IP address"},
		{"default-ipc-mode", s->ipc_mode, is_ipc_mode, "private or shareable"},
		{"default-cgroupns-mode", s->cgroupns_mode, is_cgroupns_mode, "private or host"},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		if (rows[i].text &&
		    !check_text(rows[i].flag, rows[i].text, rows[i].is_good, rows[i].wanted, err))
			return false;
	return true;
}

static bool check_numbers(const struct daemon_settings *s, struct error *err)
{
	const struct {
		const char *flag;
		const struct option_number *number;
		int64_t least, most;
	} rows[] = {
		{"max-concurrent-downloads", &s->downloads, 1, 1000},
		{"max-connections", &s->connections, 1, INT32_MAX},
		{"max-download-attempts", &s->download_attempts, 1, 1000},
		{"mtu", &s->mtu, 0, UINT16_MAX}, /* 0: as without it */
		{"oom-score-adjust", &s->oom_score_adjust, -1000, 1000},
		{"project-patience", &s->project_patience, 0, INT32_MAX},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		int64_t value = rows[i].number->value;

		if (value < rows[i].least || value > rows[i].most)
			return error_set(err, ERROR_INVALID, "--%s '%lld' wants %lld to %lld",
					 rows[i].flag, (long long)value, (long long)rows[i].least,
					 (long long)rows[i].most);
	}
	return true;
}

static bool check_lists(const struct daemon_settings *s, struct error *err)
{
	const struct {
		const char *flag;
		const struct strings *values;
		bool (*is_good)(const char *text);
		const char *wanted;
	} rows[] = {
		{"host", &s->hosts, is_host, "unix:///PATH, tcp://ADDRESS:PORT or fd://"},
		{"dns", &s->dns, is_address, "an IP address"},
		{"default-address-pool", &s->address_pools, is_pool, "base=CIDR,size=PREFIX"},
		{"default-ulimit", &s->ulimits, is_ulimit,
		 "NAME=SOFT[:HARD], the name one that `ulimit` knows, and SOFT not above HARD"},
		{"label", &s->labels, is_label, "NAME=VALUE"},
		{"registry-mirror", &s->mirrors, is_web_address, "http:// or https:// in front"},
		{"insecure-registry", &s->insecure_registries, registry_rule_is_valid,
		 "HOST, HOST:PORT or a network: 10.0.0.0/8"},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		for (size_t k = 0; k < rows[i].values->count; k++)
			if (!check_text(rows[i].flag, rows[i].values->items[k], rows[i].is_good,
					rows[i].wanted, err))
				return false;
	return true;
}

/* As sd_booted(3) has it. */
static bool check_supervisor(const char *name, struct error *err)
{
	if (str_equal(name, "wherry"))
		return true;
	if (!str_equal(name, "systemd"))
		return error_set(err, ERROR_INVALID, "--supervisor '%s' is none of wherry, systemd",
				 name);
	if (access("/run/systemd/system", F_OK) < 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "--supervisor=systemd: systemd is not the first process here "
				 "('/run/systemd/system' is missing)");
	return true;
}

bool daemon_settings_check(struct daemon_settings *s, struct error *err)
{
	enum log_level level;

	if (!s->hosts.count)
		strings_format(&s->hosts, "unix://%s/wherry.sock", s->exec_root);
	if (!find_log_level(s->log_level, &level))
		return error_set(err, ERROR_INVALID,
				 "log level '%s' is none of debug, info, warn, error",
				 s->log_level);
	if (s->storage_driver && !str_equal(s->storage_driver, "overlay2"))
		return error_set(err, ERROR_INVALID,
				 "storage driver '%s' is not there; overlay2 is",
				 s->storage_driver);
	if (!check_supervisor(s->supervisor, err))
		return false;
	if (s->userland_proxy > 0)
		return error_set(err, ERROR_INVALID,
				 "there is no userland proxy; leave --userland-proxy out");
	if (s->live_restore < 0)
		return error_set(err, ERROR_INVALID,
				 "containers always outlive the daemon; leave --live-restore out");
	if ((s->tls_verify > 0 || s->tls > 0) && (!s->tls_certificate || !s->tls_key))
		return error_set(err, ERROR_INVALID, "TLS wants --tlscert and --tlskey");
	if (s->tls_verify > 0 && !s->tls_ca)
		return error_set(err, ERROR_INVALID, "--tlsverify wants --tlscacert");
	return check_texts(s, err) && check_numbers(s, err) && check_lists(s, err) &&
	       log_config_check(s->log_driver, &s->log_options, err);
}
