/* Namespaces that are no mounts, capabilities, and what cannot be gained any more. */
#include "execution/start_private.h"

#include "sandbox/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

/* ---- namespaces, keys ---- */

bool start_network(struct starting *s, struct error *err)
{
	if (!s->restricted || s->start->network < 0)
		return true;
	return setns(s->start->network, CLONE_NEWNET) == 0 ||
	       error_errno(err, "cannot enter the private network");
}

bool start_hostname(struct starting *s, struct error *err)
{
	if (!s->restricted || !s->context->protect_hostname)
		return true;
	return unshare(CLONE_NEWUTS) == 0 || error_errno(err, "cannot protect the host's name");
}

/* Nobody else's keys, unless it says "inherit"; kernels without keyrings have none. */
bool start_keyring(struct starting *s, struct error *err)
{
	enum { JOIN_SESSION_KEYRING = 1 };

	if (str_equal(s->context->keyring_mode, "inherit"))
		return true;
	if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS &&
	    errno != EPERM && errno != EDQUOT)
		return error_errno(err, "cannot leave the session keyring");
	return true;
}

/* ---- capabilities ---- */

static uint64_t bounding_set(const struct execution_context *c)
{
	uint64_t set =
		c->capability_bounding.given ? (uint64_t)c->capability_bounding.value : UINT64_MAX;

	if (c->private_devices)
		set &= ~(BIT(CAP_MKNOD) | BIT(CAP_SYS_RAWIO));
	if (c->protect_kernel_modules)
		set &= ~BIT(CAP_SYS_MODULE);
	if (c->protect_kernel_logs)
		set &= ~BIT(CAP_SYSLOG);
	if (c->protect_clock)
		set &= ~(BIT(CAP_SYS_TIME) | BIT(CAP_WAKE_ALARM));
	return set;
}

bool start_bound_capabilities(struct starting *s, struct error *err)
{
	s->capabilities = s->restricted ? bounding_set(s->context) : UINT64_MAX;
	return s->capabilities == UINT64_MAX || capabilities_bound(s->capabilities, err);
}

static uint64_t ambient_set(const struct starting *s)
{
	if (!s->restricted || s->start->command->privileges == EXECUTION_OWN_USER)
		return 0;
	return (uint64_t)s->context->ambient_capabilities & s->capabilities;
}

/* Over the change of user: what is to be ambient, and what a filter without no_new_privs wants. */
bool start_keep_capabilities(struct starting *s, struct error *err)
{
	if (!s->has_user || !ambient_set(s))
		return true;
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 ||
	       error_errno(err, "cannot keep capabilities");
}

static bool set_all_three(uint64_t set, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (int half = 0; half < 2; half++)
		data[half].permitted = data[half].effective = data[half].inheritable =
			(uint32_t)(set >> (32 * half));
	return syscall(SYS_capset, &header, data) == 0 ||
	       error_errno(err, "cannot set capabilities");
}

bool start_raise_capabilities(struct starting *s, struct error *err)
{
	uint64_t ambient = ambient_set(s);

	if (!ambient)
		return true;
	if (s->has_user && s->identity.uid != 0 && !set_all_three(ambient, err))
		return false;
	if ((!s->has_user || s->identity.uid == 0) &&
	    !set_all_three(s->capabilities & capabilities_of_host(), err))
		return false;
	for (unsigned long c = 0; c < 64; c++)
		if (ambient >> c & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
			return error_errno(err, "cannot make capability %lu ambient", c);
	return true;
}

/* With them root is no more than its capabilities; needs CAP_SETPCAP, so only who still has it. */
bool start_secure_bits(struct starting *s, struct error *err)
{
	if (!s->restricted || !s->context->secure_bits)
		return true;
	return prctl(PR_SET_SECUREBITS, (unsigned long)s->context->secure_bits) == 0 ||
	       error_errno(err, "cannot set the secure bits");
}

/* ---- what cannot be gained any more ---- */

static bool has_filter(const struct starting *s)
{
	return s->filters[0].size || s->filters[1].size;
}

bool start_read_filters(struct starting *s, struct error *err)
{
	for (size_t i = 0; s->restricted && i < array_length(s->filters); i++)
		if (s->start->filters[i] &&
		    !seccomp_read(s->start->filters[i], &s->filters[i], err))
			return false;
	return true;
}

/* Who is not root may only filter himself when he can gain nothing. */
bool start_forbid_privileges(struct starting *s, struct error *err)
{
	bool implied = has_filter(s) && s->has_user && s->identity.uid != 0;

	if (!s->restricted || (!s->context->no_new_privileges && !implied))
		return true;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	       error_errno(err, "cannot set no_new_privs");
}

/* The one that lists what is allowed comes last: it may not allow another. */
bool start_install_filters(struct starting *s, struct error *err)
{
	for (size_t i = array_length(s->filters); i-- > 0;)
		if (s->filters[i].size && !seccomp_install(&s->filters[i], err))
			return false;
	return true;
}
