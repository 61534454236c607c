#!/bin/sh
# The manual pages are mdoc without warnings and in good style. Pages that they refer to need not be
# installed where the check runs.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v mandoc >/dev/null; then
	echo "check-man: mandoc is missing, pages are not checked"
	exit 77
fi
complaints=$(mandoc -T lint man/*.[1-9] 2>/dev/null |
	grep -vE 'referenced manual not found|line longer than 80 bytes')
[ -z "$complaints" ] && exit
echo "$complaints"
exit 1
