#include "format/syslog.h"

#include "base/memory.h"
#include "base/time.h"

#include <stdio.h>
#include <time.h>

enum {
	DEFAULT_PORT = 514,
	DAEMON_FACILITY = 3,
	FACILITIES = 24,
	SEVERITY_ERROR = 3,
	SEVERITY_INFO = 6,
};

/* ---- addresses ---- */

static const struct {
	const char *prefix;
	enum syslog_transport transport;
	bool is_path;
} schemes[] = {
	{"udp://", SYSLOG_UDP, false},
	{"tcp://", SYSLOG_TCP, false},
	{"unix://", SYSLOG_UNIX, true},
	{"unixgram://", SYSLOG_UNIXGRAM, true},
};

void syslog_address_fini(struct syslog_address *address)
{
	free(take(address->host));
}

static bool parse_port(const char *text, int32_t *port, struct error *err)
{
	uint64_t number;

	if (!parse_u64(text, &number) || number == 0 || number > UINT16_MAX)
		return error_set(err, ERROR_INVALID, "invalid syslog address: bad port '%s'", text);
	*port = (int32_t)number;
	return true;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static bool parse_host(const char *text, struct syslog_address *out, struct error *err)
{
	bool brackets = *text == '[';
	const char *end = brackets ? strchr(text, ']') : strchr(text, ':');
	const char *host = text + brackets, *rest;

	if (brackets && !end)
		return error_set(err, ERROR_INVALID, "invalid syslog address: missing ']' in '%s'",
				 text);
	if (!end)
		end = text + strlen(text);
	rest = end + brackets;
	out->port = DEFAULT_PORT;
	if (end == host || (*rest && *rest != ':'))
		return error_set(err, ERROR_INVALID, "invalid syslog address: no host in '%s'",
				 text);
	if (*rest && !parse_port(rest + 1, &out->port, err))
		return false;
	out->host = str_dup_n(host, (size_t)(end - host));
	return true;
}

bool syslog_address_parse(const char *text, struct syslog_address *out, struct error *err)
{
	const char *scheme = str_is_empty(text) ? NULL : strstr(text, "://");

	*out = (struct syslog_address){.transport = SYSLOG_LOCAL};
	if (str_is_empty(text))
		return true;
	if (str_starts_with(text, "tcp+tls://"))
		return error_set(err, ERROR_UNSUPPORTED,
				 "syslog over TLS (tcp+tls) is not supported by this version: send "
				 "to a relay on this host");
	for (size_t i = 0; i < array_length(schemes); i++) {
		if (!str_starts_with(text, schemes[i].prefix))
			continue;
		out->transport = (int32_t)schemes[i].transport;
		text += strlen(schemes[i].prefix);
		if (!schemes[i].is_path)
			return parse_host(text, out, err);
		if (*text != '/')
			return error_set(err, ERROR_INVALID,
					 "invalid syslog address: '%s' is no absolute path", text);
		out->host = str_dup(text);
		return true;
	}
	if (scheme)
		return error_set(err, ERROR_INVALID, "unsupported scheme: '%.*s'",
				 (int)(scheme - text), text);
	return error_set(err, ERROR_INVALID, "invalid syslog address: '%s' has no scheme", text);
}

/* ---- names ---- */

bool syslog_style_from_name(const char *name, enum syslog_style *style)
{
	static const char *const names[] = {
		[SYSLOG_BSD_LOCAL] = "",
		[SYSLOG_RFC3164] = "rfc3164",
		[SYSLOG_RFC5424] = "rfc5424",
		[SYSLOG_RFC5424_MICRO] = "rfc5424micro",
	};

	for (size_t i = 0; i < array_length(names); i++) {
		if (!str_equal(names[i], name ? name : ""))
			continue;
		*style = (enum syslog_style)i;
		return true;
	}
	return false;
}

bool syslog_facility_from_name(const char *name, int32_t *facility)
{
	static const char *const names[] = {
		"kern",	  "user",   "mail",	"daemon", "auth",   "syslog", "lpr",	"news",
		"uucp",	  "cron",   "authpriv", "ftp",	  NULL,	    NULL,     NULL,	NULL,
		"local0", "local1", "local2",	"local3", "local4", "local5", "local6", "local7",
	};
	uint64_t number;

	*facility = DAEMON_FACILITY;
	if (str_is_empty(name))
		return true;
	for (size_t i = 0; i < array_length(names); i++) {
		if (!str_equal(names[i], name))
			continue;
		*facility = (int32_t)i;
		return true;
	}
	if (!parse_u64(name, &number) || number >= FACILITIES)
		return false;
	*facility = (int32_t)number;
	return true;
}

/* ---- messages ---- */

/* "Jan  2 15:04:05", in the host's own zone. */
static void add_stamp(const struct tm *tm, struct buffer *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	buffer_format(out, "%.3s %2d %02d:%02d:%02d", months + 3 * (tm->tm_mon % 12), tm->tm_mday,
		      tm->tm_hour, tm->tm_min, tm->tm_sec);
}

/* RFC 3339 with the host's offset. */
static void add_date(const struct tm *tm, int64_t time_ns, bool micro, struct buffer *out)
{
	long offset = tm->tm_gmtoff / 60, distance = offset < 0 ? -offset : offset;

	buffer_format(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm->tm_year + 1900, tm->tm_mon + 1,
		      tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec);
	if (micro)
		buffer_format(out, ".%06d", (int)(time_ns % NS_PER_SECOND / 1000));
	if (offset == 0)
		buffer_add_char(out, 'Z');
	else
		buffer_format(out, "%c%02ld:%02ld", offset < 0 ? '-' : '+', distance / 60,
			      distance % 60);
}

static void add_head(const struct syslog_head *head, int priority, int64_t time_ns,
		     struct buffer *out)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	long long pid = (long long)head->pid;
	struct tm tm = {0};

	localtime_r(&seconds, &tm);
	if (head->style == SYSLOG_RFC5424 || head->style == SYSLOG_RFC5424_MICRO) {
		buffer_format(out, "<%d>1 ", priority);
		add_date(&tm, time_ns, head->style == SYSLOG_RFC5424_MICRO, out);
		buffer_format(out, " %s %s %lld %s - ", head->hostname, head->tag, pid, head->tag);
		return;
	}
	buffer_format(out, "<%d>", priority);
	add_stamp(&tm, out);
	if (head->style == SYSLOG_RFC3164)
		buffer_format(out, " %s", head->hostname);
	buffer_format(out, " %s[%lld]: ", head->tag, pid);
}

void syslog_write(const struct syslog_head *head, enum stream_kind stream, int64_t time_ns,
		  const char *text, size_t size, struct buffer *out)
{
	int severity = stream == STREAM_STDERR ? SEVERITY_ERROR : SEVERITY_INFO;

	add_head(head, head->facility * 8 + severity, time_ns, out);
	buffer_add(out, text, size);
	if (size == 0 || text[size - 1] != '\n')
		buffer_add_char(out, '\n');
}
