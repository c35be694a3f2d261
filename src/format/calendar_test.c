#include "base/test.h"
#include "base/text.h"
#include "format/calendar.h"

#include <time.h>
#include <unistd.h>

#define S INT64_C(1000000)

/* Zones as rules, so that no database is needed. */
static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static void set_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static struct calendar *parse(const char *text)
{
	struct error err;
	struct calendar *calendar = calendar_parse(text, &err);

	assert_non_null(calendar);
	return calendar;
}

/* ---- what expressions mean to systemd 252 ---- */

struct meaning {
	const char *text, *written;
	int64_t next[3]; /* whole seconds from NOW on; -1: never again */
};

#define NOW 1795777200 /* Friday, 2026-11-27 11:00:00 UTC */

static const struct meaning dates_and_times[] = {
	{"Sun,Wed,Mon..Tue,Fri..Sat",
	 "Mon..Wed,Fri..Sun *-*-* 00:00:00",
	 {1795824000, 1795910400, 1795996800}},
	{"Tue,Sat 14-*-* 3,1:29", "Tue,Sat 2014-*-* 01,03:29:00", {-1, -1, -1}},
	{"Thu *-1", "Thu *-*-01 00:00:00", {1806537600, 1814400000, 1843430400}},
	{"Fri..Fri,Fri *-2", "Fri *-*-02 00:00:00", {1806624000, 1814486400, 1843516800}},
	{"Wed, 18:47", "Wed *-*-* 18:47:00", {1796237220, 1796842020, 1797446820}},
	{"Tue..Fri,Mon 27-10-15 1:2:3", "Mon..Fri 2027-10-15 01:02:03", {1823562123, -1, -1}},
	{"*-*-9 0:0:0", "*-*-09 00:00:00", {1796774400, 1799452800, 1802131200}},
	{"11-15", "*-11-15 00:00:00", {1826236800, 1857859200, 1889395200}},
	{"tuesday *-12-* 18:00", "Tue *-12-* 18:00:00", {1796148000, 1796752800, 1797357600}},
	{"Mon,Sat *-*-4,1,2 *:20:35",
	 "Mon,Sat *-*-01,02,04 *:20:35",
	 {1798849235, 1798852835, 1798856435}},
	{"13,15,14:25,20,35", "*-*-* 13,14,15:20,25,35:00", {1795785600, 1795785900, 1795786500}},
	{"13..15:20,25", "*-*-* 13..15:20,25:00", {1795785600, 1795785900, 1795789200}},
	{"tue,sat *-1/3-1,4 *:20:35",
	 "Tue,Sat *-01/3-01,04 *:20:35",
	 {1830298835, 1830302435, 1830306035}},
	{"04-05 07:05:30", "*-04-05 07:05:30", {1806908730, 1838531130, 1870067130}},
	{"07:05:30", "*-*-* 07:05:30", {1795849530, 1795935930, 1796022330}},
	{"06:50", "*-*-* 06:50:00", {1795848600, 1795935000, 1796021400}},
	{"Sat,Tue 12-06 07:05:30",
	 "Tue,Sat *-12-06 07:05:30",
	 {1954307130, 2017465530, 2112159930}},
	{"Sat,Tue 07:05:30", "Tue,Sat *-*-* 07:05:30", {1795849530, 1796108730, 1796454330}},
	{"2004-03-06 06:50", "2004-03-06 06:50:00", {-1, -1, -1}},
	{"06:50:21.1200004/4.2500005",
	 "*-*-* 06:50:21.120000/4.250001",
	 {1795848621, 1795848625, 1795848629}},
	{"2004-02..05-06", "2004-02..05-06 00:00:00", {-1, -1, -1}},
	{"2004-03-06 06:50 UTC", "2004-03-06 06:50:00 UTC", {-1, -1, -1}},
	{"2004-03-06", "2004-03-06 00:00:00", {-1, -1, -1}},
};

