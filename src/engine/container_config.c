/* The tables of container_config.h.  The order of the fields is the order that inspect shows. */
#include "engine/container_config.h"

#include "base/memory.h"

#define ABSENT	   RECORD_OMIT_ABSENT
#define EMPTY	   RECORD_OMIT_EMPTY
#define TEXT	   RECORD_EMPTY_STRING
#define STORED	   RECORD_STORED_ONLY
#define ONE	   RECORD_ONE_OR_MANY
#define F	   RECORD_FIELD
#define FLAGS	   RECORD_FIELD_FLAGS
#define NESTED	   RECORD_NESTED
#define TYPE(name) const struct record_type name##_type = RECORD_TYPE(struct name, name##_fields)

/* ---- Config ---- */

#define T struct container_config
static const struct record_field container_config_fields[] = {
	FLAGS(T, 1, "Hostname", RECORD_STRING, hostname, TEXT),
	FLAGS(T, 2, "Domainname", RECORD_STRING, domainname, TEXT),
	FLAGS(T, 3, "User", RECORD_STRING, user, TEXT),
	F(T, 4, "AttachStdin", RECORD_BOOL, attach_stdin),
	F(T, 5, "AttachStdout", RECORD_BOOL, attach_stdout),
	F(T, 6, "AttachStderr", RECORD_BOOL, attach_stderr),
	FLAGS(T, 7, "ExposedPorts", RECORD_SET, exposed_ports, EMPTY),
	F(T, 8, "Tty", RECORD_BOOL, tty),
	F(T, 9, "OpenStdin", RECORD_BOOL, open_stdin),
	F(T, 10, "StdinOnce", RECORD_BOOL, stdin_once),
	F(T, 11, "Env", RECORD_STRINGS, env),
	FLAGS(T, 12, "Cmd", RECORD_STRINGS, cmd, ONE),
	NESTED(T, 13, "Healthcheck", RECORD_POINTER, healthcheck, ABSENT, &image_healthcheck_type),
	FLAGS(T, 14, "ArgsEscaped", RECORD_BOOL, args_escaped, EMPTY),
	FLAGS(T, 15, "Image", RECORD_STRING, image, TEXT),
	F(T, 16, "Volumes", RECORD_SET, volumes),
	FLAGS(T, 17, "WorkingDir", RECORD_STRING, working_dir, TEXT),
	FLAGS(T, 18, "Entrypoint", RECORD_STRINGS, entrypoint, ONE),
	FLAGS(T, 19, "NetworkDisabled", RECORD_BOOL, network_disabled, EMPTY),
	FLAGS(T, 20, "MacAddress", RECORD_STRING, mac_address, EMPTY),
	F(T, 21, "OnBuild", RECORD_STRINGS, on_build),
	FLAGS(T, 22, "Labels", RECORD_PAIRS, labels, RECORD_EMPTY_LIST),
	FLAGS(T, 23, "StopSignal", RECORD_STRING, stop_signal, EMPTY),
	FLAGS(T, 24, "StopTimeout", RECORD_OPTIONAL_I64, stop_timeout, ABSENT),
	FLAGS(T, 25, "Shell", RECORD_STRINGS, shell, EMPTY | ONE),
};
TYPE(container_config);
#undef T

/* ---- HostConfig ---- */

#define T struct log_config
static const struct record_field log_config_fields[] = {
	FLAGS(T, 1, "Type", RECORD_STRING, type, TEXT),
	FLAGS(T, 2, "Config", RECORD_PAIRS, config, RECORD_EMPTY_LIST),
};
TYPE(log_config);
#undef T

#define T struct restart_policy
static const struct record_field restart_policy_fields[] = {
	FLAGS(T, 1, "Name", RECORD_STRING, name, TEXT),
	F(T, 2, "MaximumRetryCount", RECORD_I64, maximum_retry_count),
};
TYPE(restart_policy);
#undef T

