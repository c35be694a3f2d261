/* COPY, ADD and WORKDIR.  What is in no context (here-documents, downloads) is put into the folder "extra"
 * first; then the sources are found and hashed, the cache is asked, and only what it does not have is
 * written into a layer. */
#include "base/memory.h"
#include "build/copy_write.h"
#include "build/driver.h"
#include "os/fd.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_OF_DOWNLOADS 0600

static bool gather(struct stage_work *s, struct error *err);

static const struct build_copy *copy_of(const struct stage_work *s)
{
	return &s->run->step->copy;
}

/* Every failure of a step begins with its name. */
static bool step_failed(const struct stage_work *s, struct error *err)
{
	scoped_free char *prefix = str_format("%s failed", s->order.instruction);

	return str_starts_with(err->text, prefix) || error_prefix(err, "%s", prefix);
}

void stage_end_copy(struct stage_work *s)
{
	copy_matches_fini(&s->matches);
	copy_order_fini(&s->order);
	s->matches = (struct copy_matches){0};
	s->order = (struct copy_order){0};
	s->tree = -1;
	s->at = 0;
	free(take(s->fetched_name));
}

/* ---- writing ---- */

static bool take_folder(struct message *message, int *folder, struct error *err)
{
	struct build_number number;

	if (!stage_take(message, BUILD_FOLDER, &build_number_type, &number, err))
		return false;
	if (message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the daemon has sent no folder");
	*folder = take_fd(message->fds[0]);
	return true;
}

static bool on_layer(struct stage_work *s, struct message *message, struct error *err)
{
	scoped_fd int folder = -1;

	if (!take_folder(message, &folder, err))
		return false;
	if (!copy_write(&s->order, &s->matches, folder, err)) {
		step_failed(s, err);
		return false;
	}
	close_fd(&folder);
	return stage_commit(s, true, err);
}

static bool ask_layer(struct stage_work *s, bool alone, stage_then *then, struct error *err)
{
	char nothing[] = "";
	struct build_layer_request request = {stage_number(s), alone ? nothing : s->run->image};

	return stage_ask(s, BUILD_LAYER, &build_layer_request_type, &request, then, err);
}

/* --link: what the image below has does not matter, links neither. */
bool stage_write_copy(struct stage_work *s, struct error *err)
{
	return ask_layer(s, copy_of(s)->link, on_layer, err);
}

static bool on_folder_layer(struct stage_work *s, struct message *message, struct error *err)
{
	scoped_fd int folder = -1;
	bool made;

	if (!take_folder(message, &folder, err) ||
	    !copy_make_folder(folder, s->run->step->folder, &made, err))
		return false;
	close_fd(&folder);
	return stage_commit(s, made, err);
}

bool stage_make_folder(struct stage_work *s, struct error *err)
{
	return ask_layer(s, false, on_folder_layer, err);
}

/* ---- finding ---- */

static bool find_sources(struct stage_work *s, struct error *err)
{
	struct copy_roots roots = {
		.tree = s->tree,
		.extra = s->driver->extra,
		.ignore = s->is_context ? &s->driver->ignore : NULL,
		.is_context = s->is_context,
	};
	char digest[COPY_DIGEST_SIZE];

	if (!copy_find(&s->order, &roots, &s->matches, err) ||
	    !copy_digest(&s->order, &s->matches, digest, err)) {
		step_failed(s, err);
		return false;
	}
	if (!copy_check_place(&s->order, &s->matches, err))
		return false;
	stage_run_content(s->run, digest);
	return stage_find(s, err);
}

/* ---- getting together ---- */

static void add_item(struct stage_work *s, enum copy_place place, const char *path)
{
	bool tree = place == COPY_FROM_TREE;
	struct copy_item item = {
		.place = place,
		.path = str_dup(path),
		.unpack = copy_of(s)->is_add && tree && s->is_context && copy_of(s)->unpack >= 0,
		.mode = -1,
	};

	vector_add(&s->order.items, item);
}

static bool is_url(const char *source)
{
	return str_starts_with(source, "http://") || str_starts_with(source, "https://");
}

static bool is_repository(const char *source)
{
	scoped_free char *bare = str_dup_n(source, strcspn(source, "#"));

	return str_starts_with(source, "git@") || str_starts_with(source, "git://") ||
	       (is_url(source) && str_ends_with(bare, ".git"));
}

/* The last part of the address's path. */
static char *name_in_url(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');
	scoped_free char *bare = str_dup_n(path ? path : "", path ? strcspn(path, "?#") : 0);
	const char *slash = strrchr(bare, '/');

	return str_dup(slash ? slash + 1 : "");
}

/* A name of its own below "extra". */
static char *new_extra(struct driver *d)
{
	return str_format("e%u", ++d->extras);
}

/* A file's name counts in the image, so each has a folder of its own. */
static bool place_download(struct stage_work *s, const char *source, struct error *err)
{
	struct driver *d = s->driver;
	scoped_free char *folder = new_extra(d);
	scoped_free char *name = name_in_url(source);
	scoped_free char *path = NULL;
	size_t length = strlen(s->order.destination);

	if (str_is_empty(name) && s->order.destination[length - 1] == '/')
		return error_set(err, ERROR_INVALID, "cannot determine filename for source %s",
				 source);
	path = str_format("%s/%s", folder, str_is_empty(name) ? "download" : name);
	if (mkdirat(d->extra, folder, 0755) < 0 ||
	    linkat(d->extra, s->fetched_name, d->extra, path, 0) < 0)
		return error_errno(err, "cannot keep the download");
	add_item(s, COPY_FROM_EXTRA, path);
	s->order.items.items[s->order.items.count - 1].mode = MODE_OF_DOWNLOADS;
	s->order.items.items[s->order.items.count - 1].unpack = copy_of(s)->unpack > 0;
	return true;
}

static bool check_sum(const struct stage_work *s, const char *digest, struct error *err)
{
	const char *wanted = copy_of(s)->checksum;

	return str_is_empty(wanted) || str_equal(wanted, digest) ||
	       error_set(err, ERROR_INVALID, "digest mismatch %s: %s", digest, wanted);
}

static bool on_fetched(struct stage_work *s, struct message *message, struct error *err)
{
	const char *source = copy_of(s)->sources.items[s->at++];
	struct build_text text = {0};
	bool ok = stage_take(message, BUILD_FETCHED, &build_text_type, &text, err);

	if (ok && is_repository(source))
		add_item(s, COPY_FROM_EXTRA, s->fetched_name);
	else
		ok = ok && check_sum(s, text.text ? text.text : "", err) &&
		     place_download(s, source, err);
	record_fini(&build_text_type, &text);
	if (!ok)
		step_failed(s, err);
	return ok && gather(s, err);
}

static bool fetch(struct stage_work *s, const char *source, struct error *err)
{
	struct build_fetch order = {
		.number = stage_number(s),
		.url = (char *)(uintptr_t)source,
		.git = is_repository(source),
		.keep_git_dir = copy_of(s)->keep_git_dir,
	};

	free(take(s->fetched_name));
	order.name = s->fetched_name = new_extra(s->driver);
	return stage_ask(s, BUILD_FETCH, &build_fetch_type, &order, on_fetched, err);
}

static bool write_document(struct stage_work *s, const struct build_document *document,
			   struct error *err)
{
	struct driver *d = s->driver;
	scoped_free char *folder = new_extra(d);
	scoped_free char *path = str_format("%s/%s", folder, document->name);
	const char *content = document->content ? document->content : "";
	scoped_fd int file = -1;

	if (mkdirat(d->extra, folder, 0755) < 0)
		return error_errno(err, "cannot keep a document");
	file = openat(d->extra, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file < 0)
		return error_errno(err, "cannot keep the document '%s'", document->name);
	add_item(s, COPY_FROM_EXTRA, path);
	return fd_write_all(file, content, strlen(content), err);
}

static bool write_documents(struct stage_work *s, struct error *err)
{
	const struct record_list *documents = &copy_of(s)->documents;

	for (size_t i = 0; i < documents->count; i++)
		if (!write_document(s, RECORD_AT(*documents, struct build_document, i), err))
			return false;
	return true;
}

/* One source after the other, as far as that goes without waiting. */
static bool gather(struct stage_work *s, struct error *err)
{
	const struct build_copy *copy = copy_of(s);

	for (; s->at < copy->sources.count; s->at++) {
		const char *source = copy->sources.items[s->at];

		if (copy->is_add && s->is_context && (is_url(source) || is_repository(source)))
			return fetch(s, source, err);
		add_item(s, COPY_FROM_TREE, source);
	}
	return write_documents(s, err) && find_sources(s, err);
}

/* ---- where from ---- */

int driver_tree(const struct driver *d, const char *image)
{
	for (size_t i = 0; i < d->trees.count; i++)
		if (str_equal(d->trees.items[i].image, image))
			return d->trees.items[i].folder;
	return -1;
}

static bool on_tree(struct stage_work *s, struct message *message, struct error *err)
{
	struct tree tree = {.folder = -1};

	if (!take_folder(message, &tree.folder, err))
		return false;
	tree.image = str_dup(s->fetched_name);
	vector_add(&s->driver->trees, tree);
	s->tree = tree.folder;
	return gather(s, err);
}

static bool use_image(struct stage_work *s, const char *image, struct error *err)
{
	struct build_tree request = {stage_number(s), (char *)(uintptr_t)image};

	s->tree = driver_tree(s->driver, image);
	if (s->tree >= 0)
		return gather(s, err);
	str_replace(&s->fetched_name, image);
	return stage_ask(s, BUILD_TREE, &build_tree_type, &request, on_tree, err);
}

static bool on_source_image(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err) &&
		  use_image(s, image.id ? image.id : "", err);

	record_fini(&build_image_type, &image);
	return ok;
}

