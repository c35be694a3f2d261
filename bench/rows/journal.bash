# The journal of units: lines in, and a moment in a million of them.
all+=(journal journal_service)

JOURNAL_MB=200

journal_in() { # SIZE OF A WRITE
	rm -rf "$SCRATCH/journal"
	wall_ms sh -c "$build/bench/traffic write $JOURNAL_MB $1 | $build/bench/journal write $SCRATCH/journal"
}

journal_cat() { wall_ms sh -c "$build/bench/traffic write $JOURNAL_MB $1 | cat >$SCRATCH/plain"; }

journal_in_row() { # WHAT SIZE
	local a=$SCRATCH/a b=$SCRATCH/b best cat
	in_turn "$a" "$b" journal_in "$2" -- journal_cat "$2"
	best=$(field best <"$a" | smallest) cat=$(field best <"$b" | smallest)
	row "200 MB of lines into the journal, $1" "$best ms ($(awk -v ms="$best" -v mb=$JOURNAL_MB \
		'BEGIN {printf "%.0f", mb * 1.048576 / ms * 1000}') MB/s)" "cat > file $cat ms" "$(ratio "$best" "$cat")"
	rm -rf "$SCRATCH/journal" "$SCRATCH/plain"
}

journal_out() {
	rm -f "$SCRATCH/text"
	wall_ms sh -c "$build/bench/journal read $SCRATCH/journal >$SCRATCH/text"
}
journal_copy() { wall_ms sh -c "cat $SCRATCH/text >$SCRATCH/copy"; }

row_journal() {
	local a=$SCRATCH/a b=$SCRATCH/b median best cat
	journal_in_row "64 KiB writes" 65536
	journal_in_row "one write a line" 100
	"$build/bench/journal" fill "$SCRATCH/journal" 1000000
	median=$("$build/bench/journal" seek "$SCRATCH/journal" 1000000 | field median)
	row "a moment in a million entries" "$median us" "asked for: 5000" "$(ratio "$median" 5000)"
	journal_out >"$a"
	in_turn "$a" "$b" journal_out -- journal_copy
	best=$(field best <"$a" | smallest) cat=$(field best <"$b" | smallest)
	row "a million entries read as text" "$best ms" "cat of that text $cat ms" "$(ratio "$best" "$cat")"
	rm -rf "$SCRATCH/journal" "$SCRATCH/text" "$SCRATCH/copy"
}

# ---- through a service ----
#
# From `unit start` of a oneshot until it has ended, its shim and what has to do with a start included.  The folder's
# bound lets the lines of earlier rounds go.

journal_service() { # NAME SIZE OF A WRITE
	printf '[Service]\nType=oneshot\nLogRateLimitIntervalSec=0\nExecStart=%s\n' \
		"$build/bench/traffic write $JOURNAL_MB $2" >"$SCRATCH/units/$1.service"
}

journal_has_lines() { [ "$(wherry journal -o cat -u "$1" | wc -l)" -ge $((JOURNAL_MB * 1048576 / 100)) ]; }

journal_service_row() { # WHAT NAME SIZE FILE
	local a=$SCRATCH/a b=$SCRATCH/b best cat
	journal_service "$2" "$3"
	in_turn "$a" "$b" wall_ms wherry unit start "$2" -- log_cat "$3" "$4"
	journal_has_lines "$2"
	best=$(field best <"$a" | smallest) cat=$(field best <"$b" | smallest)
	row "200 MB of lines of a service into the journal, $1" "$best ms ($(awk -v ms="$best" -v mb=$JOURNAL_MB \
		'BEGIN {printf "%.0f", mb * 1.048576 / ms * 1000}') MB/s)" "into cat > ${4##*/} $cat ms" "$(ratio "$best" "$cat")"
	rm -f "$SCRATCH/plain.log"
}

row_journal_service() {
	mkdir -p "$SCRATCH/units"
	units_daemon
	units_known
	journal_service_row "64 KiB writes" long 65536 "$SCRATCH/plain.log"
	journal_service_row "one write a line" short 100 /dev/null
	daemon_stop
	rm -rf "$SCRATCH/units"
	daemon_start
}
