/* A plan while it is made: the services as a graph, the containers seen of each, the steps so far.
 *
 * Steps are added in an order in which each stands behind those it waits for, so a plan has no cycle.  The passes of
 * plan_up (see up.c) are what makes that possible. */
#pragma once

#include "base/map.h"
#include "orchestrator/project_plan.h"

struct indices {
	size_t *items;
	size_t count, capacity;
};

#define scoped_indices scoped_with(indices_fini)
void indices_fini(struct indices *indices);

/* A container that steps are about: one that is there, or one that a step makes. */
struct subject {
	const char *id, *name; /* borrowed; id NULL: made by a step */
	size_t made_by;	       /* 1 + index; 0 */
};

enum fate {
	FATE_KEEP,
	FATE_START,
	FATE_RESTART, /* stopped and started, for the sake of one that it depends on */
	FATE_CREATE,
	FATE_RECREATE,
	FATE_REMOVE,
};

/* One number of a service. */
struct replica {
	unsigned number;
	const struct seen_container *old;  /* what is there; NULL */
	const struct seen_container *next; /* begun to take its place, and good for it; NULL */
	enum fate fate;
	bool start_first, stays_down;
	char *reason;		 /* owned; NULL */
	char *name, *temporary;	 /* owned; the one it is to have, and until `old` is gone */
	struct subject subject;	 /* once it has been made */
	size_t created, stopped; /* 1 + index of the step; 0: none */
	size_t removed;		 /* of `old` */
	size_t ready;		 /* after it, others may rely on the container */
	size_t taken_over;
	size_t end; /* its last step */
	bool gated; /* `ready` says that it is healthy */
};

struct draft_edge {
	size_t service; /* the one depended on */
	enum dependency_condition condition;
	bool required, restart;
	bool shares; /* its namespace or volumes: made anew with it, its id must be known at the create */
	bool links; /* as version 1 files do: by the name of a container that runs */
};

/* To be removed, and why. */
struct discard {
	const struct seen_container *container;
	const char *reason;
	bool drains; /* first its connections are waited for */
};

enum update_action { UPDATE_PAUSE, UPDATE_CONTINUE, UPDATE_ROLL_BACK };

/* deploy.update_config, or what stands for it. */
struct update {
	bool given, start_first;
	bool watched;	    /* a new one must prove itself before others follow */
	size_t parallelism; /* 0: all at once */
	int64_t delay_ms, monitor_ms, drain_ms;
	enum update_action action;
	double failure_ratio;
};

struct draft_service {
	const char *name;
	const struct service *service; /* NULL: known by labels alone */
	bool selected;		       /* by the command */
	bool shared;		       /* by a service that is selected or has containers */
	bool early;		       /* its old containers stop before those it depends on do */
	bool stop_before_create;       /* and before its new ones are made */
	bool volume_renewed; /* a volume of its own is made anew: its old containers go first */
	bool late;	     /* its new containers are made one batch after the other */
	bool next_discarded; /* a container that was begun is thrown away */
	bool made_anew;	     /* those who share something of it must be, too */
	bool post_start, pre_stop;
	bool building; /* its image, right now */
	struct update update;
	const char *stop_first_reason; /* start-first is asked for and cannot be; NULL */
	struct {
		struct draft_edge *items;
		size_t count, capacity;
	} edges, users; /* users: reversed */
	struct {
		const struct seen_container **items;
		size_t count, capacity;
	} containers;
	struct {
		struct discard *items;
		size_t count, capacity;
	} discarded;
	struct {
		struct replica *items;
		size_t count, capacity;
	} replicas;
	struct indices
		removals; /* of what is discarded, and of what goes before new ones are made */
	struct indices connects;
	struct indices stops;	    /* of its containers, for what those it depends on wait for */
	struct indices waits[3][2]; /* by condition and whether optional, once asked for */
	bool waited[3][2];
};

struct draft {
	const struct project *project; /* NULL: by labels */
	const struct wanted *wanted;   /* NULL */
	const struct seen *seen;
	const struct plan_options *options;
	struct plan *plan;
	struct draft_service *services;
	size_t count;
	size_t *order;	  /* indices of services, each behind those it depends on */
	struct map names; /* name to struct draft_service */
	struct map ids;	  /* id to struct seen_container */
	struct map gone;  /* likewise: those that are removed before all else */
	struct map hashes, images, networks,
		volumes;	/* what is wanted and seen by name, and 1 + an index */
	struct map builders;	/* image name to struct draft_service */
	struct map image_steps; /* image name to 1 + index of the last step that brings it */
	size_t *network_steps, *volume_steps; /* by index in the project; 1 + index; 0: none */
	size_t orphans_gone;		      /* 1 + index; 0 */
	bool *network_used, *volume_used, *network_renewed, *volume_renewed;
};

