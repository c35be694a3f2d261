#include "build/build_protocol.h"

static const struct record_field build_number_fields[] = {
	RECORD_FIELD(struct build_number, 1, "number", RECORD_I32, number),
};
const struct record_type build_number_type = RECORD_TYPE(struct build_number, build_number_fields);

static const struct record_field build_text_fields[] = {
	RECORD_FIELD(struct build_text, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_text, 2, "text", RECORD_STRING, text),
};
const struct record_type build_text_type = RECORD_TYPE(struct build_text, build_text_fields);

static const struct record_field build_exit_fields[] = {
	RECORD_FIELD(struct build_exit, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_exit, 2, "code", RECORD_I32, code),
	RECORD_FIELD(struct build_exit, 3, "out_of_memory", RECORD_BOOL, out_of_memory),
};
const struct record_type build_exit_type = RECORD_TYPE(struct build_exit, build_exit_fields);

static const struct record_field build_failure_fields[] = {
	RECORD_FIELD(struct build_failure, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_failure, 2, "kind", RECORD_I32, kind),
	RECORD_FIELD(struct build_failure, 3, "os", RECORD_I32, os),
	RECORD_FIELD(struct build_failure, 4, "text", RECORD_STRING, text),
};
const struct record_type build_failure_type =
	RECORD_TYPE(struct build_failure, build_failure_fields);

static const struct record_field build_image_fields[] = {
	RECORD_FIELD(struct build_image, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_image, 2, "id", RECORD_STRING, id),
	RECORD_NESTED(struct build_image, 3, "config", RECORD_POINTER, config, 0,
		      &image_config_type),
};
const struct record_type build_image_type = RECORD_TYPE(struct build_image, build_image_fields);

static const struct record_field build_start_fields[] = {
	RECORD_FIELD(struct build_start, 1, "framing", RECORD_I32, framing),
	RECORD_FIELD(struct build_start, 2, "length", RECORD_I64, length),
	RECORD_FIELD(struct build_start, 3, "expects_continue", RECORD_BOOL, expects_continue),
	RECORD_FIELD(struct build_start, 4, "early", RECORD_BYTES, early),
	RECORD_FIELD(struct build_start, 5, "head", RECORD_BYTES, head),
	RECORD_FIELD(struct build_start, 6, "chunked", RECORD_BOOL, chunked),
	RECORD_FIELD(struct build_start, 7, "size_limit", RECORD_I64, size_limit),
	RECORD_FIELD(struct build_start, 8, "dockerfile", RECORD_STRING, dockerfile),
	RECORD_FIELD(struct build_start, 9, "remote", RECORD_STRING, remote),
	RECORD_FIELD(struct build_start, 10, "names", RECORD_STRINGS, names),
	RECORD_FIELD(struct build_start, 11, "quiet", RECORD_BOOL, quiet),
	RECORD_FIELD(struct build_start, 12, "no_cache", RECORD_BOOL, no_cache),
	RECORD_FIELD(struct build_start, 13, "pull", RECORD_BOOL, pull),
	RECORD_FIELD(struct build_start, 14, "keep_failed", RECORD_BOOL, keep_failed),
	RECORD_FIELD(struct build_start, 15, "build_args", RECORD_PAIRS, build_args),
	RECORD_FIELD(struct build_start, 16, "labels", RECORD_PAIRS, labels),
	RECORD_FIELD(struct build_start, 17, "target", RECORD_STRING, target),
	RECORD_FIELD(struct build_start, 18, "platform", RECORD_STRING, platform),
	RECORD_FIELD(struct build_start, 19, "remove", RECORD_BOOL, remove),
	RECORD_FIELD(struct build_start, 20, "contexts", RECORD_PAIRS, contexts),
};
const struct record_type build_start_type = RECORD_TYPE(struct build_start, build_start_fields);

static const struct record_field build_reference_fields[] = {
	RECORD_FIELD(struct build_reference, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_reference, 2, "reference", RECORD_STRING, reference),
	RECORD_FIELD(struct build_reference, 3, "platform", RECORD_STRING, platform),
	RECORD_FIELD(struct build_reference, 4, "pull", RECORD_BOOL, pull),
};
const struct record_type build_reference_type =
	RECORD_TYPE(struct build_reference, build_reference_fields);

static const struct record_field build_tree_fields[] = {
	RECORD_FIELD(struct build_tree, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_tree, 2, "image", RECORD_STRING, image),
};
const struct record_type build_tree_type = RECORD_TYPE(struct build_tree, build_tree_fields);