static bool use_folder(struct stage_work *s, const char *name, struct error *err)
{
	s->tree = driver_tree(s->driver, name);
	if (s->tree < 0)
		return error_set(err, ERROR_INVALID, "invalid from flag value %.60s", name);
	return gather(s, err);
}

bool stage_begin_copy(struct stage_work *s, struct error *err)
{
	const struct build_copy *copy = copy_of(s);
	const struct driver *d = s->driver;
	struct build_reference asked = {.number = stage_number(s),
					.reference = copy->from.image,
					.platform = d->start.platform};

	bool is_folder = build_source_is_folder(copy->from.image);

	stage_end_copy(s);
	s->is_context = copy->from.stage < 0 && !copy->from.image;
	s->order = (struct copy_order){
		.instruction = copy->is_add ? "ADD" : "COPY",
		.destination = copy->destination,
		.exclude = &copy->exclude,
		.chown = copy->chown,
		.chmod = copy->chmod,
		.chmod_text = copy->chmod_text,
		.parents = copy->parents,
		.keep_owners = !s->is_context && !copy->chown && !is_folder,
	};
	if (copy->from.stage >= 0)
		return use_image(s, driver_stage_image(d, copy->from.stage), err);
	if (is_folder)
		return use_folder(s, copy->from.image, err);
	if (copy->from.image)
		return stage_ask(s, BUILD_RESOLVE, &build_reference_type, &asked, on_source_image,
				 err);
	s->tree = d->context;
	return gather(s, err);
}
