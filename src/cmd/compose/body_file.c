/* Configs and secrets: files in memory where the daemon has them (docs/compose-api.md), else
 * read-only binds of files of this host, and a tar for what no file of this host has. */
#include "base/time.h"
#include "cmd/cli/tar.h"
#include "cmd/compose/body_part.h"
#include "format/base64.h"
#include "format/json.h"
#include "format/path.h"

#define FILE_LIMIT   (1u << 20) /* of one */
#define ALL_LIMIT    (16u << 20)
#define DEFAULT_MODE 0444

/* ---- content ---- */

static bool refuse(const struct resource *resource, const char *kind, const struct node *at,
		   struct error *err, const char *reason, const char *what)
{
	const struct place *place = at ? &at->place : &resource->node->place;

	if (!place->file)
		return error_set(err, ERROR_INVALID, "%s.%s: %s%s", kind, resource->key, reason,
				 what);
	return error_set(err, ERROR_INVALID, "%s:%u:%u: %s.%s: %s%s", place->file, place->line,
			 place->column, kind, resource->key, reason, what);
}

static const struct node *given(const struct resource *resource, const char *name)
{
	const struct node *node = node_get(resource->node, name);

	return node && node->kind != NODE_NULL ? node : NULL;
}

bool body_content(const struct project *project, const char *kind, const struct resource *resource,
		  const struct compose_files *files, struct buffer *out, struct error *err)
{
	const struct node *content = given(resource, "content"), *file = given(resource, "file");
	const struct node *variable = given(resource, "environment");
	struct error reason;

	if (resource->external)
		return refuse(resource, kind, given(resource, "external"), err,
			      "external ones are kept by a cluster, and this is one host: say where "
			      "what it holds is, with ",
			      strcmp(kind, "secrets") == 0 ? "file or environment"
							   : "file, environment or content");
	if (content) {
		buffer_add_text(out, content->text);
		return true;
	}
	if (variable) {
		const char *value = pairs_get(&project->environment, variable->text);

		buffer_add_text(out, value ? value : "");
		return value || refuse(resource, kind, variable, err,
				       "environment variable is not set: ", variable->text);
	}
	if (!file)
		return refuse(resource, kind, NULL, err, "it has no content", "");
	return (files && files->read(files->data, file->text, FILE_LIMIT, out, &reason)) ||
	       refuse(resource, kind, file, err, "", files ? reason.text : "files cannot be read");
}

char *body_large_file(const struct resource *resource, const struct compose_files *files)
{
	const struct node *file = given(resource, "file");

	return file && files && files->large ? files->large(files->data, file->text, FILE_LIMIT)
					     : NULL;
}

/* ---- uses of them ---- */

struct use {
	const char *kind;   /* "configs", "secrets" */
	const char *folder; /* of relative targets */
	const struct resource *resource;
	const struct node *node;
	char *target; /* owned */
	int64_t uid, gid, mode;
};

static void use_fini(struct use *use)
{
	free(use->target);
}

static bool read_id(struct body *body, struct use *use, const char *name, int64_t *id,
		    struct error *err)
{
	const struct node *node = node_get(use->node, name);

	if (!node || node->kind == NODE_NULL || (body_number(node, id) && *id >= 0))
		return true;
	return body_refuse(body, node, err, use->kind, "%s \"%s\" is no number", name, node->text);
}

static bool read_use(struct body *body, struct use *use, const struct resources *resources,
		     struct error *err)
{
	const char *source = node_get_text(use->node, "source", "");
	const char *target = node_get_text(use->node, "target", source);
	scoped_free char *whole =
		*target == '/' ? str_dup(target) : str_format("%s/%s", use->folder, target);

	use->resource = body_resource(resources, source);
	use->target = path_clean(whole);
	use->mode = DEFAULT_MODE;
	if (!use->resource)
		return body_refuse(body, use->node, err, use->kind, "undefined %.*s %s",
				   (int)strlen(use->kind) - 1, use->kind, source);
	return read_id(body, use, "uid", &use->uid, err) &&
	       read_id(body, use, "gid", &use->gid, err) &&
	       read_id(body, use, "mode", &use->mode, err);
}

/* `each` for every config and secret of the service. */
static bool each_use(struct body *body,
		     bool (*each)(struct body *body, const struct use *use, void *data,
				  struct error *err),
		     void *data, struct error *err)
{
	const struct project *project = body->request->project;
	const struct {
		const char *kind, *folder;
		const struct resources *resources;
	} kinds[] = {
		{"configs", "", &project->configs},
		{"secrets", "/run/secrets", &project->secrets},
	};

	for (size_t i = 0; i < array_length(kinds); i++) {
		node_each (item, node_get(body->node, kinds[i].kind)) {
			scoped_with(use_fini) struct use use = {
				.kind = kinds[i].kind,
				.folder = kinds[i].folder,
				.node = item->value,
			};

			if (!read_use(body, &use, kinds[i].resources, err) ||
			    !each(body, &use, data, err))
				return false;
		}
	}
	return true;
}

