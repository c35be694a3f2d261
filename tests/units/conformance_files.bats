#!/usr/bin/env bats
# What unit files mean, as programs see it: words, specifiers, variables, environment files, load states.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }
setup() {
	UNITS=$SCRATCH/units RECORD=$SCRATCH/record
	rm -rf "$UNITS"/*
	: >"$RECORD"
}

# words LINE RECORD: a oneshot with that ExecStart=.
words() {
	local name=w$((++count))
	: >"$RECORD"
	unit "$name" 1shot "${@:3}" "Start=$1"
	run start "$name"
	echo "$output"
	[ "$status" = 0 ]
	expect "$(paste -sd' ' "$RECORD")" "$2"
}

@test "a continued line skips comments between, and ends at an empty one" {
	printf '[Service]\nType=oneshot\nExecStart=%s cont \\\n# c\n; c\n  more \\\n last\n' "$SCRATCH/bin/L" >"$UNITS/c.service"
	run start c
	[ "$status" = 0 ]
	expect "$(record)" "[cont][more][last]"
	: >"$RECORD"
	printf '[Service]\nType=oneshot\nExecStart=%s a \\\n\n' "$SCRATCH/bin/L" >"$UNITS/d.service"
	run start d
	[ "$status" = 0 ]
	expect "$(record)" "[a]"
}

@test "words: quotes, escapes, semicolons" {
	words 'L "c d" '\''e f'\'' "g'\''h" i"j k"l "\"" '\'\\\'\' "[c d][e f][g'h][ij kl][\"][']"
	words 'L "a"b x\qy' '[ab][x\qy]'
	words 'L a ; L b \; c' '[a] [b][;][c]'
	words 'L m\tn \u00e9' $'[m\tn][é]'
}

@test "variables: words of a value, in place, and what stays" {
	words 'L $ONE ${TWO} $TWO "$TWO" x$TWO y${TWO}z' '[one][two 2][two][2][two][2][x$TWO][ytwo 2z]' \
		'Environment=ONE=one "TWO=two 2"'
	words 'L $UNSET ${UNSET} $EMPTY ${EMPTY} $$ONE $? $1 $ONE-x' '[][][$ONE]' 'Environment=EMPTY='
	words ':L $ONE ${TWO} $$ %%' '[$ONE][${TWO}][$$][%]' 'Environment=ONE=1'
	words 'L ${A} ${B}' '[][2]' Environment=A=1 Environment= Environment=B=2
}

@test "an empty ExecStart= takes back those before it" {
	unit s 1shot 'Start=L a' Start= 'Start=L b'
	start s
	expect "$(record)" "[b]"
}

@test "a missing environment file fails the start, unless it may be missing" {
	unit e 1shot "EnvironmentFile=$SCRATCH/none" 'Start=L x'
	run start e
	[ "$status" = 1 ]
	expect "$(state e)" failed/failed
	expect "$(result e)" resources
	unit e2 1shot "EnvironmentFile=-$SCRATCH/none" 'Start=L x'
	start e2
	expect "$(record)" "[x]"
}

@test "an environment file: blanks, quotes, joined lines, invalid names" {
	printf ' K = v \nF="a\\"b\\nc"\nJ=x#y # z\nexport G=1\nD=un\\\nq\n' >"$SCRATCH/env"
	words 'L ${K} ${F} ${J} ${G} ${D}' '[v][a"b\nc][x#y # z][][unq]' "EnvironmentFile=$SCRATCH/env"
}

@test "specifiers of names" {
	unit t@ 1shot 'Start=L %p %i %n %N %j'
	start t@x
	expect "$(record)" "[t][x][t@x.service][t@x][t]"
	: >"$RECORD"
	unit q6@ 1shot 'Start=L %i %I %f'
	start 'q6@a\x2db-c'
	expect "$(record)" '[a\x2db-c][a-b/c][/a-b/c]'
}

@test "what cannot be run is told as a bad setting" {
	local line
	for line in 'Start=L "open' 'Start=L %z' 'Start=bin/true'; do
		unit bad "$line"
		reload
		run start bad
		[ "$status" = 1 ]
		[[ $output == *"has a bad unit file setting"* ]]
	done
	unit ok 1shot 'Start=-L "open' 'Start=L ok'
	start ok
	expect "$(record)" "[ok]"
	unit two Start=Z Start=Z
	unit onlystop Stop=Z
	unit always 1shot Restart=always Start=true
	run start two onlystop always
	[ "$(grep -c 'has a bad unit file setting' <<<"$output")" = 3 ]
}

@test "a oneshot of ExecStop= alone is active until it is stopped" {
	unit only 1shot RemainAfterExit=yes 'Stop=L stop'
	start only
	expect "$(state only)" active/exited
	stop only
	expect "$(record)" "[stop]"
	expect "$(state only)" inactive/dead
}

@test "load states: what is odd is warned of, a broken header is an error, a link to /dev/null a mask" {
	unit odd Foo=1 Start=Z Type=bogus X-Bar=2
	expect "$(property odd LoadState)" loaded
	[ "$(get /units/odd.service | jq '.Warnings | length')" = 2 ]
	printf '[Unclosed\n' >"$UNITS/broken.service"
	expect "$(property broken LoadState)" error
	run start broken
	[ "$status" = 1 ]
	ln -s /dev/null "$UNITS/masked.service"
	run start masked
	[ "$status" = 1 ]
	[[ $output == *"Unit masked.service is masked."* ]]
}

@test "an absent unit: start and stop say so with 5" {
	run start none
	[ "$status" = 5 ]
	[[ $output == *"Unit none.service not found."* ]]
	run stop none
	[ "$status" = 5 ]
	expect "$(property none LoadState)" not-found
	expect "$(active none)" inactive
	run start 'a/b' 'a b'
	[ "$status" = 5 ]
	[[ $output == *'Unit a-b.service not found.'* ]]
	[[ $output == *'Unit a\x20b.service not found.'* ]]
}

@test "drop-ins of the type come before those of the unit, by name" {
	mkdir -p "$UNITS/service.d" "$UNITS/u.service.d"
	printf '[Service]\nEnvironment=A=type\n' >"$UNITS/service.d/90.conf"
	printf '[Service]\nEnvironment=A=unit\n' >"$UNITS/u.service.d/10.conf"
	unit u 1shot 'Start=L ${A}'
	start u
	expect "$(record)" "[type]"
}

@test "a template is no unit: its instances are" {
	unit t@ Start=Z
	run start t@
	[ "$status" = 1 ]
	[[ $output == *"Unit name t@.service is missing the instance name."* ]]
	expect "$(active t@)" inactive
	start t@x
	expect "$(active t@x)" active
}

@test "a file, a drop-in of it that comes or one that goes: changed on disk, until a reload" {
	changed() { get /units/ch.service | jq .Changed; }
	unit ch Start=Z
	start ch
	expect "$(changed)" false
	mkdir "$UNITS/ch.service.d"
	printf '[Service]\nNice=1\n' >"$UNITS/ch.service.d/10.conf"
	expect "$(changed)" true
	reload
	expect "$(changed)" false
	ln -s /dev/null "$UNITS/ch.service.d/20.conf"
	expect "$(changed)" false
	rm "$UNITS/ch.service.d/10.conf"
	expect "$(changed)" true
	reload
	expect "$(changed)" false
}

@test "what runs on without its file is listed, and can be stopped" {
	unit gone Start=Z
	start gone
	rm "$UNITS/gone.service"
	reload
	expect "$(property gone LoadState)" not-found
	expect "$(get /units | jq -r '.[] | select(.Id == "gone.service") | .ActiveState')" active
	stop gone
	expect "$(get /units | jq -r '.[] | select(.Id == "gone.service") | .Id')" ""
}