#define T struct port_binding
static const struct record_field port_binding_fields[] = {
	FLAGS(T, 1, "HostIp", RECORD_STRING, host_ip, TEXT),
	FLAGS(T, 2, "HostPort", RECORD_STRING, host_port, TEXT),
};
TYPE(port_binding);
#undef T

#define T struct device_mapping
static const struct record_field device_mapping_fields[] = {
	FLAGS(T, 1, "PathOnHost", RECORD_STRING, path_on_host, TEXT),
	FLAGS(T, 2, "PathInContainer", RECORD_STRING, path_in_container, TEXT),
	FLAGS(T, 3, "CgroupPermissions", RECORD_STRING, cgroup_permissions, TEXT),
};
TYPE(device_mapping);
#undef T

#define T struct weight_device
static const struct record_field weight_device_fields[] = {
	FLAGS(T, 1, "Path", RECORD_STRING, path, TEXT),
	F(T, 2, "Weight", RECORD_I64, weight),
};
TYPE(weight_device);
#undef T

#define T struct throttle_device
static const struct record_field throttle_device_fields[] = {
	FLAGS(T, 1, "Path", RECORD_STRING, path, TEXT),
	F(T, 2, "Rate", RECORD_I64, rate),
};
TYPE(throttle_device);
#undef T

#define T struct ulimit
static const struct record_field ulimit_fields[] = {
	FLAGS(T, 1, "Name", RECORD_STRING, name, TEXT),
	F(T, 2, "Hard", RECORD_I64, hard),
	F(T, 3, "Soft", RECORD_I64, soft),
};
TYPE(ulimit);
#undef T

#define T struct bind_options
static const struct record_field bind_options_fields[] = {
	FLAGS(T, 1, "Propagation", RECORD_STRING, propagation, EMPTY),
	FLAGS(T, 2, "NonRecursive", RECORD_BOOL, non_recursive, EMPTY),
	FLAGS(T, 3, "CreateMountpoint", RECORD_BOOL, create_mountpoint, EMPTY),
	FLAGS(T, 4, "ReadOnlyNonRecursive", RECORD_BOOL, read_only_non_recursive, EMPTY),
	FLAGS(T, 5, "ReadOnlyForceRecursive", RECORD_BOOL, read_only_force_recursive, EMPTY),
};
TYPE(bind_options);
#undef T

#define T struct volume_driver_config
static const struct record_field volume_driver_config_fields[] = {
	FLAGS(T, 1, "Name", RECORD_STRING, name, EMPTY),
	FLAGS(T, 2, "Options", RECORD_PAIRS, options, EMPTY),
};
TYPE(volume_driver_config);
#undef T

#define T struct volume_options
static const struct record_field volume_options_fields[] = {
	FLAGS(T, 1, "NoCopy", RECORD_BOOL, no_copy, EMPTY),
	FLAGS(T, 2, "Labels", RECORD_PAIRS, labels, EMPTY),
	FLAGS(T, 3, "Subpath", RECORD_STRING, subpath, EMPTY),
	NESTED(T, 4, "DriverConfig", RECORD_POINTER, driver_config, ABSENT,
	       &volume_driver_config_type),
};
TYPE(volume_options);
#undef T

#define T struct tmpfs_options
static const struct record_field tmpfs_options_fields[] = {
	FLAGS(T, 1, "SizeBytes", RECORD_I64, size_bytes, EMPTY),
	FLAGS(T, 2, "Mode", RECORD_I64, mode, EMPTY),
	FLAGS(T, 3, "Options", RECORD_JSON, options, ABSENT),
};
TYPE(tmpfs_options);
#undef T

