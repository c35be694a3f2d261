#include "archive/archive.h"

#define F(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)

static const struct record_field request_fields[] = {
	F(archive_request, 1, RECORD_I32, kind),
	F(archive_request, 2, RECORD_STRING, path),
	F(archive_request, 3, RECORD_I64, pid),
	F(archive_request, 4, RECORD_I64, start_time),
	RECORD_NESTED(struct archive_request, 5, "root", RECORD_STRUCT, root, 0,
		      &sandbox_spec_type),
	F(archive_request, 6, RECORD_BOOL, keep_kinds),
	F(archive_request, 7, RECORD_BOOL, own),
	F(archive_request, 8, RECORD_STRING, user),
	F(archive_request, 9, RECORD_I64, daemon),
	F(archive_request, 10, RECORD_STRING, container),
};
const struct record_type archive_request_type = RECORD_TYPE(struct archive_request, request_fields);

static const struct record_field found_fields[] = {
	F(archive_found, 1, RECORD_STRING, name),
	F(archive_found, 2, RECORD_I64, size),
	F(archive_found, 3, RECORD_I64, mode),
	F(archive_found, 4, RECORD_I64, modified_ns),
	F(archive_found, 5, RECORD_STRING, link_target),
};
const struct record_type archive_found_type = RECORD_TYPE(struct archive_found, found_fields);

static const struct record_field stream_fields[] = {
	F(archive_stream, 1, RECORD_BOOL, chunked),
	F(archive_stream, 2, RECORD_BYTES, early),
	F(archive_stream, 3, RECORD_I32, framing),
	F(archive_stream, 4, RECORD_I64, length),
	F(archive_stream, 5, RECORD_BOOL, expects_continue),
	F(archive_stream, 6, RECORD_BYTES, done),
	F(archive_stream, 7, RECORD_BYTES, bad),
	F(archive_stream, 8, RECORD_BYTES, failed),
};
const struct record_type archive_stream_type = RECORD_TYPE(struct archive_stream, stream_fields);

void archive_stream_fini(struct archive_stream *stream)
{
	record_fini(&archive_stream_type, stream);
}
