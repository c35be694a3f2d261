/* What tests of loading share: files in memory, options as words, cases as rows of a table. */
#pragma once

#include "base/test.h"
#include "compose/compose.h"

#include <stdio.h>

enum { CASE_FILES = 8 };

struct case_file {
	const char *path, *text;
};

struct load_case {
	const char *
		options; /* words: v1, -f F, -p P, --env-file F, --profile P, cwd=/d, dir=/d, +service, NAME=value */
	struct case_file files[CASE_FILES]; /* a NULL path ends them */
	const char *
		at; /* "services.a.image": what is looked at; "files", "directory": of the project */
	const char *json;    /* its JSON; NULL: it is not there */
	const char *error;   /* in one of the errors; then nothing is loaded.  NULL: it loads */
	const char *warning; /* in one of the warnings; NULL: there is none */
};

static bool case_read(void *data, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	const struct load_case *c = data;

	for (size_t i = 0; i < CASE_FILES && c->files[i].path; i++) {
		if (strcmp(c->files[i].path, path) != 0)
			continue;
		buffer_add_text(out, c->files[i].text);
		return out->size <= limit ? true : error_set(err, ERROR_INVALID, "too large");
	}
	return error_set(err, ERROR_NOT_FOUND, "there is no file '%s'", path);
}

static bool case_exists(void *data, const char *path)
{
	const struct load_case *c = data;

	for (size_t i = 0; i < CASE_FILES && c->files[i].path; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return true;
	return false;
}

struct case_request {
	struct compose_request request;
	struct strings words;
};

static void case_option(struct compose_request *r, const struct strings *words, size_t *at)
{
	const char *word = words->items[*at];
	const char *next = *at + 1 < words->count ? words->items[*at + 1] : "";

	if (strcmp(word, "v1") == 0)
		r->style = COMPOSE_V1;
	else if (strcmp(word, "-f") == 0)
		strings_add(&r->files, next), ++*at;
	else if (strcmp(word, "-p") == 0)
		r->project_name = next, ++*at;
	else if (strcmp(word, "--env-file") == 0)
		strings_add(&r->env_files, next), ++*at;
	else if (strcmp(word, "--profile") == 0)
		strings_add(&r->profiles, next), ++*at;
	else if (str_starts_with(word, "cwd="))
		r->working_directory = word + 4;
	else if (str_starts_with(word, "dir="))
		r->project_directory = word + 4;
	else if (*word == '+')
		strings_add(&r->services, word + 1);
}

static void case_request_init(const struct load_case *c, struct case_request *out)
{
	struct compose_request *r = &out->request;

	*out = (struct case_request){.request = {.style = COMPOSE_V2, .working_directory = "/p"}};
	out->words = strings_split(c->options ? c->options : "", ' ');
	for (size_t i = 0; i < out->words.count; i++) {
		const char *word = out->words.items[i], *equals = strchr(word, '=');

		if (equals && *word >= 'A' && *word <= 'Z') {
			scoped_free char *name = str_dup_n(word, (size_t)(equals - word));
			pairs_set(&r->environment, name, equals + 1);
		} else if (*word) {
			case_option(r, &out->words, &i);
		}
	}
}

static void case_request_fini(struct case_request *c)
{
	strings_fini(&c->request.files);
	strings_fini(&c->request.env_files);
	strings_fini(&c->request.profiles);
	strings_fini(&c->request.services);
	pairs_fini(&c->request.environment);
	strings_fini(&c->words);
}

static bool case_said(const struct diagnostics *diagnostics, enum diagnostic_level level,
		      const char *part)
{
	bool found = false;

	for (size_t i = 0; i < diagnostics->count; i++) {
		scoped_buffer struct buffer text = {0};

		if (diagnostics->items[i].level != level)
			continue;
		diagnostic_write(&diagnostics->items[i], NULL, 0, &text);
		found |= !part || strstr(text.data, part);
	}
	return found;
}

static const struct node *case_find(const struct node *node, const char *at)
{
	scoped_strings struct strings keys = strings_split(at, '.');

	for (size_t i = 0; node && i < keys.count; i++)
		node = node_get(node, keys.items[i]);
	return node;
}

static char *case_value(const struct project *project, const char *at)
{
	scoped_buffer struct buffer out = {0};
	const struct node *node = case_find(project->root, at);

	if (strcmp(at, "directory") == 0)
		return str_dup(project->directory);
	if (strcmp(at, "files") == 0)
		return strings_join(&project->files, " ");
	if (!node)
		return NULL;
	node_write_json(node, &out);
	return buffer_take(&out);
}

static void case_show(const struct load_case *c, const struct diagnostics *diagnostics)
{
	fprintf(stderr, "# options: %s\n# file: %s\n", c->options ? c->options : "",
		c->files[0].text);
	for (size_t i = 0; i < diagnostics->count; i++) {
		scoped_buffer struct buffer text = {0};

		diagnostic_write(&diagnostics->items[i], NULL, 0, &text);
		fprintf(stderr, "# said: %s", text.data);
	}
}

static bool case_holds(const struct load_case *c, const struct project *project,
		       const struct diagnostics *diagnostics)
{
	if (c->error)
		return !project && case_said(diagnostics, DIAGNOSTIC_ERROR, c->error);
	if (!project || diagnostics->errors)
		return false;
	scoped_free char *value = c->at ? case_value(project, c->at) : NULL;
	if (c->at && !str_equal(value, c->json))
		fprintf(stderr, "# %s is %s, not %s\n", c->at, value, c->json);
	return (!c->at || str_equal(value, c->json)) &&
	       case_said(diagnostics, DIAGNOSTIC_WARNING, c->warning) == (c->warning != NULL);
}

static inline void check_case(const struct load_case *c)
{
	struct compose_files files = {case_read, case_exists, (void *)c};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct case_request request;

	case_request_init(c, &request);
	scoped(project) struct project *project =
		compose_load(&request.request, &files, &diagnostics);
	bool holds = case_holds(c, project, &diagnostics);
	if (!holds)
		case_show(c, &diagnostics);
	case_request_fini(&request);
	assert_true(holds);
}

#define check_cases(cases)                                                                         \
	for (size_t i_ = 0; i_ < array_length(cases); i_++)                                        \
	check_case(&(cases)[i_])
