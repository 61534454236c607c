#!/bin/sh
# A floor includes its own headers and those of floors below, never above, and each library has
# one place that may know it (doc/architecture.md section 2).
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

sources '*.c' '*.h' | xargs awk '
BEGIN {
	n = split("base xml ical storage policy http caldav server", order, " ")
	for (i = 1; i <= n; i++)
		level[order[i]] = i
	level["web"] = level["caldav"]

	# header, beginning of it: files that may include it, as a regular expression
	only["libxml/"] = "^xml/"
	only["sqlite3.h"] = "^storage/sqlite/"
	only["microhttpd.h"] = "^server/"
	only["gnutls/"] = "^server/"
	only["crypt.h"] = "^base/password\\.c$"
	only["confuse.h"] = "^base/conf\\.c$"
	only["openssl/"] = "^(base/(digest|signature)|policy/sign|server/tls)\\.c$"
	only["jansson.h"] = "^(policy|server|web)/"
	only["libical/"] = "^$"
	only["dlfcn.h"] = "^policy/"
}

function complain(why) {
	print FILENAME ":" FNR ": " why
	bad = 1
}

/^[ \t]*#[ \t]*include[ \t]*</ {
	header = $0
	sub(/^[^<]*</, "", header)
	sub(/>.*/, "", header)
	for (library in only)
		if (index(header, library) == 1 && FILENAME !~ only[library])
			complain("<" header "> is not for this file")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split(FILENAME, path, "/")
	header = $0
	sub(/^[^"]*"/, "", header)
	sub(/".*/, "", header)
	if (header == "config.h" || header == "schema_sql.h" || header == "openapi_json.h")
		next
	split(header, part, "/")
	from = path[1]
	to = part[1]
	if (!(to in level))
		complain("\"" header "\" is on no floor")
	else if (level[to] > level[from])
		complain("\"" header "\" is above " from "/")
	else if (level[to] == level[from] && to != from)
		complain("\"" header "\" is beside " from "/, not below")
	else if (to == "xml" && from != "xml" && level[from] < level["caldav"])
		complain(from "/ knows no XML")
}

END { exit bad }
'
