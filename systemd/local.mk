# The service and its user. --with-systemdsystemunitdir=no leaves them out.
EXTRA_DIST += systemd/deditd.service.in
CLEANFILES += systemd/deditd.service systemd/deditd.service.new

systemd/deditd.service: systemd/deditd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && \
	sed -e 's|@sbindir[@]|$(sbindir)|' $(srcdir)/systemd/deditd.service.in >$@.new && mv $@.new $@

if SYSTEMD
systemdsystemunit_DATA = systemd/deditd.service
dist_sysusers_DATA = systemd/sysusers.d/dedit.conf
endif
