/* GET /units/{}/export: what format/unit_export.h wants to know of a unit. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "unit/export.h"

struct export_work {
	struct call_work work;
	struct unit_exporting exporting;
	struct error err;
	bool good;
};

static void read_source(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);

	w->good = unit_exporting_read(&w->exporting, &w->err);
}

static void answer_source(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);

	if (w->good)
		call_answer_record(work->call, 200, &unit_export_source_type, &w->exporting.source);
	else
		call_fail_code(work->call, &w->err, 1);
}

static void free_export(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);

	unit_exporting_fini(&w->exporting);
	free(w);
}

static struct export_work *new_export(struct call *call, const struct unit *unit)
{
	struct export_work *w = mem_new(struct export_work);

	w->work.run = read_source;
	w->work.done = answer_source;
	w->work.free = free_export;
	unit_exporting_init(&w->exporting, call_units(call), unit);
	return w;
}

static void on_loaded(void *data, struct unit *unit)
{
	struct call *call = data;
	bool good = call_goes_on(call, unit);
	struct error err;

	if (good && !unit_export_check(unit, &err))
		call_fail_code(call, &err, 1);
	else if (good)
		call_work_begin(&new_export(call, unit)->work, call);
	call_drop(call);
}

void serve_unit_export(struct call *call)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_load(call_units(call), name, on_loaded, call_hold(call));
}
