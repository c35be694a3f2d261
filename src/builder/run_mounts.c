/* Caches are folders of the host, secrets files in memory below the exec root; what comes from an image or
 * the context is shown through an overlay of the container's own, so that whatever is written there is
 * dropped with it. */
#include "builder/run_mounts.h"

#include "base/log.h"
#include "base/memory.h"
#include "build/run_mount.h"
#include "builder/cache_folders.h"
#include "format/base64.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct planning {
	struct run_mounts *mounts;
	struct build *build;
	struct host_config *host;
	size_t cache; /* of mounts->caches: the next one */
};

static struct mount_request *add_mount(struct planning *p, const char *type, const char *source,
				       const char *target)
{
	struct mount_request *request = record_list_add(&mount_request_type, &p->host->mounts);

	request->type = str_dup(type);
	request->source = str_dup_or_null(source);
	request->target = str_dup(target);
	strings_add(&p->mounts->targets, target);
	return request;
}

/* ---- cache ---- */

static void give_back(struct run_mounts *mounts, struct builder *builder)
{
	for (size_t i = 0; i < mounts->caches.count; i++)
		cache_folder_give_back(builder, mounts->caches.items[i]);
	strings_fini(&mounts->caches);
}

/* A step may see one cache at two places: whatever its sharing is, that is no second user. */
static const struct run_mount *same_before(const struct build_run_request *request, size_t index)
{
	const struct run_mount *mount = RECORD_AT(request->mounts, struct run_mount, index);

	for (size_t i = 0; i < index; i++) {
		const struct run_mount *other = RECORD_AT(request->mounts, struct run_mount, i);

		if (other->kind == RUN_MOUNT_CACHE && str_equal(other->id, mount->id) &&
		    str_equal(other->from ? other->from : "", mount->from ? mount->from : ""))
			return other;
	}
	return NULL;
}

/* The name that the cache of an earlier mount was taken by. */
static const char *name_taken(const struct run_mounts *mounts,
			      const struct build_run_request *request,
			      const struct run_mount *mount)
{
	size_t cache = 0;

	for (size_t i = 0; RECORD_AT(request->mounts, struct run_mount, i) != mount; i++)
		cache += RECORD_AT(request->mounts, struct run_mount, i)->kind == RUN_MOUNT_CACHE;
	return mounts->caches.items[cache];
}

bool run_mounts_take(struct run_mounts *mounts, struct build *build,
		     const struct build_run_request *request, bool *busy, struct error *err)
{
	*busy = false;
	for (size_t i = 0; i < request->mounts.count; i++) {
		const struct run_mount *mount = RECORD_AT(request->mounts, struct run_mount, i);
		enum cache_taken taken;
		char *name;

		if (mount->kind != RUN_MOUNT_CACHE)
			continue;
		const struct run_mount *same = same_before(request, i);
		if (same) {
			const char *again = name_taken(mounts, request, same);

			cache_folder_take_again(build->builder, again);
			strings_add(&mounts->caches, again);
			continue;
		}
		taken = cache_folder_take(build->builder, mount, &name, err);
		if (taken == CACHE_TAKEN) {
			strings_take(&mounts->caches, name);
			continue;
		}
		give_back(mounts, build->builder);
		*busy = taken == CACHE_BUSY;
		return *busy;
	}
	return true;
}

/* What an image has, on top of which the cache folder keeps what steps write. */
static bool plan_image_cache(struct planning *p, const struct run_mount *mount, const char *path,
			     struct error *err)
{
	const struct image *image;
	struct mount_request *request;

	if (build_source_is_folder(mount->from))
		return error_set(err, ERROR_UNSUPPORTED,
				 "a cache mount cannot begin with a folder of this build: the next "
				 "one has another");
	image = build_image(p->build, mount->from, err);
	if (!image)
		return false;
	for (size_t i = 0; i + 1 < p->cache; i++)
		if (str_equal(p->mounts->caches.items[i], p->mounts->caches.items[p->cache - 1]))
			return error_set(
				err, ERROR_UNSUPPORTED,
				"the cache '%.60s' with the files of an image cannot be at "
				"two places of one step",
				mount->id);
	request = add_mount(p, "layers", path, mount->target);
	request->subpath = str_dup_or_null(mount->source);
	request->read_only = mount->read_only;
	request->layers_folder = str_format("%s/layers", p->build->builder->data_root);
	request->layers = image_rootfs(image);
	return true;
}

static bool plan_cache(struct planning *p, const struct run_mount *mount, struct error *err)
{
	const char *name = p->mounts->caches.items[p->cache++];
	scoped_free char *path = cache_folder_path(p->build->builder, name);
	struct mount_request *request;

	if (mount->from)
		return plan_image_cache(p, mount, path, err);
	request = add_mount(p, "bind", path, mount->target);
	request->read_only = mount->read_only;
	return true;
}

/* ---- tmpfs ---- */

