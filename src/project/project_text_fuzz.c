/* Any body of a request to record a project: read, checked, written and read again. */
#include "project/project_text.h"

#include "format/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(const struct project_text *text)
{
	char before[DIGEST_TEXT_SIZE], after[DIGEST_TEXT_SIZE];
	scoped_buffer struct buffer json = {0};
	struct project_text again = {0};
	struct error err;

	record_write_json(&project_text_type, text, RECORD_FOR_STORE, &json);
	scoped_json json_t *read = json_parse(json.data, json.size, &err);
	if (!read || !record_from_json(&project_text_type, read, RECORD_FOR_STORE, &again, &err) ||
	    !project_text_check(&again, &err))
		abort();
	project_model_digest(text->model, before);
	project_model_digest(again.model, after);
	if (!str_equal(before, after))
		abort();
	record_fini(&project_text_type, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct project_text text = {0};
	struct error err;
	scoped_json json_t *body = json_parse((const char *)data, size, &err);

	if (body && record_from_json(&project_text_type, body, RECORD_FOR_API, &text, &err) &&
	    project_text_check(&text, &err))
		read_back(&text);
	record_fini(&project_text_type, &text);
	return 0;
}
