/* How the body of an HTTP message is framed. */
#pragma once

enum http_framing {
	HTTP_NO_BODY,
	HTTP_LENGTH,
	HTTP_CHUNKED,
	HTTP_UNTIL_CLOSE, /* answers only */
};
