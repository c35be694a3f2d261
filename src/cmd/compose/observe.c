/* What the daemon has of a project.
 *
 * When nothing has changed that is three lists and one inspect for each image, on one connection:
 * all that a plan needs stands in labels and in the lists.  Whatever more is asked for is asked
 * only of what is not as it should be. */
#include "cmd/compose/observe.h"

#include "base/id.h"
#include "base/map.h"
#include "base/time.h"
#include "cmd/compose/body.h"
#include "cmd/compose/files.h"
#include "cmd/compose/observe_compare.h"
#include "cmd/compose/placement.h"
#include "format/json.h"
#include "format/sha256.h"

#include <stdio.h>

/* ---- what is wanted ---- */

static bool is_used(const struct project *project, const char *kind, const char *key)
{
	for (size_t i = 0; i < project->service_count; i++) {
		if (!project->services[i].enabled)
			continue;
		node_each (item, node_get(project->services[i].node, kind))
			if (strcmp(node_get_text(item->value, "source", ""), key) == 0)
				return true;
	}
	return false;
}

static bool add_digests(struct compose *compose, const char *kind,
			const struct resources *resources, struct error *err)
{
	for (size_t i = 0; i < resources->count; i++) {
		const struct resource *resource = &resources->items[i];
		scoped_buffer struct buffer content = {0};
		scoped_free char *name = str_format("%s.%s", kind, resource->key);
		char digest[DIGEST_TEXT_SIZE];

		if (!is_used(compose->project, kind, resource->key))
			continue;
		scoped_free char *large = body_large_file(resource, &host_files);
		if (large)
			buffer_add_text(&content, large);
		else if (!body_content(compose->project, kind, resource, &host_files, &content,
				       err))
			return false;
		sha256_digest(content.data ? content.data : "", content.size, digest);
		pairs_set(&compose->digests, name, digest);
	}
	return true;
}

bool observe_wanted(struct compose *compose, struct wanted *wanted, struct error *err)
{
	const struct project *project = compose->project;

	if (!placement_check(compose, err) ||
	    !add_digests(compose, "configs", &project->configs, err) ||
	    !add_digests(compose, "secrets", &project->secrets, err))
		return false;
	pairs_sort(&compose->digests);
	wanted->project = project;
	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];

		if (service->enabled) {
			scoped_free char *hash = service_hash(project, service, &compose->digests);

			pairs_append(&wanted->hashes, service->name, hash);
		}
	}
	return true;
}

/* ---- lists ---- */

static json_t *get_list(struct compose *compose, const char *path, const char *label, bool all,
			struct error *err)
{
	scoped_target struct target target = target_format(path);
	scoped_strings struct strings filters = {0};

	target_add_flag(&target, "all", all);
	if (label)
		strings_format(&filters, "label=com.docker.compose.project=%s", label);
	target_add_filters(&target, &filters);
	return api_get(compose->cli, &target, err);
}

static const char *label_of(const json_t *document, const char *name)
{
	scoped_free char *key = str_format("com.docker.compose.%s", name);

	return json_string_value(json_object_get(json_object_get(document, "Labels"), key));
}

static const char *hash_of(const json_t *document, const char *label)
{
	return json_string_value(json_object_get(json_object_get(document, "Labels"), label));
}

/* ---- containers ---- */

static enum seen_state read_state(const char *state)
{
	static const struct {
		const char *word;
		enum seen_state state;
	} words[] = {
		{"created", SEEN_CREATED},	 {"running", SEEN_RUNNING}, {"paused", SEEN_PAUSED},
		{"restarting", SEEN_RESTARTING}, {"exited", SEEN_EXITED},   {"dead", SEEN_DEAD},
		{"removing", SEEN_DEAD},
	};

	for (size_t i = 0; i < array_length(words); i++)
		if (strcmp(words[i].word, state) == 0)
			return words[i].state;
	return SEEN_CREATED;
}

