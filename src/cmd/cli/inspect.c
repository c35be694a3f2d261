/* inspect, container inspect, image inspect: what the daemon knows of an object, as it sent it, or
 * through a template. */
#include "cmd/cli/api.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/platform_option.h"
#include "format/json.h"

#include <ctype.h>
#include <stdio.h>

#define BAD_TEMPLATE 64

/* The kinds of objects in the order in which a name is tried. */
static const struct kind {
	const char *name;   /* of --type */
	const char *target; /* with %s for the object */
	bool sized;	    /* takes --size */
} kinds[] = {
	{"container", "/containers/%s/json", true},
	{"image", "/images/%s/json", false},
	{"network", "/networks/%s", false},
	{"volume", "/volumes/%s", false},
};

struct inspect {
	char *format, *type; /* type "": any */
	char *platform;
	bool size, verbose;
};

/* ---- JSON text with line breaks, as Go's json.Indent sets them ---- */

static void new_line(struct buffer *out, int depth)
{
	buffer_add_char(out, '\n');
	for (int i = 0; i < depth; i++)
		buffer_add_text(out, "    ");
}

static const char *skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* Copies a string with its quotes; returns what is behind it. */
static const char *copy_string(const char *at, struct buffer *out)
{
	const char *start = at++;

	while (*at && *at != '"')
		at += at[0] == '\\' && at[1] ? 2 : 1;
	at += *at == '"';
	buffer_add(out, start, (size_t)(at - start));
	return at;
}

static const char *open_bracket(const char *at, int *depth, struct buffer *out)
{
	char closing = *at == '{' ? '}' : ']';
	const char *inside = skip_blanks(at + 1);

	buffer_add_char(out, *at);
	if (*inside == closing) {
		buffer_add_char(out, closing);
		return inside + 1;
	}
	new_line(out, ++*depth);
	return inside;
}

static const char *indent_one(const char *at, int *depth, struct buffer *out)
{
	switch (*at) {
	case '{':
	case '[':
		return open_bracket(at, depth, out);
	case '}':
	case ']':
		new_line(out, --*depth);
		buffer_add_char(out, *at);
		break;
	case ',':
		buffer_add_char(out, ',');
		new_line(out, *depth);
		break;
	case ':':
		buffer_add_text(out, ": ");
		break;
	case '"':
		return copy_string(at, out);
	default:
		buffer_add_char(out, *at);
	}
	return at + 1;
}

static void indent(const char *json, struct buffer *out)
{
	int depth = 0;

	for (const char *at = skip_blanks(json); *at; at = skip_blanks(at))
		at = indent_one(at, &depth, out);
}

/* Without line breaks. */
static void compact(const char *json, struct buffer *out)
{
	for (const char *at = skip_blanks(json); *at; at = skip_blanks(at))
		if (*at == '"')
			at = copy_string(at, out);
		else
			buffer_add_char(out, *at++);
}

/* ---- finding ---- */

static void warn_of_size(const struct inspect *inspect, const struct kind *kind)
{
	if (inspect->size && !kind->sized)
		fprintf(stderr, "WARNING: --size ignored for %s\n", kind->name);
}

/* The document of the first kind that knows the name. */
static bool find(struct cli *cli, const struct inspect *inspect, const char *name,
		 struct buffer *text, struct error *err)
{
	if (!*name)
		return error_set(err, ERROR_INVALID, "invalid %s name or ID: value is empty",
				 *inspect->type ? inspect->type : kinds[0].name);
	for (size_t i = 0; i < array_length(kinds); i++) {
		if (*inspect->type && strcmp(kinds[i].name, inspect->type) != 0)
			continue;
		scoped_target struct target target = target_format(kinds[i].target, name);
		target_add_flag(&target, "size", kinds[i].sized && inspect->size);
		target_add_flag(&target, "verbose", inspect->verbose);
		if (!platform_option_add(cli, &target, inspect->platform, "1.49", err))
			return false;
		if (api_get_text(cli, &target, text, err)) {
			warn_of_size(inspect, &kinds[i]);
			return true;
		}
		if (*inspect->type ||
		    (err->kind != ERROR_NOT_FOUND && err->kind != ERROR_UNSUPPORTED))
			return false;
		buffer_clear(text);
	}
	return error_set(err, ERROR_NOT_FOUND, "Error: No such object: %s", name);
}

/* ---- showing ---- */

struct output {
	struct buffer documents; /* of the array, when there is no template */
	struct buffer text;	 /* of the template */
	struct strings errors;
};

static void output_fini(struct output *output)
{
	buffer_fini(&output->documents);
	buffer_fini(&output->text);
	strings_fini(&output->errors);
}

static bool add_document(struct output *output, const char *format, const struct buffer *text,
			 struct error *err)
{
	if (!*format || strcmp(format, "json") == 0) {
		const char *end = text->data + text->size;

		while (end > text->data && isspace((unsigned char)end[-1]))
			end--;
		buffer_add_text(&output->documents, output->documents.size ? "," : "");
		buffer_add(&output->documents, text->data, (size_t)(end - text->data));
		return true;
	}
	scoped_json json_t *document = json_parse(text->data, text->size, err);
	if (!document)
		return false;
	if (document_write(format, document, &output->text, err))
		return true;
	buffer_add_char(&output->text, '\n');
	return error_prefix(err, "template parsing error");
}

