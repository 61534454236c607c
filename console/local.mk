# The console's pages. Three libraries are fetched by npm, as console/package-lock.json has them, into the
# build folder's console/vendor; a release holds them there already, so that it builds without npm and
# network.
console_pages = \
	console/index.html \
	console/style.css \
	console/icon.svg \
	console/licences.txt \
	console/accounts.js \
	console/api.js \
	console/delegates.js \
	console/dom.js \
	console/fee.js \
	console/format.js \
	console/import.js \
	console/main.js \
	console/page_account.js \
	console/page_calendars.js \
	console/page_clients.js \
	console/page_decide.js \
	console/page_fees.js \
	console/page_policy.js \
	console/page_reports.js \
	console/page_server.js \
	console/page_signin.js \
	console/page_today.js \
	console/people.js \
	console/qr.js \
	console/texts.js

# Below node_modules, and what they are called here.
console_fetched = \
	@event-calendar/build/dist/event-calendar.min.js:event-calendar.js \
	@event-calendar/build/dist/event-calendar.min.css:event-calendar.css \
	lean-qr/index.mjs:lean-qr.js \
	uplot/dist/uPlot.iife.min.js:uplot.js \
	uplot/dist/uPlot.min.css:uplot.css
console_vendor = \
	console/vendor/event-calendar.js \
	console/vendor/event-calendar.css \
	console/vendor/lean-qr.js \
	console/vendor/uplot.js \
	console/vendor/uplot.css

# npm's own files and what tells it what to fetch.
console_npm = console/package.json console/package-lock.json console/.npmrc
EXTRA_DIST += $(console_pages) $(console_npm) console/embed

if CONSOLE
EXTRA_DIST += $(console_vendor)
noinst_HEADERS += web/console/assets.h
nodist_libweb_a_SOURCES = web/console/assets.c
BUILT_SOURCES += web/console/assets.c
CLEANFILES += web/console/assets.c web/console/assets.c.new

web/console/assets.c: console/embed $(console_pages) $(console_vendor)
	$(AM_V_GEN)$(MKDIR_P) web/console && \
	$(SHELL) $(srcdir)/console/embed $(srcdir) $(console_pages) $(console_vendor) >$@.new && mv $@.new $@

if CONSOLE_FETCHED
$(console_vendor): console/vendor/.fetched
	@test -f $@ || { rm -f console/vendor/.fetched && $(MAKE) console/vendor/.fetched; }

console/vendor/.fetched: $(console_npm)
	$(AM_V_GEN)rm -rf console/npm && $(MKDIR_P) console/npm console/vendor && \
	for file in $(console_npm); do cp $(srcdir)/$$file console/npm/ || exit 1; done && \
	(cd console/npm && $(NPM) ci --omit=dev --loglevel=error >/dev/null) || { \
		echo "The console's pages need three libraries that npm could not fetch." >&2; \
		echo "Without a network: build a release's archive, which holds them, or --disable-console." >&2; \
		exit 1; } && \
	for pair in $(console_fetched); do \
		cp "console/npm/node_modules/$${pair%:*}" "console/vendor/$${pair#*:}" || exit 1; \
	done && rm -rf console/npm && touch $@

distclean-local:
	rm -rf console/npm console/vendor
endif
endif
