/* One folder after the other, until the daemon has no more: a build of many small steps would else spend
 * its time on starting workers. */
#include "image/pack.h"

#include "base/time.h"
#include "image/compress.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/recipe.h"
#include "image/tar_writer.h"
#include "image/worker.h"
#include "os/fd.h"

#include <unistd.h>

struct pack {
	struct worker *worker;
	int folder, output; /* a recipe, or whoever reads the tar */
	int given;	    /* a recipe to be read; -1: none */
	int64_t position, told_at;
	struct compressor *compressor;
	struct pack_start start;
	struct content_hash *hash;
	struct recipe_writer *recipe; /* NULL: the tar itself is wanted */
	int64_t content;	      /* bytes still to come that are a file's */
};

/* ---- the tar, to its reader or to be measured ---- */

static bool write_out(void *data, const void *bytes, size_t size, struct error *err)
{
	struct pack *p = data;

	return fd_write_all(p->output, bytes, size, err);
}

static bool note_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	struct pack *p = data;

	content_hash_add(p->hash, bytes, size);
	if (p->content > 0)
		p->content -= (int64_t)size;
	else
		recipe_bytes(p->recipe, bytes, size);
	return true;
}

static bool note_content(void *data, const char *path, int64_t offset, int64_t size,
			 struct error *err)
{
	struct pack *p = data;

	recipe_content(p->recipe, path, offset, size);
	p->content = size;
	return true;
}

static bool write_tar(const struct pack *p, const struct tar_sink *sink, struct tar_facts *facts,
		      struct error *err)
{
	struct tar_options options = {.overlay = true};
	scoped(tar_writer) struct tar_writer *writer = tar_writer_new(&options, sink);

	return tar_writer_add(writer, p->folder, ".", "", err) &&
	       tar_writer_finish(writer, facts, err);
}

static bool stream(struct pack *p, struct unpacked *done, struct error *err)
{
	struct tar_sink sink = {.write = write_out, .data = p};
	struct tar_facts facts;

	return write_tar(p, &sink, &facts, err);
}

/* ---- a layer as registries have it ---- */

#define TELL_INTERVAL_NS (100 * NS_PER_MS)

static bool tell_position(struct pack *p, struct error *err)
{
	struct unpack_more at = {.available = p->position};
	int64_t now = time_monotonic_ns();

	if (now - p->told_at < TELL_INTERVAL_NS)
		return true;
	p->told_at = now;
	return worker_send(p->worker, PACK_AT, &unpack_more_type, &at, err);
}

static bool compress_out(void *data, const void *bytes, size_t size, struct error *err)
{
	struct pack *p = data;

	content_hash_add(p->hash, bytes, size);
	p->position += (int64_t)size;
	return compressor_add(p->compressor, bytes, size, err) && tell_position(p, err);
}

static bool check_diff_id(struct pack *p, struct error *err)
{
	char found[CONTENT_DIGEST_SIZE];

	content_hash_finish(p->hash, found);
	return str_equal(found, p->start.diff_id) ||
	       error_set(err, ERROR_SYSTEM, "the files of layer '%s' have changed",
			 p->start.diff_id ? p->start.diff_id : "");
}

static bool write_blob(struct pack *p, struct unpacked *done, struct error *err)
{
	struct recipe_sink sink = {compress_out, p};

	p->compressor = compressor_new(write_out, p);
	return recipe_replay(p->given, p->folder, &sink, err) && check_diff_id(p, err) &&
	       compressor_finish(p->compressor, err);
}

/* ---- a layer to be ---- */

/* The recipe lies on the same filesystem: one call brings both to the disk. */
static bool measure(struct pack *p, struct unpacked *done, struct error *err)
{
	struct tar_sink sink = {note_bytes, note_content, p};
	struct tar_facts facts;
	char diff_id[CONTENT_DIGEST_SIZE];

	p->recipe = recipe_writer_new(p->output);
	if (!write_tar(p, &sink, &facts, err) || !recipe_writer_finish(p->recipe, err))
		return false;
	if (syncfs(p->folder) < 0)
		return error_errno(err, "cannot write the layer to the disk");
	content_hash_finish(p->hash, diff_id);
	done->diff_id = str_dup(diff_id);
	done->size = facts.size;
	done->recipe = true;
	return true;
}

/* ---- orders ---- */

static void pack_fini(struct pack *p)
{
	close_fd(&p->folder);
	close_fd(&p->output);
	close_fd(&p->given);
	compressor_free(p->compressor);
	record_fini(&pack_start_type, &p->start);
	content_hash_free(p->hash);
	recipe_writer_free(p->recipe);
}

static bool (*const modes[])(struct pack *p, struct unpacked *done, struct error *err) = {
	[PACK_TAR] = stream,
	[PACK_MEASURE] = measure,
	[PACK_BLOB] = write_blob,
};

static bool pack_one(struct pack *p, struct error *err)
{
	struct unpacked done = {0};
	bool ok = modes[p->start.mode](p, &done, err);

	close_fd(&p->output); /* its reader sees the end before the daemon hears of it */
	ok = ok && worker_send(p->worker, PACK_DONE, &unpacked_type, &done, err);
	record_fini(&unpacked_type, &done);
	return ok;
}

static bool take_start(struct pack *p, struct message *message, struct error *err)
{
	if (!worker_decode(message, WORKER_START, &pack_start_type, &p->start, err))
		return false;
	if (p->start.mode < 0 || (size_t)p->start.mode >= array_length(modes) ||
	    message->fd_count != (p->start.mode == PACK_BLOB ? 3 : 2))
		return error_set(err, ERROR_SYSTEM, "the worker got no folder");
	p->folder = take_fd(message->fds[0]);
	p->output = take_fd(message->fds[1]);
	if (p->start.mode == PACK_BLOB)
		p->given = take_fd(message->fds[2]);
	return true;
}

void pack_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	struct message *message;
	struct error err = {0};

	content_hash_prepare();
	if (!confine_to_reading(&err)) {
		worker_fail(&worker, &err);
		return;
	}
	while (worker_receive(&worker, &message, &err)) {
		scoped_with(pack_fini) struct pack p = {.worker = &worker,
							.folder = -1,
							.output = -1,
							.given = -1,
							.hash = content_hash_new()};

		if (!take_start(&p, message, &err) || !pack_one(&p, &err))
			worker_fail(&worker, &err);
	}
}
