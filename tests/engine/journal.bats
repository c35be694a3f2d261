# The journal over the API and by `wherry journal`: what containers that log into it have said.

load ../lib/wherry
load life

begin() { daemon_start --unit-path "$SCRATCH/units" "$@"; }

setup_file() {
	scratch_begin
	mkdir "$SCRATCH/units"
	begin
	busybox_image
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/journalctl"
}

teardown_file() {
	daemon_stop
	scratch_end
}

teardown() {
	[ ! -e "$SCRATCH/follower" ] || { kill "$(cat "$SCRATCH/follower")" 2>/dev/null; rm "$SCRATCH/follower"; }
	remove_all_containers
}

# says NAME COMMAND: a container whose output goes to the journal; COMMAND is a shell's.
says() {
	run_container "$1" "$(jq -cn --arg c "$2" '{Cmd: ["sh", "-c", $c], HostConfig: {LogConfig: {Type: "journal"}}} | tostring | .[1:-1]' -r)"
}
has_said() { wait_until 10 inspects "$1" .State.Status exited; }
journal() { wherry journal "$@"; }
texts() { journal -o cat "$@" | tr '\n' ' '; }

# follow FILE ARGUMENT...: into the file, until the test ends.
follow() {
	local file=$1
	shift
	wherry journal -f "$@" >"$file" 3>&- &
	echo $! >"$SCRATCH/follower"
}

@test "who has not spoken has no entries" {
	[ "$(journal -t nobody)" = "-- No entries --" ]
	[ "$(journal -t nobody -q)" = "" ]
	[ "$(journal -t nobody -o json)" = "" ]
}

@test "lines, the last of them, backward, by identifier, text and priority" {
	says one 'echo a1; echo a2; echo A3 >&2'
	has_said one
	says two 'echo b1'
	has_said two
	[ "$(texts -t one -t two)" = "a1 a2 A3 b1 " ]
	[ "$(texts -n 2)" = "A3 b1 " ]
	[ "$(texts -r -n 2 -t one)" = "A3 a2 " ]
	[ "$(texts -p err)" = "A3 " ]
	[ "$(texts -g 'a[13]')" = "a1 A3 " ]
	[ "$(texts CONTAINER_NAME=two)" = "b1 " ]
	[ "$(texts -g nothing)" = "" ]
	journal -t two | grep -qE "^[A-Z][a-z]{2} [0-9 ]{2} [0-9:]{8} $(hostname) two\[[0-9]+\]: b1\$"
	"$SCRATCH/journalctl" -t two -o short-full --utc | grep -qE "^[A-Z][a-z]{2} [0-9-]{10} [0-9:]{8} UTC $(hostname) two"
	[ "$(journal -o json -t two | jq -r '.MESSAGE, ._BOOT_ID')" = "b1"$'\n'"$(tr -d - </proc/sys/kernel/random/boot_id)" ]
}

@test "a unit: what it says and what is said about it, by name and by pattern" {
	printf '[Service]\nType=oneshot\nExecStart=sh -c "echo one; echo \\"<3>two\\"; printf last"\n' >"$SCRATCH/units/say@.service"
	wherry unit start say@1
	wherry unit start say@2
	[ "$(texts -u say@1 _TRANSPORT=stdout)" = "one two last " ]
	[ "$(texts -u 'say@*' -p err)" = "two two " ]
	[ "$(texts -u say@1 | wc -w)" -gt 3 ]
	journal -u say@2 | grep -q ': Starting say@2.service...$'
	[ "$(journal -u say@2 -o json -g '^last' | jq -r '._SYSTEMD_UNIT, ._TRANSPORT, .UNIT')" = $'say@2.service\nstdout\nnull' ]
	[ "$(journal -u say@2 -o json -g '^Starting' | jq -r '._SYSTEMD_UNIT, ._TRANSPORT, .UNIT')" = $'null\ndriver\nsay@2.service' ]
	[ "$(texts -u other)" = "" ]
}

@test "times, boots and cursors say where to begin" {
	says early 'echo e1'
	has_said early
	middle=@$(date +%s.%6N)
	says late 'echo l1; echo l2'
	has_said late
	[ "$(texts -t early -t late --since "$middle")" = "l1 l2 " ]
	[ "$(texts -t early -t late --until "$middle")" = "e1 " ]
	[ "$(texts -t late --since -1h -b)" = "l1 l2 " ]
	[ "$(texts --since '5 min ago' --until '4 min ago')" = "" ]
	cursor=$(journal -o json -t late | jq -r 'select(.MESSAGE == "l1").__CURSOR')
	[ "$(texts -t late --after-cursor "$cursor")" = "l2 " ]
	[ "$(texts -t late -c "$cursor")" = "l1 l2 " ]
	journal --list-boots | grep -q "  0 $(tr -d - </proc/sys/kernel/random/boot_id) "
}

@test "a cursor's file goes on where the call before has ended" {
	local file=$SCRATCH/cursor
	says stepper 'echo s1; echo s2'
	has_said stepper
	[ "$(texts -t stepper -n +1 --cursor-file "$file")" = "s1 " ]
	[ "$(journal -t stepper -o json -g s1 | jq -r .__CURSOR)" = "$(<"$file")" ]
	[ "$(texts -t stepper --cursor-file "$file")" = "s2 " ]
	[ "$(texts -t stepper --cursor-file "$file")" = "" ]
	[ "$(journal -t stepper -o json -g s2 | jq -r .__CURSOR)" = "$(<"$file")" ]
	[ "$(journal -t stepper -o cat -n 1 --show-cursor)" = "s2"$'\n'"-- cursor: $(<"$file")" ]
	run journal -f --cursor-file "$file"
	[ "$status" = 1 ]
	run journal --cursor-file "$SCRATCH/no/such/folder" -t stepper -o cat
	[ "$status" = 1 ]
	[[ $output == *"Failed to write cursor file $SCRATCH/no/such/folder"* ]]
}

