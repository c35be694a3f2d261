#include "door/docker/graph_driver.h"

#include "base/memory.h"

#define DATA(tag, name, member)                                                                    \
	RECORD_FIELD_FLAGS(struct driver_data, tag, name, RECORD_STRING, member, RECORD_OMIT_EMPTY)

static const struct record_field driver_data_fields[] = {
	DATA(1, "LowerDir", lower),
	DATA(2, "MergedDir", merged),
	DATA(3, "UpperDir", upper),
	DATA(4, "WorkDir", work),
};
const struct record_type driver_data_type = RECORD_TYPE(struct driver_data, driver_data_fields);

static const struct record_field driver_view_fields[] = {
	RECORD_NESTED(struct driver_view, 1, "Data", RECORD_STRUCT, data, 0, &driver_data_type),
	RECORD_FIELD(struct driver_view, 2, "Name", RECORD_STRING, name),
};
const struct record_type driver_view_type = RECORD_TYPE(struct driver_view, driver_view_fields);
