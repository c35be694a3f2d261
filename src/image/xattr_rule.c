#include "image/xattr_rule.h"

#include "base/text.h"

struct rule {
	const char *prefix;
	bool keep;
};

/* The first that fits decides; what none fits is left out.  overlayfs's own would let a layer point
 * into other layers. */
static const struct rule rules[] = {
	{"trusted.overlay.", false},
	{"user.overlay.", false},
	{"user.", true},
	{"trusted.", true},
	{"security.capability", true},
	{"system.posix_acl_access", true},
	{"system.posix_acl_default", true},
};

bool xattr_is_kept(const char *name)
{
	for (size_t i = 0; i < array_length(rules); i++)
		if (str_starts_with(name, rules[i].prefix))
			return rules[i].keep;
	return false;
}
