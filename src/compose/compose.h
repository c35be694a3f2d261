/* Compose files to a project: every dialect from version 1 to the specification, in one model.
 *
 * The steps, each a pure function of trees: find the files, read YAML, interpolate, long forms, check, merge files,
 * `extends`, `include`, profiles and selection, defaults.  Nothing here opens a file or asks a daemon: bytes come
 * through `struct compose_files`.  The contract is the compose specification; what it leaves open follows
 * docker-compose 1.29 (style v1) or compose 2 (style v2).
 *
 * The model is a tree in the specification's long form, as `config` prints it; every value knows where it was
 * written.  `struct service` has beside it what planners look at. */
#pragma once

#include "base/error.h"
#include "format/diagnostic.h"

enum compose_style { COMPOSE_V1, COMPOSE_V2 };

/* ---- what is read ---- */

/* The outside world.  Paths are absolute and clean, or "-" for standard input. */
struct compose_files {
	/* All of a file, at most `limit` bytes.  ERROR_NOT_FOUND: there is none.  Errors name the path. */
	bool (*read)(void *data, const char *path, size_t limit, struct buffer *out,
		     struct error *err);
	bool (*exists)(void *data, const char *path);
	void *data;
	/* Of a folder, or a file of more than `limit` bytes: what changes when it does, owned.
	 * NULL: it is neither.  The callback may be NULL: nothing is. */
	char *(*large)(void *data, const char *path, size_t limit);
};

struct compose_request {
	enum compose_style style;
	struct strings files;	       /* -f or COMPOSE_FILE, in order; empty: looked for */
	const char *working_directory; /* absolute */
	const char *project_directory; /* --project-directory; NULL */
	const char *project_name;      /* -p; NULL */
	struct strings env_files;      /* --env-file; empty: .env */
	struct strings profiles;       /* --profile and COMPOSE_PROFILES; "*": all */
	struct strings services;       /* named on the line: their profiles are active */
	struct pairs environment;      /* the shell's */
	bool compatibility;
	bool no_env_file; /* COMPOSE_DISABLE_ENV_FILE */
	bool no_interpolate, no_path_resolution, no_env_resolution, no_consistency, no_normalize;
};

/* ---- the model ---- */

enum dependency_condition { DEPENDENCY_STARTED, DEPENDENCY_HEALTHY, DEPENDENCY_COMPLETED };

struct dependency {
	const char *service;
	enum dependency_condition condition;
	bool required; /* false: missing or failing only warns */
	bool restart;  /* restarted after the other was recreated */
	bool implied;  /* by links, network_mode: service:x and its like, volumes_from */
};

struct service {
	const char *name;
	struct place place;
	struct node *node; /* long form */
	bool enabled;	   /* by its profiles, or named */
	struct dependency *dependencies;
	size_t dependency_count; /* sorted by name; each service once */
	unsigned scale;		 /* scale, deploy.replicas, or 1; global and job modes are 1 */
	const char *image;	 /* what its containers run: `image`, or the name of what is built */
	bool built;		 /* has `build` */
	const char *container_name; /* NULL: made from the project's name */
};

/* A network, volume, config or secret of the top level. */
struct resource {
	const char *key;  /* in the file */
	const char *name; /* on the daemon: "p_default", or as given */
	bool external;
	bool used; /* by an enabled service */
	struct node *node;
};

struct resources {
	struct resource *items; /* by key */
	size_t count;
};

/* One that files ask for; where they ask for it more than once, the first of each that they say. */
struct variable {
	const char *name, *otherwise, *alternate; /* NULL: not said */
	bool required;
};

struct project {
	struct arena arena;
	enum compose_style style;
	const char *name, *directory;
	const char *version;	  /* as the first file that has one says it; NULL */
	bool compatibility;	  /* names as version 1 makes them */
	bool plain;		  /* names of resources are not written into the tree */
	struct strings files;	  /* absolute paths as read, "-" too; without included ones */
	struct strings env_files; /* --env-file, absolute */
	bool version1;		  /* a file without `services`: links instead of a network */
	struct node *root;	  /* name, services, networks, volumes, configs, secrets, x-*: keys sorted */
	struct service *services; /* by name */
	size_t service_count;
	struct resources networks, volumes, configs, secrets;
	struct pairs environment; /* .env below the shell: what interpolation saw */
	struct { struct variable *items; size_t count, capacity; } variables;
};

/* NULL: errors were added; nothing is half done.  Warnings are added in either case. */
struct project *compose_load(const struct compose_request *request,
			     const struct compose_files *files, struct diagnostics *diagnostics);
void project_free(struct project *project);
scoped_define(project)

/* The model for a record, as JSON: what is enabled, so that it needs no profiles to be the same again. */
void project_write_model(const struct project *project, struct buffer *out);

/* From such a model: no files are read, relative paths are none.  `directory`: where the files
 * were; NULL: unknown. */
struct project *compose_restore(const char *name, enum compose_style style, const char *directory,
				const char *model, size_t size, struct diagnostics *diagnostics);

struct service *project_service(const struct project *project, const char *name); /* NULL: none */
struct resource *resources_get(const struct resources *resources, const char *key);

/* Are there files to load: named ones, those of COMPOSE_FILE, or some with a usual name? */
bool compose_has_files(const struct compose_request *request, const struct compose_files *files);

/* The project's name alone, for commands that work from labels: -p, COMPOSE_PROJECT_NAME, `name` of the files if
 * there are some, the directory's.  Owned; NULL: an error was added. */
char *compose_project_name(const struct compose_request *request,
			   const struct compose_files *files, struct diagnostics *diagnostics);

/* ---- names ---- */

/* "p-web-1" or "p_web_1"; container_name for number 1 where the service has one.  Owned. */
char *project_container_name(const struct project *project, const struct service *service,
			     unsigned number);

/* ---- identity ---- */

/* 64 hex digits: SHA-256 over the canonical JSON of what makes containers what they are (without build, scale,
 * depends_on, profiles, hooks and the like), and the digests of its configs and secrets (`digests`: name to digest,
 * sorted; they are made by who reads their content).  Owned. */
char *service_hash(const struct project *project, const struct service *service,
		   const struct pairs *digests);
char *resource_hash(const struct resource *resource);
