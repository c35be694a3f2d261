#include "project/projects.h"

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "format/json.h"
#include "format/sha256.h"

#define PREFIX "project/"

#define T struct project_revision
static const struct record_field revision_fields[] = {
	RECORD_FIELD(T, 1, "Revision", RECORD_I64, revision),
	RECORD_FIELD(T, 2, "Updated", RECORD_I64, updated_ns),
	RECORD_FIELD(T, 3, "Model", RECORD_STRING, model),
	RECORD_FIELD(T, 4, "Text", RECORD_STRING, text),
};
static const struct record_type revision_type = RECORD_TYPE(T, revision_fields);
#undef T

#define T struct project
static const struct record_field project_fields[] = {
	RECORD_FIELD(T, 1, "Name", RECORD_STRING, name),
	RECORD_FIELD(T, 2, "Directory", RECORD_STRING, directory),
	RECORD_NESTED(T, 3, "Revisions", RECORD_LIST, revisions, 0, &revision_type),
};
const struct record_type project_type = RECORD_TYPE(T, project_fields);
#undef T

struct projects {
	struct store *store;
	struct record_list list; /* struct project, by name */
	struct link changes;	 /* the first one is being made */
	struct link readings;
	bool busy;
};

/* One request to change a project, in its turn. */
struct change {
	struct link link;
	struct projects *projects;
	char *name;
	bool removes;
	struct project_document document; /* of a put */
	struct project next; /* what the project is once that is written; without name: gone */
	int64_t revision;
	project_put_done *put;
	store_done *removed;
	void *data;
};

struct reading {
	struct link link;
	char *name;
	int64_t revision;
	project_read_done *done;
	void *data;
};

/* ---- finding ---- */