static void write_output(const struct output *output, const char *format)
{
	scoped_buffer struct buffer array = {0}, shown = {0};

	if (output->text.size)
		cli_print(&output->text);
	if (*format && strcmp(format, "json") != 0)
		return;
	buffer_format(&array, "[%s]", output->documents.data ? output->documents.data : "");
	if (*format)
		compact(array.data, &shown);
	else
		indent(array.data, &shown);
	buffer_add_char(&shown, '\n');
	cli_print(&shown);
}

static bool template_is_valid(const char *format, struct error *err)
{
	if (!*format || strcmp(format, "json") == 0)
		return true;
	struct template *t = template_parse(format, err);
	template_free(t);
	return t || error_prefix(err, "template parsing error");
}

static void show_all(struct cli *cli, const struct inspect *inspect, const struct strings *names,
		     struct output *output)
{
	for (size_t i = 0; i < names->count; i++) {
		scoped_buffer struct buffer text = {0};
		struct error err;

		if (find(cli, inspect, names->items[i], &text, &err) &&
		    add_document(output, inspect->format, &text, &err))
			continue;
		strings_add(&output->errors, err.text);
		if (err.kind == ERROR_UNAVAILABLE || err.kind == ERROR_INVALID)
			break;
	}
}

static int show(struct cli *cli, const struct inspect *inspect, const struct strings *names)
{
	scoped_with(output_fini) struct output output = {0};
	struct error err;

	if (!template_is_valid(inspect->format, &err)) {
		cli_complain(&err);
		return BAD_TEMPLATE;
	}
	show_all(cli, inspect, names, &output);
	write_output(&output, inspect->format);
	for (size_t i = 0; i < output.errors.count; i++)
		fprintf(stderr, "%s\n", output.errors.items[i]);
	return output.errors.count ? 1 : 0;
}

/* ---- the commands ---- */

static bool is_kind(const char *type)
{
	for (size_t i = 0; i < array_length(kinds); i++)
		if (strcmp(kinds[i].name, type) == 0)
			return true;
	return !*type;
}

static int run_any(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct inspect *inspect = fields;

	if (is_kind(inspect->type))
		return show(cli, inspect, arguments);
	fprintf(stderr,
		"unknown type: \"%s\": must be one of \"container\", \"image\", \"network\", "
		"\"volume\"\n",
		inspect->type);
	return 1;
}

static int run_type(struct cli *cli, const struct inspect *inspect, char *type,
		    const struct strings *arguments)
{
	struct inspect typed = *inspect;

	typed.type = type;
	return show(cli, &typed, arguments);
}

static int run_container(struct cli *cli, void *fields, const struct strings *arguments)
{
	return run_type(cli, fields, (char[]){"container"}, arguments);
}

static int run_image(struct cli *cli, void *fields, const struct strings *arguments)
{
	return run_type(cli, fields, (char[]){"image"}, arguments);
}

static int run_network(struct cli *cli, void *fields, const struct strings *arguments)
{
	return run_type(cli, fields, (char[]){"network"}, arguments);
}

static int run_volume(struct cli *cli, void *fields, const struct strings *arguments)
{
	return run_type(cli, fields, (char[]){"volume"}, arguments);
}

static const struct option image_options[] = {
	{0, "platform", &option_string, offsetof(struct inspect, platform),
	 .help = "Platform of an image of several: OS[/ARCHITECTURE[/VARIANT]]"},
};

static const struct option network_options[] = {
	{'v', "verbose", &option_switch, offsetof(struct inspect, verbose),
	 .help = "Show what helps to find errors, too"},
};

static const struct option options[] = {
	{'f', "format", &option_string, offsetof(struct inspect, format), .initial = "",
	 .help = DOCUMENT_FORMAT_HELP},
	{'s', "size", &option_switch, offsetof(struct inspect, size),
	 .help = "Show how much containers have written"},
	{0, "type", &option_string, offsetof(struct inspect, type), .initial = "",
	 .help = "Look only for a container, image, network or volume"},
};

#define WITH_TYPE                                                                                  \
	{                                                                                          \
		{                                                                                  \
			options, 3                                                                 \
		}                                                                                  \
	}
#define WITH_SIZE                                                                                  \
	{                                                                                          \
		{                                                                                  \
			options, 2                                                                 \
		}                                                                                  \
	}
#define WITH_FORMAT                                                                                \
	{                                                                                          \
		{                                                                                  \
			options, 1                                                                 \
		}                                                                                  \
	}

const struct command inspect_any = {
	.summary = "Show all that is known of objects",
	.usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct inspect),
	.options = WITH_TYPE,
	.run = run_any,
};

const struct command container_inspect = {
	.summary = "Show all that is known of containers",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct inspect),
	.options = WITH_SIZE,
	.run = run_container,
};

const struct command image_inspect = {
	.summary = "Show all that is known of images",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct inspect),
	.options = {{options, 1}, OPTION_SET(image_options)},
	.run = run_image,
};

const struct command network_inspect = {
	.summary = "Show all that is known of networks",
	.usage = "[OPTIONS] NETWORK [NETWORK...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_NETWORKS,
	.size = sizeof(struct inspect),
	.options = {{options, 1}, OPTION_SET(network_options)},
	.run = run_network,
};

const struct command volume_inspect = {
	.summary = "Show all that is known of volumes",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_VOLUMES,
	.size = sizeof(struct inspect),
	.options = WITH_FORMAT,
	.run = run_volume,
};
