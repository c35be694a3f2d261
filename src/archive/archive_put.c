/* A tar from the client into a folder.  The folder is found before anything is read; each entry is then
 * resolved anew below the root, whatever became of the folder meanwhile.  The answer is written by the
 * worker too, when the whole body was used. */
#include "archive/archive_message.h"
#include "archive/archive_work.h"
#include "format/json_write.h"
#include "format/path.h"
#include "format/user_spec.h"
#include "http/http_body.h"
#include "http/http_chunk.h"
#include "image/layer_unpack.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BLOCK_SIZE  (256 * 1024)
#define DRAIN_MAX   (64 << 20)
#define NO_LIMIT    INT64_MAX
#define FILES_LIMIT (1 << 20) /* bytes of passwd and group */

struct putting {
	struct archive_work *work;
	char *folder; /* as struct layer_path has it */
	struct http_body *body;
	unsigned char *block;
	int64_t count; /* bytes of the body so far */
};

static void putting_fini(struct putting *p)
{
	free(p->folder);
	free(p->block);
	http_body_free(p->body);
}

/* ---- where to ---- */

static uint64_t mount_of(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 ? st.stx_mnt_id : 0;
}

static bool check_writable(const struct archive_root *root, int folder, struct error *err)
{
	struct statvfs fs;

	if (fstatvfs(folder, &fs) < 0)
		return error_errno(err, "cannot look at the folder");
	if (!(fs.f_flag & ST_RDONLY))
		return true;
	return mount_of(folder) == mount_of(root->root)
		       ? error_set(err, ERROR_INVALID, "container rootfs is marked read-only")
		       : error_set(err, ERROR_INVALID, "mounted volume is marked read-only");
}

static bool open_folder(const struct archive_work *work, int *folder, struct error *err)
{
	scoped_free char *absolute = str_format("/%s", work->request.path);
	scoped_free char *clean = path_clean(absolute);

	*folder = root_open(work->root.root, clean, O_RDONLY | O_DIRECTORY, err);
	if (*folder >= 0)
		return true;
	if (err->kind == ERROR_NOT_FOUND)
		return archive_not_found(work, err);
	if (err->os == ENOTDIR)
		return error_set(err, ERROR_INVALID, "extraction point is not a directory");
	return false;
}

static bool find_folder(struct putting *p, struct error *err)
{
	const struct archive_root *root = &p->work->root;
	scoped_fd int folder = -1;
	scoped_free char *path = NULL;

	if (!open_folder(p->work, &folder, err) || !check_writable(root, folder, err))
		return false;
	path = archive_root_path(root, folder);
	if (!path)
		return archive_not_found(p->work, err);
	p->folder = str_dup(path + strspn(path, "/"));
	return true;
}

/* ---- whose ---- */

static void read_file(const struct archive_root *root, const char *path, struct buffer *out)
{
	struct error absent;
	scoped_fd int file = root_open(root->root, path, O_RDONLY | O_NONBLOCK, &absent);
	ssize_t size = 1;

	while (file >= 0 && size > 0 && out->size < FILES_LIMIT) {
		size = read(file, buffer_reserve(out, 65536), 65536);
		buffer_wrote(out, size > 0 ? (size_t)size : 0);
	}
}

/* The container's user, by the container's own files. */
static bool find_owner(const struct archive_work *work, struct layer_place *place,
		       struct error *err)
{
	scoped_buffer struct buffer passwd = {0}, group = {0};
	struct user_identity who = {0};
	struct user_files files;

	if (!work->request.own || str_is_empty(work->request.user))
		return true;
	read_file(&work->root, "/etc/passwd", &passwd);
	read_file(&work->root, "/etc/group", &group);
	files = (struct user_files){passwd.data, group.data, passwd.size, group.size};
	if (!user_resolve(work->request.user, &files, NULL, &who, err))
		return false;
	place->has_owner = true;
	place->uid = who.uid;
	place->gid = who.gid;
	user_identity_fini(&who);
	return true;
}

/* ---- the body ---- */

static void open_body(struct putting *p)
{
	const struct archive_stream *stream = &p->work->stream;

	p->body = http_body_new(&(struct http_body_input){
		.socket = p->work->connection,
		.framing = (enum http_framing)stream->framing,
		.length = (uint64_t)stream->length,
		.expects_continue = stream->expects_continue,
		.early = &stream->early,
	});
	p->block = mem_resize(NULL, BLOCK_SIZE, 1);
}

static ssize_t next_block(void *data, const void **block, struct error *err)
{
	struct putting *p = data;
	ssize_t size = http_body_read(p->body, p->block, BLOCK_SIZE, err);

	if (size > 0)
		p->count += size;
	*block = p->block;
	return size;
}

/* ---- the answer ---- */

static void write_error(const struct error *err, struct buffer *json)
{
	char text[ERROR_TEXT_SIZE];

	buffer_add_char(json, '{');
	json_write_name(json, "message");
	json_write_string(json, error_text(err, text, sizeof(text)));
	buffer_add_text(json, "}\n");
}

static const struct buffer *head_for(const struct archive_stream *stream, const struct error *err)
{
	if (!err)
		return &stream->done;
	return err->kind == ERROR_INVALID || err->kind == ERROR_NOT_FOUND ? &stream->bad
									  : &stream->failed;
}

/* What the client still sends is read, so that it sees the answer. */
static void answer(struct putting *p, const struct error *err)
{
	const struct archive_work *work = p->work;
	const struct buffer *head = head_for(&work->stream, err);
	scoped_buffer struct buffer json = {0};
	struct error gone;

	if (err)
		write_error(err, &json);
	if (fd_write_all(work->connection, head->data ? head->data : "", head->size, &gone) &&
	    http_chunk_write(work->connection, work->stream.chunked, json.data ? json.data : "",
			     json.size, &gone))
		http_chunk_finish(work->connection, work->stream.chunked, &gone);
	shutdown(work->connection, SHUT_WR);
	if (p->count > 0 || !work->stream.expects_continue)
		http_body_drain(p->body, DRAIN_MAX);
}

/* ---- the whole ---- */

static bool unpack(struct putting *p, const struct layer_place *place, struct error *err)
{
	struct layer_limits limits = {
		.size = NO_LIMIT, .files = NO_LIMIT, .plain = true, .place = place};
	struct layer_facts facts;

	return layer_unpack(p->work->root.root, &(struct byte_source){next_block, p}, &limits,
			    &facts, err);
}

/* Told to the daemon before the client hears of it, so that the event is there when the client asks. */
static bool end(struct putting *p, bool done, struct error *err)
{
	struct error gone;

	if (done)
		worker_send(&p->work->worker, (enum worker_message)ARCHIVE_DONE, NULL, NULL, &gone);
	answer(p, done ? NULL : err);
	return done;
}

bool archive_put(struct archive_work *work, struct error *err)
{
	scoped_with(putting_fini) struct putting p = {.work = work};
	struct layer_place place = {.keep_kinds = work->request.keep_kinds};

	if (!find_folder(&p, err) || !find_owner(work, &place, err) ||
	    !archive_wait_stream(work, NULL, err))
		return false;
	place.folder = p.folder;
	open_body(&p);
	return end(&p, unpack(&p, &place, err), err);
}
