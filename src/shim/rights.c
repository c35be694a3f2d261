#include "shim/rights.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void rights_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct present[2], kept[2] = {0};

	/* A container that shares the host's pids runs as root like us: with fewer rights than it
	 * has we would be its to trace, were we dumpable. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
	if (syscall(SYS_capget, &header, present) < 0)
		return;
	kept[0].permitted = kept[0].effective = present[0].permitted & (1u << CAP_KILL);
	syscall(SYS_capset, &header, kept);
}
