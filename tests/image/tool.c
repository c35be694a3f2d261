/* The image store without a daemon around it: `image_tool FOLDER COMMAND ...`.  Prints the answer's
 * lines as they come; exits with 1 and "error: KIND: TEXT" on stderr after a failure. */
#include "image/image.h"

#include "base/log.h"
#include "base/time.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct tool {
	uv_loop_t loop;
	struct store *store;
	struct image_store *images;
	int folder;
	char **args;
	int argc;
	bool failed;
};

static bool report(struct tool *tool, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	tool->failed = true;
	fprintf(stderr, "error: %d: %s\n", err->kind, error_text(err, text, sizeof(text)));
	return false;
}

static void on_progress(void *data, const char *line, size_t size)
{
	fwrite(line, 1, size, stdout);
	fflush(stdout);
}

static void on_job_done(void *data, const struct image_result *result, const struct error *err)
{
	struct tool *tool = data;

	if (err)
		report(tool, err);
	for (size_t i = 0; !err && i < result->names.count; i++)
		printf("name %s\n", result->names.items[i]);
	if (!err && result->id)
		printf("id %s\n", result->id);
}

static void on_done(void *data, const struct error *err)
{
	if (err)
		report(data, err);
}

static const struct image_job_handlers job_handlers = {on_progress, on_job_done};

static const char *argument(const struct tool *tool, int index)
{
	return index < tool->argc ? tool->args[index] : NULL;
}

/* ---- commands ---- */

/* pull REFERENCE... side by side; PLATFORM, AUTH and ALL from the environment */
static void pull(struct tool *tool)
{
	struct image_pull_request request = {.platform = getenv("PLATFORM"),
					     .auth = getenv("AUTH"),
					     .all_tags = getenv("ALL") != NULL};
	struct error err;

	for (int i = 0; i < tool->argc; i++) {
		request.reference = tool->args[i];
		if (!image_pull(tool->images, &request, &job_handlers, tool, &err))
			report(tool, &err);
	}
}

static void list(struct tool *tool)
{
	size_t count;
	struct image *const *all = image_all(tool->images, &count);

	for (size_t i = 0; i < count; i++) {
		scoped_free char *tags = strings_join(&all[i]->tags, ",");
		scoped_free char *digests = strings_join(&all[i]->digests, ",");

		printf("%s tags=%s digests=%s size=%lld layers=%zu\n", all[i]->id, tags, digests,
		       (long long)all[i]->size, all[i]->config.diff_ids.count);
	}
	printf("layers size %lld\n", (long long)image_layers_size(tool->images));
}

static struct image *find(struct tool *tool, int index)
{
	const char *name = argument(tool, index);
	struct error err;
	struct image *image = name ? image_find(tool->images, name, &err) : NULL;

	if (name && !image)
		report(tool, &err);
	return image;
}

static void tag(struct tool *tool)
{
	struct image *image = find(tool, 0);
	struct error err;

	if (image && !image_tag(tool->images, image, tool->args[1], on_done, tool, &err))
		report(tool, &err);
}

static void print_changes(struct image_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		printf("%s %s\n", changes->items[i].deleted ? "deleted" : "untagged",
		       changes->items[i].name);
	image_changes_fini(changes);
}

/* rm REFERENCE [force] */
static void rm(struct tool *tool)
{
	struct image_remove_options options = {.force = tool->argc > 1};
	struct image_changes changes = {0};
	struct error err;

	if (!image_remove(tool->images, tool->args[0], &options, &changes, on_done, tool, &err))
		report(tool, &err);
	print_changes(&changes);
}

/* prune [all] */
static void prune(struct tool *tool)
{
	struct image_prune_filter filter = {.all = tool->argc > 0};
	struct image_changes changes = {0};

	image_prune(tool->images, &filter, &changes, on_done, tool);
	print_changes(&changes);
}

