/* Folders of RUN --mount=type=cache, below <data root>/build-cache: kept from build to build until they are
 * pruned.  NAME is the folder, NAME.id says for whom it is. */
#pragma once

#include "build/run_mount.h"
#include "builder/builder_private.h"

/* What the names of folders that are on their way out end with. */
#define CACHE_TRASH ".old"

enum cache_taken { CACHE_TAKEN, CACHE_BUSY, CACHE_FAILED };

/* The folder of a cache mount, for one step; made when there is none.  *name is the caller's, to give it
 * back by.  BUSY: it is locked by somebody, or asked for alone while others have it. */
enum cache_taken cache_folder_take(struct builder *builder, const struct run_mount *mount,
				   char **name, struct error *err);
/* The same once more by who has it, to be given back once more. */
void cache_folder_take_again(struct builder *builder, const char *name);
void cache_folder_give_back(struct builder *builder, const char *name);

bool cache_folder_is_used(struct builder *builder, const char *name);

char *cache_folder_path(const struct builder *builder, const char *name);

void cache_folders_fini(struct builder *builder);
