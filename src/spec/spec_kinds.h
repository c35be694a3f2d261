/* Kinds of options that only containers have. */
#pragma once

#include "format/option.h"

extern const struct option_kind option_attach, option_environment, option_label, option_address,
	option_host_entry, option_device_rule, option_sysctl, option_network, option_link;

/* json_t * arrays of objects, in the form the API takes. */
extern const struct option_kind option_mount, option_ulimit, option_weight_device,
	option_rate_bytes, option_rate_count, option_gpus;
