#include "sandbox/seccomp_program.h"

#include "format/sha256.h"
#include "sandbox/seccomp_profile.h"

#include <inttypes.h>
#include <sys/utsname.h>

/* Another number when the same profile would give another program. */
#define PROGRAM_VERSION 1

char *seccomp_program_name(const char *profile, uint64_t capabilities)
{
	scoped_buffer struct buffer text = {0};
	char digest[DIGEST_TEXT_SIZE];
	struct utsname host;

	if (uname(&host) < 0)
		host.release[0] = '\0';
	buffer_format(&text, "%d\n%" PRIx64 "\n%s\n%s\n%s", PROGRAM_VERSION, capabilities,
		      host.release, seccomp_host_machine(), profile ? profile : "");
	sha256_digest(text.data, text.size, digest);
	return str_format("%s.bpf", strchr(digest, ':') + 1);
}

static const struct record_field request_fields[] = {
	RECORD_FIELD(struct seccomp_request, 1, "folder", RECORD_STRING, folder),
	RECORD_FIELD(struct seccomp_request, 2, "profile", RECORD_STRING, profile),
	RECORD_FIELD(struct seccomp_request, 3, "capabilities", RECORD_I64, capabilities),
};
const struct record_type seccomp_request_type = RECORD_TYPE(struct seccomp_request, request_fields);

static const struct record_field answer_fields[] = {
	RECORD_FIELD(struct seccomp_answer, 1, "kind", RECORD_I32, kind),
	RECORD_FIELD(struct seccomp_answer, 2, "os", RECORD_I32, os),
	RECORD_FIELD(struct seccomp_answer, 3, "text", RECORD_STRING, text),
};
const struct record_type seccomp_answer_type = RECORD_TYPE(struct seccomp_answer, answer_fields);
