#include "image/image_record.h"

static const struct record_field image_record_fields[] = {
	RECORD_NESTED(struct image_record, 1, "config", RECORD_STRUCT, config, 0,
		      &image_config_type),
	RECORD_FIELD(struct image_record, 2, "documents", RECORD_STRINGS, documents),
	RECORD_FIELD(struct image_record, 3, "tagged", RECORD_I64, tagged_ns),
	RECORD_FIELD_FLAGS(struct image_record, 4, "hidden", RECORD_BOOL, hidden,
			   RECORD_OMIT_EMPTY),
	RECORD_FIELD_FLAGS(struct image_record, 5, "parent", RECORD_STRING, parent,
			   RECORD_OMIT_EMPTY),
	RECORD_FIELD_FLAGS(struct image_record, 6, "step", RECORD_STRING, step_key,
			   RECORD_OMIT_EMPTY),
};
const struct record_type image_record_type = RECORD_TYPE(struct image_record, image_record_fields);

static const struct record_field layer_record_fields[] = {
	RECORD_FIELD(struct layer_record, 1, "folder", RECORD_STRING, folder),
	RECORD_FIELD(struct layer_record, 2, "size", RECORD_I64, size),
	RECORD_NESTED(struct layer_record, 3, "blobs", RECORD_LIST, blobs, RECORD_OMIT_EMPTY,
		      &layer_blob_type),
};
const struct record_type layer_record_type = RECORD_TYPE(struct layer_record, layer_record_fields);

static const struct record_field name_record_fields[] = {
	RECORD_FIELD(struct name_record, 1, "id", RECORD_STRING, id),
};
const struct record_type name_record_type = RECORD_TYPE(struct name_record, name_record_fields);

static void put(struct image_batch *batch, const char *prefix, const char *name,
		const struct record_type *type, const void *record)
{
	struct buffer value = {0};
	struct store_change change = {.key = str_format("%s%s", prefix, name)};

	record_write_json(type, record, RECORD_FOR_STORE, &value);
	change.size = value.size;
	change.value = buffer_take(&value);
	vector_add(batch, change);
}

void image_batch_put_image(struct image_batch *batch, const struct image *image)
{
	struct image_record record = {image->config, image->documents, image->tagged_ns,
				      image->hidden, image->parent, image->step_key};

	put(batch, IMAGE_KEY, image->id, &image_record_type, &record);
}

void image_batch_put_layer(struct image_batch *batch, const struct layer *layer)
{
	struct layer_record record = {layer->folder, layer->size, layer->blobs};

	put(batch, LAYER_KEY, layer->diff_id, &layer_record_type, &record);
}

void image_batch_put_name(struct image_batch *batch, const char *prefix, const char *name,
			  const char *id)
{
	struct name_record record = {(char *)(uintptr_t)id};

	put(batch, prefix, name, &name_record_type, &record);
}

void image_batch_delete(struct image_batch *batch, const char *prefix, const char *name)
{
	struct store_change change = {.key = str_format("%s%s", prefix, name)};

	vector_add(batch, change);
}

void image_batch_fini(struct image_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		free((void *)(uintptr_t)batch->items[i].key);
		free((void *)(uintptr_t)batch->items[i].value);
	}
	vector_fini(batch);
	strings_fini(&batch->folders);
}