#define T struct mount_request
static const struct record_field mount_request_fields[] = {
	FLAGS(T, 1, "Type", RECORD_STRING, type, EMPTY),
	FLAGS(T, 2, "Source", RECORD_STRING, source, EMPTY),
	FLAGS(T, 3, "Target", RECORD_STRING, target, EMPTY),
	FLAGS(T, 4, "ReadOnly", RECORD_BOOL, read_only, EMPTY),
	FLAGS(T, 5, "Consistency", RECORD_STRING, consistency, EMPTY),
	NESTED(T, 6, "BindOptions", RECORD_POINTER, bind_options, ABSENT, &bind_options_type),
	NESTED(T, 7, "VolumeOptions", RECORD_POINTER, volume_options, ABSENT, &volume_options_type),
	NESTED(T, 8, "TmpfsOptions", RECORD_POINTER, tmpfs_options, ABSENT, &tmpfs_options_type),
	FLAGS(T, 9, "LayersFolder", RECORD_STRING, layers_folder, STORED | EMPTY),
	FLAGS(T, 10, "Layers", RECORD_STRINGS, layers, STORED | EMPTY),
	FLAGS(T, 11, "Subpath", RECORD_STRING, subpath, STORED | EMPTY),
};
TYPE(mount_request);
#undef T

/* Tags from 64 on, so that HostConfig and the body of an update can hold them beside their own. */
#define RESOURCES_FIELDS                                                                           \
	F(T, 64, "CpuShares", RECORD_I64, resources.cpu_shares),                                   \
		F(T, 65, "Memory", RECORD_I64, resources.memory),                                  \
		F(T, 66, "NanoCpus", RECORD_I64, resources.nano_cpus),                             \
		FLAGS(T, 67, "CgroupParent", RECORD_STRING, resources.cgroup_parent, TEXT),        \
		F(T, 68, "BlkioWeight", RECORD_I64, resources.blkio_weight),                       \
		NESTED(T, 69, "BlkioWeightDevice", RECORD_LIST, resources.blkio_weight_device, 0,  \
		       &weight_device_type),                                                       \
		NESTED(T, 70, "BlkioDeviceReadBps", RECORD_LIST, resources.blkio_read_bps, 0,      \
		       &throttle_device_type),                                                     \
		NESTED(T, 71, "BlkioDeviceWriteBps", RECORD_LIST, resources.blkio_write_bps, 0,    \
		       &throttle_device_type),                                                     \
		NESTED(T, 72, "BlkioDeviceReadIOps", RECORD_LIST, resources.blkio_read_iops, 0,    \
		       &throttle_device_type),                                                     \
		NESTED(T, 73, "BlkioDeviceWriteIOps", RECORD_LIST, resources.blkio_write_iops, 0,  \
		       &throttle_device_type),                                                     \
		F(T, 74, "CpuPeriod", RECORD_I64, resources.cpu_period),                           \
		F(T, 75, "CpuQuota", RECORD_I64, resources.cpu_quota),                             \
		F(T, 76, "CpuRealtimePeriod", RECORD_I64, resources.cpu_realtime_period),          \
		F(T, 77, "CpuRealtimeRuntime", RECORD_I64, resources.cpu_realtime_runtime),        \
		FLAGS(T, 78, "CpusetCpus", RECORD_STRING, resources.cpuset_cpus, TEXT),            \
		FLAGS(T, 79, "CpusetMems", RECORD_STRING, resources.cpuset_mems, TEXT),            \
		NESTED(T, 80, "Devices", RECORD_LIST, resources.devices, 0, &device_mapping_type), \
		F(T, 81, "DeviceCgroupRules", RECORD_STRINGS, resources.device_cgroup_rules),      \
		F(T, 82, "DeviceRequests", RECORD_JSON, resources.device_requests),                \
		FLAGS(T, 83, "KernelMemory", RECORD_I64, resources.kernel_memory, EMPTY),          \
		FLAGS(T, 84, "KernelMemoryTCP", RECORD_I64, resources.kernel_memory_tcp, EMPTY),   \
		F(T, 85, "MemoryReservation", RECORD_I64, resources.memory_reservation),           \
		F(T, 86, "MemorySwap", RECORD_I64, resources.memory_swap),                         \
		F(T, 87, "MemorySwappiness", RECORD_OPTIONAL_I64, resources.memory_swappiness),    \
		F(T, 88, "OomKillDisable", RECORD_TRISTATE, resources.oom_kill_disable),           \
		F(T, 89, "PidsLimit", RECORD_OPTIONAL_I64, resources.pids_limit),                  \
		NESTED(T, 90, "Ulimits", RECORD_LIST, resources.ulimits, 0, &ulimit_type),         \
		F(T, 91, "CpuCount", RECORD_I64, resources.cpu_count),                             \
		F(T, 92, "CpuPercent", RECORD_I64, resources.cpu_percent),                         \
		F(T, 93, "IOMaximumIOps", RECORD_I64, resources.io_maximum_iops),                  \
		F(T, 94, "IOMaximumBandwidth", RECORD_I64, resources.io_maximum_bandwidth)

