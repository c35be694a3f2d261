# A socket before the daemon's that writes down what is asked (proxy.py).  Load it after ../lib/wherry.

# proxy_begin NAME [plain]: it is $SCRATCH/NAME.sock, and what was asked stands in $SCRATCH/NAME.asked.  Sets PROXY,
# its pid.
proxy_begin() {
	rm -f "$SCRATCH/$1.sock" "$SCRATCH/$1.asked"
	python3 "$BATS_TEST_DIRNAME/../compose/proxy.py" "$SCRATCH/$1.sock" "$SOCKET" "$SCRATCH/$1.asked" ${2-} >/dev/null 2>&1 3>&- &
	PROXY=$!
	wait_until 10 test -S "$SCRATCH/$1.sock"
}

# through NAME COMMAND...: which asks there.
through() {
	local -x WHERRY_HOST=unix://$SCRATCH/$1.sock DOCKER_HOST=unix://$SCRATCH/$1.sock
	"${@:2}"
}

# has_asked NAME PATTERN: such a request has come, and goes on to the daemon before all that is sent from now on.
has_asked() { grep -qs "$2" "$SCRATCH/$1.asked"; }
