/* cp.  From a container comes an archive, which is unpacked here; to a container goes one that is made on
 * the way.  Which name things get, and whether they go into a folder or in its place, is copy_path.c's. */
#include "cmd/cli/container_copy.h"

#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/copy_path.h"
#include "cmd/cli/tar_extract.h"
#include "cmd/cli/tar_walk.h"
#include "format/base64.h"
#include "format/json.h"
#include "format/units.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MOST     10
#define PROGRESS_EVERY (200 * NS_PER_MS)

/* What a path in a container is, in the bits that the API uses. */
#define MODE_FOLDER    (1u << 31)
#define MODE_LINK      (1u << 27)
#define MODE_DEVICE    (1u << 26)
#define MODE_IRREGULAR (1u << 19)

static const struct option options[] = {
	{'a', "archive", &option_switch, offsetof(struct copy, archive),
	 .help = "Give the files to the container's user"},
	{'L', "follow-link", &option_switch, offsetof(struct copy, follow),
	 .help = "Copy what a symbolic link leads to, not the link"},
	{'q', "quiet", &option_choice, offsetof(struct copy, quiet),
	 .help = "Do not show how it goes; nothing is shown where there is no terminal"},
};

/* ---- how it goes ---- */

struct meter {
	bool shown;
	const char *action; /* "Copying to container" */
	int64_t bytes, told_ns;
};

static void count(struct meter *meter, int64_t bytes)
{
	int64_t now = meter->shown ? time_monotonic_ns() : 0;

	meter->bytes += bytes;
	if (!meter->shown || now - meter->told_ns < PROGRESS_EVERY)
		return;
	scoped_free char *size = size_to_text((double)meter->bytes);
	meter->told_ns = now;
	fprintf(stderr, "\r\033[2K%s - %s", meter->action, size);
}

static void finish_meter(const struct meter *meter, const char *container, const char *path)
{
	scoped_free char *size = size_to_text((double)meter->bytes);

	if (meter->shown)
		fprintf(stderr, "\r\033[2KSuccessfully copied %s to %s%s%s\n", size,
			container ? container : "", container ? ":" : "", path);
}

static struct meter begin_meter(const struct copy *copy, const char *action)
{
	bool quiet = copy->quiet ? copy->quiet > 0 : !isatty(STDOUT_FILENO);

	return (struct meter){.shown = !quiet && isatty(STDERR_FILENO), .action = action};
}

/* ---- what is where ---- */

struct container_file {
	uint32_t mode;
	char *link; /* owned: target of a symbolic link */
};

static bool parse_stat(const struct http_answer *answer, struct container_file *file,
		       struct error *err)
{
	const char *header = pairs_get(&answer->headers, "x-docker-container-path-stat");
	scoped_buffer struct buffer text = {0};

	if (!header || !base64_decode(header, strlen(header), &text) || !text.size)
		return error_set(err, ERROR_SYSTEM, "unable to decode container path stat header");
	scoped_json json_t *json = json_parse(text.data, text.size, err);
	if (!json)
		return error_prefix(err, "unable to decode container path stat header");
	file->mode = (uint32_t)doc_number(json, "mode");
	str_replace(&file->link, doc_text(json, "linkTarget"));
	return true;
}

static struct target archive_target(const char *container, const char *path)
{
	struct target target = target_format("/containers/%s/archive", container);

	target_add(&target, "path", path);
	return target;
}

/* Links are not followed. */
static bool look(struct cli *cli, const char *container, const char *path,
		 struct container_file *file, struct error *err)
{
	scoped_target struct target target = archive_target(container, path);
	struct api_request request = {.method = "HEAD", .target = &target};
	scoped_with(http_answer_fini) struct http_answer answer = {0};

	return api_send(cli, &request, &answer, err) && parse_stat(&answer, file, err);
}

static bool fail_path(struct error *err, const char *call, const char *path)
{
	return error_set(err, ERROR_INVALID, "%s %s: %s", call, path,
			 errno == ENOENT    ? "no such file or directory"
			 : errno == EACCES  ? "permission denied"
			 : errno == ENOTDIR ? "not a directory"
					    : strerror(errno));
}

static char *absolute(const char *path, struct error *err)
{
	char folder[PATH_MAX];

	if (getcwd(folder, sizeof(folder)))
		return copy_absolute(path, folder);
	error_errno(err, "cannot tell the present folder");
	return NULL;
}

