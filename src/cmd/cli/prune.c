/* container prune, image prune, network prune, volume prune, builder prune, system prune. */
#include "cmd/cli/api.h"
#include "format/json.h"
#include "format/units.h"

#include <stdio.h>

struct prune {
	bool all, force, volumes;
	struct strings filters;
	struct option_number keep;
};

static const struct option options[] = {
	{0, "filter", &option_filter, offsetof(struct prune, filters),
	 .help = "Only what fits: name=value, such as until=24h"},
	{'f', "force", &option_switch, offsetof(struct prune, force), .help = "Do not ask"},
	{'a', "all", &option_switch, offsetof(struct prune, all),
	 .help = "All images that no container uses, not only those without a name"},
	{0, "volumes", &option_switch, offsetof(struct prune, volumes),
	 .help = "Volumes without a name, too"},
};

/* ---- one kind of object ---- */

/* What is asked and what is answered. */
struct kind {
	const char *target;
	const char *member; /* the list in the answer */
	const char *title;
	void (*show)(const json_t *item);
	bool takes_all; /* a parameter of its own says whether all go */
};

static void show_text(const json_t *item)
{
	printf("%s\n", json_string_value(item));
}

static void show_image(const json_t *item)
{
	const char *deleted = doc_text(item, "Deleted");

	printf("%s: %s\n", *deleted ? "deleted" : "untagged",
	       *deleted ? deleted : doc_text(item, "Untagged"));
}

static const struct kind containers = {"/containers/prune", "ContainersDeleted",
				       "Deleted Containers:", show_text};
static const struct kind networks = {"/networks/prune", "NetworksDeleted",
				     "Deleted Networks:", show_text};
static const struct kind volumes = {"/volumes/prune", "VolumesDeleted",
				    "Deleted Volumes:", show_text};
static const struct kind images = {"/images/prune", "ImagesDeleted", "Deleted Images:", show_image};
static const struct kind build_cache = {"/build/prune", "CachesDeleted",
					"Deleted build cache objects:", show_text, true};

/* Show what went, and add what that freed. */
static bool prune_kind(struct cli *cli, const struct kind *kind, const struct prune *prune,
		       const struct strings *filters, int64_t *freed, struct error *err)
{
	scoped_target struct target target = target_format(kind->target);
	struct api_request request = {.method = "POST", .target = &target};
	scoped_json json_t *answer = NULL;
	size_t i;
	json_t *item;

	target_add_flag(&target, "all", kind->takes_all && prune->all);
	if (prune->keep.given)
		target_add_number(&target, "keep-storage", prune->keep.value);
	target_add_filters(&target, filters);
	if (!api_call(cli, &request, &answer, err))
		return false;
	const json_t *list = json_object_get(answer, kind->member);
	if (json_array_size(list))
		printf("%s\n", kind->title);
	json_array_foreach (list, i, item)
		kind->show(item);
	if (json_array_size(list))
		printf("\n");
	*freed += doc_number(answer, "SpaceReclaimed");
	return true;
}

static int show_freed(int64_t freed)
{
	scoped_free char *size = size_to_text_fine((double)freed);

	printf("Total reclaimed space: %s\n", size);
	return 0;
}

static bool agreed(const struct prune *prune, const char *warning)
{
	scoped_free char *question = str_format("%s\nAre you sure you want to continue?", warning);

	return prune->force || cli_confirm(question);
}

/* "dangling" says whether only images without a name go. */
static struct strings image_filters(const struct prune *prune)
{
	struct strings filters = strings_copy(&prune->filters);

	strings_format(&filters, "dangling=%s", prune->all ? "false" : "true");
	return filters;
}

/* ---- the commands ---- */

static int run_containers(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	struct error err;
	int64_t freed = 0;

	if (!agreed(prune, "WARNING! This will remove all stopped containers."))
		return 0;
	if (!prune_kind(cli, &containers, prune, &prune->filters, &freed, &err))
		return cli_fail(cli, &err);
	return show_freed(freed);
}

static int run_images(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	scoped_strings struct strings filters = image_filters(prune);
	struct error err;
	int64_t freed = 0;

	if (!agreed(prune, prune->all ? "WARNING! This will remove all images without at least one "
					"container associated to them."
				      : "WARNING! This will remove all dangling images."))
		return 0;
	if (!prune_kind(cli, &images, prune, &filters, &freed, &err))
		return cli_fail(cli, &err);
	return show_freed(freed);
}

static int run_networks(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	struct error err;
	int64_t freed = 0;

	if (!agreed(prune, "WARNING! This will remove all custom networks not used by at least one "
			   "container."))
		return 0;
	return prune_kind(cli, &networks, prune, &prune->filters, &freed, &err)
		       ? 0
		       : cli_fail(cli, &err);
}

/* Volumes with a name go only when all were asked for, by the option or by the filter that it stands
 * for; daemons below 1.42 take all of them. */
static bool volume_filters(struct cli *cli, const struct prune *prune, struct strings *filters,
			   struct error *err)
{
	*filters = strings_copy(&prune->filters);
	if (!prune->all)
		return true;
	for (size_t i = 0; i < filters->count; i++)
		if (str_starts_with(filters->items[i], "all="))
			return error_set(err, ERROR_INVALID,
					 "conflicting options: cannot specify both --all and "
					 "--filter all=1");
	if (api_requires(cli, "--all", "1.42", err))
		strings_add(filters, "all=true");
	return api_at_least(cli, "1.42");
}

