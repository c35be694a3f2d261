/* The routes of the Engine API 1.47, and of versions before it down to 1.24. */
#include "door/docker/handlers.h"
#include "door/docker/route.h"

#define JSON  ROUTE_BODY
#define EARLY ROUTE_EARLY

/* Literal names stand before {} where both would fit. */
static const struct route routes[] = {
	/* system */
	{"GET", "/_ping", serve_ping, EARLY},
	{"HEAD", "/_ping", serve_ping, EARLY},
	{"GET", "/version", serve_version, EARLY},
	{"GET", "/info", serve_info, 0},
	{"GET", "/events", serve_events, 0},
	{"GET", "/system/df", serve_disk_usage, 0},
	{"POST", "/auth", serve_auth, JSON},

	/* images */
	{"GET", "/images/json", serve_image_list, 0},
	{"GET", "/images/search", serve_image_search, 0},
	{"GET", "/images/get", serve_image_save, 0},
	{"GET", "/images/{*}/get", serve_image_save, 0},
	{"GET", "/images/{*}/history", serve_image_history, 0},
	{"GET", "/images/{*}/json", serve_image_inspect, 0},
	{"POST", "/images/load", serve_image_load, ROUTE_STREAMED},
	{"POST", "/images/create", serve_image_create, ROUTE_STREAMED},
	{"POST", "/images/prune", serve_image_prune, 0},
	{"POST", "/images/{*}/push", serve_image_push, ROUTE_STREAMED},
	{"POST", "/images/{*}/tag", serve_image_tag, 0},
	{"DELETE", "/images/{*}", serve_image_remove, 0},
	{"GET", "/distribution/{*}/json", serve_distribution, 0},

	/* containers */
	{"GET", "/containers/json", serve_container_list, 0},
	{"POST", "/containers/create", serve_container_create, JSON | ROUTE_LARGE,
	 &container_create_body},
	{"POST", "/containers/prune", serve_container_prune, 0},
	{"GET", "/containers/{}/json", serve_container_inspect, 0},
	{"GET", "/containers/{}/top", serve_container_top, 0},
	{"GET", "/containers/{}/logs", serve_container_logs, 0},
	{"GET", "/containers/{}/stats", serve_container_stats, 0},
	{"GET", "/containers/{}/changes", serve_container_changes, 0},
	{"GET", "/containers/{}/export", serve_container_export, 0},
	{"GET", "/containers/{}/attach/ws", serve_absent, 0},
	{"GET", "/containers/{}/archive", serve_container_archive, 0},
	{"HEAD", "/containers/{}/archive", serve_container_archive, 0},
	{"PUT", "/containers/{}/archive", serve_container_archive, ROUTE_STREAMED},
	{"POST", "/containers/{}/kill", serve_container_kill, 0},
	{"POST", "/containers/{}/pause", serve_container_pause, 0},
	{"POST", "/containers/{}/unpause", serve_container_unpause, 0},
	{"POST", "/containers/{}/restart", serve_container_restart, 0},
	{"POST", "/containers/{}/start", serve_container_start, ROUTE_NO_BODY},
	{"POST", "/containers/{}/stop", serve_container_stop, 0},
	{"POST", "/containers/{}/wait", serve_container_wait, 0},
	{"POST", "/containers/{}/resize", serve_container_resize, 0},
	{"POST", "/containers/{}/attach", serve_container_attach, ROUTE_STREAMED},
	{"POST", "/containers/{}/rename", serve_container_rename, 0},
	{"POST", "/containers/{}/update", serve_container_update, JSON},
	{"DELETE", "/containers/{*}", serve_container_remove, 0},
	{"POST", "/commit", serve_commit, JSON},

	/* exec */
	{"POST", "/containers/{}/exec", serve_exec_create, JSON},
	{"POST", "/exec/{}/start", serve_exec_start, JSON},
	{"POST", "/exec/{}/resize", serve_exec_resize, 0},
	{"GET", "/exec/{}/json", serve_exec_inspect, 0},

	/* networks */
	{"GET", "/networks", serve_network_list, 0},
	{"GET", "/networks/{}", serve_network_inspect, 0},
	{"POST", "/networks/create", serve_network_create, JSON},
	{"POST", "/networks/prune", serve_network_prune, 0},
	{"POST", "/networks/{}/connect", serve_network_connect, JSON},
	{"POST", "/networks/{}/disconnect", serve_network_disconnect, JSON},
	{"DELETE", "/networks/{}", serve_network_remove, 0},

	/* our own */
	{"GET", "/wherry/ports", serve_ports, 0},

	/* volumes */
	{"GET", "/volumes", serve_volume_list, 0},
	{"GET", "/volumes/{}", serve_volume_inspect, 0},
	{"POST", "/volumes/create", serve_volume_create, JSON},
	{"POST", "/volumes/prune", serve_volume_prune, 0},
	{"PUT", "/volumes/{}", serve_no_swarm, 0},
	{"DELETE", "/volumes/{}", serve_volume_remove, 0},

	/* building */
	{"POST", "/build", serve_build, ROUTE_STREAMED},
	{"POST", "/build/prune", serve_build_prune, 0},
	{"POST", "/build/cancel", serve_build_cancel, 0},
	{"POST", "/session", serve_absent, ROUTE_STREAMED},
	{"POST", "/grpc", serve_absent, ROUTE_STREAMED},

	/* plugins */
	{"GET", "/plugins", serve_plugin_list, 0},
	{"GET", "/plugins/privileges", serve_absent, 0},
	{"GET", "/plugins/{*}/json", serve_plugin_inspect, 0},
	{"POST", "/plugins/pull", serve_absent, 0},
	{"POST", "/plugins/create", serve_absent, ROUTE_STREAMED},
	{"POST", "/plugins/{*}/enable", serve_plugin_inspect, 0},
	{"POST", "/plugins/{*}/disable", serve_plugin_inspect, 0},
	{"POST", "/plugins/{*}/upgrade", serve_plugin_inspect, 0},
	{"POST", "/plugins/{*}/push", serve_plugin_inspect, 0},
	{"POST", "/plugins/{*}/set", serve_plugin_inspect, 0},
	{"DELETE", "/plugins/{*}", serve_plugin_inspect, 0},

	/* swarm */
	{"GET", "/swarm", serve_no_swarm, 0},
	{"POST", "/swarm/init", serve_absent, 0},
	{"POST", "/swarm/join", serve_absent, 0},
	{"POST", "/swarm/leave", serve_not_in_swarm, 0},
	{"POST", "/swarm/update", serve_no_swarm, 0},
	{"GET", "/swarm/unlockkey", serve_no_swarm, 0},
	{"POST", "/swarm/unlock", serve_not_in_swarm, 0},
	{"GET", "/services", serve_no_swarm, 0},
	{"POST", "/services/create", serve_no_swarm, 0},
	{"GET", "/services/{}", serve_no_swarm, 0},
	{"DELETE", "/services/{}", serve_no_swarm, 0},
	{"POST", "/services/{}/update", serve_no_swarm, 0},
	{"GET", "/services/{}/logs", serve_no_swarm, 0},
	{"GET", "/nodes", serve_no_swarm, 0},
	{"GET", "/nodes/{}", serve_no_swarm, 0},
	{"DELETE", "/nodes/{}", serve_no_swarm, 0},
	{"POST", "/nodes/{}/update", serve_no_swarm, 0},
	{"GET", "/tasks", serve_no_swarm, 0},
	{"GET", "/tasks/{}", serve_no_swarm, 0},
	{"GET", "/tasks/{}/logs", serve_no_swarm, 0},
	{"GET", "/secrets", serve_no_swarm, 0},
	{"POST", "/secrets/create", serve_no_swarm, 0},
	{"GET", "/secrets/{}", serve_no_swarm, 0},
	{"DELETE", "/secrets/{}", serve_no_swarm, 0},
	{"POST", "/secrets/{}/update", serve_no_swarm, 0},
	{"GET", "/configs", serve_no_swarm, 0},
	{"POST", "/configs/create", serve_no_swarm, 0},
	{"GET", "/configs/{}", serve_no_swarm, 0},
	{"DELETE", "/configs/{}", serve_no_swarm, 0},
	{"POST", "/configs/{}/update", serve_no_swarm, 0},
};

const struct route *route_find(const char *method, const char *path,
			       char *arguments[static CALL_ARGUMENTS])
{
	return routes_find(routes, array_length(routes), method, path, arguments);
}