/* "Up 5 minutes (healthy)": the list has it nowhere else. */
static enum seen_health read_health(const char *status)
{
	static const struct {
		const char *words;
		enum seen_health health;
	} ends[] = {
		{"(healthy)", SEEN_HEALTHY},
		{"(unhealthy)", SEEN_UNHEALTHY},
		{"(health: starting)", SEEN_STARTING},
	};

	for (size_t i = 0; i < array_length(ends); i++)
		if (str_ends_with(status, ends[i].words))
			return ends[i].health;
	return SEEN_NO_CHECK;
}

/* "Exited (3) 5 minutes ago" */
static int read_exit_code(const char *status)
{
	int code = 0;

	if (sscanf(status, "Exited (%9d)", &code) == 1 ||
	    sscanf(status, "Restarting (%9d)", &code) == 1)
		return code;
	return 0;
}

static void read_memberships(const json_t *document, struct seen_container *container)
{
	const json_t *networks =
		json_object_get(json_object_get(document, "NetworkSettings"), "Networks");
	const char *name;
	json_t *mount, *ignored;
	size_t i;

	json_object_foreach ((json_t *)networks, name, ignored)
		strings_add(&container->networks, name);
	json_array_foreach (json_object_get(document, "Mounts"), i, mount)
		if (strcmp(doc_text(mount, "Type"), "volume") == 0)
			strings_add(&container->volumes, doc_text(mount, "Name"));
}

/* Id of the container whose network it shares; NULL: its own. */
static const char *network_of(const json_t *document)
{
	const char *mode = doc_text(json_object_get(document, "HostConfig"), "NetworkMode");

	return mode && str_starts_with(mode, "container:") ? mode + strlen("container:") : NULL;
}

static struct seen_container read_container(const json_t *document)
{
	const char *name = json_string_value(json_array_get(json_object_get(document, "Names"), 0));
	const char *number = label_of(document, "container-number");
	const char *one_off = label_of(document, "oneoff"), *status = doc_text(document, "Status");
	struct seen_container container = {
		.id = str_dup(doc_text(document, "Id")),
		.name = str_dup(name ? name + (*name == '/') : ""),
		.service = str_dup_or_null(label_of(document, "service")),
		.number = number ? (unsigned)strtoul(number, NULL, 10) : 0,
		.one_off = one_off && (*one_off == 'T' || *one_off == 't'),
		.state = read_state(doc_text(document, "State")),
		.health = read_health(status),
		.exit_code = read_exit_code(status),
		.created = doc_number(document, "Created"),
		.image = str_dup(doc_text(document, "ImageID")),
		.image_name = str_dup(doc_text(document, "Image")),
		.hash = str_dup_or_null(hash_of(document, CONTAINER_HASH_LABEL)),
		.replaces = str_dup_or_null(label_of(document, "replace")),
		.depends_on = str_dup_or_null(label_of(document, "depends_on")),
		.network_of = str_dup_or_null(network_of(document)),
	};

	if (!container.service)
		container.service = str_dup("");
	read_memberships(document, &container);
	return container;
}

static bool see_containers(struct compose *compose, struct seen *seen, struct error *err)
{
	scoped_json json_t *list =
		get_list(compose, "/containers/json", compose->project_name, true, err);
	size_t i;
	json_t *document;

	if (!list)
		return false;
	json_array_foreach (list, i, document)
		vector_add(&seen->containers, read_container(document));
	return true;
}

/* ---- held ones ---- */

static bool is_there(const struct seen *seen, const char *name_or_id)
{
	for (size_t i = 0; i < seen->containers.count; i++)
		if (strcmp(seen->containers.items[i].id, name_or_id) == 0 ||
		    strcmp(seen->containers.items[i].name, name_or_id) == 0)
			return true;
	return false;
}

static bool has_interim_name(const char *name)
{
	return strlen(name) > ID_SHORT_LENGTH + 1 && hex_is_lower(name, ID_SHORT_LENGTH) &&
	       name[ID_SHORT_LENGTH] == '_';
}

static bool is_being_replaced(const struct seen *seen, const struct seen_container *container)
{
	for (size_t i = 0; i < seen->containers.count; i++) {
		const struct seen_container *other = &seen->containers.items[i];

		if (has_interim_name(other->name) &&
		    strncmp(other->name, container->id, ID_SHORT_LENGTH) == 0)
			return true;
	}
	return false;
}

