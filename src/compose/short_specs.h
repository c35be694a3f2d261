/* The short forms of mounts, devices and hosts, taken apart: text alone, nothing is resolved. */
#pragma once

#include "format/bind_spec.h"

/* "[SOURCE:]TARGET[:OPTION,...]" */
struct mount_spec {
	char *source; /* owned, as written; NULL: an anonymous volume */
	char *target; /* owned, a clean absolute path */
	bool is_bind; /* the source begins with . / or ~ */
	struct bind_mode mode;
	const char *consistency; /* "" or one of three; lives for ever */
};

/* ERROR_INVALID: no absolute target, a source that is neither a path nor a volume's name, an unknown option. */
bool mount_spec_parse(const char *text, struct mount_spec *out, struct error *err);
void mount_spec_fini(struct mount_spec *spec);

/* "SOURCE[:TARGET[:PERMISSIONS]]", or "vendor/class=name" (CDI), which is source and target. */
struct device_spec {
	char *source, *target, *permissions; /* owned */
};

bool device_spec_parse(const char *text, struct device_spec *out, struct error *err);
void device_spec_fini(struct device_spec *spec);

/* "NAME=ADDRESS" or "NAME:ADDRESS"; the address is one of IPv4 or IPv6 (brackets are taken off), or host-gateway. */
struct host_spec {
	char *name, *address; /* owned */
};

bool host_spec_parse(const char *text, struct host_spec *out, struct error *err);
void host_spec_fini(struct host_spec *spec);

/* The address alone, without its brackets; owned.  NULL: an error. */
char *host_address_parse(const char *text, struct error *err);

#define scoped_mount_spec  scoped_with(mount_spec_fini)
#define scoped_device_spec scoped_with(device_spec_fini)
#define scoped_host_spec   scoped_with(host_spec_fini)
