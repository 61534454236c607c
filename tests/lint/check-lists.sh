#!/bin/sh
# Every source file is in a list: what isn't is neither compiled nor tested nor released.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

lists=$(mktemp) || exit 1
trap 'rm -f "$lists"' EXIT
cat Makefile.am ./*/local.mk tests/*/local.mk | tr -s ' \t\\' '\n' >"$lists"
status=0

for file in $(sources '*.c' '*.h'); do
	if ! grep -qxF "$file" "$lists"; then
		echo "$file is in no local.mk"
		status=1
	fi
done
for file in $(find console -maxdepth 1 \( -name '*.js' -o -name '*.css' -o -name '*.svg' \) | LC_ALL=C sort); do
	if ! grep -qxF "$file" "$lists"; then
		echo "$file is in no local.mk"
		status=1
	fi
done
# A test of one file may be listed as a program alone.
for file in $(find tests bench -name '*.c' -o -name '*.h' | LC_ALL=C sort); do
	if ! grep -qxF -e "$file" -e "${file%.[ch]}" "$lists"; then
		echo "$file is in no local.mk"
		status=1
	fi
done
exit $status
