#!/bin/sh
# Every real client against a server started by tools/up; ends with the sum "N passed, M failed".
# Usage: tests/clients/run.sh [FILE…]
set -u
cd "$(dirname "$0")" || exit 2
passed=0 failed=0
[ $# -gt 0 ] || set -- *_vdirsyncer.py *_python_caldav.py *_cadaver.py *_curl.py *_accounting.py
for test in "$@"; do
	[ -e "$test" ] || continue
	echo "== $test"
	out=$(/usr/bin/python3 "$test" 2>&1)
	echo "$out"
	counts=$(printf '%s\n' "$out" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' | tail -n 1)
	if [ -n "$counts" ]; then
		passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
	else
		echo "$test ended without a count"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
