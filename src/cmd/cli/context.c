/* context create, inspect, ls, rm, show, update and use. */
#include "cmd/cli/address.h"
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/context_store.h"
#include "cmd/cli/listing.h"
#include "format/json.h"
#include "format/mount_option.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PEM_LIMIT	    ((size_t)1 << 20)
#define DEFAULT_DESCRIPTION "Current DOCKER_HOST based configuration"

static const char *host_variable(void)
{
	return str_is_empty(getenv("WHERRY_HOST")) ? "DOCKER_HOST" : "WHERRY_HOST";
}

static bool host_is_given(void)
{
	return !str_is_empty(getenv(host_variable()));
}

/* ---- the default context, which is kept nowhere ---- */

static json_t *default_context(const struct cli *cli)
{
	struct cli plain = *cli;
	struct error ignored;

	plain.options.context = (char[]){CONTEXT_DEFAULT};
	scoped_free char *address = address_choose(&plain, &ignored);
	return json_pack("{s:s, s:{}, s:{s:{s:s, s:b}}}", "Name", CONTEXT_DEFAULT, "Metadata",
			 "Endpoints", "docker", "Host", address ? address : "", "SkipTLSVerify",
			 false);
}

static json_t *find_context(const struct cli *cli, const char *name, struct error *err)
{
	return strcmp(name, CONTEXT_DEFAULT) == 0 ? default_context(cli)
						  : context_read(cli, name, err);
}

/* ---- show and use ---- */

static int run_show(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_free char *name = context_current(cli);

	printf("%s\n", name);
	return 0;
}

static bool set_current(const struct cli *cli, const char *name, struct error *err)
{
	scoped_json json_t *config = config_read(cli);

	if (strcmp(name, CONTEXT_DEFAULT) == 0)
		json_object_del(config, "currentContext");
	else
		doc_set_text(config, "currentContext", name);
	return config_write(cli, config, err);
}

static int run_use(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->items[0];
	struct error err;
	scoped_json json_t *context = find_context(cli, name, &err);

	if (!context || !set_current(cli, name, &err))
		return cli_fail(cli, &err);
	printf("%s\n", name);
	fflush(stdout);
	fprintf(stderr, "Current context is now \"%s\"\n", name);
	if (host_is_given() && strcmp(name, CONTEXT_DEFAULT) != 0)
		fprintf(stderr,
			"Warning: %s environment variable overrides the active context. To use "
			"\"%s\", either set the global --context flag, or unset %s environment "
			"variable.\n",
			host_variable(), name, host_variable());
	return 0;
}

/* ---- ls ---- */

struct list {
	bool quiet;
	char *format;
};

static const struct option list_options[] = {
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the names"},
};

static const struct listing_column columns[] = {
	{"Name", "NAME"},
	{"Description", "DESCRIPTION"},
	{"DockerEndpoint", "DOCKER ENDPOINT"},
	{"Error", "ERROR"},
};

static json_t *call_field(const json_t *row, const char *name, const json_t *arguments)
{
	return NULL;
}

static const struct listing listing = {
	.row_type = "*formatter.clientContextContext",
	LISTING_COLUMNS(columns),
	.identity = "Name",
	.call = call_field,
};

/* In the table the present one is marked; elsewhere it is a member. */
static json_t *context_row(const json_t *context, const char *current, bool table)
{
	const char *name = doc_text(context, "Name");
	bool is_current = strcmp(name, current) == 0;
	json_t *row = json_object();

	doc_set_format(row, "Name", "%s%s", name, table && is_current ? " *" : "");
	doc_set_text(row, "Description",
		     strcmp(name, CONTEXT_DEFAULT) == 0
			     ? DEFAULT_DESCRIPTION
			     : doc_text(json_object_get(context, "Metadata"), "Description"));
	doc_set_text(row, "DockerEndpoint", context_host(context));
	doc_set_text(row, "Error", "");
	if (!table)
		json_object_set_new(row, "Current", json_boolean(is_current));
	return row;
}

static bool show_list(struct cli *cli, const struct list *list, struct buffer *out,
		      struct error *err)
{
	scoped_view struct view view = {0};
	scoped_free char *current = context_current(cli);
	scoped_json json_t *contexts = context_read_all(cli);
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *context;

