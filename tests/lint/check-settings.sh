#!/bin/sh
# Every row of the settings table has its line in dedit.conf(5), and its default in it; so has every
# directive of the built-in policy that this version knows. (The wire tests compare ranges and errors.)
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

man=man/dedit.conf.5
settings=server/settings.c
directives=policy/late/directive.h
trial=$(mktemp) || exit 1
trap 'rm -f "$trial"' EXIT

# What is fenced off from clang-format, as "name default"; group and server alike.
awk '/clang-format off/ { on = 1 } /clang-format on/ { on = 0 }
	on && match($0, /\{ "[a-z-]+"/) {
		name = substr($0, RSTART + 3, RLENGTH - 4)
		n = split($0, column, ",")
		gsub(/^[ \t"]+|[ \t"]+$/, "", column[3])
		print name, column[3] == "NULL" ? "" : column[3]
	}' "$settings" >"$trial"
[ -s "$trial" ] || { echo "check-settings: no rows found in $settings" >&2; exit 1; }
sed -n 's/^\tX([a-z_]*, "\([a-z-]*\)", \(.*\)).*/\1 \2/p' "$directives" |
	grep -vE 'DIRECTIVE_(SILENT|REFUSED)' | sed 's/ .*//' >>"$trial"

# The text below each .It, or several behind each other, by the names that they have.
awk -v man="$man" '
FILENAME == man && /^\.It/ {
	if (read)
		names = ""
	names = names $0 " "
	read = 0
	next
}
FILENAME == man {
	read = 1
	if (/^\.(El|Ss|Sh)/)
		names = ""
	count = split(names, word, /[ ,]+/)
	for (i = 1; i <= count; i++)
		text[word[i]] = text[word[i]] " " $0
	next
}
!($1 in text) {
	print man " lacks the setting " $1
	bad = 1
}
NF > 1 && !index(text[$1], $2) {
	print man ", " $1 ": lacks the default " $2
	bad = 1
}
END { exit bad }' "$man" "$trial" || exit 1
echo "all $(wc -l <"$trial") settings are in dedit.conf(5)"
