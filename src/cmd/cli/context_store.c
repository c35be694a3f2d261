#include "cmd/cli/context_store.h"

#include "cmd/cli/address.h"
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "format/json.h"
#include "format/sha256.h"
#include "os/file.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define META_LIMIT ((size_t)1 << 20)

static bool is_set(const char *variable)
{
	return !str_is_empty(getenv(variable));
}

char *context_current(const struct cli *cli)
{
	scoped_json json_t *config = NULL;

	if (cli->options.context)
		return str_dup(cli->options.context);
	if (cli->options.hosts.count || is_set("WHERRY_HOST") || is_set("DOCKER_HOST"))
		return str_dup(CONTEXT_DEFAULT);
	if (is_set("DOCKER_CONTEXT"))
		return str_dup(getenv("DOCKER_CONTEXT"));
	config = config_read(cli);
	const char *name = doc_text(config, "currentContext");
	return str_dup(*name ? name : CONTEXT_DEFAULT);
}

/* ---- where ---- */

static char *folder_of(const struct cli *cli, const char *kind, const char *name)
{
	scoped_free char *config = cli_config_directory(cli);
	char digest[DIGEST_TEXT_SIZE];

	sha256_digest(name, strlen(name), digest);
	return str_format("%s/contexts/%s/%s", config, kind, digest + strlen("sha256:"));
}

char *context_meta_folder(const struct cli *cli, const char *name)
{
	return folder_of(cli, "meta", name);
}

char *context_tls_folder(const struct cli *cli, const char *name)
{
	return folder_of(cli, "tls", name);
}

/* ---- reading ---- */

static json_t *read_meta(const char *path, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	return file_read(AT_FDCWD, path, META_LIMIT, &text, err)
		       ? json_parse(text.data ? text.data : "", text.size, err)
		       : NULL;
}

json_t *context_read(const struct cli *cli, const char *name, struct error *err)
{
	scoped_free char *folder = context_meta_folder(cli, name);
	scoped_free char *path = str_format("%s/meta.json", folder);
	json_t *context = read_meta(path, err);

	if (!context && err->kind == ERROR_NOT_FOUND)
		error_set(err, ERROR_NOT_FOUND,
			  "context \"%s\": context not found: open %s: no such file or directory",
			  name, path);
	else if (!context)
		error_prefix(err, "context \"%s\"", name);
	return context;
}

json_t *context_read_all(const struct cli *cli)
{
	scoped_free char *config = cli_config_directory(cli);
	scoped_free char *folder = str_format("%s/contexts/meta", config);
	json_t *all = json_array();
	DIR *dir = opendir(folder);
	struct dirent *item;

	while (dir && (item = readdir(dir))) {
		scoped_free char *path = str_format("%s/%s/meta.json", folder, item->d_name);
		struct error ignored;
		json_t *context = *item->d_name == '.' ? NULL : read_meta(path, &ignored);

		if (context)
			json_array_append_new(all, context);
	}
	if (dir)
		closedir(dir);
	return all;
}

const char *context_host(const json_t *context)
{
	return doc_text(json_object_get(json_object_get(context, "Endpoints"), "docker"), "Host");
}

/* ---- writing ---- */

bool context_name_is_valid(const char *name, struct error *err)
{
	size_t length = 0;

	if (strcmp(name, CONTEXT_DEFAULT) == 0)
		return error_set(err, ERROR_INVALID, "\"default\" is a reserved context name");
	while (isalnum((unsigned char)name[length]) ||
	       (length && name[length] && strchr("_.+-", name[length])))
		length++;
	return (length >= 2 && !name[length]) ||
	       error_set(err, ERROR_INVALID,
			 "context name \"%s\" is invalid, names are validated against regexp "
			 "\"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"",
			 name);
}

bool context_write(const struct cli *cli, const json_t *context, struct error *err)
{
	scoped_free char *folder = context_meta_folder(cli, doc_text(context, "Name"));
	scoped_free char *text = json_dumps(context, JSON_COMPACT);
	struct file_content content = {text, strlen(text), 0644, true};

	if (!folder_make(AT_FDCWD, folder, 0755, err))
		return false;
	scoped_fd int fd = folder_open(AT_FDCWD, folder, err);
	return fd >= 0 && file_replace(fd, "meta.json", &content, err);
}

bool context_remove(const struct cli *cli, const char *name, struct error *err)
{
	scoped_free char *meta = context_meta_folder(cli, name);
	scoped_free char *tls = context_tls_folder(cli, name);

	return tree_remove(AT_FDCWD, meta, err) && tree_remove(AT_FDCWD, tls, err);
}

/* ---- using ---- */

bool context_enter(struct cli *cli, struct error *err)
{
	scoped_free char *name = context_current(cli);

	if (strcmp(name, CONTEXT_DEFAULT) == 0)
		return true;
	scoped_json json_t *context = context_read(cli, name, err);
	if (!context)
		return error_prefix(err, "Failed to initialize: unable to resolve %s endpoint",
				    cli->program);
	const json_t *endpoint = json_object_get(json_object_get(context, "Endpoints"), "docker");
	scoped_free char *tls = context_tls_folder(cli, name);
	scoped_free char *folder = str_format("%s/docker", tls);
	cli->skip_tls_verify = doc_flag(endpoint, "SkipTLSVerify");
	cli->tls_folder = access(folder, F_OK) == 0 ? take(folder) : NULL;
	cli->address = address_complete(cli, context_host(context), err);
	return cli->address != NULL;
}
