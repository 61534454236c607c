#!/bin/sh
# The manual pages are mdoc without warnings.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v mandoc >/dev/null; then
	echo "check-man: mandoc is missing, pages are not checked"
	exit 77
fi
mandoc -T lint -W warning man/*.[1-9]
