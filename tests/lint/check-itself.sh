#!/bin/sh
# A check that finds nothing may be broken: each planted line must be refused, its neighbour not.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
status=0

# try CHECK FILE TEXT WANTED
try()
{
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/$(dirname "$2")" && printf '%b\n' "$3" >"$tree/$2" || exit 1
	if top_srcdir=$tree sh "$here/check-$1.sh" >/dev/null; then
		found=accepted
	else
		found=refused
	fi
	if [ "$found" != "$4" ]; then
		echo "check-$1.sh: in $2, $3 is $found"
		status=1
	fi
}

try layers base/a.c '#include "base/buf.h"' accepted
try layers base/a.c '#include "xml/xml.h"' refused
try layers base/a.c '\t#  include  "server/x.h"' refused
try layers xml/a.h '#include "base/buf.h"' accepted
try layers storage/a.h '#include "policy/policy.h"' refused
try layers policy/a.c '#include "http/request.h"' refused
try layers http/a.c '#include "policy/policy.h"' accepted
try layers http/a.c '#include "xml/xml.h"' refused
try layers caldav/a.c '#include "xml/xml.h"' accepted
try layers caldav/a.c '#include "web/page.h"' refused
try layers web/a.c '#include "caldav/caldav.h"' refused
try layers caldav/a.c '#include "server/settings.h"' refused
try layers server/a.c '#include "caldav/caldav.h"' accepted
try layers server/a.c '#include "tests/unit/x.h"' refused
try layers xml/a.c '#include <libxml/parser.h>' accepted
try layers caldav/a.c '#include <libxml/parser.h>' refused
try layers storage/sqlite/a.c '#include <sqlite3.h>' accepted
try layers storage/a.c '#include <sqlite3.h>' refused
try layers caldav/a.c '#include <microhttpd.h>' refused
try layers server/http.c '#include <microhttpd.h>' accepted
try layers base/log.c '#include <confuse.h>' refused
try layers base/conf.c '#include <confuse.h>' accepted
try layers server/auth.c '#include <openssl/evp.h>' refused
try layers ical/a.c '#include <libical/ical.h>' refused
try layers policy/late/a.c '#include <jansson.h>' accepted
try layers caldav/a.c '#include <jansson.h>' refused

try console console/a.js '\te.textContent = text;' accepted
try console console/a.js '\te.innerHTML = text;' refused
try console console/a.js '\timport("https://cdn.example.org/x.js");' refused
try console console/a.js '\tsay(t("nowhere"));' refused
try console console/index.html '<p class="a">' accepted
try console console/index.html '<p style="a">' refused
try console console/index.html '<p onclick="a">' refused
try console console/texts.js 'const texts = {\n\t"a": ["one", "un"],\n};' accepted
try console console/texts.js 'const texts = {\n\t"a": ["one {n}",\n\t\t"un {n}"],\n};' accepted
try console console/texts.js 'const texts = {\n\t"a": ["one {n}", "un"],\n};' refused
try console console/texts.js 'const texts = {\n\t"a": ["one"],\n};' refused

try banned base/a.c '\tstrcpy(a, b);' refused
try banned base/a.c '\tx = (int)atoi (s);' refused
try banned base/a.c '\tgmtime_r(&t, &tm); my_strcpy(a, b); e->random(1);' accepted
try banned base/a.c '\tlog_info("strcpy(a)"); /* strcpy( */ // rand()' accepted
try banned base/a.c '/* a\n * strcpy(a)\n */ int x; /* b */ int y = rand();' refused
try banned base/a.c '\tif (c == \047"\047) sprintf(a, "x");' refused
try banned base/a.c '#if 0' refused
try banned base/a.c '\tstatic char text[80];' refused
try banned base/a.c '\tstatic const char text[] = "x";' accepted

try format base/a.c '\tint x;' accepted
try format base/a.c '\tint x; ' refused
try format base/a.c '    int x;' refused
try format base/a.c '/*\n * x\n */' accepted
try format base/a.c "$(printf '%111s' x | tr ' ' y)" refused
try format base/a.c "$(printf '%110s' x | tr ' ' y)" accepted
try format base/a.c "$(printf '%60s' x | sed 's/ /é/g')" accepted
# shellcheck disable=SC2016 # Markdown's quotes
{
	try trust doc/trust.md 'T-01 and `tests/wire`' accepted
	try trust doc/trust.md 'T-01: `t01_topic_test.py`' refused
	try trust doc/trust.md 'T-01: `tests/unit/test_x.c`' refused
	try trust tests/trust/t01_topic_test.py 'nowhere named' refused
}

exit $status