static size_t place_of(const struct projects *projects, const char *name, bool *there)
{
	size_t low = 0, high = projects->list.count;

	*there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(projects_at(projects, middle)->name, name);

		if (order == 0) {
			*there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct project *projects_find(const struct projects *projects, const char *name)
{
	bool there;
	size_t place = place_of(projects, name, &there);

	return there ? projects_at(projects, place) : NULL;
}

size_t projects_count(const struct projects *projects)
{
	return projects->list.count;
}

const struct project *projects_at(const struct projects *projects, size_t index)
{
	return RECORD_AT(projects->list, struct project, index);
}

const struct project_revision *project_last(const struct project *project)
{
	return RECORD_AT(project->revisions, struct project_revision, project->revisions.count - 1);
}

const struct project_revision *project_revision(const struct project *project, int64_t revision)
{
	for (size_t i = 0; i < project->revisions.count; i++) {
		const struct project_revision *r =
			RECORD_AT(project->revisions, struct project_revision, i);

		if (r->revision == revision)
			return r;
	}
	return NULL;
}

/* ---- the list in memory ---- */

/* Takes what `project` owns. */
static void put_in_list(struct projects *projects, struct project *project)
{
	bool there;
	size_t place = place_of(projects, project->name, &there);
	struct project *items;

	if (!there) {
		record_list_add(&project_type, &projects->list);
		items = projects->list.items;
		memmove(&items[place + 1], &items[place],
			(projects->list.count - 1 - place) * sizeof(*items));
		items[place] = (struct project){0};
	}
	items = projects->list.items;
	record_fini(&project_type, &items[place]);
	items[place] = *project;
	*project = (struct project){0};
}

static void take_from_list(struct projects *projects, const char *name)
{
	bool there;
	size_t place = place_of(projects, name, &there);

	if (there)
		record_list_remove(&project_type, &projects->list, place);
}

/* ---- opening ---- */

static bool read_project(struct project *project, const void *value, size_t size, struct error *err)
{
	scoped_json json_t *json = json_parse(value, size, err);

	if (!json || !record_from_json(&project_type, json, RECORD_FOR_STORE, project, err))
		return false;
	return (project->name && project->revisions.count) ||
	       error_set(err, ERROR_SYSTEM, "it has no name or no revision");
}

struct loading {
	struct projects *projects;
	struct error *err;
	bool ok;
};

static bool load(void *data, const char *key, const void *value, size_t size)
{
	struct loading *loading = data;
	struct project project = {0};

	loading->ok = read_project(&project, value, size, loading->err);
	if (loading->ok)
		put_in_list(loading->projects, &project);
	else
		error_prefix(loading->err, "cannot understand the record '%s'", key);
	record_fini(&project_type, &project);
	return loading->ok;
}

struct projects *projects_open(struct store *store, struct error *err)
{
	struct projects *projects = mem_new(struct projects);
	struct loading loading = {projects, err, true};

	projects->store = store;
	list_init(&projects->changes);
	list_init(&projects->readings);
	if (store_each(store, PREFIX, load, &loading, err) && loading.ok)
		return projects;
	projects_close(projects);
	return NULL;
}

static void change_free(struct change *change)
{
	list_remove(&change->link);
	project_document_fini(&change->document);
	record_fini(&project_type, &change->next);
	free(change->name);
	free(change);
}

static void reading_free(struct reading *reading)
{
	list_remove(&reading->link);
	free(reading->name);
	free(reading);
}

void projects_close(struct projects *projects)
{
	if (!projects)
		return;
	while (!list_is_empty(&projects->changes))
		change_free(list_first(&projects->changes, struct change, link));
	while (!list_is_empty(&projects->readings))
		reading_free(list_first(&projects->readings, struct reading, link));
	record_list_fini(&project_type, &projects->list);
	free(projects);
}

/* ---- reading ---- */

static void on_read(void *data, const void *value, size_t size, const struct error *err)
{
	struct reading *reading = data;
	struct error gone;

	if (!err && !value) {
		error_set(&gone, ERROR_NOT_FOUND, "no such revision of project '%s': %lld",
			  reading->name, (long long)reading->revision);
		err = &gone;
	}
	reading->done(reading->data, value, size, err);
	reading_free(reading);
}

static char *document_key(const char *name, int64_t revision)
{
	return str_format(PREFIX "%s/%lld", name, (long long)revision);
}

void project_read(struct projects *projects, const char *name, int64_t revision,
		  project_read_done *done, void *data)
{
	struct reading *reading = mem_new(struct reading);
	scoped_free char *key = document_key(name, revision);

	*reading = (struct reading){
		.name = str_dup(name), .revision = revision, .done = done, .data = data};
	list_append(&projects->readings, &reading->link);
	store_read(projects->store, key, on_read, reading);
}

/* ---- changing ---- */

static void begin_next(struct projects *projects);

static void end(struct change *change, const struct error *err)
{
	struct projects *projects = change->projects;

	projects->busy = false;
	list_remove(&change->link);
	if (change->removes)
		change->removed(change->data, err);
	else
		change->put(change->data, change->revision, err);
	change_free(change);
	begin_next(projects);
}

static void on_written(void *data, const struct error *err)
{
	struct change *change = data;

	if (!err && change->removes)
		take_from_list(change->projects, change->name);
	else if (!err && change->next.name)
		put_in_list(change->projects, &change->next);
	end(change, err);
}

/* What is to be written together: the record, and documents that come or go. */
struct writes {
	struct store_change items[PROJECT_REVISIONS_KEPT + 2];
	size_t count;
};

static void add(struct writes *writes, char *key, const struct buffer *value, bool document)
{
	writes->items[writes->count++] = (struct store_change){key, value ? value->data : NULL,
							       value ? value->size : 0, document};
}

static void commit(struct change *change, struct writes *writes)
{
	store_commit(change->projects->store, writes->items, writes->count,
		     STORE_SURVIVES_POWER_CUT, on_written, change);
	for (size_t i = 0; i < writes->count; i++)
		free((char *)(uintptr_t)writes->items[i].key);
}

static void begin_removal(struct change *change)
{
	const struct project *project = projects_find(change->projects, change->name);
	struct writes writes = {.count = 0};
	struct error err;

	if (!project) {
		error_set(&err, ERROR_NOT_FOUND, "no such project: %s", change->name);
		end(change, &err);
		return;
	}
	add(&writes, str_format(PREFIX "%s", change->name), NULL, false);
	for (size_t i = 0; i < project->revisions.count; i++)
		add(&writes,
		    document_key(
			    change->name,
			    RECORD_AT(project->revisions, struct project_revision, i)->revision),
		    NULL, true);
	commit(change, &writes);
}

/* The revision that the text becomes, at the end of change->next; the oldest beyond what is kept goes. */
static struct project_revision *next_revision(struct change *change, const char *model,
					      struct writes *writes)
{
	struct project *next = &change->next;
	struct project_revision *last;
	int64_t number = next->revisions.count ? project_last(next)->revision : 0;

	if (number && str_equal(project_last(next)->model, model))
		return RECORD_AT(next->revisions, struct project_revision,
				 next->revisions.count - 1);
	while (next->revisions.count >= PROJECT_REVISIONS_KEPT) {
		int64_t oldest = RECORD_AT(next->revisions, struct project_revision, 0)->revision;

		add(writes, document_key(change->name, oldest), NULL, true);
		record_list_remove(&revision_type, &next->revisions, 0);
	}
	last = record_list_add(&revision_type, &next->revisions);
	last->revision = number + 1;
	last->updated_ns = time_now_ns();
	last->model = str_dup(model);
	return last;
}

static void copy_present(const struct change *change, struct project *out)
{
	const struct project *present = projects_find(change->projects, change->name);

	if (present)
		record_copy(&project_type, present, out);
	else
		out->name = str_dup(change->name);
}

static void begin_put(struct change *change)
{
	struct project_document *document = &change->document;
	scoped_buffer struct buffer record = {0};
	struct project_revision *last;
	struct writes writes = {.count = 0};

	copy_present(change, &change->next);
	last = next_revision(change, document->model, &writes);
	change->revision = last->revision;
	if (str_equal(last->text, document->text)) { /* all of it is recorded already */
		end(change, NULL);
		return;
	}
	str_replace(&last->text, document->text);
	str_replace(&change->next.directory, document->directory);
	record_write_json(&project_type, &change->next, RECORD_FOR_STORE, &record);
	add(&writes, str_format(PREFIX "%s", change->name), &record, false);
	add(&writes, document_key(change->name, last->revision), &document->json, true);
	commit(change, &writes);
}

static void begin_next(struct projects *projects)
{
	struct change *change;

	if (projects->busy || list_is_empty(&projects->changes))
		return;
	projects->busy = true;
	change = list_first(&projects->changes, struct change, link);
	if (change->removes)
		begin_removal(change);
	else
		begin_put(change);
}

static struct change *change_new(struct projects *projects, const char *name, void *data)
{
	struct change *change = mem_new(struct change);

	change->projects = projects;
	change->name = str_dup(name);
	change->data = data;
	list_append(&projects->changes, &change->link);
	return change;
}

void project_put(struct projects *projects, const char *name, struct project_document *document,
		 project_put_done *done, void *data)
{
	struct change *change = change_new(projects, name, data);

	change->document = *document;
	*document = (struct project_document){0};
	change->put = done;
	begin_next(projects);
}

void project_remove(struct projects *projects, const char *name, store_done *done, void *data)
{
	struct change *change = change_new(projects, name, data);

	change->removes = true;
	change->removed = done;
	begin_next(projects);
}
