/* A folder is sent as an archive whose files belong to root.  The Dockerfile and .dockerignore always go:
 * the daemon needs them; a Dockerfile from elsewhere goes under a name that nothing else has, which is
 * added to the .dockerignore that is sent, so that no COPY sees it. */
#include "cmd/cli/build_context.h"

#include "base/id.h"
#include "cmd/cli/copy_path.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCKERFILE     "Dockerfile"
#define IGNORE	       ".dockerignore"
#define DOCKERFILE_MAX ((size_t)4 << 20)
#define MAGIC_SIZE     512

/* A context beside the first. */
struct build_folder {
	struct tar_walk *walk;
	struct dockerignore ignore;
};

static void folder_free(struct build_folder *folder)
{
	tar_walk_free(folder->walk);
	dockerignore_fini(&folder->ignore);
	free(folder);
}

void build_context_fini(struct build_context *context)
{
	for (size_t i = 0; i < context->folders.count; i++)
		folder_free(context->folders.items[i]);
	vector_fini(&context->folders);
	free(context->dockerfile);
	free(context->remote);
	buffer_fini(&context->head);
	tar_walk_free(context->walk);
	dockerignore_fini(&context->ignore);
	*context = (struct build_context){0};
}

static bool unprepared(struct error *err)
{
	return error_prefix(err, "unable to prepare context");
}

/* ---- addresses ---- */

bool build_context_is_address(const char *place)
{
	static const char *const prefixes[] = {"http://", "https://",	 "git://",
					       "git@",	  "github.com/", "ssh://"};

	for (size_t i = 0; i < array_length(prefixes); i++)
		if (str_starts_with(place, prefixes[i]))
			return true;
	return false;
}

/* ---- stdin ---- */

static ssize_t read_some(int fd, void *out, size_t size, struct error *err)
{
	ssize_t got;

	while ((got = read(fd, out, size)) < 0 && errno == EINTR)
		;
	if (got < 0)
		error_errno(err, "cannot read the context");
	return got;
}

static bool read_up_to(int fd, size_t size, struct buffer *out, struct error *err)
{
	while (out->size < size) {
		ssize_t got = read_some(fd, buffer_reserve(out, 65536), 65536, err);

		if (got < 0)
			return false;
		if (!got)
			return true;
		buffer_wrote(out, (size_t)got);
	}
	return true;
}

struct memory {
	const struct buffer *bytes;
	size_t at;
};

static ssize_t read_memory(void *data, void *out, size_t size, struct error *err)
{
	struct memory *memory = data;
	size_t left = memory->bytes->size - memory->at, part = left < size ? left : size;

	memcpy(out, memory->bytes->data + memory->at, part);
	memory->at += part;
	return (ssize_t)part;
}

static bool is_compressed(const struct buffer *head)
{
	static const struct {
		const char *magic;
		size_t size;
	} magics[] = {{"\x1f\x8b\x08", 3},
		      {"BZh", 3},
		      {"\xfd"
		       "7zXZ\0",
		       6},
		      {"\x28\xb5\x2f\xfd", 4}};

	for (size_t i = 0; i < array_length(magics); i++)
		if (head->size >= magics[i].size &&
		    memcmp(head->data, magics[i].magic, magics[i].size) == 0)
			return true;
	return false;
}

/* An archive, perhaps compressed; anything else is a Dockerfile. */
static bool is_archive(const struct buffer *head)
{
	struct memory memory = {head, 0};
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_memory, &memory);
	scoped_tar_entry struct tar_entry entry = {0};
	struct error ignored;

	return is_compressed(head) ||
	       (head->size >= MAGIC_SIZE && tar_reader_next(reader, &entry, &ignored) > 0);
}

static void add_file(struct buffer *out, const char *name, const struct buffer *content)
{
	struct tar_entry entry = {
		.name = (char *)name,
		.type = '0',
		.mode = 0644,
		.size = (int64_t)content->size,
	};

	tar_write_head(out, &entry);
	if (content->size)
		buffer_add(out, content->data, content->size);
	tar_pad(out, entry.size);
	tar_write_end(out);
}

