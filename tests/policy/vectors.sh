#!/bin/sh
# The vectors of doc/policy.md and our own in the same form.
exec "$top_builddir/tests/policy/vectors" \
	"$top_srcdir/tests/policy/vectors.json" "$top_srcdir/tests/policy/own_vectors.json"
