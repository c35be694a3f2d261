/* Removing images, by Docker's rules: a name takes itself away, and the image with its last name; an id
 * takes an image with all its names away, unless they are of several repositories.  What containers use
 * stays: a running one cannot be forced, a stopped one can (its layers stay until it goes, see
 * image_lease). */
#include "image/image_store.h"

#include "format/reference.h"
#include "image/pull_layer.h"

/* ---- who uses it ---- */

struct found_users {
	char running[13], stopped[13]; /* ids of the first of each, shortened; "" is none */
};

static bool keep_user(void *to, const struct image_user *user)
{
	struct found_users *found = to;
	char *out = user->running ? found->running : found->stopped;

	if (!*out)
		snprintf(out, sizeof(found->running), "%s", user->id);
	return true;
}

static struct found_users find_users(const struct image_store *images, const struct image *image)
{
	struct found_users found = {0};

	if (images->users)
		images->users(images->users_data, image, keep_user, &found);
	return found;
}

/* ---- names and repositories ---- */

/* "127.0.0.1:5000/bb" of "127.0.0.1:5000/bb:1" and of "127.0.0.1:5000/bb@sha256:..." */
static size_t repository_length(const char *name)
{
	const char *at = strchr(name, '@');
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');

	return at ? (size_t)(at - name) : colon ? (size_t)(colon - name) : strlen(name);
}

static bool same_repository(const char *a, const char *b)
{
	size_t length = repository_length(a);

	return length == repository_length(b) && memcmp(a, b, length) == 0;
}

/* At least one name, all of one repository, at most one tag. */
static bool is_single(const struct image *image)
{
	const char *first = image->tags.count > 0      ? image->tags.items[0]
			    : image->digests.count > 0 ? image->digests.items[0]
						       : NULL;

	if (!first || image->tags.count > 1)
		return false;
	for (size_t i = 0; i < image->digests.count; i++)
		if (!same_repository(first, image->digests.items[i]))
			return false;
	return true;
}

static bool has_names(const struct image *image)
{
	return image->tags.count + image->digests.count > 0;
}

/* ---- refusals ---- */

static bool refuse(const struct image *image, bool hard, const char *why, const char *user,
		   struct error *err)
{
	return error_set(err, ERROR_CONFLICT, "conflict: unable to delete %.12s (%s) - %s%s",
			 image->id + strlen("sha256:"),
			 hard ? "cannot be forced" : "must be forced", why, user);
}

static bool check_children(const struct image *image, struct error *err)
{
	return image->children == 0 ||
	       refuse(image, true, "image has dependent child images", "", err);
}

static bool check_running(const struct image *image, const struct found_users *users,
			  struct error *err)
{
	return !*users->running || refuse(image, true, "image is being used by running container ",
					  users->running, err);
}

static bool check_stopped(const struct image *image, const struct found_users *users, bool force,
			  struct error *err)
{
	return force || !*users->stopped ||
	       refuse(image, false, "image is being used by stopped container ", users->stopped,
		      err);
}

static bool check_names(const struct image *image, bool force, struct error *err)
{
	return force || image->tags.count + image->digests.count <= 1 || is_single(image) ||
	       refuse(image, false, "image is referenced in multiple repositories", "", err);
}

/* ---- doing ---- */

static void tell(struct image_changes *changes, bool deleted, const char *name)
{
	struct image_change change = {deleted, str_dup(name)};

	vector_add(changes, change);
}

struct removal {
	struct image_store *images;
	struct image *image;
	struct image_changes *changes;
	struct image_batch *batch;
	bool no_prune;
};

static void untag(const struct removal *r, const char *name)
{
	tell(r->changes, false, name);
	image_unname(r->images, r->image, name, r->batch);
}

static void untag_all(const struct removal *r)
{
	while (r->image->tags.count > 0)
		untag(r, r->image->tags.items[0]);
	while (r->image->digests.count > 0)
		untag(r, r->image->digests.items[0]);
}

/* Digests of a repository none of whose tags are left go with the last one. */
static void untag_digests(const struct removal *r, const char *name)
{
	struct strings *digests = &r->image->digests;

	for (size_t i = 0; i < r->image->tags.count; i++)
		if (same_repository(r->image->tags.items[i], name))
			return;
	for (size_t i = digests->count; i-- > 0;)
		if (same_repository(digests->items[i], name))
			untag(r, digests->items[i]);
}

static bool is_used(const struct image_store *images, const struct image *image)
{
	struct found_users users = find_users(images, image);

	return image->leases > 0 || *users.running || *users.stopped;
}

/* A parent that nothing holds any more: no name, no other child, no container. */
static struct image *parent_to_go(const struct removal *r, const char *id)
{
	struct image *parent = id ? map_get(&r->images->images, id) : NULL;