static bool open_stdin(struct build_context *context, const char *file, struct error *err)
{
	scoped_buffer struct buffer dockerfile = {0};

	if (file && strcmp(file, "-") == 0)
		return error_set(err, ERROR_INVALID,
				 "invalid argument: can't use stdin for both build context and "
				 "dockerfile");
	if (!read_up_to(STDIN_FILENO, MAGIC_SIZE, &context->head, err))
		return unprepared(err);
	context->dockerfile = str_dup_or_null(file);
	context->from_stdin = is_archive(&context->head);
	if (context->from_stdin)
		return true;
	dockerfile = context->head;
	context->head = (struct buffer){0};
	if (!read_up_to(STDIN_FILENO, DOCKERFILE_MAX, &dockerfile, err))
		return unprepared(err);
	str_replace(&context->dockerfile, DOCKERFILE);
	add_file(&context->head, DOCKERFILE, &dockerfile);
	return true;
}

/* ---- a folder ---- */

static bool cannot_resolve(struct error *err, const char *what, const char *path)
{
	return error_set(err, ERROR_INVALID, "unable to evaluate symlinks in %s path: lstat %s: %s",
			 what, path,
			 errno == ENOENT    ? "no such file or directory"
			 : errno == ENOTDIR ? "not a directory"
					    : strerror(errno));
}

/* The first part of a path that is not there, as errors name it. */
static char *missing_part(const char *path)
{
	for (size_t i = 1; path[i]; i++) {
		scoped_free char *part = str_dup_n(path, i);

		if (path[i] == '/' && access(part, F_OK) < 0)
			return take(part);
	}
	return str_dup(path);
}

static char *absolute_file(const char *file, const char *folder)
{
	char here[PATH_MAX] = "/";

	if (file)
		return copy_absolute(file, getcwd(here, sizeof(here)) ? here : "/");
	scoped_free char *usual = str_format("%s/%s", folder, DOCKERFILE);
	scoped_free char *small = str_format("%s/%s", folder, "dockerfile");
	struct stat status;
	bool is_small = lstat(usual, &status) < 0 && lstat(small, &status) == 0;
	return is_small ? take(small) : take(usual);
}

/* *name: within the folder, or NULL when the file lies elsewhere, at *path. */
static bool find_dockerfile(const char *folder, const char *file, char **path, char **name,
			    struct error *err)
{
	scoped_free char *wanted = absolute_file(file, folder);
	char resolved[PATH_MAX];
	size_t length = strlen(folder);

	if (!realpath(wanted, resolved)) {
		scoped_free char *missing = missing_part(wanted);

		errno = ENOENT;
		return cannot_resolve(err, "Dockerfile", missing);
	}
	bool inside = strncmp(resolved, folder, length) == 0 && resolved[length] == '/';
	*path = str_dup(resolved);
	*name = inside ? str_dup(resolved + length + 1) : NULL;
	return true;
}

static bool read_ignore(int folder, const char *name, struct buffer *text, struct error *err)
{
	return file_read(folder, name, DOCKERIGNORE_SIZE_LIMIT, text, err) ||
	       err->kind == ERROR_NOT_FOUND;
}

/* What is beside the Dockerfile, "NAME.dockerignore", counts instead of the folder's own.  `name` is the
 * Dockerfile's in the folder; NULL: it is elsewhere, at `path` (NULL: in no file). */
static bool choose_ignore(int folder, const char *name, const char *path, struct buffer *text,
			  struct error *err)
{
	scoped_free char *beside =
		name || path ? str_format("%s" IGNORE, name ? name : path) : NULL;

	if (beside && file_read(name ? folder : AT_FDCWD, beside, DOCKERIGNORE_SIZE_LIMIT, text, err))
		return true;
	if (beside && err->kind != ERROR_NOT_FOUND)
		return false;
	return read_ignore(folder, IGNORE, text, err);
}

