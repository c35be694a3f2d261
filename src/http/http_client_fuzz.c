/* Bytes as the answer to a request.  The first byte chooses the method and the size of the pieces. */
#include "http/http_client.h"

#include "os/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct http_client *client;
static int listener = -1;
static char folder[] = "/tmp/http-client-fuzz-XXXXXX";

static void remove_folder(void)
{
	scoped_free char *socket = str_format("%s/s", folder);

	unlink(socket);
	rmdir(folder);
}

static void set_up(void)
{
	struct error err;

	if (listener >= 0)
		return;
	if (!mkdtemp(folder) || atexit(remove_folder))
		abort();
	int dir = open(folder, O_PATH | O_CLOEXEC);
	scoped_free char *address = str_format("unix:///proc/self/fd/%d/s", dir);
	listener = socket_listen(dir, "s", 0600, &err);
	if (listener < 0)
		abort();
	client = http_client_new(address, NULL, &err);
}

/* The connection waits in the backlog, so the answer can lie in it before the request is sent: but it
 * is accepted only after connecting, so it is answered from the source of the request's body. */
static ssize_t answer_now(void *data, void *out, size_t size, struct error *err)
{
	const struct buffer *answer = data;
	scoped_fd int peer = socket_accept(listener);

	if (peer < 0)
		return 0;
	send(peer, answer->data, answer->size, MSG_NOSIGNAL);
	shutdown(peer, SHUT_WR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_answer answer;
	struct error err;
	char out[4096];

	set_up();
	if (!size || size > 60000)
		return 0;
	struct buffer text = {(char *)bytes + 1, size - 1, 0};
	struct http_body_source source = {answer_now, &text, -1};
	const char *method = bytes[0] & 1 ? "POST" : "HEAD";
	if (http_client_send(client, method, "/", NULL, &source, &answer, &err)) {
		while (http_client_read(client, out, 1 + (bytes[0] >> 1), &err) > 0)
			;
		http_answer_fini(&answer);
	}
	return 0;
}