	if (!parent || parent->hidden || has_names(parent) || parent->children > 0 ||
	    is_used(r->images, parent))
		return NULL;
	return parent;
}

/* Leaf to root. */
static void delete (const struct removal *r)
{
	struct image *image = r->image;

	untag_all(r);
	while (image) {
		scoped_free char *parent = str_dup_or_null(image->parent);

		tell(r->changes, true, image->id);
		image_drop(r->images, image, r->changes, r->batch);
		image = r->no_prune ? NULL : parent_to_go(r, parent);
	}
}

static bool remove_by_name(const struct removal *r, const char *typed, const char *name, bool force,
			   struct error *err)
{
	struct found_users users = find_users(r->images, r->image);
	const char *user = *users.running ? users.running : users.stopped;
	bool is_tag = !strchr(name, '@');

	if (!force && is_single(r->image) && *user)
		return error_set(
			err, ERROR_CONFLICT,
			"conflict: unable to remove repository reference \"%.200s\" (must force) - "
			"container %s is using its referenced image %.12s",
			typed, user, r->image->id + strlen("sha256:"));
	untag(r, name);
	if (is_tag)
		untag_digests(r, name);
	if (!has_names(r->image) && r->image->children == 0 && !*users.running &&
	    (force || !*users.stopped))
		delete (r);
	return true;
}

static bool remove_by_id(const struct removal *r, bool force, struct error *err)
{
	struct found_users users = find_users(r->images, r->image);

	if (!check_children(r->image, err) || !check_running(r->image, &users, err) ||
	    !check_names(r->image, force, err) || !check_stopped(r->image, &users, force, err))
		return false;
	delete (r);
	return true;
}

/* The name among the image's own that was typed; NULL: it was an id.  Owned. */
static char *typed_name(const struct image_store *images, const struct image *image,
			const char *typed)
{
	scoped_reference struct reference ref = {0};
	struct error ignored;
	char *name;

	if (!reference_parse(typed, &ref, &ignored))
		return NULL;
	if (ref.digest)
		free(take(ref.tag));
	reference_add_default_tag(&ref);
	name = reference_familiar(&ref);
	if (map_get(ref.digest ? &images->digests : &images->tags, name) == image)
		return name;
	free(name);
	return NULL;
}

bool image_remove(struct image_store *images, const char *reference,
		  const struct image_remove_options *options, struct image_changes *changes,
		  image_done *done, void *data, struct error *err)
{
	struct image *image = image_find(images, reference, err);
	scoped_free char *name = image ? typed_name(images, image, reference) : NULL;
	struct image_batch batch = {0};
	struct removal removal = {images, image, changes, &batch, options->no_prune};

	if (!image || !(name ? remove_by_name(&removal, reference, name, options->force, err)
			     : remove_by_id(&removal, options->force, err)))
		return false;
	images_commit(images, &batch, done, data);
	return true;
}

/* ---- prune ---- */

/* "name" or "name=value". */
static bool has_label(const struct image *image, const char *wanted)
{
	const char *equals = strchr(wanted, '=');
	scoped_free char *name = str_dup_n(wanted, strcspn(wanted, "="));
	const struct pairs *labels = &image->config.defaults.labels;

	return pairs_have(labels, name) &&
	       (!equals || str_equal(pairs_get(labels, name), equals + 1));
}

static bool has_all(const struct image *image, const struct strings *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!has_label(image, wanted->items[i]))
			return false;
	return true;
}

static bool matches(const struct image *image, const struct image_prune_filter *filter)
{
	if (!filter->all && !image_is_dangling(image))
		return false;
	if (filter->until_ns && image->created_ns >= filter->until_ns)
		return false;
	if (filter->labels_not.count > 0 && has_all(image, &filter->labels_not))
		return false;
	return has_all(image, &filter->labels);
}

/* Chosen by id: deleting one may take its parents away. */
void image_prune(struct image_store *images, const struct image_prune_filter *filter,
		 struct image_changes *changes, image_done *done, void *data)
{
	struct image_batch batch = {0};
	struct removal removal = {images, NULL, changes, &batch, false};
	scoped_strings struct strings chosen = {0};
	size_t count;
	struct image *const *all = image_all(images, &count);

	pull_blobs_prune(images);
	for (size_t i = 0; i < count; i++)
		if (matches(all[i], filter) && !is_used(images, all[i]))
			strings_add(&chosen, all[i]->id);
	for (size_t i = 0; i < chosen.count; i++) {
		removal.image = map_get(&images->images, chosen.items[i]);
		if (removal.image && !removal.image->hidden && removal.image->children == 0)
			delete (&removal);
	}
	images_commit(images, &batch, done, data);
}