	if (!view_open(&view, &listing, list->format,
		       "{{.Name}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}", list->quiet,
		       err))
		return false;
	json_array_append_new(contexts, default_context(cli));
	scoped_json json_t *sorted = rows_sort(contexts, "Name");
	json_array_foreach (sorted, i, context)
		json_array_append_new(rows, context_row(context, current, view.is_table));
	return view_write(&view, rows, out, err);
}

static int run_list(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct list *list = fields;
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!show_list(cli, list, &out, &err))
		return cli_fail(cli, &err);
	int status = cli_print(&out);
	if (host_is_given() && !cli->options.context && !list->quiet && !list->format)
		fprintf(stderr,
			"Warning: %s environment variable overrides the active context. To use a "
			"context, either set the global --context flag, or unset %s environment "
			"variable.\n",
			host_variable(), host_variable());
	return status;
}

/* ---- inspect ---- */

struct inspect {
	char *format;
};

static const struct option inspect_options[] = {
	{'f', "format", &option_string, offsetof(struct inspect, format), .initial = "",
	 .help = DOCUMENT_FORMAT_HELP},
};

static json_t *tls_files(const struct cli *cli, const char *name)
{
	static const char *const files[] = {"ca.pem", "cert.pem", "key.pem"};
	scoped_free char *folder = context_tls_folder(cli, name);
	json_t *list = json_array();

	for (size_t i = 0; i < array_length(files); i++) {
		scoped_free char *path = str_format("%s/docker/%s", folder, files[i]);

		if (access(path, F_OK) == 0)
			json_array_append_new(list, json_string(files[i]));
	}
	return list;
}

static void add_places(const struct cli *cli, json_t *context)
{
	const char *name = doc_text(context, "Name");
	bool memory = strcmp(name, CONTEXT_DEFAULT) == 0;
	scoped_free char *meta = memory ? str_dup("<IN MEMORY>") : context_meta_folder(cli, name);
	scoped_free char *tls = memory ? str_dup("<IN MEMORY>") : context_tls_folder(cli, name);
	json_t *material = json_object();
	scoped_json json_t *files = memory ? NULL : tls_files(cli, name);

	if (json_array_size(files))
		json_object_set(material, "docker", files);
	json_object_set_new(context, "TLSMaterial", material);
	json_object_set_new(context, "Storage",
			    json_pack("{s:s, s:s}", "MetadataPath", meta, "TLSPath", tls));
}

static bool inspect_one(const struct cli *cli, const struct inspect *inspect, const char *name,
			json_t *documents, struct buffer *out, struct error *err)
{
	scoped_json json_t *context = find_context(cli, name, err);

	if (!context)
		return false;
	add_places(cli, context);
	json_array_append(documents, context);
	return !*inspect->format || document_write(inspect->format, context, out, err);
}

/* Go writes <, > and & as escapes. */
static void print_documents(const json_t *documents)
{
	scoped_free char *text =
		json_array_size(documents) ? json_dumps(documents, JSON_INDENT(4)) : str_dup("[]");

	for (const char *at = text; *at; at++)
		if (strchr("<>&", *at))
			printf("\\u%04x", (unsigned)*at);
		else
			putchar(*at);
	putchar('\n');
	fflush(stdout);
}

static int run_inspect(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct inspect *inspect = fields;
	scoped_json json_t *documents = json_array();
	scoped_buffer struct buffer out = {0};
	scoped_strings struct strings names = strings_copy(arguments);
	struct error err;
	bool good = true;

	if (!names.count)
		strings_take(&names, context_current(cli));
	for (size_t i = 0; good && i < names.count; i++)
		good = inspect_one(cli, inspect, names.items[i], documents, &out, &err);
	if (*inspect->format)
		cli_print(&out);
	else
		print_documents(documents);
	return good ? 0 : cli_fail(cli, &err);
}

/* ---- create and update ---- */

struct change {
	char *description, *from;
	struct strings docker;
};

static const struct option change_options[] = {
	{0, "description", &option_string, offsetof(struct change, description),
	 .help = "What it is"},
	{0, "docker", &option_words, offsetof(struct change, docker),
	 .help = "The daemon: host=URL,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=true,from=NAME"},
	{0, "from", &option_string, offsetof(struct change, from),
	 .help = "Copy this context's daemon"},
};

/* What --docker says. */
struct daemon_fields {
	const char *host, *ca, *cert, *key, *skip, *from;
};

