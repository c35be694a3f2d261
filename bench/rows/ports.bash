# A new connection to a published port, from the host itself: through the port, and straight to the container.
all+=(ports)

# connect_to ADDRESS PORT
connect_to() { "$build/bench/traffic" connect "$1" "$2" 500; }

row_ports() {
	local a=$SCRATCH/a b=$SCRATCH/b id address port
	id=$(api POST /containers/create '{"Image":"busybox","Cmd":["traffic","accept","80"],"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1"}]}}}' | jq -r .Id)
	api POST "/containers/$id/start"
	address=$(api GET "/containers/$id/json" | jq -r .NetworkSettings.IPAddress)
	port=$(api GET "/containers/$id/json" | jq -r '.NetworkSettings.Ports["80/tcp"][0].HostPort')
	wait_until 10 "$build/bench/traffic" connect "$address" 80 1 >/dev/null
	in_turn "$a" "$b" connect_to 127.0.0.1 "$port" -- connect_to "$address" 80
	row "new connection to a published port (median)" "$(field median <"$a" | smallest) us" \
		"without NAT $(field median <"$b" | smallest) us" \
		"$(ratio "$(field median <"$a" | smallest)" "$(field median <"$b" | smallest)")"
	remove_all_containers
}
