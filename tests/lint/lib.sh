# shellcheck shell=sh
# Sourced by the checks: where the tree is, and what belongs to the program.

top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$top" || exit 1
floors="base xml ical storage policy http caldav web server"

# The program's own C files, one a line: sources "*.c" "*.h"
sources()
{
	for floor in $floors; do
		[ -d "$floor" ] || continue
		for pattern in "$@"; do
			find "$floor" -type f -name "$pattern"
		done
	done | LC_ALL=C sort
}
