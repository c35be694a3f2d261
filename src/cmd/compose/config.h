/* A project as the tree that `config` writes, in the dialect of either style. */
#pragma once

#include "cmd/compose/compose.h"

#include "base/map.h"

/* What is to be shown: the services, and what they use. */
struct config_selection {
	const struct project *project;
	struct map services;  /* by name */
	struct map used;      /* "networks n" */
	bool all_resources;   /* whether used or not */
	bool escape;	      /* a `$` is written twice, so that it is read back */
};

/* Those named and what they need, or, where none is, those enabled (v1: all). */
void config_select(struct config_selection *selection, const struct project *project,
		   const struct strings *names);
void config_selection_fini(struct config_selection *selection);
bool config_has_service(const struct config_selection *selection, const struct service *service);

#define scoped_config_selection scoped_with(config_selection_fini)

/* name, services, networks, volumes, secrets, configs, then x-*; keys below sorted. */
struct node *config_tree_v2(struct arena *arena, const struct config_selection *selection);

/* Keys sorted, short forms where there are some, nothing that nobody said, `version` among them. */
struct node *config_tree_v1(struct arena *arena, const struct config_selection *selection);

/* Services in the order in which they start; the array is the caller's. */
const struct service **config_order(const struct project *project);

/* ---- pieces of both ---- */

bool config_is_extension(const char *key);
struct node *config_sorted(struct arena *arena, const struct node *node); /* at every level */
void config_escape(struct arena *arena, struct node *node);		   /* in place */

/* Images whose names stand in the trees get the digests that registries know (or, where none answers, that the
 * daemon has). */
bool config_resolve_images(struct compose *compose, struct node *tree, struct error *err);