/* ---- from a container ---- */

/* Where a copy may go: an existing folder or file, or a new name in an existing folder. */
static bool check_output(const char *path, struct error *err)
{
	scoped_free char *clean_folder = NULL, *name = NULL;
	struct stat status;

	copy_split_entry(path, &clean_folder, &name);
	if (stat(clean_folder, &status) < 0 && errno == ENOENT)
		return error_set(err, ERROR_INVALID,
				 "invalid output path: directory \"%s\" does not exist",
				 clean_folder);
	if (stat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR || fail_path(err, "stat", path);
	if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode))
		return true;
	return error_set(
		err, ERROR_INVALID,
		"invalid output path: \"%s\" must be a directory or a regular file: got %s", path,
		S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) ? "a device"
								   : "an irregular file");
}

/* The place that the links at `path` lead to; what is not there must have a folder to be in. */
static bool find_target(const char *path, struct copy_end *end, struct error *err)
{
	struct stat status;
	int links = 0;

	end->path = str_dup(path);
	while (lstat(end->path, &status) == 0) {
		char link[PATH_MAX];
		ssize_t length;

		if (!S_ISLNK(status.st_mode)) {
			end->exists = true;
			end->is_folder = S_ISDIR(status.st_mode);
			return true;
		}
		if (links++ > LINKS_MOST)
			return error_set(err, ERROR_INVALID, "too many symlinks in %s", path);
		if ((length = readlink(end->path, link, sizeof(link) - 1)) < 0)
			return fail_path(err, "readlink", end->path);
		link[length] = '\0';
		char *next = copy_link_target(end->path, link);
		free(end->path);
		end->path = next;
	}
	if (errno != ENOENT)
		return fail_path(err, "lstat", end->path);
	scoped_free char *folder = NULL, *name = NULL;
	copy_split_entry(end->path, &folder, &name);
	if (stat(folder, &status) < 0)
		return fail_path(err, "stat", folder);
	return S_ISDIR(status.st_mode) || error_set(err, ERROR_INVALID, "not a directory");
}

struct download {
	struct http_client *client;
	struct meter *meter;
};

static ssize_t read_download(void *data, void *out, size_t size, struct error *err)
{
	struct download *download = data;
	ssize_t got = http_client_read(download->client, out, size, err);

	if (got > 0)
		count(download->meter, got);
	return got;
}

static bool stream_out(struct download *download, struct error *err)
{
	char piece[65536];
	ssize_t got;

	while ((got = read_download(download, piece, sizeof(piece), err)) > 0)
		if (fwrite(piece, 1, (size_t)got, stdout) != (size_t)got)
			return error_errno(err, "cannot write");
	return got == 0 && (fflush(stdout) == 0 || error_errno(err, "cannot write"));
}

/* With --follow-link the source is where its link leads, under the link's name. */
static void follow_source(struct cli *cli, const char *container, struct copy_end *source)
{
	struct container_file file = {0};
	struct error ignored;

	if (look(cli, container, source->path, &file, &ignored) && file.mode & MODE_LINK) {
		scoped_free char *target = copy_link_target(source->path, file.link);
		char *resolved = copy_rebase(source->path, target, &source->name);

		free(source->path);
		source->path = resolved;
	}
	free(file.link);
}

/* Members carry the name of what the link led to: first that becomes the link's name, then the plan's. */
static struct tar_target make_target(const struct copy_end *source, const struct copy_plan *plan,
				     char **last)
{
	scoped_free char *folder = NULL;

	copy_split_entry(source->path, &folder, last);
	if (!plan->from && source->name)
		return (struct tar_target){.path = plan->folder, .from = *last, .to = source->name};
	return (struct tar_target){.path = plan->folder,
				   .from = plan->from && source->name ? *last : plan->from,
				   .to = plan->to};
}

static bool unpack(struct download *download, struct copy_end *source, const char *path,
		   struct error *err)
{
	scoped_copy_end struct copy_end end = {0};
	scoped_copy_plan struct copy_plan plan = {0};
	scoped_free char *last = NULL;

