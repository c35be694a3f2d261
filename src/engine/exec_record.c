/* What is known of an exec, in its folder: the next daemon reads it. */
#include "engine/exec_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "os/file.h"

#define EXEC_RECORD  "exec"
#define RECORD_LIMIT (16 << 20) /* a request has up to 4 MiB */

bool exec_save(struct exec *exec, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_fd int folder = folder_open(exec->container->engine->execs, exec->id, err);
	struct file_content content = {.mode = 0600};

	record_encode(&exec_type, exec, &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	return folder >= 0 && file_replace(folder, EXEC_RECORD, &content, err);
}

void exec_keep(struct exec *exec)
{
	struct error err;

	if (!exec_save(exec, &err))
		log_error("cannot keep an exec", &err, "id=%s", exec->id);
}

struct exec *exec_read(struct engine *engine, int folder)
{
	scoped_buffer struct buffer bytes = {0};
	struct exec *exec = mem_new(struct exec);
	struct error err;
	struct container *c;

	if (file_read(folder, EXEC_RECORD, RECORD_LIMIT, &bytes, &err) &&
	    record_decode(&exec_type, bytes.data, bytes.size, exec, &err) && exec->id &&
	    exec->container_id && (c = engine_by_id(engine, exec->container_id))) {
		exec_add(c, exec);
		return exec;
	}
	record_fini(&exec_type, exec);
	free(exec);
	return NULL;
}
