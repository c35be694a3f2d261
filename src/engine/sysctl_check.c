#include "engine/sysctl_check.h"

/* The settings that a namespace has of its own, by name or by what the name begins with, and the mode
 * that says whose namespace it is. */
enum owner { OWNER_IPC, OWNER_NETWORK, OWNER_UTS };

static const struct {
	const char *name;
	bool is_prefix;
	enum owner owner;
} settings[] = {
	{"kernel.msgmax", false, OWNER_IPC},	 {"kernel.msgmnb", false, OWNER_IPC},
	{"kernel.msgmni", false, OWNER_IPC},	 {"kernel.sem", false, OWNER_IPC},
	{"kernel.shmall", false, OWNER_IPC},	 {"kernel.shmmax", false, OWNER_IPC},
	{"kernel.shmmni", false, OWNER_IPC},	 {"kernel.shm_rmid_forced", false, OWNER_IPC},
	{"fs.mqueue.", true, OWNER_IPC},	 {"net.", true, OWNER_NETWORK},
	{"kernel.domainname", false, OWNER_UTS},
};

static bool is_host(const char *mode)
{
	return str_equal(mode, "host");
}

static bool refuse_on_host(enum owner owner, const char *name, struct error *err)
{
	switch (owner) {
	case OWNER_IPC:
		return error_set(err, ERROR_INVALID,
				 "sysctl \"%s\" is not allowed in the hosts ipc namespace", name);
	case OWNER_NETWORK:
		return error_set(err, ERROR_INVALID,
				 "sysctl \"%s\" not allowed in host network namespace", name);
	case OWNER_UTS:
		break;
	}
	return error_set(err, ERROR_INVALID,
			 "sysctl \"%s\" is not allowed in the hosts UTS namespace", name);
}

static bool check_one(const struct host_config *host, const char *written, struct error *err)
{
	const char *const modes[] = {[OWNER_IPC] = host->ipc_mode,
				     [OWNER_NETWORK] = host->network_mode,
				     [OWNER_UTS] = host->uts_mode};
	scoped_free char *name = str_dup(written);

	for (char *slash = name; (slash = strchr(slash, '/'));) /* both separate */
		*slash = '.';
	for (size_t i = 0; i < array_length(settings); i++) {
		bool same = settings[i].is_prefix ? str_starts_with(name, settings[i].name)
						  : strcmp(name, settings[i].name) == 0;

		if (same)
			return !is_host(modes[settings[i].owner]) ||
			       refuse_on_host(settings[i].owner, written, err);
	}
	if (strcmp(name, "kernel.hostname") == 0)
		return error_set(err, ERROR_INVALID,
				 "sysctl \"%s\" is not allowed as it conflicts with the OCI "
				 "\"hostname\" field",
				 written);
	return error_set(err, ERROR_INVALID, "sysctl \"%s\" is not in a separate kernel namespace",
			 written);
}

bool sysctl_check(const struct host_config *host, struct error *err)
{
	for (size_t i = 0; i < host->sysctls.count; i++)
		if (!check_one(host, host->sysctls.items[i].name, err))
			return false;
	return true;
}
