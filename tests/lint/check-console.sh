#!/bin/sh
# The console's pages: texts of events reach the page as text alone, nothing comes from elsewhere, no script or style
# stands in HTML, and all that is said is said in both languages (doc/architecture.md 15.36).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

status=0
complain() { echo "$*"; status=1; }

# The SVG namespace is a name, not an address.
found=$(grep -nEs 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("(style|on)' \
	console/*.js) && complain "$found: sets more than text"
found=$(grep -nEs '(https?:)?//[a-z0-9.-]+\.[a-z]{2,}' console/*.js console/*.html console/*.css |
	grep -v 'http://www\.w3\.org/2000/svg') && complain "$found: another server"
found=$(grep -nEs '<style|style=|<script>|[[:space:]]on[a-z]+=' console/*.html) && complain "$found: script or style in HTML"

[ -n "$(find console -name '*.js')" ] || exit $status

# texts.js: "key": ["English", "French"], perhaps on two lines.
awk '
function complain(why) {
	print "console/" why
	bad = 1
}
function values(text,   all) {
	all = ""
	while (match(text, /\{[a-z]+\}/)) {
		all = all substr(text, RSTART, RLENGTH) "\n"
		text = substr(text, RSTART + RLENGTH)
	}
	return all
}
function same(a, b,   n, i, list) {
	n = split(a, list, "\n")
	for (i = 1; i < n; i++)
		if (!index(b, list[i]))
			return 0
	return 1
}
FILENAME ~ /texts\.js$/ && /^\t"/ {
	row = $0
	while (row !~ /\],$/ && (getline line) > 0)
		row = row line
	key = row
	sub(/^\t"/, "", key)
	sub(/".*/, "", key)
	if (key in texts)
		complain("texts.js: " key " stands there twice")
	texts[key] = 1
	if (!match(row, /\["([^"\\]|\\.)+",[ \t]*"([^"\\]|\\.)+"\],$/)) {
		complain("texts.js: " key " is not in both languages")
		next
	}
	row = substr(row, RSTART)
	split(row, half, /",[ \t]*"/)
	if (!same(values(half[1]), values(half[2])) || !same(values(half[2]), values(half[1])))
		complain("texts.js: " key ": other values in English than in French")
}
{
	line = $0
	while (match(line, /[^a-zA-Z.]t\("[^"]+"/)) {
		key = substr(line, RSTART + 4, RLENGTH - 5)
		asked[key] = FILENAME ":" FNR
		line = substr(line, RSTART + RLENGTH)
	}
}
END {
	for (key in asked)
		if (!(key in texts)) {
			print asked[key] ": no text: " key
			bad = 1
		}
	exit bad
}' console/*.js || status=1

# What the interface refuses by name is told by that name.
for name in $(sed -n 's/^	X([A-Z_]*, "\([a-z-]*\)").*/\1/p' web/console/api.h); do
	grep -q "^	\"problem\.$name\": " console/texts.js || complain "console/texts.js: no text: problem.$name"
done

if command -v node >/dev/null; then
	for file in console/*.js; do
		node --input-type=module --check <"$file" || complain "$file: not JavaScript"
	done
fi
exit $status
