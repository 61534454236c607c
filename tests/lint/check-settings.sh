#!/bin/sh
# Every row of the settings table has its line in dedit.conf(5).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

man=man/dedit.conf.5
table=server/settings.c

# The rows are fenced off from clang-format; group and server alike.
names=$(awk '/clang-format off/ { on = 1 } /clang-format on/ { on = 0 }
	on && match($0, /\{ "[a-z-]+"/) { print substr($0, RSTART + 3, RLENGTH - 4) }' "$table")
[ -n "$names" ] || { echo "check-settings: no rows found in $table" >&2; exit 1; }

missing=0
for name in $names; do
	grep -Eq "^\.It (Ic|Cm|Fl|Va|Li|Sy|Nm|Ar)? *$name( |\$)" "$man" || {
		echo "man/dedit.conf.5 lacks the setting '$name'" >&2
		missing=1
	}
done
[ "$missing" -eq 0 ] && echo "all $(echo "$names" | wc -l) settings are in dedit.conf(5)"
exit "$missing"