/* The patterns, and after them what is sent nevertheless. */
static bool parse_ignore(struct build_context *context, const struct buffer *text, const char *name,
			 struct error *err)
{
	scoped_free char *again = name ? str_format("!%s", name) : NULL;
	scoped_free char *beside = name ? str_format("!%s" IGNORE, name) : NULL;

	return (dockerignore_parse(text->data ? text->data : "", text->size, &context->ignore,
				   err) &&
		dockerignore_add(&context->ignore, "!" IGNORE, err) &&
		(!again || (dockerignore_add(&context->ignore, again, err) &&
			    dockerignore_add(&context->ignore, beside, err)))) ||
	       error_prefix(err, "error checking context");
}

static enum tar_verdict judge_by(const struct dockerignore *ignore, const char *path, bool folder)
{
	if (!dockerignore_match(ignore, path))
		return TAR_TAKE;
	return folder && !dockerignore_prunes(ignore, path) ? TAR_LEAVE : TAR_PRUNE;
}

static enum tar_verdict judge(void *data, const char *path, bool folder)
{
	const struct build_context *context = data;

	if (context->ignore_sent && strcmp(path, IGNORE) == 0)
		return TAR_PRUNE;
	return judge_by(&context->ignore, path, folder);
}

/* A Dockerfile that is not in the folder goes under a name of its own. */
static void add_foreign(struct build_context *context, const struct buffer *dockerfile,
			const struct buffer *ignore)
{
	char id[ID_SIZE];
	scoped_buffer struct buffer text = {0};

	id_new(id);
	context->dockerfile = str_format(".dockerfile.%.20s", id);
	if (ignore->size)
		buffer_add(&text, ignore->data, ignore->size);
	else
		buffer_add_text(&text, IGNORE);
	buffer_format(&text, "\n%s\n", context->dockerfile);
	tar_walk_add(context->walk, context->dockerfile, dockerfile->data ? dockerfile->data : "",
		     dockerfile->size);
	tar_walk_add(context->walk, IGNORE, text.data, text.size);
	context->ignore_sent = true;
}

static bool read_dockerfile(const char *path, struct buffer *out, struct error *err)
{
	scoped_fd int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (path && file < 0)
		return error_set(err, ERROR_INVALID, "unable to open Dockerfile: open %s: %s", path,
				 errno == EACCES ? "permission denied" : strerror(errno));
	return read_up_to(path ? file : STDIN_FILENO, DOCKERFILE_MAX, out, err);
}

/* `text`: the Dockerfile itself; NULL: it is `file`. */
static bool open_folder(struct build_context *context, const char *folder, const char *file,
			const char *text, struct error *err)
{
	static const struct tar_walk_rules rules = {
		.judge = judge, .of_root = true, .whole_seconds = true};
	struct tar_walk_rules with_context = rules;
	bool from_stdin = file && strcmp(file, "-") == 0;
	scoped_free char *path = NULL, *name = NULL;
	scoped_buffer struct buffer dockerfile = {0}, ignore = {0};
	scoped_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", folder);
	if (!text && !from_stdin && !find_dockerfile(folder, file, &path, &name, err))
		return unprepared(err);
	if (text)
		buffer_add_text(&dockerfile, text);
	else if (!name && !read_dockerfile(path, &dockerfile, err))
		return false;
	if (!choose_ignore(fd, name, path, &ignore, err) ||
	    !parse_ignore(context, &ignore, name, err))
		return false;
	with_context.data = context;
	context->walk = tar_walk_new(fd, ".", "", &with_context);
	if (name)
		context->dockerfile = take(name);
	else
		add_foreign(context, &dockerfile, &ignore);
	return true;
}

/* ---- any of them ---- */

/* *there: it is a folder of this host. */
static bool open_if_folder(struct build_context *context, const char *place, const char *file,
			   const char *text, bool *there, struct error *err)
{
	char folder[PATH_MAX];
	struct stat status;

	*there = stat(place, &status) == 0 && S_ISDIR(status.st_mode);
	if (*there && !realpath(place, folder))
		return cannot_resolve(err, "context", place) || unprepared(err);
	return !*there || open_folder(context, folder, file, text, err);
}