#define T struct host_config
static const struct record_field host_config_fields[] = {
	F(T, 1, "Binds", RECORD_STRINGS, binds),
	FLAGS(T, 2, "ContainerIDFile", RECORD_STRING, container_id_file, TEXT),
	NESTED(T, 3, "LogConfig", RECORD_STRUCT, log_config, 0, &log_config_type),
	FLAGS(T, 4, "NetworkMode", RECORD_STRING, network_mode, TEXT),
	NESTED(T, 5, "PortBindings", RECORD_MAP_OF_LISTS, port_bindings, 0, &port_binding_type),
	NESTED(T, 6, "RestartPolicy", RECORD_STRUCT, restart_policy, 0, &restart_policy_type),
	F(T, 7, "AutoRemove", RECORD_BOOL, auto_remove),
	FLAGS(T, 8, "VolumeDriver", RECORD_STRING, volume_driver, TEXT),
	F(T, 9, "VolumesFrom", RECORD_STRINGS, volumes_from),
	F(T, 10, "ConsoleSize", RECORD_JSON, console_size),
	FLAGS(T, 11, "Annotations", RECORD_PAIRS, annotations, EMPTY),
	FLAGS(T, 12, "CapAdd", RECORD_STRINGS, cap_add, ONE),
	FLAGS(T, 13, "CapDrop", RECORD_STRINGS, cap_drop, ONE),
	FLAGS(T, 14, "CgroupnsMode", RECORD_STRING, cgroupns_mode, TEXT),
	F(T, 15, "Dns", RECORD_STRINGS, dns),
	F(T, 16, "DnsOptions", RECORD_STRINGS, dns_options),
	F(T, 17, "DnsSearch", RECORD_STRINGS, dns_search),
	F(T, 18, "ExtraHosts", RECORD_STRINGS, extra_hosts),
	F(T, 19, "GroupAdd", RECORD_STRINGS, group_add),
	FLAGS(T, 20, "IpcMode", RECORD_STRING, ipc_mode, TEXT),
	FLAGS(T, 21, "Cgroup", RECORD_STRING, cgroup, TEXT),
	F(T, 22, "Links", RECORD_STRINGS, links),
	F(T, 23, "OomScoreAdj", RECORD_I64, oom_score_adj),
	FLAGS(T, 24, "PidMode", RECORD_STRING, pid_mode, TEXT),
	F(T, 25, "Privileged", RECORD_BOOL, privileged),
	F(T, 26, "PublishAllPorts", RECORD_BOOL, publish_all_ports),
	F(T, 27, "ReadonlyRootfs", RECORD_BOOL, readonly_rootfs),
	F(T, 28, "SecurityOpt", RECORD_STRINGS, security_opt),
	FLAGS(T, 29, "StorageOpt", RECORD_PAIRS, storage_opt, EMPTY),
	FLAGS(T, 30, "Tmpfs", RECORD_PAIRS, tmpfs, EMPTY),
	FLAGS(T, 31, "UTSMode", RECORD_STRING, uts_mode, TEXT),
	FLAGS(T, 32, "UsernsMode", RECORD_STRING, userns_mode, TEXT),
	F(T, 33, "ShmSize", RECORD_I64, shm_size),
	FLAGS(T, 34, "Sysctls", RECORD_PAIRS, sysctls, EMPTY),
	FLAGS(T, 35, "Runtime", RECORD_STRING, runtime, TEXT),
	FLAGS(T, 36, "Isolation", RECORD_STRING, isolation, TEXT),
	RESOURCES_FIELDS,
	NESTED(T, 37, "Mounts", RECORD_LIST, mounts, EMPTY, &mount_request_type),
	F(T, 38, "MaskedPaths", RECORD_STRINGS, masked_paths),
	F(T, 39, "ReadonlyPaths", RECORD_STRINGS, readonly_paths),
	FLAGS(T, 40, "Init", RECORD_TRISTATE, init, ABSENT),
	FLAGS(T, 41, "OnUnhealthy", RECORD_STRING, on_unhealthy, EMPTY),
};
TYPE(host_config);
#undef T