static bool read_fields(const struct change *change, struct daemon_fields *fields,
			struct error *err)
{
	const struct {
		const char *name;
		const char **at;
	} known[] = {
		{"host=", &fields->host}, {"ca=", &fields->ca},
		{"cert=", &fields->cert}, {"key=", &fields->key},
		{"from=", &fields->from}, {"skip-tls-verify=", &fields->skip},
	};

	for (size_t i = 0; i < change->docker.count; i++) {
		const char *text = change->docker.items[i];
		bool found = false;

		for (size_t j = 0; j < array_length(known); j++)
			if (str_starts_with(text, known[j].name)) {
				*known[j].at = text + strlen(known[j].name);
				found = true;
			}
		if (!found)
			return error_set(err, ERROR_INVALID,
					 "unable to create docker endpoint config: unrecognized "
					 "config key: %.*s",
					 (int)strcspn(text, "="), text);
	}
	return true;
}

static bool copy_pem(int folder, const char *name, const char *path, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	if (str_is_empty(path))
		return true;
	if (!file_read(AT_FDCWD, path, PEM_LIMIT, &text, err))
		return error_prefix(err, "unable to create docker endpoint config");
	struct file_content content = {text.data, text.size, 0600, true};
	return file_replace(folder, name, &content, err);
}

static bool write_tls(const struct cli *cli, const char *name, const struct daemon_fields *fields,
		      struct error *err)
{
	scoped_free char *tls = context_tls_folder(cli, name);
	scoped_free char *folder = str_format("%s/docker", tls);

	if (!fields->ca && !fields->cert && !fields->key)
		return true;
	if (!folder_make(AT_FDCWD, folder, 0700, err))
		return false;
	scoped_fd int fd = folder_open(AT_FDCWD, folder, err);
	return fd >= 0 && copy_pem(fd, "ca.pem", fields->ca, err) &&
	       copy_pem(fd, "cert.pem", fields->cert, err) &&
	       copy_pem(fd, "key.pem", fields->key, err);
}

/* The endpoint of a new context: said, copied, or what is in force. */
static json_t *make_endpoint(const struct cli *cli, const struct change *change,
			     const struct daemon_fields *fields, struct error *err)
{
	const char *from = fields->from ? fields->from : change->from;
	scoped_free char *current = context_current(cli);

	if (fields->host)
		return json_pack("{s:s, s:b}", "Host", fields->host, "SkipTLSVerify",
				 str_equal(fields->skip, "true"));
	scoped_json json_t *other = find_context(cli, from ? from : current, err);
	return json_deep_copy(json_object_get(json_object_get(other, "Endpoints"), "docker"));
}

static void set_description(json_t *context, const char *description)
{
	json_t *metadata = json_object_get(context, "Metadata");

	if (!metadata)
		json_object_set_new(context, "Metadata", metadata = json_object());
	if (description)
		doc_set_text(metadata, "Description", description);
}

static bool save(const struct cli *cli, const struct change *change, json_t *context,
		 bool with_endpoint, struct error *err)
{
	struct daemon_fields fields = {0};

	if (!read_fields(change, &fields, err))
		return false;
	if (with_endpoint || change->docker.count || change->from) {
		json_t *endpoint = make_endpoint(cli, change, &fields, err);

		if (!endpoint)
			return false;
		json_object_set_new(context, "Endpoints", json_pack("{s:o}", "docker", endpoint));
	}
	set_description(context, change->description);
	return write_tls(cli, doc_text(context, "Name"), &fields, err) &&
	       context_write(cli, context, err);
}

static bool create(const struct cli *cli, const struct change *change, const char *name,
		   struct error *err)
{
	struct error missing;

	if (!context_name_is_valid(name, err))
		return false;
	scoped_json json_t *there = context_read(cli, name, &missing);
	if (there)
		return error_set(err, ERROR_CONFLICT, "context \"%s\" already exists", name);
	scoped_json json_t *source = change->from ? find_context(cli, change->from, err)
						  : json_pack("{s:{}}", "Metadata");
	scoped_json json_t *context = json_deep_copy(source);
	if (!context)
		return false;
	doc_set_text(context, "Name", name);
	return save(cli, change, context, true, err);
}

static int run_create(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->items[0];
	struct error err;

	if (!create(cli, fields, name, &err))
		return cli_fail(cli, &err);
	printf("%s\n", name);
	fflush(stdout);
	fprintf(stderr, "Successfully created context \"%s\"\n", name);
	return 0;
}

