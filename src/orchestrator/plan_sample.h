/* What tests of plans share: projects from YAML by the loader, and plans as short lines. */
#pragma once

#include "base/test.h"
#include "orchestrator/project_plan.h"

#include <stdio.h>

static bool sample_read(void *data, const char *path, size_t limit, struct buffer *out,
			struct error *err)
{
	if (strcmp(path, "/p/compose.yaml") != 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no file '%s'", path);
	buffer_add_text(out, data);
	return out->size <= limit ? true : error_set(err, ERROR_INVALID, "too large");
}

static bool sample_exists(void *data, const char *path)
{
	return data && strcmp(path, "/p/compose.yaml") == 0;
}

/* The project "p" in style 2, or 1; the test fails where the text is no project. */
__attribute__((unused)) static struct project *sample_project_of(enum compose_style style,
								 const char *yaml)
{
	struct compose_request request = {.style = style, .working_directory = "/p"};
	struct compose_files files = {sample_read, sample_exists, (void *)yaml};
	struct diagnostics diagnostics = {0};
	struct project *project = compose_load(&request, &files, &diagnostics);

	if (!project && diagnostics.count) {
		scoped_buffer struct buffer text = {0};

		diagnostic_write(&diagnostics.items[0], NULL, 0, &text);
		fail_msg("%s\n%s", text.data, yaml);
	}
	assert_non_null(project);
	diagnostics_fini(&diagnostics);
	return project;
}

__attribute__((unused)) static struct project *sample_project(const char *yaml)
{
	return sample_project_of(COMPOSE_V2, yaml);
}

__attribute__((unused)) static struct wanted sample_wanted(const struct project *project)
{
	struct wanted wanted = {.project = project};

	for (size_t i = 0; i < project->service_count; i++) {
		scoped_free char *hash = service_hash(project, &project->services[i], NULL);

		pairs_append(&wanted.hashes, project->services[i].name, hash);
	}
	return wanted;
}