	if (!find_target(path, &end, err) || !copy_plan(source, &end, &plan, err))
		return false;
	scoped_fd int folder = open(plan.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail_path(err, "open", plan.folder);
	struct tar_target target = make_target(source, &plan, &last);
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_download, download);
	target.folder = folder;
	return tar_extract(reader, &target, err);
}

bool copy_from(struct cli *cli, const struct copy *copy, const char *container, const char *from,
	       const char *to, struct error *err)
{
	bool to_stdout = strcmp(to, "-") == 0;
	scoped_free char *path = to_stdout ? str_dup(to) : absolute(to, err);
	scoped_copy_end struct copy_end source = {.path = str_dup(from)};
	struct meter meter = begin_meter(copy, "Copying from container");

	if (!path || (!to_stdout && !check_output(path, err)))
		return false;
	if (copy->follow)
		follow_source(cli, container, &source);
	scoped_target struct target target = archive_target(container, source.path);
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.method = "GET", .target = &target};
	struct container_file file = {0};
	struct download download = {api_send(cli, &request, &answer, err), &meter};
	if (!download.client)
		return false;
	bool good = parse_stat(&answer, &file, err);
	free(file.link);
	if (!good)
		return false;
	source.exists = true;
	source.is_folder = file.mode & MODE_FOLDER;
	if (to_stdout)
		return stream_out(&download, err);
	good = unpack(&download, &source, path, err);
	finish_meter(&meter, NULL, path);
	return good;
}

/* ---- to a container ---- */

static bool check_target_mode(uint32_t mode, const char *container, const char *path,
			      struct error *err)
{
	if (!(mode & (MODE_DEVICE | MODE_IRREGULAR)))
		return true;
	return error_set(err, ERROR_INVALID,
			 "destination \"%s:%s\" must be a directory or a regular file: got %s",
			 container, path, mode & MODE_DEVICE ? "a device" : "an irregular file");
}

/* What is not there, or cannot be looked at, is taken for a new name: the daemon says more. */
static bool look_at_target(struct cli *cli, const char *container, const char *path,
			   struct copy_end *end, struct error *err)
{
	struct container_file file = {0};
	struct error ignored;
	bool there = look(cli, container, path, &file, &ignored);

	end->path = str_dup(path);
	if (there && file.mode & MODE_LINK) {
		char *target = copy_link_target(path, file.link);

		free(end->path);
		end->path = target;
		file.mode = 0;
		there = look(cli, container, target, &file, &ignored);
	}
	free(file.link);
	end->exists = there;
	end->is_folder = there && file.mode & MODE_FOLDER;
	return check_target_mode(there ? file.mode : 0, container, path, err);
}

/* A source here: links on the way are resolved, the last one only with --follow-link. */
static bool find_source(const char *path, bool follow, struct copy_end *end, struct error *err)
{
	char resolved[PATH_MAX];
	scoped_free char *folder = NULL, *name = NULL;
	struct stat status;

	copy_split_entry(path, &folder, &name);
	if (follow || copy_names_content(path) || copy_ends_in_slash(path)) {
		if (!realpath(path, resolved))
			return fail_path(err, "lstat", path);
		end->path = copy_rebase(path, resolved, &end->name);
	} else {
		if (!realpath(folder, resolved))
			return fail_path(err, "lstat", path);
		end->path = str_format("%s%s%s", resolved, strcmp(resolved, "/") == 0 ? "" : "/",
				       strcmp(name, "/") == 0 ? "" : name);
	}
	if (lstat(end->path, &status) < 0)
		return fail_path(err, "lstat", path);
	end->exists = true;
	end->is_folder = S_ISDIR(status.st_mode);
	return true;
}

struct upload {
	struct tar_walk *walk; /* NULL: stdin */
	struct meter *meter;
};

static ssize_t read_upload(void *data, void *out, size_t size, struct error *err)
{
	struct upload *upload = data;
	ssize_t got = upload->walk ? tar_walk_read(upload->walk, out, size, err)
				   : read(STDIN_FILENO, out, size);

	if (got > 0)
		count(upload->meter, got);
	else if (got < 0 && !upload->walk)
		error_errno(err, "cannot read the archive");
	return got;
}

