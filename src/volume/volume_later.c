/* Who asks for a volume whose record is on its way to the disk, or away from it, waits for that: he is told of one
 * that is recorded, and gets a new one where the old one was being removed. */
#include "volume/volume_inside.h"

#include "base/list.h"
#include "base/memory.h"

struct later {
	struct link link; /* in volume->later */
	struct volume_spec spec;
	volume_done *done;
	void *data;
};

static void later_free(struct later *later)
{
	list_remove(&later->link);
	record_fini(&volume_spec_type, &later->spec);
	free(later);
}

void volume_ask_later(struct volume *volume, const struct volume_request *request,
		      volume_done *done, void *data)
{
	struct later *later = mem_new(struct later);

	later->spec.name = str_dup(volume->spec.name);
	later->spec.driver = str_dup_or_null(request->driver);
	later->spec.anonymous = request->anonymous;
	if (request->labels)
		later->spec.labels = pairs_copy(request->labels);
	if (request->options)
		later->spec.options = pairs_copy(request->options);
	later->done = done;
	later->data = data;
	list_append(&volume->later, &later->link);
}

static void ask_again(struct volumes *volumes, const struct later *later)
{
	const struct volume_spec *spec = &later->spec;
	struct volume_request request = {
		.name = spec->name,
		.driver = spec->driver,
		.labels = spec->labels.count ? &spec->labels : NULL,
		.options = spec->options.count ? &spec->options : NULL,
		.anonymous = spec->anonymous,
	};

	volume_create(volumes, &request, later->done, later->data);
}

void volumes_ask_again(struct volumes *volumes, struct link *list)
{
	while (!list_is_empty(list)) {
		struct later *later = list_first(list, struct later, link);

		list_remove(&later->link);
		ask_again(volumes, later);
		later_free(later);
	}
}

void volume_drop_later(struct volume *volume)
{
	while (!list_is_empty(&volume->later))
		later_free(list_first(&volume->later, struct later, link));
}
