/* What differs between two models of a project, value by value. */
#pragma once

#include "orchestrator/project_plan.h"

/* "services.web.environment.A": one change for each value that is another, came or went.  Lists of
 * different values are one change as a whole. */
void model_changes(const struct node *old_model, const struct node *new_model,
		   struct changes *changes);
