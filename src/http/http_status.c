#include "http/http_status.h"

#include "base/memory.h"

#include <time.h>

static const struct {
	int status;
	const char *text;
} texts[] = {
	{100, "Continue"},
	{101, "UPGRADED"}, /* what the Engine API has always said */
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Request Entity Too Large"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{422, "Unprocessable Entity"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < array_length(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Status";
}

int http_status_of_error(enum error_kind kind)
{
	static const int statuses[] = {
		[ERROR_INVALID] = 400,	   [ERROR_DENIED] = 401,      [ERROR_FORBIDDEN] = 403,
		[ERROR_NOT_FOUND] = 404,   [ERROR_CONFLICT] = 409,    [ERROR_UNCHANGED] = 304,
		[ERROR_UNSUPPORTED] = 501, [ERROR_UNAVAILABLE] = 503, [ERROR_SYSTEM] = 500,
	};

	return kind > ERROR_NONE && kind < array_length(statuses) ? statuses[kind] : 500;
}

/* Not strftime's %a and %b: those follow the locale. */
static void write_date(time_t now, char out[static HTTP_DATE_SIZE])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t;

	gmtime_r(&now, &t);
	snprintf(out, HTTP_DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		 days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900,
		 t.tm_hour, t.tm_min, t.tm_sec);
}

const char *http_date(void)
{
	static _Thread_local char text[HTTP_DATE_SIZE];
	static _Thread_local time_t written;
	time_t now = time(NULL);

	if (now != written)
		write_date(now, text);
	written = now;
	return text;
}
