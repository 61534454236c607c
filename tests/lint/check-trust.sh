#!/bin/sh
# doc/trust.md names each file of tests/trust, itself or by "tNN_…", and names no test that isn't there.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

doc=doc/trust.md
status=0

for file in tests/trust/t[0-9][0-9]_*_test.py; do
	[ -f "$file" ] || continue
	name=${file##*/}
	if ! grep -qF -e "\`$name\`" -e "\`${name%%_*}_…\`" "$doc"; then
		echo "$file is not named in $doc"
		status=1
	fi
done
# shellcheck disable=SC2016 # these are Markdown's quotes
for name in $(grep -oE '`(tests/[a-z]+/[a-z0-9_]+\.(py|c)|t[0-9][0-9]_[a-z0-9_]+_test\.py)`' "$doc" | tr -d '\140' | sort -u); do
	case $name in
	tests/*) file=$name ;;
	*) file=tests/trust/$name ;;
	esac
	if [ ! -f "$file" ]; then
		echo "$doc: there is no $file"
		status=1
	fi
done
exit $status
