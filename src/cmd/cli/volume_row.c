#include "cmd/cli/volume_row.h"

#include "cmd/cli/api.h"
#include "cmd/cli/show.h"
#include "format/units.h"

static const struct listing_column columns[] = {
	{"Name", "VOLUME NAME"},      {"Driver", "DRIVER"},
	{"Links", "LINKS"},	      {"Size", "SIZE"},
	{"Mountpoint", "MOUNTPOINT"}, {"Scope", "SCOPE"},
	{"Labels", "LABELS"},	      {"Availability", "AVAILABILITY"},
	{"Group", "GROUP"},	      {"Status", "STATUS"},
};

const struct listing volume_listing = {
	.row_type = "*formatter.volumeContext",
	LISTING_COLUMNS(columns),
	.identity = "Name",
	.raw = "name: {{.Name}}\ndriver: {{.Driver}}\n",
	.call = row_call_label,
};

json_t *volume_row(const json_t *volume)
{
	static const char *const of_clusters[] = {"Availability", "Group", "Status"};
	const json_t *data = json_object_get(volume, "UsageData");
	json_t *row = json_object();
	int64_t size = data ? doc_number(data, "Size") : -1;
	scoped_free char *size_text = size_to_text_fine((double)size);
	scoped_free char *labels = show_labels(json_object_get(volume, "Labels"));

	doc_set_text(row, "Name", doc_text(volume, "Name"));
	doc_set_text(row, "Driver", doc_text(volume, "Driver"));
	doc_set_text(row, "Mountpoint", doc_text(volume, "Mountpoint"));
	doc_set_text(row, "Scope", doc_text(volume, "Scope"));
	doc_set_text(row, "Labels", labels);
	if (data)
		doc_set_format(row, "Links", "%lld", (long long)doc_number(data, "RefCount"));
	else
		doc_set_text(row, "Links", "N/A");
	doc_set_text(row, "Size", size < 0 ? "N/A" : size_text);
	for (size_t i = 0; i < array_length(of_clusters); i++)
		doc_set_text(row, of_clusters[i], "N/A");
	return row;
}