static bool plan_tmpfs(struct planning *p, const struct run_mount *mount, struct error *err)
{
	struct mount_request *request = add_mount(p, "tmpfs", NULL, mount->target);

	(void)err;
	request->tmpfs_options = mem_new(struct tmpfs_options);
	request->tmpfs_options->size_bytes = mount->size;
	request->tmpfs_options->options = str_dup("[[\"exec\"],[\"suid\"],[\"dev\"]]");
	return true;
}

/* ---- files that only the step sees ---- */

static bool make_secrets_folder(struct planning *p, struct error *err)
{
	char id[ID_SIZE];

	if (p->mounts->secrets)
		return true;
	id_new(id);
	p->mounts->secrets =
		str_format("%s/build/%.*s", p->build->builder->exec_root, ID_SHORT_LENGTH, id);
	return folder_make(AT_FDCWD, p->mounts->secrets, 0700, err);
}

/* The path of a new file with these bytes; NULL on failure. */
static char *write_file(struct planning *p, const void *data, size_t size,
			const struct run_mount *owner, mode_t mode, struct error *err)
{
	scoped_free char *path = NULL;
	scoped_fd int file = -1;

	if (!make_secrets_folder(p, err))
		return NULL;
	path = str_format("%s/%u", p->mounts->secrets, p->mounts->files++);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 || !fd_write_all(file, data, size, err) ||
	    (owner && fchown(file, (uid_t)owner->uid, (gid_t)owner->gid) < 0) ||
	    fchmod(file, mode) < 0) {
		error_errno(err, "cannot write a file for the step");
		return NULL;
	}
	return take(path);
}

/* A variable of the step's process, and of nothing else: the container's record does not have it. */
static bool add_secret_variable(struct planning *p, const struct run_mount *mount,
				const struct buffer *bytes, struct error *err)
{
	if (bytes->size && memchr(bytes->data, '\0', bytes->size))
		return error_set(err, ERROR_INVALID,
				 "secret %s: no variable can hold its zero bytes", mount->id);
	strings_format(&p->mounts->variables, "%s=%s", mount->env, bytes->data ? bytes->data : "");
	return true;
}

static bool add_secret_file(struct planning *p, const struct run_mount *mount,
			    const struct buffer *bytes, struct error *err)
{
	scoped_free char *path = write_file(p, bytes->data ? bytes->data : "", bytes->size, mount,
					    (mode_t)mount->mode & 0777, err);

	if (path)
		add_mount(p, "bind", path, mount->target)->read_only = true;
	return path != NULL;
}

static bool plan_secret(struct planning *p, const struct run_mount *mount, struct error *err)
{
	const char *text = pairs_get(&p->build->request.secrets, mount->id);
	scoped_buffer struct buffer bytes = {0};
	bool ok = true;

	if (!text || !base64_decode(text, strlen(text), &bytes))
		return !mount->required ||
		       error_set(err, ERROR_NOT_FOUND, "secret %s: not found", mount->id);
	if (mount->env)
		ok = add_secret_variable(p, mount, &bytes, err);
	if (ok && !str_is_empty(mount->target))
		ok = add_secret_file(p, mount, &bytes, err);
	if (bytes.data)
		explicit_bzero(bytes.data, bytes.size);
	return ok;
}

/* The agent's own socket, on which it knows who asks.  Where nobody offers one, a step that does not insist
 * does without, as everywhere. */
static bool plan_ssh(struct planning *p, const struct run_mount *mount, struct error *err)
{
	const char *socket = pairs_get(&p->build->request.agents, mount->id);
	unsigned number = p->mounts->agents++;
	scoped_free char *target = str_is_empty(mount->target)
					   ? str_format("/run/buildkit/ssh_agent.%u", number)
					   : str_dup(mount->target);

	if (!socket)
		return !mount->required ||
		       error_set(err, ERROR_NOT_FOUND,
				 "ssh %s: no agent was handed to this build (wherry build --ssh)",
				 mount->id);
	add_mount(p, "bind", socket, target)->read_only = true;
	if (!p->mounts->agent)
		p->mounts->agent = str_dup(target);
	return true;
}

static bool plan_script(struct planning *p, const struct build_run_request *request,
			struct error *err)
{
	scoped_free char *path = NULL;

	if (!request->script)
		return true;
	path = write_file(p, request->script, strlen(request->script), NULL, 0755, err);
	if (!path)
		return false;
	add_mount(p, "bind", path, request->script_path)->read_only = true;
	return true;
}

/* ---- bind ---- */

/* The worker names it, and has made it. */
static bool is_folder_of(const struct build *build, const char *name)
{
	scoped_free char *path = str_format("extra/%s", name);
	struct error none;
	scoped_fd int folder =
		strchr(name, '/') || *name == '.'
			? -1
			: root_open_plain(build->inside, path, O_PATH | O_DIRECTORY, &none);

	return folder >= 0;
}