static bool has_interim_ones(const struct seen *seen)
{
	for (size_t i = 0; i < seen->containers.count; i++)
		if (has_interim_name(seen->containers.items[i].name))
			return true;
	return false;
}

/* Only who was to replace another and had not come to it can be held, or whom it has replaced. */
static bool may_be_held(const struct seen *seen, const struct seen_container *container)
{
	return has_interim_name(container->name) ||
	       (container->replaces && is_there(seen, container->replaces)) ||
	       is_being_replaced(seen, container);
}

static bool see_held(struct compose *compose, struct seen *seen, struct error *err)
{
	if (!compose->features.hold ||
	    !has_interim_ones(seen)) /* a new one is called so to the end */
		return true;
	for (size_t i = 0; i < seen->containers.count; i++) {
		struct seen_container *container = &seen->containers.items[i];
		scoped_target struct target target =
			target_format("/containers/%s/json", container->id);
		scoped_json json_t *document = NULL;

		if (!may_be_held(seen, container))
			continue;
		document = api_get(compose->cli, &target, err);
		if (!document && err->kind != ERROR_NOT_FOUND)
			return false;
		container->held = doc_flag(json_object_get(document, "Wherry"), "Hold");
	}
	return true;
}

/* ---- networks ---- */

static bool is_of_project(const struct compose *compose, const json_t *document)
{
	const char *project = label_of(document, "project");

	return project && strcmp(project, compose->project_name) == 0;
}

static struct seen_network read_network(const struct compose *compose, const json_t *document)
{
	return (struct seen_network){
		.id = str_dup(doc_text(document, "Id")),
		.name = str_dup(doc_text(document, "Name")),
		.key = str_dup_or_null(label_of(document, "network")),
		.hash = str_dup_or_null(hash_of(document, RESOURCE_HASH_LABEL)),
		.ours = is_of_project(compose, document),
	};
}

static const struct resource *find_by_name(const struct resources *resources, const char *name)
{
	for (size_t i = 0; i < resources->count; i++)
		if (strcmp(resources->items[i].name, name) == 0)
			return &resources->items[i];
	return NULL;
}

/* Who is on a network that is to be made anew. */
static bool see_members(struct compose *compose, struct seen_network *network, struct error *err)
{
	const struct resource *wanted =
		compose->project ? find_by_name(&compose->project->networks, network->name) : NULL;
	scoped_free char *hash = wanted ? resource_hash(wanted) : NULL;
	scoped_target struct target target = target_format("/networks/%s", network->id);
	const char *id;
	json_t *ignored;

	if (!wanted || wanted->external || !network->ours || !network->hash ||
	    strcmp(network->hash, hash) == 0)
		return true;
	scoped_json json_t *document = api_get(compose->cli, &target, err);
	if (!document)
		return err->kind == ERROR_NOT_FOUND;
	json_object_foreach (json_object_get(document, "Containers"), id, ignored)
		strings_add(&network->containers, id);
	return true;
}

/* Without a project only its own count; else what has the name of a wanted one, too. */
static bool counts(const struct compose *compose, const struct observe_request *request,
		   const struct seen_network *network)
{
	return network->ours || request->all_networks ||
	       (compose->project && find_by_name(&compose->project->networks, network->name));
}

static void network_fini(struct seen_network *network)
{
	free(network->id);
	free(network->name);
	free(network->key);
	free(network->hash);
}

static bool see_networks(struct compose *compose, const struct observe_request *request,
			 struct seen *seen, struct error *err)
{
	bool all = request->all_networks || compose->project;
	scoped_json json_t *list =
		get_list(compose, "/networks", all ? NULL : compose->project_name, false, err);
	size_t i;
	json_t *document;

