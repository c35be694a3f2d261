#include "image/push.h"

#include "base/map.h"
#include "format/reference.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/manifest_write.h"
#include "image/push_layer.h"
#include "os/file.h"

struct push {
	struct worker *worker;
	struct push_start start;
	struct registry *registry; /* owned */
	struct host_certificates certificates;
	struct registry_credentials credentials;
	struct registry_subject subject;
	struct strings sources; /* repositories that layers could be mounted from */
	struct map done;	/* by diff id: struct descriptor, owned */
};

static void push_fini(struct push *p)
{
	for (struct map_slot *slot = map_first(&p->done); slot; slot = map_next(&p->done, slot)) {
		record_fini(&descriptor_type, slot->value);
		free(slot->value);
	}
	map_fini(&p->done);
	registry_free(p->registry);
	host_certificates_fini(&p->certificates);
	registry_credentials_fini(&p->credentials);
	strings_fini(&p->sources);
	if (p->start.registry.auth)
		explicit_bzero(p->start.registry.auth, strlen(p->start.registry.auth));
	record_fini(&push_start_type, &p->start);
}

/* ---- layers ---- */

static const struct push_layer *find_layer(const struct push *p, const char *diff_id)
{
	for (size_t i = 0; i < p->start.layers.count; i++) {
		const struct push_layer *layer = RECORD_AT(p->start.layers, struct push_layer, i);

		if (str_equal(layer->diff_id, diff_id))
			return layer;
	}
	return NULL;
}

static bool report(const struct push *p, const char *diff_id, const struct descriptor *found,
		   struct error *err)
{
	struct push_told told = {
		.diff_id = (char *)(uintptr_t)diff_id, .state = PUSH_STANDS, .blob = *found};

	return worker_send(p->worker, PUSH_TOLD, &push_told_type, &told, err);
}

static bool send_layer(struct push *p, const char *diff_id, struct error *err)
{
	struct push_line line = {p->worker, p->registry, &p->start.registry};
	const struct push_layer *layer = find_layer(p, diff_id);
	struct descriptor found = {0};

	if (map_get(&p->done, diff_id))
		return true;
	if (!layer)
		return error_set(err, ERROR_SYSTEM, "there is no layer '%s'", diff_id);
	if (!push_layer(&line, layer, &found, err)) {
		record_fini(&descriptor_type, &found); /* it may stand there without anybody to tell */
		return false;
	}
	map_put(&p->done, diff_id, mem_copy(&found, sizeof(found)));
	return report(p, diff_id, &found, err);
}

/* ---- the configuration ---- */

