# What the files about networks share: the daemon takes subnets from where no other test does, and each test
# leaves it without networks of its own.
load ../engine/daemon # also for tests of other folders

daemon_up() { daemon_start --default-address-pool "base=$SUBNET.0/20,size=24"; }

teardown() {
	remove_all_containers
	api POST /networks/prune >/dev/null
}

# network_create NAME [JSON MEMBERS]: its id in $id.
network_create() {
	id=$(api POST /networks/create "{\"Name\":\"$1\"${2:+,$2}}" | jq -r .Id)
	expect_status 201
}