	if (!list)
		return false;
	json_array_foreach (list, i, document) {
		struct seen_network network = read_network(compose, document);

		if (!counts(compose, request, &network)) {
			network_fini(&network);
			continue;
		}
		vector_add(&seen->networks, network);
		if (!see_members(compose, &seen->networks.items[seen->networks.count - 1], err))
			return false;
	}
	return true;
}

/* ---- volumes ---- */

static bool see_volumes(struct compose *compose, struct seen *seen, struct error *err)
{
	const struct project *project = compose->project;
	scoped_json json_t *answer =
		get_list(compose, "/volumes", project ? NULL : compose->project_name, false, err);
	size_t i;
	json_t *document;

	if (!answer)
		return false;
	json_array_foreach (json_object_get(answer, "Volumes"), i, document) {
		bool ours = is_of_project(compose, document);
		const char *name = doc_text(document, "Name");
		struct seen_volume volume = {.ours = ours};

		if (!ours && !(project && find_by_name(&project->volumes, name)))
			continue;
		volume.name = str_dup(name);
		volume.key = str_dup_or_null(label_of(document, "volume"));
		volume.hash = str_dup_or_null(hash_of(document, RESOURCE_HASH_LABEL));
		vector_add(&seen->volumes, volume);
	}
	return true;
}

/* ---- images ---- */

/* "2026-11-27T20:22:27.123456789Z": how long ago; 0: not told ("0001-01-01T00:00:00Z"). */
static int64_t age_of(const char *tagged)
{
	int64_t ns;

	if (!time_from_text(tagged, &ns) || ns <= 0)
		return 0;
	int64_t age = (time_now_ns() - ns) / NS_PER_SECOND;
	return age > 0 ? age : 1;
}

static bool see_image(struct compose *compose, const char *name, struct seen *seen,
		      struct error *err)
{
	scoped_target struct target target = target_format("/images/%s/json", name);
	json_t *document = api_get(compose->cli, &target, err);
	struct seen_image image = {.name = str_dup(name)};

	if (!document && err->kind != ERROR_NOT_FOUND) {
		free(image.name);
		return false;
	}
	if (document) {
		image.id = str_dup(doc_text(document, "Id"));
		image.age_s =
			age_of(doc_text(json_object_get(document, "Metadata"), "LastTagTime"));
		json_object_set_new(compose->images, name, document);
	}
	vector_add(&seen->images, image);
	return true;
}

static bool see_images(struct compose *compose, struct seen *seen, struct error *err)
{
	const struct project *project = compose->project;
	scoped_map struct map known = {0};

	json_decref(compose->images);
	compose->images = json_object();
	for (size_t i = 0; project && i < project->service_count; i++) {
		const struct service *service = &project->services[i];

		if (!service->enabled || str_is_empty(service->image) ||
		    map_get(&known, service->image))
			continue;
		map_put(&known, service->image, (void *)service);
		if (!see_image(compose, service->image, seen, err))
			return false;
	}
	return true;
}

/* ---- what is not as wanted ---- */

static bool compare_all(struct compose *compose, const struct wanted *wanted, struct seen *seen,
			struct error *err)
{
	scoped_map struct map hashes = {0};

	for (size_t i = 0; i < wanted->hashes.count; i++)
		map_put(&hashes, wanted->hashes.items[i].name, wanted->hashes.items[i].value);
	for (size_t i = 0; i < seen->containers.count; i++) {
		struct seen_container *container = &seen->containers.items[i];
		const char *hash = map_get(&hashes, container->service);

		if (!hash || container->one_off || str_equal(hash, container->hash))
			continue;
		if (!observe_compare(compose, seen, container, err))
			return false;
	}
	return true;
}

bool observe(struct compose *compose, const struct observe_request *request, struct seen *seen,
	     struct error *err)
{
	scoped_seen struct seen found = {0};

	if (!see_containers(compose, &found, err) || !see_held(compose, &found, err) ||
	    !see_networks(compose, request, &found, err) || !see_volumes(compose, &found, err) ||
	    (request->images && !see_images(compose, &found, err)) ||
	    (request->wanted && !compare_all(compose, request->wanted, &found, err)))
		return false;
	*seen = found;
	found = (struct seen){0};
	return true;
}
