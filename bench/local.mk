# What bench/run.py measures with.
noinst_PROGRAMS += bench/bare_disk bench/bare_mhd bench/load bench/store_bench
bench_bare_disk_CPPFLAGS = $(libstorage_a_CPPFLAGS)
bench_bare_disk_LDADD = $(storage_libs)
bench_bare_mhd_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS)
bench_bare_mhd_LDADD = $(MICROHTTPD_LIBS)
bench_load_SOURCES = bench/load.c bench/events.c bench/events.h
bench_load_LDADD = $(base_libs) -lpthread
bench_store_bench_LDADD = $(storage_libs)

# Counted by bench/instructions.py.
noinst_PROGRAMS += bench/requests
bench_requests_SOURCES = bench/requests.c bench/events.c bench/events.h
bench_requests_LDADD = $(caldav_libs)
# callgrind sees a function's end where it returns itself.
bench_requests_CFLAGS = $(AM_CFLAGS) -fno-optimize-sibling-calls
EXTRA_DIST += bench/instructions.py bench/instructions.json
