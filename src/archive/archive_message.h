/* Messages of `archive` workers, beside those of image/worker_protocol.h: START has a struct
 * archive_request; the worker answers FOUND or WORKER_FAILED, and exits after STAT; GO brings the
 * connection; DONE tells that everything was sent, or received and written. */
#pragma once

enum archive_message {
	ARCHIVE_GO = 64,    /* struct archive_stream + 1 descriptor */
	ARCHIVE_FOUND = 96, /* struct archive_found */
	ARCHIVE_DONE = 97,
};
