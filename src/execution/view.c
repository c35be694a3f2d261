#include "execution/view.h"

#include <sys/mount.h>

#define READ_ONLY MOUNT_ATTR_RDONLY
#define NO_EXEC	  MOUNT_ATTR_NOEXEC

static struct view_place *add(struct view *view, enum view_source kind, const char *path)
{
	struct view_place place = {.kind = kind, .path = str_dup(path), .optional = true};
	size_t length = strlen(place.path);

	while (length > 1 && place.path[length - 1] == '/')
		place.path[--length] = '\0';
	vector_add(view, place);
	return &view->items[view->count - 1];
}

static void add_all(struct view *view, enum view_source kind, const char *const *paths,
		    uint64_t set)
{
	for (; *paths; paths++)
		add(view, kind, *paths)->set = set;
}

/* ---- what Protect keys mean ---- */

static const char *const system_yes[] = {"/usr", "/boot", "/efi", NULL};
static const char *const system_full[] = {"/usr", "/boot", "/efi", "/etc", NULL};
static const char *const kernel_api[] = {"/dev", "/proc", "/sys", NULL};
static const char *const homes[] = {"/home", "/root", "/run/user", NULL};
static const char *const tunables[] = {"/proc/sys",
				       "/proc/sysrq-trigger",
				       "/proc/latency_stats",
				       "/proc/mtrr",
				       "/proc/apm",
				       "/proc/acpi",
				       "/proc/timer_stats",
				       "/proc/fs",
				       "/proc/irq",
				       "/proc/bus",
				       "/proc/scsi",
				       "/proc/asound",
				       "/sys",
				       NULL};
static const char *const tunables_hidden[] = {"/proc/kallsyms", "/proc/kcore", NULL};
static const char *const tunables_open[] = {"/sys/fs/cgroup", NULL};
static const char *const modules[] = {"/lib/modules", "/usr/lib/modules", NULL};
static const char *const logs[] = {"/proc/kmsg", "/dev/kmsg", NULL};
static const char *const groups[] = {"/sys/fs/cgroup", NULL};
static const char *const device_folders[] = {"/dev/pts", "/dev/shm", "/dev/mqueue",
					     "/dev/hugepages", NULL};

static void protect_system(const struct execution_context *c, struct view *view)
{
	switch ((enum execution_protect)c->protect_system) {
	case PROTECT_NO:
		break;
	case PROTECT_YES:
		add_all(view, VIEW_ITSELF, system_yes, READ_ONLY);
		break;
	case PROTECT_FULL:
		add_all(view, VIEW_ITSELF, system_full, READ_ONLY);
		break;
	case PROTECT_STRICT:
		view->read_only_root = true;
		add_all(view, VIEW_ITSELF, kernel_api, 0);
		break;
	}
}

static void protect_home(const struct execution_context *c, struct view *view)
{
	switch ((enum execution_home)c->protect_home) {
	case HOME_NO:
		break;
	case HOME_YES:
		add_all(view, VIEW_HIDDEN, homes, 0);
		break;
	case HOME_READ_ONLY:
		add_all(view, VIEW_ITSELF, homes, READ_ONLY);
		break;
	case HOME_TMPFS:
		add_all(view, VIEW_TMPFS, homes, READ_ONLY);
		break;
	}
}

static void protect_kernel(const struct execution_context *c, struct view *view)
{
	if (c->protect_kernel_tunables) {
		add_all(view, VIEW_ITSELF, tunables, READ_ONLY);
		add_all(view, VIEW_HIDDEN, tunables_hidden, 0);
		if (!c->protect_control_groups)
			add_all(view, VIEW_ITSELF, tunables_open, 0);
	}
	if (c->protect_kernel_modules)
		add_all(view, VIEW_HIDDEN, modules, 0);
	if (c->protect_kernel_logs)
		add_all(view, VIEW_HIDDEN, logs, 0);
	if (c->protect_control_groups)
		add_all(view, VIEW_ITSELF, groups, READ_ONLY);
}

/* ---- what is private ---- */

static void add_bind(struct view *view, const char *path, const char *source)
{
	struct view_place *place = add(view, VIEW_BIND, path);

	place->source = str_dup(source);
}

static void make_private(const struct execution_context *c, const struct view_folders *folders,
			 struct view *view)
{
	if (c->private_tmp && folders->tmp)
		add_bind(view, "/tmp", folders->tmp);
	if (c->private_tmp && folders->var_tmp)
		add_bind(view, "/var/tmp", folders->var_tmp);
	if (!c->private_devices)
		return;
	add(view, VIEW_DEVICES, "/dev")->optional = false;
	add_all(view, VIEW_ITSELF, device_folders, 0);
}

/* Of a dynamic user's folders it sees its own, where on the host only root comes. */
static void open_private(struct view *view, const char *root, const struct strings *names)
{
	scoped_free char *barrier = str_format("%s/private", root);

	if (!names->count)
		return;
	add(view, VIEW_TMPFS, barrier)->set = READ_ONLY;
	for (size_t i = 0; i < names->count; i++) {
		scoped_free char *path = str_format("%s/%s", barrier, names->items[i]);

		add_bind(view, path, path);
		view->items[view->count - 1].optional = false;
	}
}