static bool put(struct cli *cli, const struct copy *copy, const char *container, const char *path,
		struct upload *upload, struct error *err)
{
	scoped_target struct target target = archive_target(container, path);
	struct http_body_source source = {read_upload, upload, -1};
	struct api_request request = {
		.method = "PUT",
		.target = &target,
		.stream = &source,
		.type = "application/x-tar",
	};
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	scoped_buffer struct buffer text = {0};

	target_add(&target, "noOverwriteDirNonDir", "true");
	if (copy->archive)
		target_add(&target, "copyUIDGID", "true");
	struct http_client *client = api_send(cli, &request, &answer, err);
	return client && http_client_read_all(client, 1 << 20, &text, err);
}

/* The archive gets the names that the plan gives. */
static bool put_source(struct cli *cli, const struct copy *copy, const char *container,
		       const struct copy_end *source, const struct copy_end *end,
		       struct meter *meter, struct error *err)
{
	static const struct tar_walk_rules rules = {.with_start = true};
	scoped_copy_plan struct copy_plan plan = {0};
	scoped_free char *folder = NULL, *name = NULL;

	if (!copy_plan(source, end, &plan, err))
		return false;
	copy_split_entry(source->path, &folder, &name);
	const char *own = source->name ? source->name : name;
	const char *shown = plan.to ? plan.to : own;
	scoped_fd int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail_path(err, "open", folder);
	scoped(tar_walk) struct tar_walk *walk =
		tar_walk_new(root, strcmp(name, "/") == 0 ? "." : name,
			     strcmp(shown, "/") == 0 ? "." : shown, &rules);
	struct upload upload = {walk, meter};
	return put(cli, copy, container, plan.folder, &upload, err);
}

static bool put_stdin(struct cli *cli, const struct copy *copy, const char *container,
		      const char *path, const struct copy_end *end, struct error *err)
{
	struct meter meter = {0};
	struct upload upload = {NULL, &meter};

	if (!end->is_folder)
		return error_set(err, ERROR_INVALID, "destination \"%s:%s\" must be a directory",
				 container, path);
	return put(cli, copy, container, end->path, &upload, err);
}

bool copy_to(struct cli *cli, const struct copy *copy, const char *from, const char *container,
	     const char *to, struct error *err)
{
	bool from_stdin = strcmp(from, "-") == 0;
	scoped_free char *path = from_stdin ? str_dup(from) : absolute(from, err);
	scoped_copy_end struct copy_end end = {0}, source = {0};
	struct meter meter = begin_meter(copy, "Copying to container");

	if (!path || !look_at_target(cli, container, to, &end, err))
		return false;
	if (from_stdin)
		return put_stdin(cli, copy, container, to, &end, err);
	if (!find_source(path, copy->follow, &source, err))
		return false;
	bool good = put_source(cli, copy, container, &source, &end, &meter, err);
	finish_meter(&meter, container, end.path);
	return good;
}

/* ---- the command ---- */

static bool run_copy(struct cli *cli, const struct copy *copy, const struct strings *arguments,
		     struct error *err)
{
	scoped_free char *from = NULL, *from_path = NULL, *to = NULL, *to_path = NULL;

	if (!*arguments->items[0])
		return error_set(err, ERROR_INVALID, "source can not be empty");
	if (!*arguments->items[1])
		return error_set(err, ERROR_INVALID, "destination can not be empty");
	copy_split(arguments->items[0], &from, &from_path);
	copy_split(arguments->items[1], &to, &to_path);
	if (from && to)
		return error_set(err, ERROR_INVALID, "copying between containers is not supported");
	if (from)
		return copy_from(cli, copy, from, from_path, to_path, err);
	if (to)
		return copy_to(cli, copy, from_path, to, to_path, err);
	return error_set(err, ERROR_INVALID, "must specify at least one container source");
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct error err;

	return run_copy(cli, fields, arguments, &err) ? 0 : cli_fail(cli, &err);
}

const struct command container_copy = {
	.summary = "Copy files between a container and this host",
	.details = "Copy files between a container and this host. A source of - is an archive that "
		   "is read from stdin and unpacked in a folder of the container; a destination of "
		   "- is an archive written to stdout.",
	.usage = "[OPTIONS] CONTAINER:SRC_PATH|SRC_PATH|- CONTAINER:DEST_PATH|DEST_PATH|-",
	.least = 2,
	.most = 2,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct copy),
	.options = {OPTION_SET(options)},
	.run = run,
};
