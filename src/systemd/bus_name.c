#include "systemd/bus_name.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

#define UNIT_FOLDER "/org/freedesktop/systemd1/unit/"

static bool is_plain(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9');
}

char *bus_unit_path(const char *unit)
{
	struct buffer path = {0};

	buffer_add_text(&path, UNIT_FOLDER);
	if (!*unit)
		buffer_add_char(&path, '_');
	for (const char *c = unit; *c; c++) {
		if (is_plain(*c, c == unit))
			buffer_add_char(&path, *c);
		else
			buffer_format(&path, "_%02x", (unsigned char)*c);
	}
	return buffer_take(&path);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *bus_unit_of_path(const char *path)
{
	struct buffer unit = {0};

	if (!str_starts_with(path, UNIT_FOLDER))
		return NULL;
	for (const char *c = path + strlen(UNIT_FOLDER); *c; c++) {
		int high = *c == '_' && c[1] ? hex_value(c[1]) : -1;
		int low = high >= 0 ? hex_value(c[2]) : -1;

		if (low >= 0) {
			buffer_add_char(&unit, (char)(high * 16 + low));
			c += 2;
		} else {
			buffer_add_char(&unit, *c);
		}
	}
	return unit.size ? buffer_take(&unit) : NULL;
}

enum error_kind bus_error_kind(const char *name)
{
	static const struct {
		const char *name;
		enum error_kind kind;
	} rows[] = {
		{"org.freedesktop.systemd1.NoSuchUnit", ERROR_NOT_FOUND},
		{"org.freedesktop.systemd1.LoadFailed", ERROR_INVALID},
		{"org.freedesktop.systemd1.BadUnitSetting", ERROR_INVALID},
		{"org.freedesktop.systemd1.UnitMasked", ERROR_INVALID},
		{"org.freedesktop.systemd1.OnlyByDependency", ERROR_FORBIDDEN},
		{"org.freedesktop.systemd1.NoIsolation", ERROR_FORBIDDEN},
		{"org.freedesktop.systemd1.JobTypeNotApplicable", ERROR_UNSUPPORTED},
		{"org.freedesktop.systemd1.TransactionIsDestructive", ERROR_CONFLICT},
		{"org.freedesktop.systemd1.TransactionJobsConflicting", ERROR_CONFLICT},
		{"org.freedesktop.systemd1.TransactionOrderIsCyclic", ERROR_CONFLICT},
		{"org.freedesktop.systemd1.UnitExists", ERROR_CONFLICT},
		{"org.freedesktop.systemd1.ShuttingDown", ERROR_UNAVAILABLE},
	};

	for (size_t i = 0; name && i < array_length(rows); i++)
		if (str_equal(rows[i].name, name))
			return rows[i].kind;
	return ERROR_SYSTEM;
}
