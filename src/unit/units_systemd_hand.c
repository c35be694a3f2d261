/* Handing over: files are written by a thread of the pool (units_systemd_files.c), systemd reads them, and tells of those
 * units from then on.  What was read meanwhile comes next; only then whoever waits goes on. */
#include "unit/units_systemd.h"

#include "base/log.h"

static struct unit_handed *handed_of(struct units *units, struct unit *unit)
{
	struct unit_runtime *runtime = unit_runtime(units, unit);

	if (!runtime->handed)
		runtime->handed = mem_new(struct unit_handed);
	return runtime->handed;
}

/* ---- watching ---- */

static bool is_to_watch(const struct unit *unit, bool all)
{
	return unit_is_handed(unit) && (all || !unit->runtime->handed->watched);
}

void systemd_watch(struct units_systemd *s, bool all, bus_answered *answered)
{
	struct bus_request request = {0};

	for (size_t i = 0; i < s->units->set.count; i++) {
		struct unit *unit = s->units->set.items[i];

		if (!is_to_watch(unit, all))
			continue;
		strings_add(&request.units, unit->name);
		unit->runtime->handed->watched = true;
	}
	if (request.units.count)
		systemd_ask(s, BUS_WATCH, &request, answered, s);
	else
		answered(s, NULL, NULL);
	strings_fini(&request.units);
}

/* ---- a round ---- */

static void go_on(struct units_systemd *s);

static void on_watched(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_error("systemd does not tell of units", err, "");
	go_on(data);
}

static void on_reloaded(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_error("systemd does not read its units again", err, "");
	systemd_watch(data, false, on_watched);
}

static void take_file(struct units *units, const struct handed_file *file)
{
	struct unit *unit = unit_set_find(&units->set, file->name);

	if (!unit)
		return;
	struct unit_handed *handed = handed_of(units, unit);
	handed->refusal = file->err;
	if (file->err.kind)
		log_warning("a unit is not handed over to systemd", &file->err, "unit=%s",
			    file->name);
	else if (!file->goes)
		handed->there = true;
	else if (unit_active_state(unit) == UNIT_INACTIVE)
		handed->there = handed->watched = false;
}

static void written(struct work *work, bool closing)
{
	struct handed_files *files = container_of(work, struct handed_files, work);
	struct units *units = files->units;

	if (!closing && units->systemd) {
		for (size_t i = 0; i < files->count; i++)
			take_file(units, &files->items[i]);
		if (files->changed)
			systemd_ask(units->systemd, BUS_RELOAD, &(struct bus_request){0},
				    on_reloaded, units->systemd);
		else
			systemd_watch(units->systemd, false, on_watched);
	}
	handed_files_free(files);
	units_unref(units);
}

static void add_file(struct handed_files *files, const struct unit *unit)
{
	struct handed_file file = {.name = unit->name, .goes = !unit_has_own_file(unit)};

	if (file.goes ? !unit_is_handed(unit) : unit_is_ours(unit))
		return;
	if (!file.goes)
		unit_exporting_init(&file.exporting, files->units, unit);
	vector_add(files, file);
}

static void begin(struct units_systemd *s)
{
	struct units *units = s->units;
	struct handed_files *files;

	if (s->running)
		return;
	s->running = true;
	files = mem_new(struct handed_files);
	files->units = units;
	for (size_t i = 0; i < s->fresh.count; i++) {
		struct unit *unit = unit_set_find(&units->set, s->fresh.items[i]);

		if (unit && unit->config)
			add_file(files, unit);
	}
	s->fresh.count = 0;
	units->references++;
	work_begin(&files->work, units->engine, handed_files_write, written);
}

static void go_on(struct units_systemd *s)
{
	s->running = false;
	if (s->fresh.count) {
		begin(s);
		return;
	}
	if (s->adoption_waits) {
		s->adoption_waits = false;
		units_adopt_answered(s->units);
	}
	if (s->loader_waits) {
		s->loader_waits = false;
		loading_go_on(s->units);
	}
}

/* ---- when ---- */

void unit_set_handed(struct units *units, struct unit *unit)
{
	handed_of(units, unit)->there = true;
}

void systemd_note(struct units *units, const struct unit *unit)
{
	if (units->systemd)
		vector_add(&units->systemd->fresh, unit->name);
}

bool systemd_hand_over(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s || !s->armed || (!s->fresh.count && !s->running))
		return false;
	s->loader_waits = true;
	begin(s);
	return true;
}

void systemd_begin(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s)
		return;
	s->armed = s->adoption_waits = true;
	units->adoption.waiting++;
	begin(s);
}

bool systemd_is_handing(const struct units *units)
{
	return units->systemd && units->systemd->adoption_waits;
}
