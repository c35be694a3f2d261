/* Every handler of the table in route_table.c, by the file that holds it. */
#pragma once

#include "door/call.h"

/* door_units.c */
void serve_units(struct call *call);
void serve_unit_kill(struct call *call);
void serve_unit_freeze(struct call *call);
void serve_unit_thaw(struct call *call);
void serve_reset_failed(struct call *call);
void serve_reload(struct call *call);
void serve_reexec(struct call *call);
void serve_unit_dependencies(struct call *call);
void serve_state(struct call *call);
void serve_timers(struct call *call);
void serve_environment(struct call *call);
void serve_environment_change(struct call *call);
void serve_process(struct call *call);

/* door_change.c */
void serve_unit_properties(struct call *call);
void serve_unit_clean(struct call *call);

/* door_unit.c: one unit, with all that `status` and `show` want */
void serve_unit(struct call *call);

/* door_jobs.c, door_events.c */
void serve_job_start(struct call *call);
void serve_jobs(struct call *call);
void serve_job_cancel(struct call *call);
void serve_unit_events(struct call *call);

/* door_files.c */
void serve_unit_text(struct call *call);
void serve_unit_files(struct call *call);
void serve_unit_file(struct call *call);
void serve_install(struct call *call);
void serve_unit_file_put(struct call *call);
void serve_verify(struct call *call);

/* door_export.c */
void serve_unit_export(struct call *call);

/* door_takeover.c */
void serve_takeover(struct call *call);
void serve_drain(struct call *call);

/* door_journal.c */
void serve_journal(struct call *call);
void serve_journal_boots(struct call *call);
void serve_journal_usage(struct call *call);
void serve_journal_sync(struct call *call);
void serve_journal_rotate(struct call *call);
void serve_journal_vacuum(struct call *call);
