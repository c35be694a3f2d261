/* Plans of the verbs that are about images alone: build, pull, push. */
#pragma once

#include "cmd/compose/images.h"

/* Names of services: those named, or all enabled ones; with what they depend on, if wanted.  By name. */
void image_plan_services(const struct project *project, const struct strings *named,
			 bool dependencies, struct strings *services);

/* One more step for the image of the service. */
struct step *image_plan_add(struct plan *plan, enum step_kind kind, const struct service *service);
void image_plan_after(struct step *step, size_t index);

/* Carry it out, or only show it (--dry-run); the exit status of the verb.  The progress is freed. */
int image_plan_run(struct compose *compose, const struct plan *plan,
		   const struct image_wishes *wishes, struct progress *progress);

/* The service names an image in the file, and not only by what is built. */
bool image_is_named(const struct service *service);
