# What bench/ measures with; store_bench is in storage/local.mk.
noinst_PROGRAMS += bench/bare_mhd bench/load
bench_bare_mhd_CPPFLAGS = $(AM_CPPFLAGS) $(MICROHTTPD_CFLAGS)
bench_bare_mhd_LDADD = $(MICROHTTPD_LIBS)
bench_load_LDADD = -lpthread
