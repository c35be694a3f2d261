#include "http/http_head.h"

#include "base/byte.h"

#include <ctype.h>
#include <strings.h>

static const struct http_refusal accepted = {0};

static struct http_refusal refuse(int status, const char *why)
{
	return (struct http_refusal){status, why};
}

ssize_t http_head_end(const char *data, size_t size, size_t *scanned)
{
	const char *end = data + size;
	const char *lf;

	if (size && !strchr(HTTP_TOKEN_CHARACTERS, data[0]))
		return -1; /* not HTTP at all, a TLS greeting for one: no need to wait for its end
			    */
	for (const char *at = data + *scanned; (lf = memchr(at, '\n', (size_t)(end - at)));
	     at = lf + 1) {
		if (lf == data || lf[-1] != '\r')
			return -1;
		if (lf - data >= 2 && lf[-2] == '\n')
			return lf + 1 - data;
	}
	*scanned = size;
	return 0;
}

bool http_is_token(const char *text)
{
	size_t length = strspn(text, HTTP_TOKEN_CHARACTERS);

	return length && !text[length];
}

const char *http_fields_get(const struct http_fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (!strcasecmp(fields->items[i].name, name))
			return fields->items[i].value;
	return NULL;
}

static size_t fields_count(const struct http_fields *fields, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < fields->count; i++)
		count += !strcmp(fields->items[i].name, name);
	return count;
}

/* ---- lines ---- */

/* Cut the line at *cursor off: its CRLF becomes the end of a string. */
static char *next_line(char **cursor)
{
	char *line = *cursor;
	char *lf = strchr(line, '\n');

	if (!lf) /* a NUL stands in the way */
		return NULL;
	lf[-1] = '\0';
	*cursor = lf + 1;
	return line;
}

static bool is_field_text(const char *text)
{
	for (; *text; text++)
		if (*text != '\t' && ((unsigned char)*text < ' ' || *text == 0x7f))
			return false;
	return true;
}