/* ---- networks ---- */

#define T struct endpoint_ipam
static const struct record_field endpoint_ipam_fields[] = {
	FLAGS(T, 1, "IPv4Address", RECORD_STRING, ipv4_address, EMPTY),
	FLAGS(T, 2, "IPv6Address", RECORD_STRING, ipv6_address, EMPTY),
	FLAGS(T, 3, "LinkLocalIPs", RECORD_STRINGS, link_local_ips, EMPTY),
};
TYPE(endpoint_ipam);
#undef T

#define T struct endpoint_settings
static const struct record_field endpoint_settings_fields[] = {
	NESTED(T, 1, "IPAMConfig", RECORD_POINTER, ipam_config, 0, &endpoint_ipam_type),
	F(T, 2, "Links", RECORD_STRINGS, links),
	F(T, 3, "Aliases", RECORD_STRINGS, aliases),
	FLAGS(T, 4, "MacAddress", RECORD_STRING, mac_address, TEXT),
	F(T, 5, "DriverOpts", RECORD_PAIRS, driver_opts),
	FLAGS(T, 6, "NetworkID", RECORD_STRING, network_id, TEXT),
	FLAGS(T, 7, "EndpointID", RECORD_STRING, endpoint_id, TEXT),
	FLAGS(T, 8, "Gateway", RECORD_STRING, gateway, TEXT),
	FLAGS(T, 9, "IPAddress", RECORD_STRING, ip_address, TEXT),
	F(T, 10, "IPPrefixLen", RECORD_I64, ip_prefix_len),
	FLAGS(T, 11, "IPv6Gateway", RECORD_STRING, ipv6_gateway, TEXT),
	FLAGS(T, 12, "GlobalIPv6Address", RECORD_STRING, global_ipv6_address, TEXT),
	F(T, 13, "GlobalIPv6PrefixLen", RECORD_I64, global_ipv6_prefix_len),
	F(T, 14, "DNSNames", RECORD_STRINGS, dns_names),
	FLAGS(T, 15, "WantedMacAddress", RECORD_STRING, wanted_mac_address, STORED | EMPTY),
	FLAGS(T, 16, "VIP", RECORD_STRING, vip, EMPTY),
};
TYPE(endpoint_settings);
#undef T

#define T struct networking_config
static const struct record_field networking_config_fields[] = {
	NESTED(T, 1, "EndpointsConfig", RECORD_MAP, endpoints, 0, &endpoint_settings_type),
};
TYPE(networking_config);
#undef T

/* ---- bodies of requests ---- */

