/* What the files of a container hold that lie in its memory alone (extension.h): kept in its folder, which
 * only root may enter, for every start.  No record, answer or log has it. */
#pragma once

#include "base/error.h"
#include "format/record.h"

/* Decode what a checked request holds, and write it below `folder`, the container's, so that it survives a
 * power cut; each content is replaced by its digest, which is what the record keeps.  Blocks: for another
 * thread. */
bool container_files_write(int folder, struct record_list *files, struct error *err);
