#include "build/driver.h"

#include "base/memory.h"
#include "build/copy_write.h"
#include "format/path.h"
#include "image/layer_unpack.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE  (256 * 1024)
#define FILES_LIMIT (4 << 20)

/* ---- the body ---- */

/* Until the client sends more; a daemon that is gone ends the wait. */
static bool wait_for_client(const struct driver *d, struct error *err)
{
	struct pollfd fds[] = {{.fd = d->connection, .events = POLLIN},
			       {.fd = d->worker.control, .events = POLLIN}};

	while (http_body_needs_input(d->body)) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return error_errno(err, "cannot wait for the context");
		if (fds[1].revents)
			return error_set(err, ERROR_UNAVAILABLE, "the daemon is gone");
		if (fds[0].revents)
			break;
	}
	return true;
}

static ssize_t next_body(void *data, const void **block, struct error *err)
{
	struct driver *d = data;
	ssize_t size;

	if (!wait_for_client(d, err))
		return -1;
	size = http_body_read(d->body, d->block, BLOCK_SIZE, err);
	if (size > 0)
		d->count += size;
	if (d->count > d->start.size_limit) {
		error_set(err, ERROR_INVALID, "the build context is larger than %lld bytes",
			  (long long)d->start.size_limit);
		return -1;
	}
	*block = d->block;
	return size;
}

static bool unpack(struct driver *d, int folder, const struct byte_source *source,
		   struct error *err)
{
	struct layer_limits limits = {
		.size = d->start.size_limit, .files = FILES_LIMIT, .plain = true};
	struct layer_facts facts;

	return layer_unpack(folder, source, &limits, &facts, err) ||
	       error_prefix(err, "cannot read the build context");
}

/* ---- from elsewhere ---- */

static bool is_git(const char *url)
{
	static const char *const beginnings[] = {"git://", "git@", "ssh://", "github.com/"};
	scoped_free char *bare = str_dup_n(url, strcspn(url, "#"));

	for (size_t i = 0; i < array_length(beginnings); i++)
		if (str_starts_with(url, beginnings[i]))
			return true;
	return str_ends_with(bare, ".git");
}

static bool fetch(struct driver *d, const struct build_fetch *order, struct error *err)
{
	struct build_failure failure = {0};
	struct message *message;

	if (!worker_send(&d->worker, (enum worker_message)BUILD_FETCH, &build_fetch_type, order,
			 err) ||
	    !worker_receive(&d->worker, &message, err))
		return false;
	if (message->type == BUILD_FETCHED)
		return true;
	if (message->type != BUILD_FAILED ||
	    !record_decode(&build_failure_type, message->data, message->size, &failure, err))
		return error_set(err, ERROR_SYSTEM, "the daemon does not fetch");
	error_set(err, (enum error_kind)failure.kind, "%s", failure.text ? failure.text : "");
	record_fini(&build_failure_type, &failure);
	return false;
}

struct file_source {
	int file;
	char *block;
};

static ssize_t next_block(void *data, const void **block, struct error *err)
{
	struct file_source *source = data;
	ssize_t n = read(source->file, source->block, BLOCK_SIZE);

	if (n < 0)
		error_errno(err, "cannot read the context");
	*block = source->block;
	return n;
}

/* What is no archive is a Dockerfile. */
static bool take_file(struct driver *d, const char *name, struct error *err)
{
	scoped_fd int file = root_open(d->extra, name, O_RDONLY, err);
	struct file_source source = {file, d->block};

	if (file < 0)
		return false;
	if (copy_is_archive(file))
		return unpack(d, d->context, &(struct byte_source){next_block, &source}, err);
	str_replace(&d->start.dockerfile, "Dockerfile");
	return linkat(d->extra, name, d->context, "Dockerfile", 0) == 0 ||
	       error_errno(err, "cannot take the Dockerfile");
}

/* "#ref:folder" behind a repository's address. */
static const char *folder_of(const char *url)
{
	const char *fragment = strchr(url, '#');
	const char *folder = fragment ? strchr(fragment, ':') : NULL;

	return folder && folder[1] ? folder + 1 : ".";
}

static bool read_remote(struct driver *d, struct error *err)
{
	char name[] = "remote";
	struct build_fetch order = {
		.url = d->start.remote, .name = name, .git = is_git(d->start.remote)};
	scoped_fd int repository = -1;

	if (!fetch(d, &order, err))
		return false;
	if (!order.git)
		return take_file(d, name, err);
	repository = root_open(d->extra, name, O_RDONLY | O_DIRECTORY, err);
	if (repository < 0)
		return false;
	close_fd(&d->context);
	d->context = root_open(repository, folder_of(d->start.remote), O_RDONLY | O_DIRECTORY, err);
	return d->context >= 0;
}

/* ---- further contexts ---- */

