/* Any text as a manifest and as a configuration: what is taken has only checked digests, fits the
 * limits, and a configuration that is written reads again. */
#include "format/digest.h"
#include "image/image_config.h"
#include "image/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_digests(const struct record_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!digest_is_valid(RECORD_AT(*list, struct descriptor, i)->digest))
			abort();
}

static void fuzz_manifest(const char *text, size_t size)
{
	scoped_manifest struct manifest manifest = {0};
	struct platform host = platform_host();
	struct error err;

	if (!manifest_parse(text, size, NULL, &manifest, &err))
		return;
	check_digests(&manifest.layers);
	check_digests(&manifest.entries);
	if (manifest.is_list)
		manifest_choose(&manifest, &host, &err);
	else if (!digest_is_valid(manifest.config.digest))
		abort();
}

static void fuzz_config(const char *text, size_t size)
{
	scoped_image_config struct image_config config = {0}, again = {0};
	scoped_buffer struct buffer written = {0};
	struct error err;

	if (!image_config_parse(text, size, &config, &err))
		return;
	image_config_write(&config, &written);
	if (!image_config_parse(written.data, written.size, &again, &err))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_manifest((const char *)data, size);
	fuzz_config((const char *)data, size);
	return 0;
}
