/* An expression as systemd writes it back. */
#include "format/calendar_field.h"

#include "base/date.h"

static void write_value(struct buffer *out, enum calendar_part part, int value, int digits)
{
	int unit = part == CALENDAR_SECOND ? CALENDAR_SECOND_US : 1;

	buffer_format(out, "%0*d", digits, value / unit);
	if (value % unit)
		buffer_format(out, ".%06d", value % unit);
}

static void write_step(struct buffer *out, enum calendar_part part,
		       const struct calendar_step *step)
{
	int unit = part == CALENDAR_SECOND ? CALENDAR_SECOND_US : 1;
	int digits = part == CALENDAR_YEAR ? 4 : 2;

	write_value(out, part, step->start, digits);
	if (step->stop >= 0) {
		buffer_add_text(out, "..");
		write_value(out, part, step->stop, digits);
	}
	if (step->repeat && (step->stop < 0 || step->repeat != unit)) {
		buffer_add_char(out, '/');
		write_value(out, part, step->repeat, 1);
	}
}

static void write_field(struct buffer *out, const struct calendar *c, enum calendar_part part)
{
	const struct calendar_field *field = &c->fields[part];
	bool each_second = part == CALENDAR_SECOND && field->count == 1 &&
			   field->items[0].start == 0 && field->items[0].stop < 0 &&
			   field->items[0].repeat == CALENDAR_SECOND_US;

	if (!field->count || each_second) {
		buffer_add_char(out, '*');
		return;
	}
	for (size_t i = 0; i < field->count; i++) {
		if (i)
			buffer_add_char(out, ',');
		write_step(out, part, &field->items[i]);
	}
}

/* Three and more in a row as a range. */
static void write_weekdays(struct buffer *out, unsigned weekdays)
{
	for (int i = 0, end; i < 7; i = end) {
		for (end = i; weekdays & 1U << end; end++)
			;
		if (end == i) {
			end++;
			continue;
		}
		if (end - i == 2)
			end--;
		buffer_format(out, "%s%.3s", out->size ? "," : "", weekday_names[i]);
		if (end - i > 2)
			buffer_format(out, "..%.3s", weekday_names[end - 1]);
	}
	if (weekdays)
		buffer_add_char(out, ' ');
}

char *calendar_format(const struct calendar *calendar)
{
	static const char behind[CALENDAR_PARTS] = {'-', '-', ' ', ':', ':', '\0'};
	scoped_buffer struct buffer out = {0};

	write_weekdays(&out, calendar->weekdays);
	for (enum calendar_part part = 0; part < CALENDAR_PARTS; part++) {
		write_field(&out, calendar, part);
		if (part == CALENDAR_MONTH && calendar->days_from_end)
			buffer_add_char(&out, '~');
		else if (behind[part])
			buffer_add_char(&out, behind[part]);
	}
	if (calendar->zone_name)
		buffer_format(&out, " %s", calendar->zone_name);
	return buffer_take(&out);
}
