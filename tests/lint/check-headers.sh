#!/bin/sh
# Every header compiles by itself; the policy interface also as C++ and as plain C99.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

cc=${CC:-cc}
flags=${LINT_CPPFLAGS:--D_GNU_SOURCE -I. $(pkg-config --cflags libxml-2.0 libmicrohttpd gnutls)}
status=0
trial=$(mktemp -d) || exit 1
trap 'rm -rf "$trial"' EXIT

# $flags and $cc are lists
# shellcheck disable=SC2086
{
	# One file that includes each header first would hide what the second lacks: one file each,
	# all given to one compiler.
	n=0
	for header in $(sources '*.h'); do
		n=$((n + 1))
		printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$trial/$n.c"
	done
	$cc -std=c17 -Wall -Wextra -Werror -fsyntax-only $flags -I"${top_builddir:-.}" -I. \
		"$trial"/*.c || status=1

	printf '#include "policy/dedit_policy.h"\nint main(void) { return 0; }\n' >"$trial/plain.c"
	cp "$trial/plain.c" "$trial/plain.cc"
	$cc -std=c99 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I. "$trial/plain.c" || status=1
	if command -v c++ >/dev/null; then
		c++ -std=c++11 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I. "$trial/plain.cc" ||
			status=1
	else
		echo "check-headers: no C++ compiler here, that part is left out"
	fi
}
exit $status
