/* Every handler of the table in route.c, by the file that holds it. */
#pragma once

#include "door/docker/call.h"
#include "door/route.h"

/* door_system.c */
void serve_ping(struct call *call);
void serve_version(struct call *call);
void serve_auth(struct call *call);
void serve_plugin_list(struct call *call);
void serve_plugin_inspect(struct call *call);

/* door_info.c, door_events.c, door_disk_usage.c */
void serve_info(struct call *call);
void serve_events(struct call *call);
void serve_disk_usage(struct call *call);

/* door_absent.c: what is documented and not there */
void serve_absent(struct call *call);
void serve_no_swarm(struct call *call);
void serve_not_in_swarm(struct call *call);

/* door_images.c, door_image_jobs.c */
void serve_image_list(struct call *call);
void serve_image_inspect(struct call *call);
void serve_image_history(struct call *call);
void serve_image_tag(struct call *call);
void serve_image_remove(struct call *call);
void serve_image_prune(struct call *call);
void serve_image_create(struct call *call);
void serve_image_load(struct call *call);
void serve_image_save(struct call *call);
void serve_image_push(struct call *call);

/* door_registries.c */
void serve_image_search(struct call *call);
void serve_distribution(struct call *call);

/* door_commit.c */
void serve_commit(struct call *call);
/* door_build.c */
void serve_build(struct call *call);
void serve_build_cancel(struct call *call);
void serve_build_prune(struct call *call);

/* door_containers.c */
void serve_container_list(struct call *call);
void serve_container_create(struct call *call);
extern const struct route_body container_create_body;
void serve_container_inspect(struct call *call);
void serve_container_top(struct call *call);
void serve_container_update(struct call *call);
void serve_container_prune(struct call *call);

/* door_lifecycle.c */
void serve_container_start(struct call *call);
void serve_container_stop(struct call *call);
void serve_container_restart(struct call *call);
void serve_container_kill(struct call *call);
void serve_container_pause(struct call *call);
void serve_container_unpause(struct call *call);
void serve_container_rename(struct call *call);
void serve_container_remove(struct call *call);
void serve_container_resize(struct call *call);

/* door_streams.c */
void serve_container_attach(struct call *call);
void serve_container_logs(struct call *call);
void serve_container_stats(struct call *call);
void serve_container_wait(struct call *call);

/* door_files.c */
void serve_container_archive(struct call *call);
void serve_container_changes(struct call *call);
void serve_container_export(struct call *call);

/* door_exec.c */
void serve_exec_create(struct call *call);
void serve_exec_start(struct call *call);
void serve_exec_resize(struct call *call);
void serve_exec_inspect(struct call *call);

/* door_networks.c, door_network_jobs.c */
void serve_network_list(struct call *call);
void serve_network_inspect(struct call *call);
void serve_network_create(struct call *call);
void serve_network_remove(struct call *call);
void serve_network_prune(struct call *call);
void serve_network_connect(struct call *call);
void serve_network_disconnect(struct call *call);

/* door_ports.c */
void serve_ports(struct call *call);

/* door_volumes.c */
void serve_volume_list(struct call *call);
void serve_volume_inspect(struct call *call);
void serve_volume_create(struct call *call);
void serve_volume_remove(struct call *call);
void serve_volume_prune(struct call *call);
