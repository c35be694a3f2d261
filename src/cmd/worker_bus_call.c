#include "cmd/worker_bus_private.h"
#include "systemd/bus_name.h"

#include <errno.h>

#define CALL_US UINT64_C(300000000) /* thousands of files take systemd a while */

bool bus_failed(int code, struct error *err, const char *what)
{
	errno = -code;
	return error_errno(err, "%s", what);
}

bool bus_call_new(struct bus *b, const char *path, const char *interface, const char *member,
		  sd_bus_message **call, struct error *err)
{
	int code =
		sd_bus_message_new_method_call(b->bus, call, BUS_SERVICE, path, interface, member);

	return code >= 0 || bus_failed(code, err, member);
}

bool bus_call_make(struct bus *b, sd_bus_message *call, sd_bus_message **reply, struct error *err)
{
	sd_bus_error error = {0};
	sd_bus_message *got = NULL;
	int code = sd_bus_call(b->bus, call, CALL_US, &error, &got);

	sd_bus_message_unref(call);
	if (code < 0) {
		if (error.message)
			error_set(err, bus_error_kind(error.name), "%s", error.message);
		else
			bus_failed(code, err, "systemd does not answer");
		sd_bus_error_free(&error);
		return false;
	}
	if (reply)
		*reply = got;
	else
		sd_bus_message_unref(got);
	return true;
}

bool bus_call_manager(struct bus *b, const char *member, const char *first, const char *second,
		      sd_bus_message **reply, struct error *err)
{
	sd_bus_message *call;

	if (!bus_call_new(b, BUS_MANAGER_PATH, BUS_MANAGER, member, &call, err))
		return false;
	if (first)
		sd_bus_message_append_basic(call, 's', first);
	if (second)
		sd_bus_message_append_basic(call, 's', second);
	return bus_call_make(b, call, reply, err);
}