static bool not_found(const char *place, struct error *err)
{
	return error_set(err, ERROR_INVALID, "unable to prepare context: path \"%s\" not found",
			 place);
}

bool build_context_open(struct build_context *context, const char *place, const char *file,
			struct error *err)
{
	bool there;

	if (strcmp(place, "-") == 0)
		return open_stdin(context, file, err);
	if (!open_if_folder(context, place, file, NULL, &there, err))
		return false;
	if (there)
		return true;
	if (!build_context_is_address(place))
		return not_found(place, err);
	context->remote = str_dup(place);
	context->dockerfile = str_dup_or_null(file);
	return true;
}

bool build_context_open_inline(struct build_context *context, const char *folder,
			       const char *dockerfile, struct error *err)
{
	bool there;

	return open_if_folder(context, folder, NULL, dockerfile, &there, err) &&
	       (there || not_found(folder, err));
}

/* ---- further folders ---- */

static enum tar_verdict judge_folder(void *data, const char *path, bool folder)
{
	return judge_by(&((const struct build_folder *)data)->ignore, path, folder);
}

static bool open_further(struct build_folder *folder, int fd, const char *name, struct error *err)
{
	struct tar_walk_rules rules = {.judge = judge_folder,
				       .data = folder,
				       .of_root = true,
				       .whole_seconds = true,
				       .with_start = true,
				       .goes_on = true};
	scoped_buffer struct buffer text = {0};

	if (!read_ignore(fd, IGNORE, &text, err) ||
	    !dockerignore_parse(text.data ? text.data : "", text.size, &folder->ignore, err))
		return false;
	folder->walk = tar_walk_new(fd, ".", name, &rules);
	return true;
}

/* An address has no archive, and a compressed one cannot be joined. */
static bool takes_folders(const struct build_context *context, struct error *err)
{
	if (context->remote)
		return error_set(err, ERROR_UNSUPPORTED,
				 "a folder cannot be sent beside a context that is an address");
	return !context->from_stdin || !is_compressed(&context->head) ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "a folder cannot be sent beside a compressed archive");
}

char *build_context_add(struct build_context *context, const char *folder, struct error *err)
{
	struct build_folder *added = mem_new(struct build_folder);
	scoped_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char id[ID_SIZE];

	vector_add(&context->folders, added);
	id_new(id);
	scoped_free char *name = str_format(".context.%.20s", id);
	if (!takes_folders(context, err))
		return NULL;
	if (fd < 0) {
		error_errno(err, "cannot open '%s'", folder);
		return NULL;
	}
	return open_further(added, fd, name, err) ? take(name) : NULL;
}

/* ---- reading ---- */

/* 0: all of them were read. */
static ssize_t read_folders(struct build_context *context, void *out, size_t size,
			    struct error *err)
{
	ssize_t got = 0;

	for (; context->folder_at < context->folders.count; context->folder_at++) {
		struct build_folder *folder = context->folders.items[context->folder_at];

		got = tar_walk_read(folder->walk, out, size, err);
		if (got)
			break;
	}
	return got;
}

static ssize_t read_head(struct build_context *context, void *out, size_t size)
{
	size_t part = context->head.size < size ? context->head.size : size;

	memcpy(out, context->head.data, part);
	buffer_consume(&context->head, part);
	return (ssize_t)part;
}

ssize_t build_context_read(struct build_context *context, void *out, size_t size, struct error *err)
{
	ssize_t got = read_folders(context, out, size, err);

	if (got)
		;
	else if (context->walk)
		got = tar_walk_read(context->walk, out, size, err);
	else if (context->head.size)
		got = read_head(context, out, size);
	else if (context->from_stdin)
		got = read_some(STDIN_FILENO, out, size, err);
	if (got > 0)
		context->sent += got;
	return got;
}
