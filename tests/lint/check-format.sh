#!/bin/sh
# Tabs at the beginning of lines, no blanks at their end, at most 110 characters.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

{
	sources '*.c' '*.h'
	for folder in examples tests; do
		[ ! -d $folder ] || find $folder -type f \( -name '*.c' -o -name '*.h' \)
	done
} | LC_ALL=C xargs awk '
function complain(why) {
	print FILENAME ":" FNR ": " why
	bad = 1
}
/[ \t\r]$/ { complain("blanks at the end") }
/^ / && !/^ \*/ { complain("a blank at the beginning") }
/^\t* +\t/ { complain("blanks in front of a tab") }
{
	line = $0
	gsub(/[\200-\277]/, "", line) # bytes that only continue a character
	if (length(line) > 110)
		complain("more than 110 characters")
}
END { exit bad }
' || status=1

# What is not C: no blanks at the end.
for file in *.am *.ac *.md .ci/* tools/* certs/* doc/* man/* */local.mk tests/*/*.py tests/*/*.sh; do
	if [ -f "$file" ] && grep -nHE '[ 	]+$' "$file"; then
		status=1
	fi
done
exit "${status:-0}"
