/* Apart from the rest of image_upload.c: this needs the HTTP server. */
#include "image/image.h"

void image_upload_take(struct http_request *request, struct image_upload *upload)
{
	*upload = (struct image_upload){.connection = -1};
	upload->framing = http_body_framing(request, &upload->length);
	upload->expects_continue = http_expects_continue(request);
	http_response_head(request, 200, "application/json", &upload->head, &upload->chunked);
	upload->connection = http_hijack(request, &upload->early);
}
