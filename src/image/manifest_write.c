#include "image/manifest_write.h"

#include "format/json_write.h"

static void write_annotations(const struct pairs *annotations, struct buffer *out)
{
	if (annotations->count == 0)
		return;
	json_write_name(out, "annotations");
	buffer_add_char(out, '{');
	for (size_t i = 0; i < annotations->count; i++) {
		json_write_name(out, annotations->items[i].name);
		json_write_string(out, annotations->items[i].value);
	}
	buffer_add_char(out, '}');
}

void descriptor_write(const struct descriptor *d, struct buffer *out)
{
	buffer_add_char(out, '{');
	json_write_name(out, "mediaType");
	json_write_string(out, d->media_type);
	json_write_name(out, "digest");
	json_write_string(out, d->digest);
	json_write_name(out, "size");
	json_write_i64(out, d->size);
	write_annotations(&d->annotations, out);
	buffer_add_char(out, '}');
}

void manifest_write(const char *media_type, const struct descriptor *config,
		    const struct record_list *layers, struct buffer *out)
{
	buffer_add_text(out, "{\"schemaVersion\":2");
	json_write_name(out, "mediaType");
	json_write_string(out, media_type);
	json_write_name(out, "config");
	descriptor_write(config, out);
	json_write_name(out, "layers");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < layers->count; i++) {
		if (i > 0)
			buffer_add_char(out, ',');
		descriptor_write(RECORD_AT(*layers, struct descriptor, i), out);
	}
	buffer_add_text(out, "]}");
}
