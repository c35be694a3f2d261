#include "build/mount_job.h"

#include "image/worker.h"
#include "os/file.h"
#include "os/mount.h"
#include "sandbox/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIELD(tag, kind, member) RECORD_FIELD(struct mount_order, tag, #member, kind, member)
static const struct record_field mount_order_fields[] = {
	FIELD(1, RECORD_I32, number),	  FIELD(2, RECORD_STRING, layers_folder),
	FIELD(3, RECORD_STRINGS, layers), FIELD(4, RECORD_STRING, writable_folder),
	FIELD(5, RECORD_BOOL, read_only),
};
const struct record_type mount_order_type = RECORD_TYPE(struct mount_order, mount_order_fields);

/* Where there are no layers, the writable folder is all there is. */
static int mount_upper(const struct mount_order *order, struct error *err)
{
	scoped_free char *upper = str_format("%s/upper", order->writable_folder);

	if (!folder_make(AT_FDCWD, upper, 0755, err))
		return -1;
	return mount_clone(AT_FDCWD, upper, false, err);
}

static int mount_layers(const struct mount_order *order, struct error *err)
{
	struct sandbox_spec spec = {.layers_folder = order->layers_folder,
				    .layers = order->layers,
				    .writable_folder = order->writable_folder};

	return overlay_new(&spec, -1, err);
}

static int make_mount(const struct mount_order *order, struct error *err)
{
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			      (order->read_only ? MOUNT_ATTR_RDONLY : 0);
	int mount;

	if (!folder_make(AT_FDCWD, order->writable_folder, 0700, err))
		return -1;
	mount = order->layers.count > 0 ? mount_layers(order, err) : mount_upper(order, err);
	if (mount >= 0 && !mount_set(mount, attributes, 0, false, err))
		close_fd(&mount);
	return mount;
}

/* A folder to look into rather than the place of a mount: what the driver opens files below. */
static bool answer(struct worker *worker, const struct mount_order *order, struct error *err)
{
	struct build_failure failure = {.number = order->number};
	struct build_number made = {order->number};
	scoped_buffer struct buffer body = {0};
	struct message message = {.version = WORKER_PROTOCOL_VERSION};
	struct error why;
	scoped_fd int mount = make_mount(order, &why);

	if (mount >= 0) {
		message.type = MOUNT_MADE;
		message.fds[message.fd_count++] = mount;
		record_encode(&build_number_type, &made, &body);
	} else {
		message.type = MOUNT_FAILED;
		failure.kind = (int32_t)why.kind;
		failure.os = why.os;
		failure.text = why.text;
		record_encode(&build_failure_type, &failure, &body);
	}
	message.data = body.data;
	message.size = body.size;
	return message_send(worker->control, &message, -1, err);
}

static bool serve_one(struct worker *worker, struct error *err)
{
	struct mount_order order = {0};
	struct message *message;
	bool ok = worker_expect(worker, (enum worker_message)MOUNT_MAKE, &mount_order_type, &order,
				&message, err) &&
		  answer(worker, &order, err);

	record_fini(&mount_order_type, &order);
	return ok;
}

/* Before Linux 6.5 an overlay needs a place, which nobody else is to see. */
static bool go_apart(struct error *err)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make a mount namespace");
	return true;
}

void mount_job_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	struct error err = {0};

	umask(0);
	if (!go_apart(&err)) {
		worker_fail(&worker, &err);
		return;
	}
	while (serve_one(&worker, &err)) /* until the daemon closes its end */
		;
}