/* What came with the body, in a folder that is no part of the first context. */
static bool take_sent(struct driver *d, const char *sent, const char *place, struct error *err)
{
	struct stat st;

	if (!str_is_empty(d->start.remote))
		return error_set(err, ERROR_INVALID, "folders are not sent beside an address");
	if (!*sent || strchr(sent, '/') || strcmp(sent, ".") == 0 || strcmp(sent, "..") == 0 ||
	    fstatat(d->context, sent, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INVALID, "no folder '%.60s' was sent", sent);
	return renameat(d->context, sent, d->extra, place) == 0 ||
	       error_errno(err, "cannot keep it");
}

/* An archive, unpacked. */
static bool take_archive(struct driver *d, const char *fetched, const char *place,
			 struct error *err)
{
	scoped_fd int file = root_open(d->extra, fetched, O_RDONLY, err), folder = -1;
	struct file_source source = {file, d->block};

	if (file < 0)
		return false;
	if (!copy_is_archive(file))
		return error_set(err, ERROR_INVALID, "it is neither a repository nor an archive");
	if (mkdirat(d->extra, place, 0755) < 0)
		return error_errno(err, "cannot make a folder for it");
	folder = folder_open(d->extra, place, err);
	return folder >= 0 && unpack(d, folder, &(struct byte_source){next_block, &source}, err);
}

/* Of a repository, all of it or the folder that the address names, which moves up. */
static bool take_repository(struct driver *d, const char *fetched, const char *below,
			    const char *place, struct error *err)
{
	scoped_free char *path = str_format("/%s", below);
	scoped_free char *inside = path_clean(path);
	scoped_free char *whole = str_format("%s%s", fetched, inside[1] ? inside : "");
	const char *slash = strrchr(whole, '/');
	scoped_free char *above = slash ? str_dup_n(whole, (size_t)(slash - whole)) : str_dup(".");
	scoped_fd int folder = root_open(d->extra, above, O_RDONLY | O_DIRECTORY, err);

	return folder >= 0 && (renameat(folder, slash ? slash + 1 : whole, d->extra, place) == 0 ||
			       error_errno(err, "no folder '%.60s' in the repository", below));
}

static bool take_fetched(struct driver *d, const char *url, const char *place, struct error *err)
{
	scoped_free char *name = str_format("f%s", place);
	struct build_fetch order = {
		.url = (char *)(uintptr_t)url, .name = name, .git = is_git(url)};

	if (!fetch(d, &order, err))
		return false;
	return order.git ? take_repository(d, name, folder_of(url), place, err)
			 : take_archive(d, name, place, err);
}

static bool is_fetched(const char *from)
{
	return is_git(from) || str_starts_with(from, "http://") ||
	       str_starts_with(from, "https://");
}

/* A folder becomes "c0" of `extra`, which the plan knows as "@c0"; images stay what they are. */
static bool take_context(struct driver *d, struct pair *context, size_t index, struct error *err)
{
	static const char sent[] = "folder://";
	const char *from = context->value ? context->value : "";
	bool is_sent = str_starts_with(from, sent);
	scoped_free char *name = str_format("@c%zu", index);
	struct tree tree = {.folder = -1};

	if (build_source_is_folder(from))
		return error_set(err, ERROR_INVALID, "'%.60s' is no image", from);
	if (!is_sent && !is_fetched(from))
		return true;
	if (is_sent ? !take_sent(d, from + strlen(sent), name + 1, err)
		    : !take_fetched(d, from, name + 1, err))
		return false;
	tree.folder = root_open_plain(d->extra, name + 1, O_RDONLY | O_DIRECTORY, err);
	if (tree.folder < 0)
		return false;
	str_replace(&context->value, name);
	tree.image = take(name);
	vector_add(&d->trees, tree);
	return true;
}

static bool take_contexts(struct driver *d, struct error *err)
{
	struct pairs *contexts = &d->start.contexts;

	for (size_t i = 0; i < contexts->count; i++)
		if (!take_context(d, &contexts->items[i], i, err))
			return error_prefix(err, "context '%.60s'", contexts->items[i].name);
	return true;
}

/* ---- what is in it ---- */

static bool read_text(int root, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	scoped_fd int file = root_open(root, path, O_RDONLY | O_NONBLOCK, err);
	ssize_t n;

	if (file < 0)
		return false;
	while ((n = read(file, buffer_reserve(out, 4096), 4096)) > 0) {
		buffer_wrote(out, (size_t)n);
		if (out->size > limit)
			return error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes", path,
					 limit);
	}
	return n == 0 || error_errno(err, "cannot read '%s'", path);
}

static bool cannot_locate(const struct driver *d, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "Cannot locate specified Dockerfile: %s", d->file_name);
}

static bool read_dockerfile(struct driver *d, struct error *err)
{
	const char *asked = str_is_empty(d->start.dockerfile) ? "Dockerfile" : d->start.dockerfile;
	scoped_free char *clean = path_clean(asked + strspn(asked, "/"));

	d->file_name = str_dup(clean);
	if (str_equal(clean, "..") || str_starts_with(clean, "../"))
		return error_set(err, ERROR_SYSTEM,
				 "forbidden path outside the build context: %s ()", asked);
	if (!read_text(d->context, clean, DOCKERFILE_SIZE_LIMIT, &d->text, err)) {
		if (err->kind == ERROR_INVALID)
			return false;
		if (!str_equal(clean, "Dockerfile") ||
		    !read_text(d->context, "dockerfile", DOCKERFILE_SIZE_LIMIT, &d->text, err))
			return cannot_locate(d, err);
	}
	return d->text.size > 0 ||
	       error_set(err, ERROR_INVALID, "the Dockerfile (%s) cannot be empty", d->file_name);
}

/* The Dockerfile's own comes first. */
static bool read_ignore(struct driver *d, struct error *err)
{
	scoped_free char *own = str_format("%s.dockerignore", d->file_name);
	const char *names[] = {own, ".dockerignore"};
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < array_length(names); i++) {
		if (read_text(d->context, names[i], DOCKERIGNORE_SIZE_LIMIT, &text, err))
			return dockerignore_parse(text.data ? text.data : "", text.size, &d->ignore,
						  err);
		if (err->kind == ERROR_INVALID)
			return false;
	}
	return true;
}

bool driver_read_context(struct driver *d, struct error *err)
{
	bool ok = str_is_empty(d->start.remote)
			  ? unpack(d, d->context, &(struct byte_source){next_body, d}, err)
			  : read_remote(d, err);

	return ok && take_contexts(d, err) && read_dockerfile(d, err) && read_ignore(d, err);
}
