/* Verbs that change a project wait for each other, where the daemon has leases (docs/projects-api.yaml): the open
 * connection holds it, so one that is killed keeps nobody waiting. */
#pragma once

#include "cmd/compose/requests.h"

struct compose;

/* Wait for our turn; said on stderr when it takes a moment.  Where there is no lease to be had
 * there is nothing to wait for.  A verb within another one has it already.  False: a signal came
 * instead, and nothing is held. */
bool lease_take(struct compose *compose);
void lease_give_back(struct compose *compose);

/* A daemon that restarts forgets it: have it asked for again by this loop, while a plan is carried out. */
void lease_follow(struct compose *compose, struct requests *requests);
void lease_unfollow(struct compose *compose, struct requests *requests);

/* With all that it holds; NULL is fine. */
struct lease;
void lease_free(struct lease *lease);
