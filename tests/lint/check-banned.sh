#!/bin/sh
# Functions that overflow, hide state or depend on the locale; numbers are read by parse_u64 and
# its family alone; no static buffers, no dead code (doc/architecture.md section 9). MHD_quiesce_daemon()
# aborts the server now and then (doc/libraries.md A1); xmlw_init() in caldav/ would lose the base path, which
# writer_begin() sets.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

sources '*.c' '*.h' | xargs awk '
BEGIN {
	n = split("strcpy strcat strncat sprintf vsprintf gets strtok atoi atol atoll strtol strtoul " \
		"strtoll strtoull strtod sscanf gmtime localtime ctime asctime mktime rand srand random " \
		"srandom alloca tmpnam mktemp tempnam system popen setlocale MHD_quiesce_daemon", list, " ")
	for (i = 1; i <= n; i++)
		banned[list[i]] = 1
}

function complain(why) {
	print FILENAME ":" FNR ": " why
	bad = 1
}

FNR == 1 { in_comment = 0 }

{
	line = $0
	gsub(/\047\\?"\047/, "0", line)
	gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
	if (in_comment) {
		if (!index(line, "*/"))
			next
		sub(/^.*\*\//, "", line)
		in_comment = 0
	}
	gsub(/\/\*[^*]*\*+([^\/*][^*]*\*+)*\//, "", line)
	sub(/\/\/.*/, "", line)
	if (index(line, "/*")) {
		sub(/\/\*.*/, "", line)
		in_comment = 1
	}
}

line ~ /^#[ \t]*if[ \t]+0/ { complain("dead code") }

line ~ /^\t+static [^(]*\[/ && line !~ /const/ && line !~ /_Thread_local/ { complain("a static buffer") }

{
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
		name = substr(line, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		if (name in banned && before != "." && before != ">")
			complain(name "() is not used here")
		if (name == "xmlw_init" && FILENAME ~ /^caldav\// && FILENAME != "caldav/error.c")
			complain("writer_begin() instead of " name "()")
		line = substr(line, RSTART + RLENGTH)
	}
}

END { exit bad }
'
