/* What a container is made of, as the Engine API writes it: Config, HostConfig, NetworkingConfig
 * and what hangs below them, one record table each (format/record.h).  The same tables read a
 * request, write an inspect and store a container.
 *
 * Flags follow what clients see: HostConfig echoes lists and maps as they were sent (never sent is
 * null), Config never shows null labels, and the names marked so disappear while they are empty.
 * The structs hold what was asked for with the defaults filled in; nothing here checks or decides.
 */
#pragma once

#include "engine/extension.h"
#include "format/record.h"
#include "image/image.h"

/* ---- Config: what the image and the user say about the process ---- */

struct container_config {
	char *hostname, *domainname;
	char *user;
	bool attach_stdin, attach_stdout, attach_stderr;
	struct strings exposed_ports; /* "80/tcp" */
	bool tty, open_stdin, stdin_once;
	struct strings env;
	struct strings cmd;
	struct image_healthcheck *healthcheck; /* owned; NULL: none */
	bool args_escaped;
	char *image; /* as it was typed */
	struct strings volumes;
	char *working_dir;
	struct strings entrypoint;
	bool network_disabled;
	char *mac_address; /* below 1.44; later in the endpoint's settings */
	struct strings on_build;
	struct pairs labels;
	char *stop_signal;
	struct optional_i64 stop_timeout; /* seconds */
	struct strings shell;
};

/* ---- HostConfig: what the host adds ---- */

struct log_config {
	char *type;
	struct pairs config;
};

struct restart_policy {
	char *name; /* "no", "always", "on-failure", "unless-stopped" */
	int64_t maximum_retry_count;
};

struct port_binding {
	char *host_ip, *host_port;
};

struct device_mapping {
	char *path_on_host, *path_in_container, *cgroup_permissions;
};

struct weight_device {
	char *path;
	int64_t weight;
};

struct throttle_device {
	char *path;
	int64_t rate;
};

struct ulimit {
	char *name;
	int64_t hard, soft;
};

/* The part of HostConfig that `update` may change; its fields stand in HostConfig itself. */
struct resources {
	int64_t cpu_shares, memory, nano_cpus;
	char *cgroup_parent;
	int64_t blkio_weight;
	struct record_list blkio_weight_device; /* struct weight_device */
	struct record_list blkio_read_bps, blkio_write_bps, blkio_read_iops,
		blkio_write_iops; /* struct throttle_device */
	int64_t cpu_period, cpu_quota, cpu_realtime_period, cpu_realtime_runtime;
	char *cpuset_cpus, *cpuset_mems;
	struct record_list devices; /* struct device_mapping */
	struct strings device_cgroup_rules;
	char *device_requests; /* JSON text, echoed */
	int64_t kernel_memory, kernel_memory_tcp;
	int64_t memory_reservation, memory_swap;
	struct optional_i64 memory_swappiness;
	int8_t oom_kill_disable; /* tristate */
	struct optional_i64 pids_limit;
	struct record_list ulimits;					       /* struct ulimit */
	int64_t cpu_count, cpu_percent, io_maximum_iops, io_maximum_bandwidth; /* echoed */
};

struct bind_options {
	char *propagation;
	bool non_recursive, create_mountpoint, read_only_non_recursive, read_only_force_recursive;
};

struct volume_driver_config {
	char *name;
	struct pairs options;
};

struct volume_options {
	bool no_copy;
	struct pairs labels;
	char *subpath;
	struct volume_driver_config *driver_config;
};

struct tmpfs_options {
	int64_t size_bytes, mode;
	char *options; /* JSON text: [["noexec"], ["size", "64m"]] */
};

/* An item of HostConfig.Mounts. */
struct mount_request {
	char *type; /* "bind", "volume", "tmpfs" */
	char *source, *target;
	bool read_only;
	char *consistency;
	struct bind_options *bind_options;
	struct volume_options *volume_options;
	struct tmpfs_options *tmpfs_options;

	/* type "layers", which no client can ask for: a root of its own is mounted, or `subpath` of it;
	 * what is written there goes to `source`, a folder of the host. */
	char *layers_folder;
	struct strings layers; /* below it, topmost first */
	char *subpath;
};

