/* Giving up what a shim needs only to start its process. */
#pragma once

/* From root's rights to CAP_KILL (the process may be another user's).  The log and the run folder are
 * its own files, cgroups are root's: those need no capability.  Nothing is regained by an exec, and
 * no process of the same user may look into this one. */
void rights_drop(void);