static bool get_config(const struct push *p, struct push_image *image, struct error *err)
{
	struct worker_document wanted = {.digest = image->id}, answer = {0};
	struct message *given;

	if (image->config.size > 0)
		return content_check(image->config.data, image->config.size, image->id, err);
	if (!worker_send(p->worker, WORKER_ASK, &worker_document_type, &wanted, err) ||
	    !worker_expect(p->worker, WORKER_GIVE, &worker_document_type, &answer, &given, err))
		return false;
	record_fini(&worker_document_type, &answer);
	if (given->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the configuration is not there");
	return file_read_fd(given->fds[0], CONFIG_SIZE_MAX, &image->config, err);
}

static bool send_config(struct push *p, struct push_image *image, struct error *err)
{
	struct push_line line = {p->worker, p->registry, &p->start.registry};

	return get_config(p, image, err) && push_document(&line, image->id, &image->config, err);
}

/* ---- the manifest ---- */

static bool has_zstd(const struct push *p, const struct strings *diff_ids)
{
	for (size_t i = 0; i < diff_ids->count; i++) {
		const struct descriptor *d = map_get(&p->done, diff_ids->items[i]);

		if (str_ends_with(d->media_type, "zstd"))
			return true;
	}
	return false;
}

/* Docker's names, or OCI's where a layer is of a kind that Docker's has no name for. */
static const char *layer_type(const char *from, bool oci)
{
	if (str_ends_with(from, "zstd"))
		return LAYER_OCI_ZSTD;
	if (str_ends_with(from, "gzip"))
		return oci ? LAYER_OCI_GZIP : LAYER_DOCKER_GZIP;
	return oci ? LAYER_OCI_TAR : "application/vnd.docker.image.rootfs.diff.tar";
}

static void write_manifest(const struct push *p, const struct push_image *image, bool oci,
			   struct buffer *out)
{
	struct descriptor config = {.media_type =
					    (char *)(uintptr_t)(oci ? CONFIG_OCI : CONFIG_DOCKER),
				    .digest = image->id,
				    .size = (int64_t)image->config.size};
	struct descriptor *items = mem_zeroed(image->diff_ids.count, sizeof(*items));
	struct record_list layers = {items, image->diff_ids.count};

	for (size_t i = 0; i < layers.count; i++) {
		items[i] = *(struct descriptor *)map_get(&p->done, image->diff_ids.items[i]);
		items[i].media_type = (char *)(uintptr_t)layer_type(items[i].media_type, oci);
	}
	manifest_write(oci ? MANIFEST_OCI : MANIFEST_DOCKER, &config, &layers, out);
	free(items);
}

static bool put_manifest(struct push *p, const char *tag, const char *type,
			 const struct buffer *bytes, struct error *err)
{
	scoped_free char *what = str_format("manifests/%s", tag);
	struct registry_call call = {.method = "PUT",
				     .what = what,
				     .content_type = type,
				     .body = bytes->data,
				     .size = bytes->size,
				     .offset = -1};
	struct registry_reply reply;

	if (registry_send(p->registry, &call, &reply, err) != REGISTRY_DONE)
		return false;
	registry_reply_fini(&reply);
	return true;
}

static bool send_manifest(struct push *p, const struct push_image *image, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	bool oci = has_zstd(p, &image->diff_ids);
	char digest[CONTENT_DIGEST_SIZE];
	struct push_tagged tagged = {.tag = image->tag, .id = image->id, .digest = digest};

	write_manifest(p, image, oci, &bytes);
	content_digest(bytes.data, bytes.size, digest);
	tagged.size = (int64_t)bytes.size;
	return put_manifest(p, image->tag, oci ? MANIFEST_OCI : MANIFEST_DOCKER, &bytes, err) &&
	       worker_send(p->worker, PUSH_TAGGED, &push_tagged_type, &tagged, err);
}

/* ---- the whole ---- */

static bool send_image(struct push *p, struct push_image *image, struct error *err)
{
	for (size_t i = 0; i < image->diff_ids.count; i++)
		if (!send_layer(p, image->diff_ids.items[i], err))
			return false;
	return send_config(p, image, err) && send_manifest(p, image, err);
}

/* Rights to read what could be mounted are asked for together with those to write. */
static void collect_sources(struct push *p)
{
	const struct fetch_start *start = &p->start.registry;
	scoped_free char *prefix = str_format("%s/", start->domain);

	for (size_t i = 0; i < p->start.layers.count; i++) {
		const struct record_list *blobs =
			&RECORD_AT(p->start.layers, struct push_layer, i)->blobs;

		for (size_t j = 0; j < blobs->count; j++) {
			const char *name = RECORD_AT(*blobs, struct layer_blob, j)->repository;
			const char *path = name && str_starts_with(name, prefix)
						   ? name + strlen(prefix)
						   : NULL;

			if (path && !str_equal(path, start->path) &&
			    !strings_contain(&p->sources, path) && p->sources.count < 16)
				strings_add(&p->sources, path);
		}
	}
}

static void open_registry(struct push *p)
{
	const struct fetch_start *start = &p->start.registry;
	static const struct strings no_mirrors;

	registry_credentials_parse(start->auth, &p->credentials);
	collect_sources(p);
	p->registry = registry_new(&(struct registry_options){
		.domain = start->domain,
		.path = start->path,
		.subject = &p->subject,
		.push = true,
		.sources = &p->sources,
		.rules = {&no_mirrors, &start->insecure},
		.credentials = p->credentials,
		.certificates = &p->certificates,
		.transfer = {start->user_agent, start->stall_ms},
	});
}

static bool push(struct push *p, struct error *err)
{
	struct message *message;
	struct record_list *images = &p->start.images;

	if (!worker_expect(p->worker, WORKER_START, &push_start_type, &p->start, &message, err) ||
	    !host_certificates_load(p->start.registry.certificates, &p->certificates, err))
		return false;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return error_set(err, ERROR_SYSTEM, "cannot start libcurl");
	if (!confine_to_network(err))
		return false;
	open_registry(p);
	for (size_t i = 0; i < images->count; i++)
		if (!send_image(p, RECORD_AT(*images, struct push_image, i), err))
			return false;
	return true;
}

void push_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(push_fini) struct push p = {.worker = &worker};
	struct error err = {0};

	if (!push(&p, &err))
		worker_fail(&worker, &err);
}
