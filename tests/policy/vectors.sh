#!/bin/sh
# The vectors of doc/policy.md that this version can play, and our own in the same form.
exec "$top_builddir/tests/policy/vectors" --only-supported \
	"$top_srcdir/tests/policy/vectors.json" "$top_srcdir/tests/policy/own_vectors.json"
