/* An archive of small files from any bytes, "NAME NUL TEXT NUL" each, with two layers in it: whatever
 * is read of it names checked things only. */
#include "image/archive_index.h"

#include "format/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DIFF_ID "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void add_layer(struct archive_index *index, const char *name)
{
	struct archive_layer layer = {str_dup(name), str_dup(DIFF_ID), NULL};

	vector_add(&index->layers, layer);
}

/* Texts with "->" in front are links. */
static void add(struct archive_index *index, const char *name, const char *text)
{
	struct buffer bytes = {0};

	if (str_starts_with(text, "->")) {
		archive_index_add_link(index, name, text + 2, true);
		return;
	}
	buffer_add_text(&bytes, text);
	archive_index_add_file(index, name, &bytes);
}

static void fill(struct archive_index *index, const char *text, const char *end)
{
	while (text < end) {
		const char *name = text;

		text += strlen(text) + 1;
		if (text >= end)
			break;
		add(index, name, text);
		text += strlen(text) + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = mem_zeroed(size + 1, 1);
	struct platform platform = platform_host();
	struct archive_index index = {0};
	struct archive_images images;
	struct error err;

	if (size > 0)
		memcpy(text, data, size);
	fill(&index, text, text + size);
	add_layer(&index, "a/layer.tar");
	add_layer(&index,
		  "blobs/sha256/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	if (archive_index_read(&index, &platform, &images, &err)) {
		for (size_t i = 0; i < images.count; i++)
			for (size_t k = 0; k < images.items[i].config.diff_ids.count; k++)
				if (!digest_is_valid(images.items[i].config.diff_ids.items[k]))
					abort();
		archive_images_fini(&images);
	}
	archive_index_fini(&index);
	return 0;
}
