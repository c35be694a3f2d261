/* The device rules of a v2 cgroup as an eBPF program; apart, so that tests can run it in user
 * space. */
#pragma once

#include "os/cgroup.h"

#include <linux/bpf.h>

#define DEVICE_RULES_LIMIT 1000

/* Instructions for `count` rules (at most DEVICE_RULES_LIMIT): 1 when one of them allows the
 * access, else 0.  Owned by the caller. */
struct bpf_insn *device_program_new(const struct device_rule *rules, size_t count, size_t *length);