static void history(struct tool *tool)
{
	struct image *image = find(tool, 0);
	size_t count = 0;
	struct image_history_line *lines = image ? image_history(image, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		printf("%s %lld %s\n", lines[i].id, (long long)lines[i].size, lines[i].created_by);
	free(lines);
}

/* The folders, highest first, as lowerdir= takes them. */
static void rootfs(struct tool *tool)
{
	struct image *image = find(tool, 0);
	struct error err;

	if (!image)
		return;
	if (!image_lease(tool->images, image, &err)) {
		report(tool, &err);
		return;
	}
	scoped_strings struct strings folders = image_rootfs(image);
	scoped_free char *joined = strings_join(&folders, ":");
	printf("%s\n", joined);
	image_release(tool->images, image);
}

/* The client of an upload: sends the file and prints the answer.  With HALF it stops in the middle, and
 * unless that is "wait", breaks off; else it keeps its side open, as HTTP clients do. */
static void be_client(int connection, const char *file, int64_t size)
{
	scoped_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	int64_t left = getenv("HALF") ? size / 2 : size;
	static char block[65536];
	struct error err;
	ssize_t n = 1;

	for (; left > 0 && n > 0; left -= n) {
		n = read(fd, block, left < (int64_t)sizeof(block) ? (size_t)left : sizeof(block));
		if (n <= 0 || !fd_write_all(connection, block, (size_t)n, &err))
			break;
	}
	if (getenv("HALF") && !str_equal(getenv("HALF"), "wait"))
		shutdown(connection, SHUT_WR);
	while ((n = read(connection, block, sizeof(block))) > 0)
		fwrite(block, 1, (size_t)n, stdout);
	fflush(stdout);
	_exit(0);
}

static bool make_upload(struct tool *tool, const char *file, struct image_upload *upload)
{
	struct stat st;
	struct error err;
	int ends[2];

	if (stat(file, &st) < 0 || !socket_pair(ends, &err)) {
		error_errno(&err, "cannot send '%s'", file);
		return report(tool, &err);
	}
	if (fork() == 0) {
		close(ends[0]);
		be_client(ends[1], file, st.st_size);
	}
	close(ends[1]);
	*upload = (struct image_upload){
		.connection = ends[0], .framing = HTTP_LENGTH, .length = (uint64_t)st.st_size};
	buffer_add_text(&upload->head, "HTTP/1.1 200 OK\r\n\r\n");
	return true;
}

static void load(struct tool *tool)
{
	struct image_upload upload;

	if (make_upload(tool, tool->args[0], &upload))
		image_load(tool->images, &upload, getenv("QUIET") != NULL, getenv("PLATFORM"),
			   &job_handlers, tool);
}

/* import FILE NAME [CHANGE...] */
static void import(struct tool *tool)
{
	struct image_import_request request = {
		.source = "-", .name = tool->args[1], .platform = getenv("PLATFORM")};
	struct image_upload upload;
	struct error err;

	for (int i = 2; i < tool->argc; i++)
		strings_add(&request.changes, tool->args[i]);
	if (!image_import_check(&request, &err))
		report(tool, &err);
	else if (make_upload(tool, tool->args[0], &upload))
		image_import(tool->images, &upload, &request, &job_handlers, tool);
	strings_fini(&request.changes);
}

static void nothing(struct tool *tool)
{
}

static const struct {
	const char *name;
	void (*run)(struct tool *tool);
} commands[] = {
	{"pull", pull},	  {"list", list},	{"tag", tag},	    {"rm", rm},
	{"prune", prune}, {"history", history}, {"rootfs", rootfs}, {"settle", nothing},
	{"load", load},	  {"import", import},
};

static bool run(struct tool *tool, const char *name)
{
	for (size_t i = 0; i < array_length(commands); i++) {
		if (!str_equal(commands[i].name, name))
			continue;
		commands[i].run(tool);
		return true;
	}
	return false;
}

/* ---- settings from the environment ---- */

static struct strings words(const char *name)
{
	const char *text = getenv(name);

	return text ? strings_split(text, ' ') : (struct strings){0};
}

static int64_t number(const char *name)
{
	int64_t value = 0;

	if (getenv(name))
		parse_i64(getenv(name), &value);
	return value;
}

static bool open_all(struct tool *tool, const char *folder, struct error *err)
{
	struct image_settings settings = {
		.mirrors = words("MIRRORS"),
		.insecure = words("INSECURE"),
		.worker = getenv("WORKER"),
		.certificates = getenv("CERTIFICATES"),
		.user_agent = "image_tool",
		.limits = {.layer_size = number("LAYER_SIZE"),
			   .layer_files = number("LAYER_FILES"),
			   .load_size = number("LOAD_SIZE"),
			   .stall_ms = number("STALL_MS"),
			   .retry_ms = number("RETRY_MS"),
			   .attempts = (int32_t)number("ATTEMPTS")},
	};

	uv_loop_init(&tool->loop);
	tool->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tool->store = store_open(&tool->loop, folder, err);
	if (tool->store)
		tool->images =
			image_store_open(&tool->loop, tool->store, tool->folder, &settings, err);
	strings_fini(&settings.mirrors);
	strings_fini(&settings.insecure);
	return tool->images != NULL;
}

static void close_all(struct tool *tool)
{
	store_close(tool->store);
	image_store_close(tool->images);
	uv_run(&tool->loop, UV_RUN_DEFAULT);
	uv_loop_close(&tool->loop);
	close_fd(&tool->folder);
}

int main(int argc, char **argv)
{
	struct tool tool = {.args = argv + 3, .argc = argc - 3};
	struct error err;

	if (argc < 3)
		return 2;
	if (!open_all(&tool, argv[1], &err)) {
		report(&tool, &err);
		return 1;
	}
	image_store_settle(tool.images);
	if (!run(&tool, argv[2]))
		return 2;
	uv_run(&tool.loop, UV_RUN_DEFAULT);
	close_all(&tool);
	while (wait(NULL) > 0) /* the clients have printed their answers */
		;
	return tool.failed;
}