#define T struct create_body
static const struct record_field create_body_fields[] = {
	NESTED(T, 1, "HostConfig", RECORD_POINTER, host_config, 0, &host_config_type),
	NESTED(T, 2, "NetworkingConfig", RECORD_POINTER, networking_config, 0,
	       &networking_config_type),
	NESTED(T, 3, "Wherry", RECORD_POINTER, extension, 0, &extension_type),
};
TYPE(create_body);
#undef T

#define T struct update_body
static const struct record_field update_body_fields[] = {
	RESOURCES_FIELDS,
	NESTED(T, 1, "RestartPolicy", RECORD_STRUCT, restart_policy, 0, &restart_policy_type),
	FLAGS(T, 2, "OnUnhealthy", RECORD_STRING, on_unhealthy, EMPTY),
};
TYPE(update_body);
#undef T

#define T struct exec_config
static const struct record_field exec_config_fields[] = {
	FLAGS(T, 1, "User", RECORD_STRING, user, TEXT),
	F(T, 2, "Privileged", RECORD_BOOL, privileged),
	F(T, 3, "Tty", RECORD_BOOL, tty),
	FLAGS(T, 4, "ConsoleSize", RECORD_JSON, console_size, ABSENT),
	F(T, 5, "AttachStdin", RECORD_BOOL, attach_stdin),
	F(T, 6, "AttachStderr", RECORD_BOOL, attach_stderr),
	F(T, 7, "AttachStdout", RECORD_BOOL, attach_stdout),
	FLAGS(T, 8, "DetachKeys", RECORD_STRING, detach_keys, TEXT),
	F(T, 9, "Env", RECORD_STRINGS, env),
	FLAGS(T, 10, "WorkingDir", RECORD_STRING, working_dir, TEXT),
	F(T, 11, "Cmd", RECORD_STRINGS, cmd),
};
TYPE(exec_config);
#undef T

/* ---- what we resolved ---- */

#define T struct mount_point
static const struct record_field mount_point_fields[] = {
	FLAGS(T, 1, "Type", RECORD_STRING, type, EMPTY),
	FLAGS(T, 2, "Name", RECORD_STRING, name, EMPTY),
	FLAGS(T, 3, "Source", RECORD_STRING, source, TEXT),
	FLAGS(T, 4, "Destination", RECORD_STRING, destination, TEXT),
	FLAGS(T, 5, "Driver", RECORD_STRING, driver, EMPTY),
	FLAGS(T, 6, "Mode", RECORD_STRING, mode, TEXT),
	F(T, 7, "RW", RECORD_BOOL, rw),
	FLAGS(T, 8, "Propagation", RECORD_STRING, propagation, TEXT),
	FLAGS(T, 9, "Anonymous", RECORD_BOOL, anonymous, STORED | EMPTY),
	FLAGS(T, 10, "CopyUp", RECORD_BOOL, copy_up, STORED | EMPTY),
	FLAGS(T, 11, "MakeSource", RECORD_BOOL, make_source, STORED | EMPTY),
	FLAGS(T, 12, "Recursive", RECORD_BOOL, recursive, STORED | EMPTY),
	FLAGS(T, 13, "ReadOnlyRecursive", RECORD_BOOL, read_only_recursive, STORED | EMPTY),
	FLAGS(T, 14, "FromMounts", RECORD_BOOL, from_mounts, STORED | EMPTY),
	FLAGS(T, 15, "Subpath", RECORD_STRING, subpath, STORED | EMPTY),
	FLAGS(T, 16, "Options", RECORD_STRING, options, STORED | EMPTY),
	FLAGS(T, 17, "VolumeLabels", RECORD_PAIRS, volume_labels, STORED | EMPTY),
	FLAGS(T, 18, "VolumeOptions", RECORD_PAIRS, volume_options, STORED | EMPTY),
	FLAGS(T, 19, "LayersFolder", RECORD_STRING, layers_folder, STORED | EMPTY),
	FLAGS(T, 20, "Layers", RECORD_STRINGS, layers, STORED | EMPTY),
};
TYPE(mount_point);
#undef T