/* ---- files in memory ---- */

struct lists {
	json_t *files, *mounts;
};

static bool add_bind(struct body *body, const struct use *use, void *data, struct error *err);

static bool add_file(struct body *body, const struct use *use, void *data, struct error *err)
{
	const struct lists *lists = data;
	scoped_free char *large = body_large_file(use->resource, body->request->files);
	scoped_buffer struct buffer content = {0}, encoded = {0};

	if (large)
		return add_bind(body, use, data, err);
	if (!body_content(body->request->project, use->kind, use->resource, body->request->files,
			  &content, err))
		return false;
	base64_encode(content.data ? content.data : "", content.size, &encoded);
	json_array_append_new(lists->files,
			      json_pack("{s:s, s:s, s:I, s:I, s:I}", "Target", use->target,
					"Content", encoded.data ? encoded.data : "", "Uid",
					(json_int_t)use->uid, "Gid", (json_int_t)use->gid, "Mode",
					(json_int_t)use->mode));
	return true;
}

/* ---- binds ---- */

static void warn_of_owner(struct body *body, const struct use *use)
{
	static const char *const names[] = {"uid", "gid", "mode"};

	for (size_t i = 0; i < array_length(names); i++) {
		const struct node *node = node_get(use->node, names[i]);

		if (node && node->kind != NODE_NULL && (i < 2 || use->mode != DEFAULT_MODE))
			body_warn(body, node, use->kind,
				  "%s of %s is ignored: it is the file of the host, read-only",
				  names[i], use->resource->key);
	}
}

static bool add_bind(struct body *body, const struct use *use, void *data, struct error *err)
{
	const struct lists *lists = data;
	const struct node *file = given(use->resource, "file");
	json_t *mount;

	if (use->resource->external) { /* says why not */
		scoped_buffer struct buffer none = {0};

		return body_content(body->request->project, use->kind, use->resource, NULL, &none,
				    err);
	}
	if (!file)
		return true; /* of the tar */
	warn_of_owner(body, use);
	mount = json_pack("{s:s, s:s, s:b}", "Type", "bind", "Target", use->target, "ReadOnly", 1);
	doc_set_text(mount, "Source", file->text);
	json_array_append_new(lists->mounts, mount);
	return true;
}

bool body_set_files(struct body *body, struct error *err)
{
	bool in_memory = body->request->features->files;
	json_t *mounts = json_object_get(body->host, "Mounts");
	scoped_json json_t *all_mounts = mounts ? json_incref(mounts) : json_array();
	scoped_json json_t *files = json_array();
	struct lists lists = {files, all_mounts};
	bool good = each_use(body, in_memory ? add_file : add_bind, &lists, err);

	if (json_array_size(files))
		json_object_set(body_extension(body), "Files", files);
	if (json_array_size(all_mounts))
		json_object_set(body->host, "Mounts", all_mounts);
	return good;
}

/* ---- the tar ---- */

static bool add_member(struct body *body, const struct use *use, void *data, struct error *err)
{
	struct buffer *tar = data;
	scoped_buffer struct buffer content = {0};

	if (given(use->resource, "file"))
		return true;
	if (node_get_bool(body->node, "read_only", false))
		return body_refuse(body, use->node, err, use->kind,
				   "%s cannot be put into a container that is read_only on this "
				   "daemon",
				   use->resource->key);
	if (!body_content(body->request->project, use->kind, use->resource, body->request->files,
			  &content, err))
		return false;
	scoped_tar_entry struct tar_entry entry = {
		.name = str_dup(use->target + 1),
		.type = '0',
		.mode = (mode_t)use->mode,
		.uid = (uint64_t)use->uid,
		.gid = (uint64_t)use->gid,
		.size = (int64_t)content.size,
		.mtime_ns = time_now_ns() / NS_PER_SECOND * NS_PER_SECOND,
	};
	tar_write_head(tar, &entry);
	buffer_add(tar, content.data ? content.data : "", content.size);
	tar_pad(tar, entry.size);
	return tar->size <= ALL_LIMIT ||
	       body_refuse(body, use->node, err, use->kind, "all of them are more than 16 MiB");
}

bool body_files_tar(const struct body_request *request, struct buffer *tar, struct error *err)
{
	scoped_json json_t *config = json_object(), *host = json_object();
	struct body body = {request, request->service->node, config, host};

	if (request->features->files)
		return true;
	if (!each_use(&body, add_member, tar, err))
		return false;
	if (tar->size)
		tar_write_end(tar);
	return true;
}
