#include "engine/log_tag.h"

#include "base/text.h"

#define SHORT_ID 12

static char *first(const char *text, size_t size)
{
	return str_dup_n(text, strnlen(text, size));
}

static const char *bare_digest(const char *image_id)
{
	const char *colon = strchr(image_id, ':');

	return colon ? colon + 1 : image_id;
}

static char *value_of(const char *name, const struct log_tag_facts *facts)
{
	const struct {
		const char *name, *value;
		size_t size;
	} values[] = {
		{"ID", facts->id, SHORT_ID},
		{"FullID", facts->id, SIZE_MAX},
		{"ContainerID", facts->id, SIZE_MAX},
		{"Name", facts->name, SIZE_MAX},
		{"ContainerName", facts->name, SIZE_MAX},
		{"ImageID", bare_digest(facts->image_id), SHORT_ID},
		{"ImageFullID", facts->image_id, SIZE_MAX},
		{"ContainerImageID", facts->image_id, SIZE_MAX},
		{"ImageName", facts->image_name, SIZE_MAX},
		{"ContainerImageName", facts->image_name, SIZE_MAX},
		{"Hostname", facts->hostname, SIZE_MAX},
		{"Command", facts->command, SIZE_MAX},
		{"DaemonName", "docker", SIZE_MAX}, /* what filters of log servers look for */
	};

	for (size_t i = 0; i < array_length(values); i++)
		if (str_equal(values[i].name, name))
			return first(values[i].value, values[i].size);
	return NULL;
}

static bool add_value(const char *inside, size_t size, const struct log_tag_facts *facts,
		      struct buffer *out, struct error *err)
{
	scoped_free char *name = NULL, *value = NULL;

	while (size > 0 && *inside == ' ')
		inside++, size--;
	while (size > 0 && inside[size - 1] == ' ')
		size--;
	name = str_dup_n(inside, size);
	value = *name == '.' ? value_of(name + 1, facts) : NULL;
	if (!value)
		return error_set(err, ERROR_INVALID,
				 "error parsing the log tag: {{%s}} is not known", name);
	buffer_add_text(out, value);
	return true;
}

char *log_tag_expand(const char *text, const struct log_tag_facts *facts, struct error *err)
{
	scoped_buffer struct buffer out = {0};
	const char *open;

	for (; (open = strstr(text, "{{"));) {
		const char *close = strstr(open, "}}");

		if (!close) {
			error_set(err, ERROR_INVALID, "error parsing the log tag: unclosed action");
			return NULL;
		}
		buffer_add(&out, text, (size_t)(open - text));
		if (!add_value(open + 2, (size_t)(close - open) - 2, facts, &out, err))
			return NULL;
		text = close + 2;
	}
	buffer_add_text(&out, text);
	return buffer_take(&out);
}

bool log_tag_check(const char *text, struct error *err)
{
	static const struct log_tag_facts nothing = {"", "", "", "", "", ""};
	scoped_free char *unused = log_tag_expand(text, &nothing, err);

	return unused;
}