/* Its own folders stay writable whatever is protected. */
static void open_folders(const struct execution_context *c, struct view *view)
{
	static const char *const roots[] = {[FOLDER_RUNTIME] = "/run",
					    [FOLDER_STATE] = "/var/lib",
					    [FOLDER_CACHE] = "/var/cache",
					    [FOLDER_LOGS] = "/var/log"};

	for (size_t kind = 0; kind < array_length(roots); kind++) {
		if (c->dynamic_user && (kind != FOLDER_RUNTIME || c->keep_runtime != KEEP_NO)) {
			open_private(view, roots[kind], &c->folders[kind].names);
			continue;
		}
		for (size_t i = 0; i < c->folders[kind].names.count; i++) {
			scoped_free char *path =
				str_format("%s/%s", roots[kind], c->folders[kind].names.items[i]);

			add(view, VIEW_ITSELF, path);
		}
	}
}

/* ---- what the user says of paths ---- */

static void add_written(struct view *view, const struct strings *paths, enum view_source kind,
			uint64_t set, uint64_t clear)
{
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];
		bool optional = *path == '-';
		struct view_place *place;

		path += optional;
		path += *path == '+'; /* all are below the root here */
		place = add(view, kind, path);
		place->optional = optional;
		place->set = set;
		place->clear = clear;
	}
}

static void add_pairs(struct view *view, const struct record_list *pairs, enum view_source kind)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct execution_path_pair *p =
			RECORD_AT(*pairs, struct execution_path_pair, i);
		bool bind = kind == VIEW_BIND;
		struct view_place *place = add(view, kind, bind ? p->target : p->source);

		str_replace(&place->source, bind ? p->source : p->target);
		place->optional = p->optional;
		place->shallow = bind && !p->recursive;
		place->set = p->read_only ? READ_ONLY : 0;
	}
}

/* ---- order ---- */

static int compare_paths(const void *a, const void *b)
{
	const struct view_place *one = a, *other = b;

	return strcmp(one->path, other->path);
}

static void place_fini(struct view_place *place)
{
	free(place->path);
	free(place->source);
}

/* `later` was added behind `place`, of the same path. */
static void merge(struct view_place *place, struct view_place *later)
{
	uint64_t set = (place->set & ~later->clear) | later->set;
	bool keeps = later->kind == VIEW_ITSELF && place->kind != VIEW_HIDDEN;

	if (later->kind == VIEW_ITSELF && !later->set && !later->clear)
		set = 0; /* ReadWritePaths= */
	if (keeps) {
		place->set = set;
		place->optional = place->optional && later->optional;
		place_fini(later);
		return;
	}
	place_fini(place);
	*place = *later;
	place->set = set;
}

/* A stable sort by hand: lists are short, and who was added later must stay so. */
static void put_in_order(struct view *view)
{
	for (size_t i = 1; i < view->count; i++)
		for (size_t j = i; j > 0 && compare_paths(&view->items[j - 1], &view->items[j]) > 0;
		     j--) {
			struct view_place swap = view->items[j];

			view->items[j] = view->items[j - 1];
			view->items[j - 1] = swap;
		}
	for (size_t i = 0; i + 1 < view->count;) {
		if (!str_equal(view->items[i].path, view->items[i + 1].path)) {
			i++;
			continue;
		}
		merge(&view->items[i], &view->items[i + 1]);
		vector_remove(view, i + 1);
	}
}

bool view_is_needed(const struct execution_context *c)
{
	return c->root_folder || c->private_tmp || c->private_devices || c->private_mounts ||
	       c->protect_system || c->protect_home || c->protect_kernel_tunables ||
	       c->protect_kernel_modules || c->protect_kernel_logs || c->protect_control_groups ||
	       c->read_write_paths.count || c->read_only_paths.count ||
	       c->inaccessible_paths.count || c->exec_paths.count || c->no_exec_paths.count ||
	       c->bind_paths.count || c->temporary_paths.count;
}

void view_collect(const struct execution_context *c, const struct view_folders *folders,
		  struct view *out)
{
	*out = (struct view){0};
	protect_system(c, out);
	protect_home(c, out);
	protect_kernel(c, out);
	make_private(c, folders, out);
	open_folders(c, out);
	add_written(out, &c->no_exec_paths, VIEW_ITSELF, NO_EXEC, 0);
	add_written(out, &c->exec_paths, VIEW_ITSELF, 0, NO_EXEC);
	add_written(out, &c->read_only_paths, VIEW_ITSELF, READ_ONLY, 0);
	add_written(out, &c->inaccessible_paths, VIEW_HIDDEN, 0, 0);
	add_written(out, &c->read_write_paths, VIEW_ITSELF, 0, 0);
	add_pairs(out, &c->temporary_paths, VIEW_TMPFS);
	add_pairs(out, &c->bind_paths, VIEW_BIND);
	put_in_order(out);
}

void view_fini(struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		place_fini(&view->items[i]);
	vector_fini(view);
}