static const struct meaning words[] = {
	{"hourly", "*-*-* *:00:00", {1795780800, 1795784400, 1795788000}},
	{"minutely", "*-*-* *:*:00", {1795777260, 1795777320, 1795777380}},
	{"daily", "*-*-* 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"daily UTC", "*-*-* 00:00:00 UTC", {1795824000, 1795910400, 1795996800}},
	{"daily utc", "*-*-* 00:00:00 UTC", {1795824000, 1795910400, 1795996800}},
	{"Daily", "*-*-* 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"weekly", "Mon *-*-* 00:00:00", {1795996800, 1796601600, 1797206400}},
	{"monthly", "*-*-01 00:00:00", {1796083200, 1798761600, 1801440000}},
	{"yearly", "*-01-01 00:00:00", {1798761600, 1830297600, 1861920000}},
	{"annually", "*-01-01 00:00:00", {1798761600, 1830297600, 1861920000}},
	{"anually", "*-01-01 00:00:00", {1798761600, 1830297600, 1861920000}},
	{"quarterly", "*-01,04,07,10-01 00:00:00", {1798761600, 1806537600, 1814400000}},
	{"semiannually", "*-01,07-01 00:00:00", {1798761600, 1814400000, 1830297600}},
	{"semi-annually", "*-01,07-01 00:00:00", {1798761600, 1814400000, 1830297600}},
	{"biannually", "*-01,07-01 00:00:00", {1798761600, 1814400000, 1830297600}},
	{"bi-annually", "*-01,07-01 00:00:00", {1798761600, 1814400000, 1830297600}},
};

static const struct meaning days_from_the_end[] = {
	{"*-*~1", "*-*~01 00:00:00", {1795996800, 1798675200, 1801353600}},
	{"*~1", "*-*~01 00:00:00", {1795996800, 1798675200, 1801353600}},
	{"12~*", "*-12-* 00:00:00", {1796083200, 1796169600, 1796256000}},
	{"*-02~04", "*-02~04 00:00:00", {1803513600, 1835136000, 1866672000}},
	{"Tue *-06~07/1", "Tue *-06~07/1 00:00:00", {1814227200, 1845676800, 1877126400}},
	{"*-*~07/1", "*-*~07/1 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"*-*~1..3", "*-*~01..03 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"*-*~28", "*-*~28 00:00:00", {1796342400, 1799020800, 1801440000}},
	{"*-*~5/2", "*-*~05/2 00:00:00", {1795824000, 1795996800, 1798329600}},
};

static const struct meaning steps_and_ranges[] = {
	{"*:4/7", "*-*-* *:04/7:00", {1795777440, 1795777860, 1795778280}},
	{"*:0/15", "*-*-* *:00/15:00", {1795778100, 1795779000, 1795779900}},
	{"02-30", "*-02-30 00:00:00", {-1, -1, -1}},
	{"*-02-29", "*-02-29 00:00:00", {1835395200, 1961625600, 2087856000}},
	{"Mon *-02-29", "Mon *-02-29 00:00:00", {2340316800, 3223929600, 4486147200}},
	{"2..2:00", "*-*-* 02:00:00", {1795831200, 1795917600, 1796004000}},
	{"2..3/5:00", "*-*-* 02:00:00", {1795831200, 1795917600, 1796004000}},
	{"2..8/5:00", "*-*-* 02..07/5:00:00", {1795831200, 1795849200, 1795917600}},
	{"2..3:00", "*-*-* 02..03:00:00", {1795831200, 1795834800, 1795917600}},
	{"*:0/59", "*-*-* *:00/59:00", {1795780740, 1795780800, 1795784340}},
	{"*:0..59/15", "*-*-* *:00..45/15:00", {1795778100, 1795779000, 1795779900}},
	{"*:0..0/5", "*-*-* *:00:00", {1795780800, 1795784400, 1795788000}},
	{"*:*:*", "*-*-* *:*:*", {1795777201, 1795777202, 1795777203}},
	{"*:*", "*-*-* *:*:00", {1795777260, 1795777320, 1795777380}},
	{"*:*:0/0.5", "*-*-* *:*:00/0.500000", {1795777200, 1795777201, 1795777201}},
	{"*:*:0.5", "*-*-* *:*:00.500000", {1795777200, 1795777260, 1795777320}},
	{"*:*:30..40/5", "*-*-* *:*:30..40/5", {1795777230, 1795777235, 1795777240}},
	{"*:*:30..40", "*-*-* *:*:30..40", {1795777230, 1795777231, 1795777232}},
	{"*:*:30..40.5", "*-*-* *:*:30..40", {1795777230, 1795777231, 1795777232}},
	{"*:*:0..59.5", "*-*-* *:*:00..59", {1795777201, 1795777202, 1795777203}},
	{"*:*:0..10/0.3", "*-*-* *:*:00..09.900000/0.300000", {1795777200, 1795777200, 1795777200}},
	{"*:*:1..2,0..3", "*-*-* *:*:00..03,01..02", {1795777201, 1795777202, 1795777203}},
};

static const struct meaning weekdays_and_years[] = {
	{"@1795777300", "2026-11-27 11:01:40 UTC", {1795777300, -1, -1}},
	{"@5", "1970-01-01 00:00:05 UTC", {-1, -1, -1}},
	{"Mon @1795777300", "Mon 2026-11-27 11:01:40 UTC", {-1, -1, -1}},
	{"Mon", "Mon *-*-* 00:00:00", {1795996800, 1796601600, 1797206400}},
	{"Mon,", "Mon *-*-* 00:00:00", {1795996800, 1796601600, 1797206400}},
	{"Tue ", "Tue *-*-* 00:00:00", {1796083200, 1796688000, 1797292800}},
	{"Mon-Fri", "Mon..Fri *-*-* 00:00:00", {1795996800, 1796083200, 1796169600}},
	{"Mon-Fri 10:00", "Mon..Fri *-*-* 10:00:00", {1796032800, 1796119200, 1796205600}},
	{"Mon..Sun 10:00", "*-*-* 10:00:00", {1795860000, 1795946400, 1796032800}},
	{"Mon,Tue,Wed", "Mon..Wed *-*-* 00:00:00", {1795996800, 1796083200, 1796169600}},
	{"Fri,Sat,Sun,Mon", "Mon,Fri..Sun *-*-* 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"Mon..Tue,", "Mon,Tue *-*-* 00:00:00", {1795996800, 1796083200, 1796601600}},
	{"69-01-01", "2069-01-01 00:00:00", {3124224000, -1, -1}},
	{"70-01-01", "1970-01-01 00:00:00", {-1, -1, -1}},
	{"99-01-01", "1999-01-01 00:00:00", {-1, -1, -1}},
	{"2199-01-01", "2199-01-01 00:00:00", {7226582400, -1, -1}},
	{"2026-11-27", "2026-11-27 00:00:00", {-1, -1, -1}},
	{"2026-11-27 11:00", "2026-11-27 11:00:00", {-1, -1, -1}},
	{"2026-11-27 11:00:01", "2026-11-27 11:00:01", {1795777201, -1, -1}},
	{"2026-11-27 11:00:00.5", "2026-11-27 11:00:00.500000", {1795777200, -1, -1}},
};

static const struct meaning steps_of_dates[] = {
	{"1/1-1", "*-01/1-01 00:00:00", {1796083200, 1798761600, 1801440000}},
	{"2020/2-1-1", "2020/2-01-01 00:00:00", {1830297600, 1893456000, 1956528000}},
	{"2020..2030-1-1", "2020..2030-01-01 00:00:00", {1798761600, 1830297600, 1861920000}},
	{"2026..2026-12-1", "2026-12-01 00:00:00", {1796083200, -1, -1}},
	{"*-*-01/2 04:00:00 UTC", "*-*-01/2 04:00:00 UTC", {1795924800, 1796097600, 1796270400}},
	{"Mon..Fri *-*-01/2 04:00:00 UTC",
	 "Mon..Fri *-*-01/2 04:00:00 UTC",
	 {1796097600, 1796270400, 1796616000}},
	{"*-*-1,1,1", "*-*-01 00:00:00", {1796083200, 1798761600, 1801440000}},
	{"*:1,1/5,1", "*-*-* *:01,01/5:00", {1795777260, 1795777560, 1795777860}},
	{"05:40:59.9999994", "*-*-* 05:40:59.999999", {1795844459, 1795930859, 1796017259}},
	{"05:40:1.5,2", "*-*-* 05:40:01.500000,02", {1795844401, 1795844402, 1795930801}},
	{"*-*-*", "*-*-* 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"*-*", "*-*-* 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"*-*-*  04:00", "*-*-* 04:00:00", {1795838400, 1795924800, 1796011200}},
	{"2026-*~1", "2026-*~01 00:00:00", {1795996800, 1798675200, -1}},
	{"*-*-1..31", "*-*-01..31 00:00:00", {1795824000, 1795910400, 1795996800}},
	{"*-*-30/1", "*-*-30/1 00:00:00", {1795996800, 1798588800, 1798675200}},
	{"*-*-31", "*-*-31 00:00:00", {1798675200, 1801353600, 1806451200}},
	{"*-*-29..31", "*-*-29..31 00:00:00", {1795910400, 1795996800, 1798502400}},
	{"Fri *-*-13", "Fri *-*-13 00:00:00", {1818115200, 1855008000, 1870732800}},
	{"5/1,2:00", "*-*-* 02,05/1:00:00", {1795780800, 1795784400, 1795788000}},
	{"0:0:0,1..3", "*-*-* 00:00:00,01..03", {1795824000, 1795824001, 1795824002}},
};

static void assert_meanings(const struct meaning *meanings, size_t count)
{
	set_zone("UTC");
	for (size_t i = 0; i < count; i++) {
		struct calendar *calendar = parse(meanings[i].text);
		scoped_free char *written = calendar_format(calendar);
		int64_t us = NOW * S;

		assert_string_equal(written, meanings[i].written);
		for (size_t j = 0; j < 3 && us >= 0; j++) {
			us = calendar_next(calendar, us);
			assert_int_equal(us < 0 ? us : us / S, meanings[i].next[j]);
		}
		calendar_free(calendar);
	}
}

static void expressions_mean_what_they_mean_to_systemd(void **state)
{
	assert_meanings(dates_and_times, array_length(dates_and_times));
	assert_meanings(words, array_length(words));
	assert_meanings(days_from_the_end, array_length(days_from_the_end));
	assert_meanings(steps_and_ranges, array_length(steps_and_ranges));
	assert_meanings(weekdays_and_years, array_length(weekdays_and_years));
	assert_meanings(steps_of_dates, array_length(steps_of_dates));
}

static void steps_may_begin_at_any_value(void **state)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
		{"*:*/15", "*-*-* *:00/15:00"},	  {"*/2:00", "*-*-* 00/2:00:00"},
		{"*-*-*/5", "*-*-01/5 00:00:00"}, {"*-*/3-1", "*-01/3-01 00:00:00"},
		{"*:*:*/10", "*-*-* *:*:00/10"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct calendar *calendar = parse(cases[i].text);
		scoped_free char *written = calendar_format(calendar);

		assert_string_equal(written, cases[i].written);
		calendar_free(calendar);
	}
}

static void what_is_none_is_refused_with_its_part(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"", "it is empty"},
		{" ", "the date"},
		{"perhaps", "the date"},
		{"UTC", "the date"},
		{"Mon..", "the weekdays"},
		{"..Mon", "the date"},
		{"Mon Tue", "the date"},
		{"Mon, Tue", "the date"},
		{"Mon,,Tue", "the weekdays"},
		{"Mon.Tue", "the weekdays"},
		{"Mon,x", "the weekdays"},
		{"Sun..Mon", "the weekdays"},
		{"Mon..Wed..Fri", "the weekdays"},
		{"mond", "the weekdays"},
		{" Tue", "the date"},
		{"Tue 10", "the time"},
		{"10", "the time"},
		{"10:", "the time"},
		{"*", "the time"},
		{"*-*-* *", "the time"},
		{"24:00", "the hour"},
		{"5..2:00", "the hour"},
		{"1.5:00", "the date"},
		{"23:60", "the minute"},
		{"*:0/60", "the minute"},
		{"*:1/59", "the minute"},
		{"*:0/0", "the minute"},
		{"*:5,", "the minute"},
		{"*:,5", "the minute"},
		{"*: 5", "the minute"},
		{"*:+5", "the minute"},
		{"23:59:60", "the second"},
		{"05:40:59.9999999", "the second"},
		{"*:*:59/2", "the second"},
		{"*:*:1..1.5,70", "the second"},
		{"*-13-01", "the month"},
		{"*-00-01", "the month"},
		{"*-01-00", "the day"},
		{"*-01-32", "the day"},
		{"*-*-31/1", "the day"},
		{"*-*~29", "the day"},
		{"*-*~3..1", "the day"},
		{"*-*~1/1", "the day"},
		{"*-*~1..31", "the day"},
		{"2026~11-1", "the date"},
		{"2026~11~1", "the date"},
		{"*-*-*T04:00", "the date"},
		{"00 05:40", "the date"},
		{"1-2-3-4", "the date"},
		{"1969-01-01", "the year"},
		{"2200-01-01", "the year"},
		{"2027..2026-1-1", "the year"},
		{"10000-1-1", "the date"},
		{"999999999999:00", "the date"},
		{"@5.5", "the date"},
		{"@", "the date"},
		{"@99999999999999", "the date"},
		{"*:0/15 No/Where", "the time"},
		{"05:40 ../UTC", "the time"},
		{"hourly  UTC", "the date"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};
		scoped_free char *wanted = str_format("no calendar expression: '%s' (%s)",
						      cases[i].text, cases[i].part);

		assert_null(calendar_parse(cases[i].text, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text, wanted);
	}
}

static void fractions_of_seconds_are_kept(void **state)
{
	struct calendar *half = parse("*:*:0/2.5");
	int64_t us = 1795777200 * S;

	assert_int_equal(us = calendar_next(half, us), 1795777202500000);
	assert_int_equal(us = calendar_next(half, us), 1795777205 * S);
	assert_int_equal(calendar_next(half, 1795777202500001), 1795777205 * S);
	assert_int_equal(calendar_next(half, 1795777202499999), 1795777202500000);
	calendar_free(half);
}

/* 2026-03-29 02:00 is 03:00, 2026-10-25 03:00 is 02:00 again. */
static void clocks_are_set_in_spring_and_autumn(void **state)
{
	enum { SPRING = 1774746000, AUTUMN = 1792890000, MINUTE = 60, HOUR = 3600 };
	static const struct {
		const char *text;
		int64_t after, next;
	} cases[] = {
		/* an hour is missing: what it held is made up for at its end, once */
		{"02:30", SPRING - HOUR, SPRING},
		{"02:30", SPRING, SPRING + 23 * HOUR + 30 * MINUTE},
		{"02..03:30", SPRING - HOUR, SPRING},
		{"02..03:30", SPRING, SPRING + 30 * MINUTE},
		{"03:00", SPRING - HOUR, SPRING},
		{"*:0/15", SPRING - 15 * MINUTE, SPRING},
		{"*:0/15", SPRING, SPRING + 15 * MINUTE},
		{"daily", SPRING - 3 * HOUR, SPRING - 2 * HOUR},
		{"daily", SPRING - 2 * HOUR, SPRING + 21 * HOUR},
		{"*-03-29 02:30", SPRING - 200 * 24 * HOUR, SPRING},
		/* an hour comes twice: the first counts */
		{"02:30", AUTUMN - HOUR, AUTUMN - 30 * MINUTE},
		{"02:30", AUTUMN - 30 * MINUTE, AUTUMN + 24 * HOUR + 30 * MINUTE},
		{"02:30", AUTUMN + 10 * MINUTE, AUTUMN + 24 * HOUR + 30 * MINUTE},
		{"02:00", AUTUMN - 2 * HOUR, AUTUMN - HOUR},
		{"02:00", AUTUMN - HOUR, AUTUMN + 24 * HOUR},
		{"03:00", AUTUMN - HOUR, AUTUMN + HOUR},
		{"2..3:30", AUTUMN - 30 * MINUTE, AUTUMN + HOUR + 30 * MINUTE},
		{"daily", AUTUMN - 4 * HOUR, AUTUMN - 3 * HOUR},
		{"daily", AUTUMN - 3 * HOUR, AUTUMN + 22 * HOUR},
		/* unless every hour does */
		{"*:0/15", AUTUMN - 15 * MINUTE, AUTUMN},
		{"*:0/15", AUTUMN, AUTUMN + 15 * MINUTE},
		{"*:0/15", AUTUMN + 45 * MINUTE, AUTUMN + HOUR},
		{"*:45", AUTUMN - 15 * MINUTE, AUTUMN + 45 * MINUTE},
		{"*:05", AUTUMN - 5 * MINUTE, AUTUMN + 5 * MINUTE},
		{"hourly", AUTUMN - HOUR, AUTUMN},
		{"*-*-25 *:00", AUTUMN - HOUR, AUTUMN},
		{"*-*-26 *:00", AUTUMN - HOUR, AUTUMN + 22 * HOUR},
		/* long before */
		{"*-10-25 02:30", SPRING, AUTUMN - 30 * MINUTE},
		{"2027-01-01", SPRING, 1798758000},
	};

	set_zone(berlin);
	for (size_t i = 0; i < array_length(cases); i++) {
		struct calendar *calendar = parse(cases[i].text);

		assert_int_equal(calendar_next(calendar, cases[i].after * S), cases[i].next * S);
		calendar_free(calendar);
	}
}

static void a_zone_may_be_named(void **state)
{
	static const struct {
		const char *text;
		int64_t after, next;
	} cases[] = {
		{"weekly Europe/Berlin", 1795777200, 1795993200},
		{"02:30 Europe/Berlin", 1774742400, 1774746000},
		{"*:0/15 Europe/Berlin", 1792889100, 1792890000},
		{"2100-07-01 12:00 Europe/Berlin", 0, 4118119200}, /* files end in 2037 */
	};

	set_zone("UTC");
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
		skip();
	for (size_t i = 0; i < array_length(cases); i++) {
		struct calendar *calendar = parse(cases[i].text);
		scoped_free char *written = calendar_format(calendar);

		assert_true(str_ends_with(written, " Europe/Berlin"));
		assert_int_equal(calendar_next(calendar, cases[i].after * S), cases[i].next * S);
		calendar_free(calendar);
	}
}

static void each_moment_is_later_than_the_one_before(void **state)
{
	static const char *const zones[] = {berlin, "EST5EDT,M3.2.0,M11.1.0",
					    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
					    "<-03>3<-02>,M11.1.0/0,M2.3.0/0", "IST-5:30"};
	static const char *const texts[] = {"*:0/20", "1,2,3:0/10", "00:00", "*-*~1 23:30"};

	for (size_t i = 0; i < array_length(zones) * array_length(texts); i++) {
		struct calendar *calendar = parse(texts[i % array_length(texts)]);
		int64_t us = 1538352000 * S; /* October of 2018 */

		set_zone(zones[i / array_length(texts)]);
		for (int j = 0; j < 2000; j++) {
			int64_t next = calendar_next(calendar, us);

			assert_true(next > us);
			/* nothing lies between */
			assert_int_equal(calendar_next(calendar, us + (next - us) / 2), next);
			us = next;
		}
		calendar_free(calendar);
	}
}

static void what_never_comes_is_known_soon(void **state)
{
	static const char *const texts[] = {"*-02-30", "Mon *-04-31 *:*:0/0.1", "2003-01-01"};
	static const int64_t late[] = {INT64_MAX, 7289654400 * S, 7258118400 * S};
	struct calendar *daily = parse("daily UTC");

	set_zone(berlin);
	for (size_t i = 0; i < array_length(texts); i++) {
		struct calendar *calendar = parse(texts[i]);

		for (int j = 0; j < 1000; j++)
			assert_int_equal(calendar_next(calendar, 1795777200 * S + j), -1);
		calendar_free(calendar);
	}
	for (size_t i = 0; i < array_length(late); i++)
		assert_int_equal(calendar_next(daily, late[i]), -1);
	assert_int_equal(calendar_next(daily, -1), 0);
	assert_int_equal(calendar_next(daily, INT64_MIN), 0);
	calendar_free(daily);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_mean_what_they_mean_to_systemd),
		cmocka_unit_test(steps_may_begin_at_any_value),
		cmocka_unit_test(what_is_none_is_refused_with_its_part),
		cmocka_unit_test(fractions_of_seconds_are_kept),
		cmocka_unit_test(clocks_are_set_in_spring_and_autumn),
		cmocka_unit_test(a_zone_may_be_named),
		cmocka_unit_test(each_moment_is_later_than_the_one_before),
		cmocka_unit_test(what_never_comes_is_known_soon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
