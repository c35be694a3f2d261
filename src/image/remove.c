#include "image/remove.h"

#include "image/confine.h"
#include "image/worker.h"
#include "os/file.h"

#include <fcntl.h>

/* Names only: whatever stands in the folders themselves, nothing deeper or higher. */
static bool remove_all(const struct strings *names, int recipes, struct error *err)
{
	scoped_fd int root = folder_open(AT_FDCWD, "/", err);

	for (size_t i = 0; root >= 0 && i < names->count; i++) {
		if (strchr(names->items[i], '/') || names->items[i][0] == '.')
			return error_set(err, ERROR_INVALID, "'%s' is no layer's folder",
					 names->items[i]);
		if (!tree_remove(root, names->items[i], err) ||
		    !tree_remove(recipes, names->items[i], err))
			return false;
	}
	return root >= 0;
}

static bool remove_named(struct worker *worker, struct remove_start *start, struct error *err)
{
	scoped_fd int folder = -1, recipes = -1;
	struct message *message;

	if (!worker_expect(worker, WORKER_START, &remove_start_type, start, &message, err))
		return false;
	if (message->fd_count != 2)
		return error_set(err, ERROR_SYSTEM, "the remover got no folder");
	folder = take_fd(message->fds[0]);
	recipes = take_fd(message->fds[1]);
	return confine_to_folder(folder, err) && remove_all(&start->names, recipes, err);
}

void remove_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	struct remove_start start = {0};
	struct error err = {0};

	if (!remove_named(&worker, &start, &err))
		worker_fail(&worker, &err);
	record_fini(&remove_start_type, &start);
}