struct host_config {
	struct strings binds;
	char *container_id_file;
	struct log_config log_config;
	char *network_mode;
	struct record_map port_bindings; /* "80/tcp": list of struct port_binding */
	struct restart_policy restart_policy;
	bool auto_remove;
	char *volume_driver;
	struct strings volumes_from;
	char *console_size; /* JSON text: [rows, columns] */
	struct pairs annotations;
	struct strings cap_add, cap_drop;
	char *cgroupns_mode;
	struct strings dns, dns_options, dns_search, extra_hosts, group_add;
	char *ipc_mode, *cgroup;
	struct strings links;
	int64_t oom_score_adj;
	char *pid_mode;
	bool privileged, publish_all_ports, readonly_rootfs;
	struct strings security_opt;
	struct pairs storage_opt, tmpfs;
	char *uts_mode, *userns_mode;
	int64_t shm_size;
	struct pairs sysctls;
	char *runtime, *isolation;
	struct resources resources;
	struct record_list mounts; /* struct mount_request */
	struct strings masked_paths, readonly_paths;
	int8_t init;	    /* tristate */
	char *on_unhealthy; /* engine/unhealthy.h */
};

/* ---- networks ---- */

struct endpoint_ipam {
	char *ipv4_address, *ipv6_address;
	struct strings link_local_ips;
};

/* What the user asked for (ipam, links, aliases, mac address, driver options) and what the network
 * gave: identity and addresses, empty while the container does not run. */
struct endpoint_settings {
	struct endpoint_ipam *ipam_config;
	struct strings links, aliases;
	char *mac_address;
	struct pairs driver_opts;
	char *network_id, *endpoint_id;
	char *gateway, *ip_address;
	int64_t ip_prefix_len;
	char *ipv6_gateway, *global_ipv6_address;
	int64_t global_ipv6_prefix_len;
	struct strings dns_names;
	char *vip;		  /* the address of its group there; NULL: none */
	char *wanted_mac_address; /* stored only: mac_address as it was asked for */
};

struct networking_config {
	struct record_map endpoints; /* network name: struct endpoint_settings */
};

/* ---- bodies of requests ---- */

/* POST /containers/create, besides container_config_type which reads the same object. */
struct create_body {
	struct host_config *host_config;	     /* owned; NULL: not sent */
	struct networking_config *networking_config; /* owned; NULL: not sent */
	struct extension *extension;		     /* owned; NULL: not sent */
};

/* POST /containers/{id}/update.  Zero and absent mean unchanged. */
struct update_body {
	struct resources resources;
	struct restart_policy restart_policy;
	char *on_unhealthy;
};

/* POST /containers/{id}/exec. */
struct exec_config {
	char *user;
	bool privileged, tty;
	char *console_size; /* JSON text: [rows, columns], or absent */
	bool attach_stdin, attach_stdout, attach_stderr;
	char *detach_keys;
	struct strings env;
	char *working_dir;
	struct strings cmd;
};

/* ---- what is shown but was resolved by us ---- */

/* An item of Mounts in inspect and list; also what start mounts.  The stored-only half is what the
 * sandbox needs. */
struct mount_point {
	char *type; /* "bind", "volume", "tmpfs" */
	char *name; /* of the volume */
	char *source, *destination;
	char *driver;
	char *mode; /* as it was typed */
	bool rw;
	char *propagation;
	bool anonymous;	  /* a volume made for this container: goes with `rm -v` */
	bool copy_up;	  /* fill an empty volume from the image */
	bool make_source; /* -v: make the host's folder */
	bool recursive, read_only_recursive;
	bool from_mounts; /* came by HostConfig.Mounts: tmpfs of these are listed */
	char *subpath;
	char *layers_folder; /* type "layers" */
	struct strings layers;
	char *options; /* tmpfs: "size=64m,mode=1777" */
	struct pairs volume_labels,
		volume_options; /* of a volume that is made when it is missing */
};

extern const struct record_type container_config_type, log_config_type, restart_policy_type,
	port_binding_type, device_mapping_type, weight_device_type, throttle_device_type,
	ulimit_type, bind_options_type, volume_driver_config_type, volume_options_type,
	tmpfs_options_type, mount_request_type, host_config_type, endpoint_ipam_type,
	endpoint_settings_type, networking_config_type, create_body_type, update_body_type,
	exec_config_type, mount_point_type;