static const struct record_field build_commit_fields[] = {
	RECORD_FIELD(struct build_commit, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_commit, 2, "has_layer", RECORD_BOOL, has_layer),
	RECORD_FIELD(struct build_commit, 3, "parent", RECORD_STRING, parent),
	RECORD_FIELD(struct build_commit, 4, "key", RECORD_STRING, key),
	RECORD_FIELD(struct build_commit, 5, "created_by", RECORD_STRING, created_by),
	RECORD_FIELD(struct build_commit, 6, "author", RECORD_STRING, author),
	RECORD_FIELD(struct build_commit, 7, "os", RECORD_STRING, os),
	RECORD_FIELD(struct build_commit, 8, "architecture", RECORD_STRING, architecture),
	RECORD_FIELD(struct build_commit, 9, "variant", RECORD_STRING, variant),
	RECORD_NESTED(struct build_commit, 10, "defaults", RECORD_STRUCT, defaults, 0,
		      &image_defaults_type),
};
const struct record_type build_commit_type = RECORD_TYPE(struct build_commit, build_commit_fields);

static const struct record_field build_find_fields[] = {
	RECORD_FIELD(struct build_find, 1, "number", RECORD_I32, number),
	RECORD_NESTED(struct build_find, 2, "commit", RECORD_STRUCT, commit, 0, &build_commit_type),
};
const struct record_type build_find_type = RECORD_TYPE(struct build_find, build_find_fields);

static const struct record_field build_run_request_fields[] = {
	RECORD_NESTED(struct build_run_request, 1, "commit", RECORD_STRUCT, commit, 0,
		      &build_commit_type),
	RECORD_FIELD(struct build_run_request, 2, "command", RECORD_STRINGS, command),
	RECORD_FIELD(struct build_run_request, 3, "env", RECORD_STRINGS, env),
	RECORD_FIELD(struct build_run_request, 4, "user", RECORD_STRING, user),
	RECORD_FIELD(struct build_run_request, 5, "working_dir", RECORD_STRING, working_dir),
	RECORD_NESTED(struct build_run_request, 6, "mounts", RECORD_LIST, mounts, 0,
		      &run_mount_type),
	RECORD_FIELD(struct build_run_request, 7, "network", RECORD_STRING, network),
	RECORD_FIELD(struct build_run_request, 8, "insecure", RECORD_BOOL, insecure),
	RECORD_FIELD(struct build_run_request, 9, "script", RECORD_STRING, script),
	RECORD_FIELD(struct build_run_request, 10, "script_path", RECORD_STRING, script_path),
};
const struct record_type build_run_request_type =
	RECORD_TYPE(struct build_run_request, build_run_request_fields);

static const struct record_field build_layer_request_fields[] = {
	RECORD_FIELD(struct build_layer_request, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_layer_request, 2, "parent", RECORD_STRING, parent),
};
const struct record_type build_layer_request_type =
	RECORD_TYPE(struct build_layer_request, build_layer_request_fields);

static const struct record_field build_tag_fields[] = {
	RECORD_FIELD(struct build_tag, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_tag, 2, "image", RECORD_STRING, image),
	RECORD_FIELD(struct build_tag, 3, "names", RECORD_STRINGS, names),
};
const struct record_type build_tag_type = RECORD_TYPE(struct build_tag, build_tag_fields);

static const struct record_field build_fetch_fields[] = {
	RECORD_FIELD(struct build_fetch, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct build_fetch, 2, "url", RECORD_STRING, url),
	RECORD_FIELD(struct build_fetch, 3, "name", RECORD_STRING, name),
	RECORD_FIELD(struct build_fetch, 4, "git", RECORD_BOOL, git),
	RECORD_FIELD(struct build_fetch, 5, "keep_git_dir", RECORD_BOOL, keep_git_dir),
};
const struct record_type build_fetch_type = RECORD_TYPE(struct build_fetch, build_fetch_fields);

static const struct record_field build_end_fields[] = {
	RECORD_FIELD(struct build_end, 1, "id", RECORD_STRING, id),
	RECORD_FIELD(struct build_end, 2, "kind", RECORD_I32, kind),
	RECORD_FIELD(struct build_end, 3, "os", RECORD_I32, os),
	RECORD_FIELD(struct build_end, 4, "text", RECORD_STRING, text),
};
const struct record_type build_end_type = RECORD_TYPE(struct build_end, build_end_fields);
