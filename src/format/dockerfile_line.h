/* One line of a Dockerfile, continued ones joined: what the files of `dockerfile` share.  For this folder
 * only. */
#pragma once

#include "format/dockerfile.h"

/* All of an instruction but line numbers and the content of its here-documents, whose names are in
 * out->documents.  `line` has no blanks around.  Errors say nothing of where. */
bool instruction_from_line(const char *line, char escape, struct instruction *out,
			   struct error *err);