static char *trim(char *text)
{
	text += strspn(text, " \t");
	char *end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

static bool parse_field(struct http_fields *headers, char *line)
{
	size_t length = strspn(line, HTTP_TOKEN_CHARACTERS);

	if (!length || line[length] != ':' || !is_field_text(line + length))
		return false;
	line[length] = '\0';
	for (char *c = line; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	struct http_field field = {line, trim(line + length + 1)};
	vector_add(headers, field);
	return true;
}

bool http_fields_parse(struct http_fields *fields, char **cursor)
{
	for (char *line; (line = next_line(cursor));) {
		if (!*line)
			return true;
		if (!parse_field(fields, line))
			return false;
	}
	return false;
}

void http_fields_fini(struct http_fields *fields)
{
	vector_fini(fields);
}

/* Exactly METHOD SP target SP HTTP/1.x; the target in visible ASCII, as RFC 9112 has it. */
static struct http_refusal parse_request_line(struct http_head *head, char *line, char **target)
{
	char *space = strchr(line, ' ');
	char *second = space ? strchr(space + 1, ' ') : NULL;

	if (!second || strchr(second + 1, ' '))
		return refuse(400, "malformed request line");
	*space = *second = '\0';
	head->method = line;
	*target = space + 1;
	for (const char *c = *target; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '#')
			return refuse(400, "invalid character in the request target");
	if (strncmp(second + 1, "HTTP/", 5) != 0)
		return refuse(400, "malformed request line");
	if (strcmp(second + 1, "HTTP/1.1") != 0 && strcmp(second + 1, "HTTP/1.0") != 0)
		return refuse(505, "HTTP version not supported");
	head->is_1_1 = second[8] == '1';
	return accepted;
}

/* ---- the target ---- */

/* In place; false for a broken escape or a NUL. */
static bool percent_decode(char *text, bool plus_is_blank)
{
	char *out = text;

	for (; *text; text++) {
		if (*text == '%') {
			int high = byte_hex_value(text[1]);
			int low = high < 0 ? -1 : byte_hex_value(text[2]);

			if (low < 0 || (high | low) == 0)
				return false;
			*out++ = (char)(high << 4 | low);
			text += 2;
		} else {
			*out++ = *text == '+' && plus_is_blank ? ' ' : *text;
		}
	}
	*out = '\0';
	return true;
}

static struct http_refusal parse_query(struct http_fields *query, char *text)
{
	for (char *item; (item = strsep(&text, "&"));) {
		if (!*item)
			continue;
		char *value = strchr(item, '=');
		if (value)
			*value++ = '\0';
		else
			value = item + strlen(item);
		if (!percent_decode(item, true) || !percent_decode(value, true))
			return refuse(400, "invalid URL escape in the query");
		if (query->count == HTTP_QUERY_LIMIT)
			return refuse(400, "too many query parameters");
		struct http_field field = {item, value};
		vector_add(query, field);
	}
	return accepted;
}

/* Of an absolute target (RFC 9112 3.2.2 wants it taken), what stands behind the authority. */
static char *skip_authority(char *target)
{
	if (strncasecmp(target, "http://", 7) != 0)
		return target;
	return target + 7 + strcspn(target + 7, "/?");
}

static struct http_refusal parse_target(struct http_head *head, char *target)
{
	target = skip_authority(target);
	char *query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	if (*target != '/')
		return refuse(400, "the request target is not a path");
	head->raw_path = target;
	head->target = str_dup(target);
	head->path = head->target;
	if (!percent_decode(head->target, false))
		return refuse(400, "invalid URL escape in the path");
	return query ? parse_query(&head->query, query) : accepted;
}

/* ---- what the headers mean together ---- */

static struct http_refusal check_meaning(struct http_head *head)
{
	size_t hosts = fields_count(&head->headers, "host");
	const char *coding = http_fields_get(&head->headers, "transfer-encoding");
	const char *expect = http_fields_get(&head->headers, "expect");

	if (hosts > 1 || (head->is_1_1 && !hosts))
		return refuse(400, hosts ? "more than one Host header" : "missing Host header");
	if (coding && (!head->is_1_1 || fields_count(&head->headers, "transfer-encoding") > 1))
		return refuse(400, "malformed transfer encoding");
	if (coding && strcasecmp(coding, "chunked") != 0)
		return refuse(501, "unsupported transfer encoding");
	if (expect && head->is_1_1 && strcasecmp(expect, "100-continue") != 0)
		return refuse(417, "unsupported expectation");
	head->expects_continue = expect && head->is_1_1;
	return accepted;
}

/* llhttp reads the same bytes: what it refuses is refused, and its framing is the one that counts.
 */
static struct http_refusal check_framing(struct http_message *message, const char *data,
					 size_t size)
{
	if (!http_message_feed_head(message, data, size))
		return refuse(400, "malformed request");
	if (message->parser.method == HTTP_CONNECT)
		return refuse(400, "this is not a proxy");
	return accepted;
}

static struct http_refusal parse_lines(struct http_head *head, size_t size, char **target)
{
	char *cursor = head->text;
	char *line = next_line(&cursor);

	if (!line)
		return refuse(400, "malformed request line");
	struct http_refusal refusal = parse_request_line(head, line, target);
	if (refusal.status)
		return refusal;
	if (!http_fields_parse(&head->headers, &cursor) || cursor != head->text + size)
		return refuse(400, "malformed request header");
	return accepted;
}

struct http_refusal http_head_parse(struct http_head *head, struct http_message *message,
				    const char *data, size_t size)
{
	char *target = NULL;

	head->text = str_dup_n(data, size);
	struct http_refusal refusal = parse_lines(head, size, &target);
	if (!refusal.status)
		refusal = check_meaning(head);
	if (!refusal.status)
		refusal = check_framing(message, data, size);
	if (!refusal.status)
		refusal = parse_target(head, target);
	return refusal;
}

void http_head_fini(struct http_head *head)
{
	free(head->text);
	free(head->target);
	http_fields_fini(&head->headers);
	http_fields_fini(&head->query);
	*head = (struct http_head){0};
}
