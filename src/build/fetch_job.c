#include "build/fetch_job.h"

#include "base/memory.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/transfer.h"
#include "image/url_get.h"
#include "image/worker.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_LIMIT (INT64_C(64) << 30)

struct fetch {
	struct worker worker;
	struct build_fetch order;
	int place; /* owned: the file or folder */
	struct content_hash *hash;
	int64_t size;
	struct error failure; /* of writing */
};

/* ---- HTTP ---- */

static bool on_bytes(void *data, const void *bytes, size_t size)
{
	struct fetch *f = data;

	f->size += (int64_t)size;
	if (f->size > SIZE_LIMIT)
		return error_set(&f->failure, ERROR_INVALID, "it is larger than %lld bytes",
				 (long long)SIZE_LIMIT);
	content_hash_add(f->hash, bytes, size);
	return fd_write_all(f->place, bytes, size, &f->failure);
}

static bool get(struct fetch *f, struct error *err)
{
	if (!url_get(f->order.url, on_bytes, f, err)) {
		if (f->failure.kind != ERROR_NONE)
			*err = f->failure;
		return false;
	}
	*err = f->failure;
	return f->failure.kind == ERROR_NONE;
}

static bool fetch_file(struct fetch *f, char digest[static CONTENT_DIGEST_SIZE], struct error *err)
{
	f->hash = content_hash_new();
	if (!confine_to_network(err) || !get(f, err))
		return false;
	content_hash_finish(f->hash, digest);
	return true;
}

/* ---- git ---- */

/* Every filesystem is read-only, but for the folder, which is mounted where it can be found; git is the
 * host's own program, with nobody's rights. */
static bool confine_git(const struct fetch *f, struct error *err)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
	struct mount_attr plain = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				   .propagation = MS_PRIVATE};
	scoped_fd int tree =
		open_tree(f->place, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &plain, sizeof(plain)) < 0 ||
	    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)) < 0 ||
	    move_mount(tree, "", AT_FDCWD, "/tmp", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    chdir("/tmp") < 0)
		return error_errno(err, "cannot confine git");
	if (setgroups(0, NULL) < 0 || setresgid(FETCH_NOBODY, FETCH_NOBODY, FETCH_NOBODY) < 0 ||
	    setresuid(FETCH_NOBODY, FETCH_NOBODY, FETCH_NOBODY) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot become nobody");
	return true;
}

/* ---- the job ---- */

static bool take_order(struct fetch *f, struct error *err)
{
	struct message *message;

	if (!worker_expect(&f->worker, (enum worker_message)FETCH_BEGIN, &build_fetch_type,
			   &f->order, &message, err))
		return false;
	if (message->fd_count != 1 || str_is_empty(f->order.url))
		return error_set(err, ERROR_SYSTEM, "the fetcher got no place to write to");
	f->place = take_fd(message->fds[0]);
	return true;
}

static bool fetch(struct fetch *f, struct error *err)
{
	char digest[CONTENT_DIGEST_SIZE] = "";
	struct build_text done = {f->order.number, digest};

	if (!take_order(f, err))
		return false;
	done.number = f->order.number;
	if (f->order.git
		    ? !confine_git(f, err) || !fetch_git(f->order.url, f->order.keep_git_dir, err)
		    : !fetch_file(f, digest, err))
		return false;
	return worker_send(&f->worker, (enum worker_message)FETCH_DONE, &build_text_type, &done,
			   err);
}

void fetch_job_main(int control)
{
	struct fetch f = {.worker = {.control = control}, .place = -1};
	struct error err = {0};

	umask(022);
	content_hash_prepare();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (!fetch(&f, &err))
		worker_fail(&f.worker, &err);
	content_hash_free(f.hash);
	close_fd(&f.place);
	record_fini(&build_fetch_type, &f.order);
	worker_fini(&f.worker);
}
