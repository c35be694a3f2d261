#include "sandbox/spec.h"

/* Tags are the wire's: never reused, new ones at the end. */
#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
#define NESTED(type, tag, kind, member, of)                                                        \
	RECORD_NESTED(struct type, tag, #member, kind, member, 0, &(of))

static const struct record_field namespace_fields[] = {
	FIELD(namespace_spec, 1, RECORD_I32, mode),
	FIELD(namespace_spec, 2, RECORD_I64, join_pid),
	FIELD(namespace_spec, 3, RECORD_I64, join_start_time),
};
const struct record_type namespace_spec_type = RECORD_TYPE(struct namespace_spec, namespace_fields);

static const struct record_field mount_fields[] = {
	FIELD(mount_spec, 1, RECORD_STRING, type),
	FIELD(mount_spec, 2, RECORD_STRING, source),
	FIELD(mount_spec, 3, RECORD_STRING, target),
	FIELD(mount_spec, 4, RECORD_STRING, options),
	FIELD(mount_spec, 5, RECORD_STRING, propagation),
	FIELD(mount_spec, 6, RECORD_BOOL, read_only),
	FIELD(mount_spec, 7, RECORD_BOOL, recursive),
	FIELD(mount_spec, 8, RECORD_BOOL, read_only_recursive),
	FIELD(mount_spec, 9, RECORD_BOOL, make_source),
	FIELD(mount_spec, 10, RECORD_BOOL, nosuid),
	FIELD(mount_spec, 11, RECORD_BOOL, nodev),
	FIELD(mount_spec, 12, RECORD_BOOL, noexec),
	FIELD(mount_spec, 13, RECORD_BOOL, copy_up),
	FIELD(mount_spec, 14, RECORD_STRING, subpath),
	FIELD(mount_spec, 15, RECORD_STRING, layers_folder),
	FIELD(mount_spec, 16, RECORD_STRINGS, layers),
};
const struct record_type mount_spec_type = RECORD_TYPE(struct mount_spec, mount_fields);

static const struct record_field file_fields[] = {
	FIELD(file_spec, 1, RECORD_STRING, target),
	FIELD(file_spec, 2, RECORD_I64, uid),
	FIELD(file_spec, 3, RECORD_I64, gid),
	FIELD(file_spec, 4, RECORD_I64, mode),
};
const struct record_type file_spec_type = RECORD_TYPE(struct file_spec, file_fields);

static const struct record_field device_fields[] = {
	FIELD(device_spec, 1, RECORD_STRING, path_on_host),
	FIELD(device_spec, 2, RECORD_STRING, path_in_container),
	FIELD(device_spec, 3, RECORD_STRING, access),
};
const struct record_type device_spec_type = RECORD_TYPE(struct device_spec, device_fields);

static const struct record_field rlimit_fields[] = {
	FIELD(rlimit_spec, 1, RECORD_STRING, name),
	FIELD(rlimit_spec, 2, RECORD_I64, soft),
	FIELD(rlimit_spec, 3, RECORD_I64, hard),
};
const struct record_type rlimit_spec_type = RECORD_TYPE(struct rlimit_spec, rlimit_fields);

static const struct record_field blkio_fields[] = {
	FIELD(blkio_limit, 1, RECORD_STRING, path),
	FIELD(blkio_limit, 2, RECORD_I64, rate),
};
const struct record_type blkio_limit_type = RECORD_TYPE(struct blkio_limit, blkio_fields);

static const struct record_field resources_fields[] = {
	FIELD(resources_spec, 1, RECORD_I64, memory),
	FIELD(resources_spec, 2, RECORD_I64, memory_reservation),
	FIELD(resources_spec, 3, RECORD_I64, memory_swap),
	FIELD(resources_spec, 4, RECORD_OPTIONAL_I64, memory_swappiness),
	FIELD(resources_spec, 5, RECORD_I64, cpu_shares),
	FIELD(resources_spec, 6, RECORD_I64, cpu_period),
	FIELD(resources_spec, 7, RECORD_I64, cpu_quota),
	FIELD(resources_spec, 8, RECORD_I64, nano_cpus),
	FIELD(resources_spec, 9, RECORD_STRING, cpuset_cpus),
	FIELD(resources_spec, 10, RECORD_STRING, cpuset_mems),
	FIELD(resources_spec, 11, RECORD_I64, pids_limit),
	FIELD(resources_spec, 12, RECORD_I64, blkio_weight),
	NESTED(resources_spec, 13, RECORD_LIST, blkio_weight_device, blkio_limit_type),
	NESTED(resources_spec, 14, RECORD_LIST, blkio_read_bps, blkio_limit_type),
	NESTED(resources_spec, 15, RECORD_LIST, blkio_write_bps, blkio_limit_type),
	NESTED(resources_spec, 16, RECORD_LIST, blkio_read_iops, blkio_limit_type),
	NESTED(resources_spec, 17, RECORD_LIST, blkio_write_iops, blkio_limit_type),
	FIELD(resources_spec, 18, RECORD_BOOL, oom_kill_disable),
	FIELD(resources_spec, 19, RECORD_STRINGS, device_cgroup_rules),
};
const struct record_type resources_spec_type = RECORD_TYPE(struct resources_spec, resources_fields);

static const struct record_field process_fields[] = {
	FIELD(process_spec, 1, RECORD_STRINGS, args),
	FIELD(process_spec, 2, RECORD_STRINGS, env),
	FIELD(process_spec, 3, RECORD_STRING, cwd),
	FIELD(process_spec, 4, RECORD_STRING, user),
	FIELD(process_spec, 5, RECORD_STRINGS, group_add),
	FIELD(process_spec, 6, RECORD_BOOL, terminal),
	FIELD(process_spec, 7, RECORD_BOOL, open_stdin),
	FIELD(process_spec, 8, RECORD_I32, rows),
	FIELD(process_spec, 9, RECORD_I32, columns),
	FIELD(process_spec, 10, RECORD_I64, capabilities),
	FIELD(process_spec, 11, RECORD_BOOL, no_new_privileges),
	FIELD(process_spec, 12, RECORD_I32, oom_score_adj),
	FIELD(process_spec, 13, RECORD_STRING, seccomp),
	NESTED(process_spec, 14, RECORD_LIST, rlimits, rlimit_spec_type),
};
const struct record_type process_spec_type = RECORD_TYPE(struct process_spec, process_fields);

static const struct record_field id_map_fields[] = {
	FIELD(id_map, 1, RECORD_I64, inside),
	FIELD(id_map, 2, RECORD_I64, outside),
	FIELD(id_map, 3, RECORD_I64, count),
};
const struct record_type id_map_type = RECORD_TYPE(struct id_map, id_map_fields);

static const struct record_field sandbox_fields[] = {
	FIELD(sandbox_spec, 1, RECORD_STRING, id),
	FIELD(sandbox_spec, 2, RECORD_STRING, hostname),
	FIELD(sandbox_spec, 3, RECORD_STRING, domainname),
	FIELD(sandbox_spec, 4, RECORD_STRING, layers_folder),
	FIELD(sandbox_spec, 5, RECORD_STRINGS, layers),
	FIELD(sandbox_spec, 6, RECORD_STRING, writable_folder),
	FIELD(sandbox_spec, 7, RECORD_BOOL, read_only_root),
	FIELD(sandbox_spec, 8, RECORD_STRING, root_folder),
	NESTED(sandbox_spec, 9, RECORD_STRUCT, network, namespace_spec_type),
	NESTED(sandbox_spec, 10, RECORD_STRUCT, pid, namespace_spec_type),
	NESTED(sandbox_spec, 11, RECORD_STRUCT, ipc, namespace_spec_type),
	NESTED(sandbox_spec, 12, RECORD_STRUCT, uts, namespace_spec_type),
	NESTED(sandbox_spec, 13, RECORD_STRUCT, cgroup, namespace_spec_type),
	NESTED(sandbox_spec, 14, RECORD_STRUCT, user, namespace_spec_type),
	NESTED(sandbox_spec, 15, RECORD_LIST, uid_map, id_map_type),
	NESTED(sandbox_spec, 16, RECORD_LIST, gid_map, id_map_type),
	FIELD(sandbox_spec, 17, RECORD_STRING, etc_folder),
	NESTED(sandbox_spec, 18, RECORD_LIST, mounts, mount_spec_type),
	NESTED(sandbox_spec, 19, RECORD_LIST, devices, device_spec_type),
	FIELD(sandbox_spec, 20, RECORD_BOOL, all_devices),
	FIELD(sandbox_spec, 21, RECORD_STRINGS, masked_paths),
	FIELD(sandbox_spec, 22, RECORD_STRINGS, read_only_paths),
	FIELD(sandbox_spec, 23, RECORD_PAIRS, sysctls),
	FIELD(sandbox_spec, 24, RECORD_I64, shm_size),
	FIELD(sandbox_spec, 25, RECORD_STRING, shm_source),
	FIELD(sandbox_spec, 26, RECORD_BOOL, init),
	FIELD(sandbox_spec, 27, RECORD_STRING, init_path),
	FIELD(sandbox_spec, 28, RECORD_STRING, cgroup_path),
	NESTED(sandbox_spec, 29, RECORD_STRUCT, resources, resources_spec_type),
	NESTED(sandbox_spec, 30, RECORD_STRUCT, process, process_spec_type),
	FIELD(sandbox_spec, 31, RECORD_STRING, init_layer),
	FIELD(sandbox_spec, 32, RECORD_STRING, files_folder),
	NESTED(sandbox_spec, 33, RECORD_LIST, files, file_spec_type),
};
const struct record_type sandbox_spec_type = RECORD_TYPE(struct sandbox_spec, sandbox_fields);