static int run_volumes(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	scoped_strings struct strings filters = {0};
	struct error err;
	int64_t freed = 0;

	if (!volume_filters(cli, prune, &filters, &err))
		return cli_fail(cli, &err);
	if (!agreed(prune, prune->all ? "WARNING! This will remove all local volumes not used by at "
					"least one container."
				      : "WARNING! This will remove anonymous local volumes not used "
					"by at least one container."))
		return 0;
	if (!prune_kind(cli, &volumes, prune, &filters, &freed, &err))
		return cli_fail(cli, &err);
	return show_freed(freed);
}

static int run_builder(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	struct error err;
	int64_t freed = 0;

	if (!prune->force &&
	    !cli_confirm(prune->all
				 ? "WARNING! This will remove all build cache. Are you sure you "
				   "want to continue?"
				 : "WARNING! This will remove all dangling build cache. Are you "
				   "sure you want to continue?"))
		return 0;
	if (!prune_kind(cli, &build_cache, prune, &prune->filters, &freed, &err))
		return cli_fail(cli, &err);
	return show_freed(freed);
}

static char *system_warning(const struct prune *prune)
{
	struct buffer text = {0};

	buffer_add_text(&text, "WARNING! This will remove:\n"
			       "  - all stopped containers\n"
			       "  - all networks not used by at least one container\n");
	if (prune->volumes)
		buffer_add_text(&text, "  - all anonymous volumes not used by at least one "
				       "container\n");
	buffer_add_text(&text, prune->all ? "  - all images without at least one container "
					    "associated to them\n"
					    "  - all build cache\n"
					  : "  - all dangling images\n  - unused build cache\n");
	if (prune->filters.count) {
		scoped_free char *filters = strings_join(&prune->filters, ", ");

		buffer_format(&text, "\n  Items to be pruned will be filtered with:\n  - %s\n",
			      filters);
	}
	return buffer_take(&text);
}

/* What this daemon does not have is not there to prune. */
static bool prune_if_there(struct cli *cli, const struct kind *kind, const struct prune *prune,
			   int64_t *freed, struct error *err)
{
	return prune_kind(cli, kind, prune, &prune->filters, freed, err) ||
	       err->kind == ERROR_UNSUPPORTED || err->kind == ERROR_NOT_FOUND;
}

static bool filters_have(const struct prune *prune, const char *prefix)
{
	for (size_t i = 0; i < prune->filters.count; i++)
		if (str_starts_with(prune->filters.items[i], prefix))
			return true;
	return false;
}

static int run_system(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct prune *prune = fields;
	scoped_free char *warning = system_warning(prune);
	scoped_strings struct strings of_images = image_filters(prune);
	struct error err;
	int64_t freed = 0;

	if (prune->volumes && filters_have(prune, "until=")) {
		fprintf(stderr, "ERROR: The \"until\" filter is not supported with "
				"\"--volumes\"\n");
		return 1;
	}
	if (!agreed(prune, warning))
		return 0;
	if (!prune_kind(cli, &containers, prune, &prune->filters, &freed, &err) ||
	    !prune_if_there(cli, &networks, prune, &freed, &err) ||
	    (prune->volumes && !prune_if_there(cli, &volumes, prune, &freed, &err)) ||
	    !prune_kind(cli, &images, prune, &of_images, &freed, &err) ||
	    !prune_if_there(cli, &build_cache, prune, &freed, &err))
		return cli_fail(cli, &err);
	return show_freed(freed);
}

static const struct option builder_options[] = {
	{'a', "all", &option_switch, offsetof(struct prune, all),
	 .help = "All of the cache, not only what no image shares"},
	{0, "filter", &option_filter, offsetof(struct prune, filters),
	 .help = "Only what fits: name=value, such as until=24h"},
	{'f', "force", &option_switch, offsetof(struct prune, force), .help = "Do not ask"},
	{0, "keep-storage", &option_bytes, offsetof(struct prune, keep),
	 .help = "Keep so much of the cache"},
};

static const struct option volume_options[] = {
	{'a', "all", &option_switch, offsetof(struct prune, all),
	 .help = "Volumes with a name, too"},
};

const struct command network_prune = {
	.summary = "Remove all networks that no container uses",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {{options, 2}},
	.run = run_networks,
};

const struct command volume_prune = {
	.summary = "Remove local volumes that no container uses",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {{options, 2}, OPTION_SET(volume_options)},
	.run = run_volumes,
};

const struct command builder_prune = {
	.summary = "Remove the cache of builds",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {OPTION_SET(builder_options)},
	.run = run_builder,
};

const struct command container_prune = {
	.summary = "Remove all stopped containers",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {{options, 2}},
	.run = run_containers,
};

const struct command image_prune = {
	.summary = "Remove unused images",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {{options, 3}},
	.run = run_images,
};

const struct command system_prune = {
	.summary = "Remove everything that is not used",
	.usage = "[OPTIONS]",
	.size = sizeof(struct prune),
	.options = {OPTION_SET(options)},
	.run = run_system,
};
