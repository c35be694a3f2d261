/* Any bytes as the file of a zone: each moment has an offset of at most some days, and what a clock shows is a
 * moment near it. */
#include "format/time_zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = {-4000000000, -1, 0, 1774746000, 1792890000, 8000000000};
	scoped(time_zone) struct time_zone *zone = time_zone_parse((const char *)data, size);

	for (size_t i = 0; zone && i < array_length(moments); i++) {
		int64_t moment = time_zone_moment(zone, moments[i]);
		int64_t offset = time_zone_offset(zone, moments[i]);

		if (llabs(offset) > 10 * 86400 || llabs(moment - moments[i]) > 20 * 86400)
			abort();
	}
	return 0;
}
