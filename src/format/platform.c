#include "format/platform.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

#if defined(__x86_64__)
#define HOST_ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define HOST_ARCHITECTURE "arm64"
#elif defined(__riscv) && __riscv_xlen == 64
#define HOST_ARCHITECTURE "riscv64"
#elif defined(__powerpc64__)
#define HOST_ARCHITECTURE "ppc64le"
#elif defined(__s390x__)
#define HOST_ARCHITECTURE "s390x"
#else
#error "tell platform.c how Go calls this architecture"
#endif

/* Spellings; an empty variant leaves the given one. */
static const struct spelling {
	const char *given, *architecture, *variant;
} spellings[] = {
	{"i386", "386", ""},	 {"i686", "386", ""},	   {"x86_64", "amd64", ""},
	{"x86-64", "amd64", ""}, {"aarch64", "arm64", ""}, {"armhf", "arm", "v7"},
	{"armel", "arm", "v6"},	 {"armv7l", "arm", "v7"},  {"armv6l", "arm", "v6"},
};

/* Variants that mean the plain architecture, or lack their v. */
static const struct variant_spelling {
	const char *architecture, *given, *variant;
} variant_spellings[] = {
	{"amd64", "v1", ""}, {"arm64", "8", ""}, {"arm64", "v8", ""}, {"arm", "", "v7"},
	{"arm", "5", "v5"},  {"arm", "6", "v6"}, {"arm", "7", "v7"},  {"arm", "8", "v8"},
};

static const char *const known_systems[] = {
	"aix",	 "android", "darwin", "dragonfly", "freebsd", "illumos", "ios",	   "js",
	"linux", "macos",   "netbsd", "openbsd",   "plan9",   "solaris", "wasip1", "windows",
};

static const char *const known_architectures[] = {
	"386",	    "amd64",  "arm",   "arm64",	  "loong64", "mips",  "mips64",
	"mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm",
};

static void copy_lower(char *to, size_t size, const char *text)
{
	size_t i = 0;

	for (; text[i] && i < size - 1; i++)
		to[i] = (char)tolower((unsigned char)text[i]);
	to[i] = '\0';
}

static void set_field(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static void normalise_architecture(struct platform *p)
{
	for (size_t i = 0; i < array_length(spellings); i++) {
		const struct spelling *s = &spellings[i];

		if (strcmp(s->given, p->architecture) != 0)
			continue;
		set_field(p->architecture, sizeof(p->architecture), s->architecture);
		if (*s->variant)
			set_field(p->variant, sizeof(p->variant), s->variant);
		return;
	}
}

static void normalise_variant(struct platform *p)
{
	for (size_t i = 0; i < array_length(variant_spellings); i++) {
		const struct variant_spelling *s = &variant_spellings[i];

		if (strcmp(s->architecture, p->architecture) == 0 &&
		    strcmp(s->given, p->variant) == 0) {
			set_field(p->variant, sizeof(p->variant), s->variant);
			return;
		}
	}
}

struct platform platform_of(const char *os, const char *architecture, const char *variant)
{
	struct platform p;

	copy_lower(p.os, sizeof(p.os), os ? os : "");
	copy_lower(p.architecture, sizeof(p.architecture), architecture ? architecture : "");
	copy_lower(p.variant, sizeof(p.variant), variant ? variant : "");
	if (strcmp(p.os, "macos") == 0)
		set_field(p.os, sizeof(p.os), "darwin");
	normalise_architecture(&p);
	normalise_variant(&p);
	return p;
}

struct platform platform_host(void)
{
	return platform_of("linux", HOST_ARCHITECTURE, "");
}

static bool is_component(const char *text)
{
	size_t length = strlen(text), valid = 0;

	while (isalnum((unsigned char)text[valid]) || text[valid] == '_' || text[valid] == '-')
		valid++;
	return length > 0 && length < sizeof(((struct platform *)0)->os) && valid == length;
}

static bool check_components(const struct strings *parts, const char *text, struct error *err)
{
	for (size_t i = 0; i < parts->count; i++)
		if (!is_component(parts->items[i]))
			return error_set(err, ERROR_INVALID,
					 "\"%s\" is an invalid component of \"%s\": platform "
					 "specifier component must match \"^[A-Za-z0-9_-]+$\": "
					 "invalid argument",
					 parts->items[i], text);
	return parts->count <= 3 ||
	       error_set(err, ERROR_INVALID,
			 "\"%s\": cannot parse platform specifier: invalid argument", text);
}

static bool contains(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* One word is either of the two. */
static bool parse_word(const char *text, struct platform *out, struct error *err)
{
	struct platform host = platform_host();
	struct platform system = platform_of(text, host.architecture, host.variant);
	struct platform machine = platform_of(host.os, text, NULL);

	if (contains(known_systems, array_length(known_systems), system.os))
		*out = system;
	else if (contains(known_architectures, array_length(known_architectures),
			  machine.architecture))
		*out = machine;
	else
		return error_set(err, ERROR_INVALID,
				 "\"%s\": unknown operating system or architecture: invalid "
				 "argument",
				 text);
	return true;
}

bool platform_parse(const char *text, struct platform *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, '/');

	if (!check_components(&parts, text, err))
		return false;
	if (parts.count == 1)
		return parse_word(text, out, err);
	*out = platform_of(parts.items[0], parts.items[1], parts.count > 2 ? parts.items[2] : NULL);
	return true;
}

const char *platform_text(const struct platform *p, char out[static PLATFORM_TEXT_SIZE])
{
	snprintf(out, PLATFORM_TEXT_SIZE, "%s/%s%s%s", p->os, p->architecture,
		 *p->variant ? "/" : "", p->variant);
	return out;
}

/* "v7" is 7, what is no such number 0. */
static int variant_number(const char *variant)
{
	return variant[0] == 'v' && isdigit((unsigned char)variant[1]) && !variant[2]
		       ? variant[1] - '0'
		       : 0;
}

/* Same architecture: the same variant is best, then the nearest lower one. */
static int match_variant(const struct platform *wanted, const struct platform *offered)
{
	int have = variant_number(wanted->variant), need = variant_number(offered->variant);

	if (strcmp(wanted->variant, offered->variant) == 0)
		return 100;
	if (!*offered->variant)
		return 50;
	return need > 0 && need < have ? 50 + need : 0;
}

int platform_match(const struct platform *wanted, const struct platform *offered)
{
	const char *machine = wanted->architecture, *made_for = offered->architecture;

	if (strcmp(wanted->os, offered->os) != 0)
		return 0;
	if (strcmp(machine, made_for) == 0)
		return match_variant(wanted, offered);
	if (strcmp(machine, "amd64") == 0 && strcmp(made_for, "386") == 0)
		return 1;
	if (strcmp(machine, "arm64") == 0 && strcmp(made_for, "arm") == 0)
		return 1 + variant_number(offered->variant);
	return 0;
}