void draft_fini(struct draft *draft);
#define scoped_draft scoped_with(draft_fini)

/* ---- draft.c: steps ---- */

size_t draft_step(struct draft *draft, enum step_kind kind);
/* One about a container. */
size_t draft_container_step(struct draft *draft, enum step_kind kind,
			    const struct draft_service *service, unsigned number,
			    const struct subject *subject);
struct step *draft_at(struct draft *draft, size_t step);
void draft_after(struct draft *draft, size_t step, size_t other);
/* `other` is 1 + index, 0: none */
void draft_after_if(struct draft *draft, size_t step, size_t other);
void draft_after_all(struct draft *draft, size_t step, const struct indices *others);
/* Add a list to a list; NULL: nothing. */
void indices_add(struct indices *indices, const struct indices *others);
/* Where many wait for many, they do so by way of one step. */
void draft_join(struct draft *draft, struct indices *indices);
void draft_reason(struct draft *draft, size_t step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void draft_warn(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first failure stays.  Always false. */
bool draft_fail(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct subject subject_of(const struct seen_container *container);
const char *container_service(const struct seen_container *container); /* "": no label */
bool container_is_active(const struct seen_container *container); /* runs, is paused, or restarts */
/* `next` (NULL: none) has taken the place of `old`: whoever asks for the service meets it alone. */
bool replica_is_in_place(const struct seen_container *old, const struct seen_container *next);

/* Stop one that is active, hooks first: the index of the last step.  `after` NULL: at once. */
size_t draft_stop(struct draft *draft, const struct draft_service *service,
		  const struct seen_container *container, const struct indices *after);

/* The stops of those that depend on the service. */
void draft_stops_of_users(const struct draft *draft, const struct draft_service *service,
			  struct indices *out);

/* ---- graph.c ---- */

/* `project` or, where NULL, labels.  `selected` as the command says, with dependencies if asked for. */
bool draft_begin(struct draft *draft, bool with_dependencies);
struct draft_service *draft_service(const struct draft *draft, const char *name); /* NULL: none */

/* ---- pair.c ---- */

/* One replica for each number: which container is there, which one was begun to take its place, and what is to be
 * thrown away. */
void draft_pair(struct draft_service *service);
/* 12 hex digits and "_" at the front of a name. */
bool name_is_temporary(const char *name);

/* ---- settle.c ---- */

/* What becomes of each replica.  Services come in draft->order. */
void draft_settle(struct draft *draft, struct draft_service *service);
bool service_recreates(const struct draft_service *service); /* a replica of it */
/* What has done its part stays as it is.  When all are settled; those that depend on it come before it. */
void draft_settle_finished(struct draft *draft, struct draft_service *service);

/* ---- update.c ---- */

void update_read(struct draft *draft, struct draft_service *service);
/* Are connections to a container of it that is to go waited for? */
bool service_is_drained(const struct draft *draft, const struct draft_service *service);
bool service_publishes_fixed_port(const struct service *service);
bool service_has_check(const struct service *service); /* by the file; an image may have one, too */

/* ---- resources.c ---- */

bool draft_check_resources(struct draft *draft);
void draft_networks(struct draft *draft);
void draft_volumes(struct draft *draft);
/* Indices in the project's networks and volumes that the service uses. */
void service_networks(const struct draft *draft, const struct service *service,
		      struct indices *out);
void service_volumes(const struct draft *draft, const struct service *service, struct indices *out);

/* ---- wait.c ---- */

/* What must be over before a container of the service may start. */
void draft_dependencies(struct draft *draft, struct draft_service *service, struct indices *out);
/* Steps that end when all containers of the service run, and are healthy where they have a check. */
void service_wait(struct draft *draft, struct draft_service *service);

/* ---- replica.c ---- */

/* Put reason and changed fields on a step, the one that people are shown for the replica. */
void draft_tell_why(struct draft *draft, const struct replica *replica, size_t step);
void replica_create(struct draft *draft, struct draft_service *service, struct replica *replica,
		    const struct indices *after);
void replica_start(struct draft *draft, struct draft_service *service, struct replica *replica,
		   const struct indices *after);
void replica_remove_old(struct draft *draft, struct draft_service *service, struct replica *replica,
			const struct indices *after);
void replica_rename(struct draft *draft, struct draft_service *service, struct replica *replica);
/* Wait until nobody is connected to it, behind `after` (NULL: at once): the index of the step. */
size_t draft_drain(struct draft *draft, const struct draft_service *service,
		   const struct seen_container *container, const struct indices *after);
/* Stop it if it is active, then remove it: the index of the removal. */
size_t draft_take_away(struct draft *draft, const struct draft_service *service,
		       const struct discard *discard);

/* ---- replace.c ---- */

/* From old containers to new ones, in batches where the file says so. */
void service_replace(struct draft *draft, struct draft_service *service,
		     const struct indices *after);
