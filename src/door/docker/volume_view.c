#include "door/docker/volume_view.h"

#include "base/time.h"

#define F RECORD_FIELD
#define T struct volume_usage
static const struct record_field volume_usage_fields[] = {
	F(T, 1, "RefCount", RECORD_I64, references),
	F(T, 2, "Size", RECORD_I64, size),
};
static const struct record_type volume_usage_type = RECORD_TYPE(T, volume_usage_fields);
#undef T

/* All of it is borrowed. */
struct volume_view {
	char *created, *driver;
	struct pairs labels;
	char *mountpoint, *name;
	struct pairs options;
	char *scope;
	struct volume_usage *usage;
};
#define T struct volume_view
static const struct record_field volume_view_fields[] = {
	F(T, 1, "CreatedAt", RECORD_STRING, created),
	F(T, 2, "Driver", RECORD_STRING, driver),
	F(T, 3, "Labels", RECORD_PAIRS, labels),
	F(T, 4, "Mountpoint", RECORD_STRING, mountpoint),
	F(T, 5, "Name", RECORD_STRING, name),
	F(T, 6, "Options", RECORD_PAIRS, options),
	F(T, 7, "Scope", RECORD_STRING, scope),
	RECORD_NESTED(T, 8, "UsageData", RECORD_POINTER, usage, RECORD_OMIT_ABSENT,
		      &volume_usage_type),
};
static const struct record_type volume_view_type = RECORD_TYPE(T, volume_view_fields);
#undef T

void volume_view_write(const struct volume *volume, const struct volume_usage *usage,
		       struct buffer *json)
{
	const struct volume_spec *spec = volume_get_spec(volume);
	struct volume_usage shown = usage ? *usage : (struct volume_usage){0};
	char created[TIME_TEXT_SIZE];

	/* Docker knows the time of its folder only, in seconds. */
	time_to_text(spec->created_ns / NS_PER_SECOND * NS_PER_SECOND, created);
	struct volume_view view = {
		.created = created,
		.driver = spec->driver,
		.labels = spec->labels,
		.mountpoint = (char *)(uintptr_t)volume_path(volume),
		.name = spec->name,
		.options = spec->options,
		.scope = "local",
		.usage = usage ? &shown : NULL,
	};
	record_write_json(&volume_view_type, &view, RECORD_FOR_API, json);
}
