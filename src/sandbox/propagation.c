#include "sandbox/propagation.h"

#include "os/file.h"
#include "os/mount.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

static const struct {
	const char *name;
	unsigned long propagation; /* 0: as the copy is, a peer of its source */
	bool recursive;
} modes[] = {
	{"private", MS_PRIVATE, false}, {"rprivate", MS_PRIVATE, true}, {"slave", MS_SLAVE, false},
	{"rslave", MS_SLAVE, true},	{"shared", 0, false},		{"rshared", 0, true},
};

/* "36 35 98:0 /root /point rw,... shared:1 master:2 - type source options"; blanks within the point
 * are written \040, which such a path just does not match. */
static bool point_of_line(const char *line, const char **point, int *length)
{
	for (int field = 1; field < 5 && line; field++) {
		line = strchr(line, ' ');
		if (line)
			line++;
	}
	if (!line)
		return false;
	*point = line;
	*length = (int)strcspn(line, " \n");
	return true;
}

static bool holds(const char *point, int length, const char *path)
{
	if (length == 1)
		return true; /* "/" */
	return strncmp(point, path, (size_t)length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* The place in the line of the mount that holds `path`; later lines cover earlier ones.  NULL: none. */
static const char *find_point(const char *mountinfo, const char *path, int *length_out)
{
	const char *best = NULL;

	*length_out = -1;
	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n')) {
		const char *point;
		int length;

		line += *line == '\n';
		if (!point_of_line(line, &point, &length) || length < *length_out ||
		    !holds(point, length, path))
			continue;
		best = point;
		*length_out = length;
	}
	return best;
}

bool mountinfo_has_field(const char *mountinfo, const char *path, const char *field)
{
	int length;
	const char *point = find_point(mountinfo, path, &length);
	const char *end = point ? strstr(point, " - ") : NULL;
	const char *found = point ? strstr(point, field) : NULL;

	return found && end && found < end && found[-1] == ' ';
}

char *mountinfo_point(const char *mountinfo, const char *path)
{
	int length;
	const char *point = find_point(mountinfo, path, &length);

	return point ? str_dup_n(point, (size_t)length) : NULL;
}

static bool can_travel(const char *source, bool shared, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	scoped_free char *real = realpath(source, NULL);
	const char *path = real ? real : source;

	if (!file_read(AT_FDCWD, "/proc/self/mountinfo", 8 << 20, &text, err) || !text.data)
		return false;
	if (mountinfo_has_field(text.data, path, "shared:") ||
	    (!shared && mountinfo_has_field(text.data, path, "master:")))
		return true;
	scoped_free char *point = mountinfo_point(text.data, path);
	return error_set(err, ERROR_INVALID,
			 "path %s is mounted on %s but it is not a shared%s mount", source,
			 point ? point : "/", shared ? "" : " or slave");
}

bool propagation_apply(int mount, const struct mount_spec *spec, struct error *err)
{
	const char *wanted = str_is_empty(spec->propagation) ? "rprivate" : spec->propagation;

	for (size_t i = 0; i < array_length(modes); i++) {
		if (!str_equal(modes[i].name, wanted))
			continue;
		if (modes[i].propagation != MS_PRIVATE &&
		    !can_travel(spec->source, modes[i].propagation == 0, err))
			return false;
		return modes[i].propagation == 0 ||
		       mount_set_propagation(mount, modes[i].propagation, modes[i].recursive, err);
	}
	return error_set(err, ERROR_INVALID, "invalid propagation mode: %s", wanted);
}