static int run_update(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->items[0];
	struct error err;
	scoped_json json_t *context =
		context_name_is_valid(name, &err) ? context_read(cli, name, &err) : NULL;

	if (!context || !save(cli, fields, context, false, &err))
		return cli_fail(cli, &err);
	printf("%s\n", name);
	fflush(stdout);
	fprintf(stderr, "Successfully updated context \"%s\"\n", name);
	return 0;
}

/* ---- rm ---- */

struct removal {
	bool force;
};

static const struct option removal_options[] = {
	{'f', "force", &option_switch, offsetof(struct removal, force),
	 .help = "Remove it also while it is in force"},
};

static bool remove_one(const struct cli *cli, const struct removal *removal, const char *name,
		       struct error *err)
{
	scoped_json json_t *config = config_read(cli);
	bool in_use = strcmp(doc_text(config, "currentContext"), name) == 0;
	struct error missing;

	if (strcmp(name, CONTEXT_DEFAULT) == 0)
		return error_set(err, ERROR_INVALID, "context \"default\" cannot be removed");
	scoped_json json_t *context = context_read(cli, name, &missing);
	if (!context)
		return removal->force ||
		       error_set(err, ERROR_NOT_FOUND, "context \"%s\" does not exist", name);
	if (in_use && !removal->force)
		return error_set(err, ERROR_CONFLICT,
				 "context \"%s\" is in use, set -f flag to force remove", name);
	if (in_use && !set_current(cli, CONTEXT_DEFAULT, err))
		return false;
	return context_remove(cli, name, err);
}

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	int status = 0;

	for (size_t i = 0; i < arguments->count; i++) {
		struct error err;

		if (remove_one(cli, fields, arguments->items[i], &err))
			printf("%s\n", arguments->items[i]);
		else
			status = cli_complain(&err);
	}
	return status;
}

/* ---- the commands ---- */

static const struct command context_create = {
	.summary = "Give a daemon a name",
	.usage = "[OPTIONS] CONTEXT",
	.least = 1,
	.most = 1,
	.size = sizeof(struct change),
	.options = {OPTION_SET(change_options)},
	.run = run_create,
};

static const struct command context_update = {
	.summary = "Change a context",
	.usage = "[OPTIONS] CONTEXT",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_CONTEXTS,
	.size = sizeof(struct change),
	.options = {{change_options, 2}},
	.run = run_update,
};

static const struct command context_inspect = {
	.summary = "Show all that is known of contexts",
	.usage = "[OPTIONS] [CONTEXT] [CONTEXT...]",
	.most = -1,
	.arguments = ARGUMENTS_CONTEXTS,
	.size = sizeof(struct inspect),
	.options = {OPTION_SET(inspect_options)},
	.run = run_inspect,
};

static const struct command context_list = {
	.summary = "List contexts",
	.usage = "[OPTIONS]",
	.size = sizeof(struct list),
	.options = {OPTION_SET(list_options)},
	.run = run_list,
};

static const struct command context_remove_command = {
	.summary = "Remove contexts",
	.usage = "CONTEXT [CONTEXT...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_CONTEXTS,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(removal_options)},
	.run = run_remove,
};

static const struct command context_show = {
	.summary = "Show the name of the context in force",
	.usage = "",
	.run = run_show,
};

static const struct command context_use = {
	.summary = "Take a context for all that follows",
	.usage = "CONTEXT",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_CONTEXTS,
	.run = run_use,
};

static const struct command_entry entries[] = {
	{"create", NULL, SECTION_OTHER, &context_create},
	{"export", NULL, SECTION_OTHER, &unsupported},
	{"import", NULL, SECTION_OTHER, &unsupported},
	{"inspect", NULL, SECTION_OTHER, &context_inspect},
	{"ls", "list", SECTION_OTHER, &context_list},
	{"rm", "remove", SECTION_OTHER, &context_remove_command},
	{"show", NULL, SECTION_OTHER, &context_show},
	{"update", NULL, SECTION_OTHER, &context_update},
	{"use", NULL, SECTION_OTHER, &context_use},
};

const struct command context_group = {
	.summary = "Manage contexts: daemons that have a name",
	.usage = "COMMAND",
	COMMAND_ENTRIES(entries),
};