static bool plan_bind(struct planning *p, const struct run_mount *mount, struct error *err)
{
	struct build *build = p->build;
	const char *folder = build_source_is_folder(mount->from) ? mount->from + 1 : NULL;
	const struct image *image =
		mount->from && !folder ? build_image(build, mount->from, err) : NULL;
	scoped_free char *name = str_format("m%u", ++build->folders);
	scoped_free char *path = build_path(build, name);
	struct mount_request *request;

	if (mount->from && !folder && !image)
		return false;
	if (folder && !is_folder_of(build, folder))
		return error_set(err, ERROR_INVALID, "no context '%.60s' to mount", folder);
	if (mkdirat(build->folder, name, 0700) < 0)
		return error_errno(err, "cannot make a folder for a mount");
	request = add_mount(p, "layers", path, mount->target);
	request->subpath = str_dup_or_null(mount->source);
	request->read_only = mount->read_only;
	if (image) {
		request->layers_folder = str_format("%s/layers", build->builder->data_root);
		request->layers = image_rootfs(image);
	} else {
		request->layers_folder = build_path(build, folder ? "in/extra" : "in");
		strings_add(&request->layers, folder ? folder : "context");
	}
	return true;
}

/* ---- all of them ---- */

static bool plan_one(struct planning *p, const struct run_mount *mount, struct error *err)
{
	switch ((enum run_mount_kind)mount->kind) {
	case RUN_MOUNT_BIND:
		return plan_bind(p, mount, err);
	case RUN_MOUNT_CACHE:
		return plan_cache(p, mount, err);
	case RUN_MOUNT_TMPFS:
		return plan_tmpfs(p, mount, err);
	case RUN_MOUNT_SECRET:
		return plan_secret(p, mount, err);
	case RUN_MOUNT_SSH:
		return plan_ssh(p, mount, err);
	}
	return error_set(err, ERROR_SYSTEM, "a mount of an unknown kind");
}

bool run_mounts_plan(struct run_mounts *mounts, struct build *build,
		     const struct build_run_request *request, struct host_config *host,
		     struct error *err)
{
	struct planning p = {.mounts = mounts, .build = build, .host = host};

	for (size_t i = 0; i < request->mounts.count; i++)
		if (!plan_one(&p, RECORD_AT(request->mounts, struct run_mount, i), err))
			return false;
	return plan_script(&p, request, err);
}

/* ---- what they leave ---- */

static bool image_has(const struct builder *builder, const struct image *base, const char *path)
{
	struct strings layers = base ? image_rootfs(base) : (struct strings){0};
	struct error none;
	bool has = false;

	for (size_t i = 0; i < layers.count && !has; i++) {
		scoped_fd int layer = openat(image_layers_folder(builder->images), layers.items[i],
					     O_PATH | O_DIRECTORY | O_CLOEXEC);
		scoped_fd int found =
			layer < 0 ? -1 : root_open_plain(layer, path, O_PATH | O_NOFOLLOW, &none);

		has = found >= 0;
	}
	strings_fini(&layers);
	return has;
}

/* Removes an empty folder or file; false: it is there and is not empty, or is no such thing. */
static bool remove_empty(int upper, const char *path)
{
	scoped_free char *above = str_dup_n(path, (size_t)(strrchr(path, '/') - path));
	const char *name = strrchr(path, '/') + 1;
	struct error none;
	struct stat st;
	scoped_fd int folder =
		root_open_plain(upper, *above ? above : "/", O_RDONLY | O_DIRECTORY, &none);

	if (folder < 0 || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	if (S_ISDIR(st.st_mode))
		return unlinkat(folder, name, AT_REMOVEDIR) == 0;
	return S_ISREG(st.st_mode) && st.st_size == 0 && unlinkat(folder, name, 0) == 0;
}

static void clean_target(const struct builder *builder, const struct image *base, int upper,
			 const char *target)
{
	scoped_free char *path = str_dup(target);
	char *slash;

	while ((slash = strrchr(path, '/')) && slash[1] && !image_has(builder, base, path) &&
	       remove_empty(upper, path))
		*slash = '\0';
}

void run_mounts_clean(const struct run_mounts *mounts, struct builder *builder,
		      const char *container, const struct image *base)
{
	scoped_free char *path =
		str_format("%s/containers/%s/upper", builder->data_root, container);
	struct error none;
	scoped_fd int upper = mounts->targets.count ? folder_open(AT_FDCWD, path, &none) : -1;

	for (size_t i = 0; upper >= 0 && i < mounts->targets.count; i++)
		clean_target(builder, base, upper, mounts->targets.items[i]);
}

void run_mounts_end(struct run_mounts *mounts, struct builder *builder)
{
	struct error err;

	give_back(mounts, builder);
	if (mounts->secrets && !tree_remove(AT_FDCWD, mounts->secrets, &err))
		log_warning("cannot remove a step's secrets", &err, "");
	free(take(mounts->secrets));
	free(take(mounts->agent));
	for (size_t i = 0; i < mounts->variables.count; i++)
		explicit_bzero(mounts->variables.items[i], strlen(mounts->variables.items[i]));
	strings_fini(&mounts->variables);
	strings_fini(&mounts->targets);
}
