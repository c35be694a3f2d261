/* A request to the daemon and its answer, as tests/lib/wherry.bash puts them: what curl does as well, in a
 * tenth of the time, which is most of it where a test only waits for a state.
 *
 *	ask SOCKET METHOD TARGET FOLDER|- [JSON | @FILE]
 *
 * The answer's body goes to standard output and into FOLDER/body, its status into FOLDER/status (000: there was
 * none); with - for FOLDER the body to standard output alone.  When there was no answer the exit code is 1, and
 * standard error has why. */
#include "base/text.h"
#include "http/http_client.h"
#include "os/fd.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_LIMIT (256u << 20)

static bool send_request(struct http_client *client, char **argv, const struct http_bytes *json,
			 struct http_answer *answer, struct error *err)
{
	struct http_bytes bytes = *json;
	struct http_body_source body = {http_bytes_read, &bytes, (int64_t)bytes.left};
	scoped_pairs struct pairs headers = {0};

	pairs_set(&headers, "Accept", "*/*");
	if (json->data)
		pairs_set(&headers, "Content-Type", "application/json");
	return http_client_send(client, argv[2], argv[3], &headers, json->data ? &body : NULL, answer,
				err);
}

/* As it comes: whoever reads the file need not wait for the end.  -1: no file. */
static bool take_body(struct http_client *client, int file, struct error *err)
{
	char data[65536];
	ssize_t size;

	while ((size = http_client_read(client, data, sizeof data, err)) > 0)
		if ((file >= 0 && write(file, data, (size_t)size) != size) ||
		    !fd_write_all(STDOUT_FILENO, data, (size_t)size, err))
			return error_errno(err, "the body cannot be written");
	return size == 0;
}

static bool write_status(int status)
{
	FILE *file = fopen("status", "we");

	return file && fprintf(file, "%03d", status) == 3 && fclose(file) == 0;
}

/* What is to be sent: a word as it stands, or what the file behind @ holds. */
static bool take_json(const char *word, struct buffer *out, struct error *err)
{
	if (word[0] == '@')
		return file_read(AT_FDCWD, word + 1, FILE_LIMIT, out, err);
	buffer_add(out, word, strlen(word));
	return true;
}

static bool ask(int argc, char **argv, const char *folder, struct error *err)
{
	scoped_buffer struct buffer json = {0};
	scoped_free char *address = str_format("unix://%s", argv[1]);
	struct http_client *client = http_client_new(address, NULL, err);
	struct http_answer answer = {0};
	bool answered;

	if (!client || (argc == 6 && !take_json(argv[5], &json, err)) || (folder && chdir(folder) < 0))
		return false;
	answered = send_request(client, argv, &(struct http_bytes){argc == 5 ? NULL : json.data, json.size}, &answer, err);
	if (!folder)
		return answered && take_body(client, -1, err);
	return write_status(answer.status) && answered &&
	       take_body(client, open("body", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	char text[ERROR_TEXT_SIZE];

	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: ask SOCKET METHOD TARGET FOLDER|- [JSON | @FILE]\n");
		return 2;
	}
	if (ask(argc, argv, strcmp(argv[4], "-") == 0 ? NULL : argv[4], &err))
		return 0;
	fprintf(stderr, "ask: %s\n", error_text(&err, text, sizeof text));
	return 1;
}