@test "values, names and groups of matches" {
	says lister 'echo light; echo grave >&2'
	has_said lister
	[ "$(journal -F PRIORITY -t lister | sort | xargs)" = "3 6" ]
	journal -N | grep -qx MESSAGE
	[ "$(texts SYSLOG_IDENTIFIER=lister PRIORITY=3 + SYSLOG_IDENTIFIER=lister MESSAGE=light)" = "light grave " ]
	[ "$(journal -t lister -o cat --output-fields MESSAGE,PRIORITY | xargs)" = "light 6 grave 3" ]
	[ "$(journal -t lister -o json-sse | sed -n 's/^data: //p' | jq -r .MESSAGE | xargs)" = "light grave" ]
	[ "$(texts -t lister -g LIGHT --case-sensitive=no)" = "light " ]
	[ "$(texts -t lister -g LIGHT --case-sensitive)" = "" ]
	journal --sync
}

@test "what cannot be asked is refused, what turns out later is told" {
	run journal -p loud
	[ "$status" = 1 ]
	[[ $output == *"unknown log level 'loud'"* ]]
	run journal -o pretty
	[ "$status" = 1 ]
	run journal -g '('
	[ "$status" = 1 ]
	[[ $output == *"Failed to read the journal: bad pattern"* ]]
	run journal -b -7
	[ "$status" = 1 ]
	[ "$output" = "Failed to read the journal: the journal knows no boot -7" ]
}

@test "who follows hears of new lines, over the death of the daemon and its return" {
	says teller 'echo before; while ! [ -e /one ]; do sleep 0.1; done; echo during; while ! [ -e /two ]; do sleep 0.1; done; echo after'
	wait_until 10 journal_has before
	follow "$SCRATCH/heard" -t teller -o cat
	wait_until 10 grep -qx before "$SCRATCH/heard"
	root=/proc/$(inspect teller .State.Pid)/root
	daemon_kill
	touch "$root/one"
	wait_until 10 grep -qx during "$SCRATCH/heard"
	begin
	touch "$root/two"
	wait_until 10 grep -qx after "$SCRATCH/heard"
	[ "$(tr '\n' ' ' <"$SCRATCH/heard")" = "before during after " ]
	[ "$(texts -t teller)" = "before during after " ]
}
journal_has() { journal -o cat | grep -qx "$1"; }

@test "no line is lost or doubled while the daemon is killed again and again" {
	says counter 'i=0; while [ $i -lt 30000 ]; do echo $i; i=$((i + 1)); done'
	for _ in 1 2 3; do
		daemon_kill
		begin
	done
	wait_until 60 inspects counter .State.Status exited
	journal -t counter -o cat | cmp - <(seq 0 29999)
}

usage() { curl -sSf --unix-socket "$SOCKET" http://wherry/wherry/v1/journal/usage | jq .Bytes; }

@test "how large it is, and what makes it smaller" {
	says large 'yes 0123456789abcdef0123456789abcdef | head -n 200000'
	has_said large
	journal --disk-usage | grep -qE 'take up [0-9.]+M in the file system'
	before=$(usage)
	[ "$before" -gt 6000000 ]
	run journal --vacuum-size much
	[ "$status" = 1 ]
	[ "$output" = "Failed to parse vacuum size: much" ]
	journal --vacuum-size 1M | grep -qE 'freed [0-9.]+M'
	[ "$(usage)" -lt 1100000 ]
}

# in_journald_s_company ARGUMENT...: the daemon in a /run of its own, with a journald.
in_journald_s_company() {
	exec unshare -m --propagation private sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal || exit 1
		/lib/systemd/systemd-journald & echo $! >"$SCRATCH/journald"
		until [ -S /run/systemd/journal/socket ]; do sleep 0.1; done
		exec "$0" "$@"' "$WHERRY_BUILD/wherryd" "$@"
}
theirs() { nsenter -t "$(cat "$SCRATCH/journald")" -m journalctl --no-pager "$@"; }
they_have() { theirs -t "$1" -o cat | grep -qx "$2"; }

@test "odd bytes are shown as journalctl shows them" {
	[ -x /lib/systemd/systemd-journald ] && command -v journalctl || skip "systemd-journald is not installed"
	daemon_stop
	wherryd() { in_journald_s_company "$@"; }
	begin --journal-export
	says first 'echo ready' # journald begins with what the kernel has said
	wait_until 30 they_have first ready
	says odd 'printf "plain\nbin\\377\\376\ntab\there\nc \\033[31mred\\033[0m x\na\\rb\nx\\r\\r\n\\033[2Kclr\n\\033]0;t\\007osc\ndel \\177\nc1 \\302\\200\n lead\ntrail  \nquote \" \\\\ \\303\\274\n\\342\\202\\254\n\\357\\277\\277\n\\355\\240\\200\nend\n"'
	wait_until 30 they_have odd end
	for form in short short-iso cat; do
		cmp <(theirs -t odd -o $form | sed 's/^.*]: //') <(journal -t odd -o $form | sed 's/^.*]: //')
	done
	cmp <(theirs -t odd -o json | jq -c .MESSAGE) <(journal -t odd -o json | jq -c .MESSAGE)
	unset -f wherryd
	daemon_stop
	kill "$(cat "$SCRATCH/journald")"
	begin
	busybox_image
}
