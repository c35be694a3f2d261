/* What a mount table says about cgroups; apart from reading it, so that tests can feed other hosts.
 */
#pragma once

#include "os/cgroup.h"

/* From the text of a mountinfo file.  Fills layout, mount and owner; `has` only for v1. */
void cgroup_host_parse(char *mountinfo, struct cgroup_host *host);
void cgroup_host_fini(struct cgroup_host *host);
