#include "http/http_message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum http_framing framing_of(const llhttp_t *parser)
{
	if (parser->flags & F_CHUNKED)
		return HTTP_CHUNKED;
	if (parser->flags & F_CONTENT_LENGTH)
		return parser->content_length ? HTTP_LENGTH : HTTP_NO_BODY;
	return llhttp_message_needs_eof(parser) ? HTTP_UNTIL_CLOSE : HTTP_NO_BODY;
}

/* llhttp forgets its flags once a message without a body is complete, so they are read here. */
static int on_headers_complete(llhttp_t *parser)
{
	struct http_message *message = parser->data;

	message->head_is_complete = true;
	message->keep_alive = llhttp_should_keep_alive(parser);
	message->framing = message->no_body ? HTTP_NO_BODY : framing_of(parser);
	message->length = message->framing == HTTP_LENGTH ? parser->content_length : 0;
	return message->no_body ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *piece, size_t size)
{
	struct http_message *message = parser->data;

	if (message->in_head)
		return HPE_USER;
	message->overhead = 0;
	if (message->on_body && size)
		message->on_body(message->data, piece, size);
	return 0;
}

/* ---- what follows the last chunk ---- */

/* llhttp ends it at a CR whatever follows, folds lines, and takes a bare LF: a proxy may see another end
 * there.  So these lines, which mean nothing to us, are read here. */
enum trailer_state {
	TRAILER_NONE,
	TRAILER_LINE,	 /* at the start of a line */
	TRAILER_NAME,	 /* inside a field's name */
	TRAILER_VALUE,	 /* behind its colon */
	TRAILER_LINE_LF, /* the LF of its end has to follow */
	TRAILER_LAST_LF, /* the LF of the blank line has to follow */
	TRAILER_BAD,
};

static uint8_t next_trailer_state(uint8_t state, unsigned char c)
{
	bool is_token = c && strchr(HTTP_TOKEN_CHARACTERS, c);

	switch ((enum trailer_state)state) {
	case TRAILER_LINE:
		return c == '\r' ? TRAILER_LAST_LF : is_token ? TRAILER_NAME : TRAILER_BAD;
	case TRAILER_NAME:
		return c == ':' ? TRAILER_VALUE : is_token ? TRAILER_NAME : TRAILER_BAD;
	case TRAILER_VALUE:
		if (c == '\r')
			return TRAILER_LINE_LF;
		return c == '\t' || (c >= ' ' && c != 0x7f) ? TRAILER_VALUE : TRAILER_BAD;
	case TRAILER_LINE_LF:
		return c == '\n' ? TRAILER_LINE : TRAILER_BAD;
	case TRAILER_NONE:
	case TRAILER_LAST_LF:
	case TRAILER_BAD:
		break;
	}
	return TRAILER_BAD;
}

/* Returns how many bytes belonged to it, or -1. */
static ssize_t feed_trailer(struct http_message *message, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (message->trailer == TRAILER_LAST_LF && data[i] == '\n') {
			message->is_complete = true;
			return (ssize_t)i + 1;
		}
		message->trailer = next_trailer_state(message->trailer, (unsigned char)data[i]);
		if (message->trailer == TRAILER_BAD)
			return -1;
	}
	return message->overhead > HTTP_OVERHEAD_LIMIT ? -1 : (ssize_t)size;
}

static int on_chunk_header(llhttp_t *parser)
{
	struct http_message *message = parser->data;

	if (message->in_head)
		return HPE_USER;
	if (parser->content_length > 0)
		return 0;
	message->trailer = TRAILER_LINE;
	return HPE_PAUSED;
}

/* ---- feeding ---- */

static int on_message_complete(llhttp_t *parser)
{
	struct http_message *message = parser->data;

	message->is_complete = true;
	return HPE_PAUSED; /* what follows belongs to another message */
}

static const llhttp_settings_t settings = {
	.on_headers_complete = on_headers_complete,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void http_message_init(struct http_message *message, llhttp_type_t type)
{
	*message = (struct http_message){0};
	llhttp_init(&message->parser, type, &settings);
	message->parser.data = message;
}

/* Feed llhttp; returns how many bytes it used, or -1. */
static ssize_t feed_parser(struct http_message *message, const char *data, size_t size)
{
	bool in_body = message->head_is_complete;
	enum llhttp_errno outcome = llhttp_execute(&message->parser, data, size);

	if (message->is_complete || message->trailer)
		return llhttp_get_error_pos(&message->parser) - data;
	if (outcome != HPE_OK)
		return -1;
	if (!in_body)
		message->overhead = 0;
	return message->overhead > HTTP_OVERHEAD_LIMIT ? -1 : (ssize_t)size;
}

/* Where a head ends is found without llhttp.  Were the two ever of different minds, a body would begin
 * in what others take for a header, and before anybody waits for it. */
bool http_message_feed_head(struct http_message *message, const char *data, size_t size)
{
	message->in_head = true;
	ssize_t used = feed_parser(message, data, size);
	message->in_head = false;
	return used == (ssize_t)size && message->head_is_complete;
}

ssize_t http_message_feed(struct http_message *message, const char *data, size_t size)
{
	ssize_t used = 0, more = 0;

	if (message->is_complete)
		return 0;
	message->overhead += size;
	if (!message->trailer)
		used = feed_parser(message, data, size);
	if (used >= 0 && message->trailer)
		more = feed_trailer(message, data + used, size - (size_t)used);
	return used < 0 || more < 0 ? -1 : used + more;
}

void http_message_init_body(struct http_message *message, enum http_framing framing,
			    uint64_t length)
{
	static const char chunked[] = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	char head[80];

	http_message_init(message, HTTP_REQUEST);
	if (framing == HTTP_CHUNKED)
		http_message_feed_head(message, chunked, sizeof(chunked) - 1);
	else if (framing == HTTP_LENGTH && length)
		http_message_feed_head(message, head,
				       (size_t)snprintf(head, sizeof(head),
							"PUT / HTTP/1.1\r\nContent-Length: %" PRIu64
							"\r\n\r\n",
							length));
	else
		message->is_complete = true;
}
