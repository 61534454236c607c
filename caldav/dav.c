/* Limits that hold without configuration, and what a new account begins with. */
#include <string.h>

#include "base/util.h"
#include "caldav/dav.h"

const struct dav_settings dav_default_settings = {
	/* as ical_default_limits, which is no constant expression; a test compares them */
	.ical = { .bytes = 1 << 20, .line = 1 << 20, .lines = 50000, .depth = 8, .params = 64, .zones = 100,
		.attendees = 1000, .instances = 30000, .steps = 1000000,
		.earliest = -INT64_C(62135596800), .latest = INT64_C(253402300799) },
	.xml = { .bytes = 1 << 20, .depth = 32, .nodes = 100000, .tag = 16 * 1024 },
	.instances = 100000,
	.hrefs = 20000,
	.results = 100000,
	.filters = 200,
	.dead_properties = 100,
	.property = 64 * 1024,
	.calendars = 500,
	.feeds = 50,
	.refresh = 3600,
	.shares = 1000,
	.delegates = 100,
	.expand_levels = 4,
};

struct first_calendar { const char *name; unsigned components; const char *en, *fr; };

static int make_calendar(struct store *store, const struct first_calendar *first, const char *account,
	const char *displayname, int64_t now, struct err *e)
{
	struct collection c = { .owner = account, .name = first->name, .components = first->components };
	struct prop_row row = { .user = "", .ns = xml_ns_uri(NS_DAV), .name = "displayname" };
	cleanup_buf struct buf xml;
	store_id id;

	buf_init(&xml, 256);
	buf_printf(&xml, "<D:displayname xmlns:D=\"DAV:\">%s</D:displayname>", displayname);
	row.xml = xml.data;
	if (store_collection_make(store, &c, &row, 1, now, &id, e) < 0)
		return e->code == ERR_EXISTS ? 0 : -1;
	return 0;
}

int dav_provision(struct store *store, const char *account, int64_t now, struct err *e)
{
	static const struct first_calendar rows[] = {
		{ "calendar", ICAL_VEVENT, "Calendar", "Agenda" },
		{ "tasks", ICAL_VTODO, "Tasks", "Tâches" },
	};
	cleanup_arena struct arena *mem = arena_create();
	struct account a;
	struct err local;

	if (!e)
		e = &local;
	if (store_account(store, account, mem, &a, e) < 0)
		return -1;
	bool french = a.language && strcmp(a.language, "fr") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (make_calendar(store, &rows[i], account, french ? rows[i].fr : rows[i].en, now, e) < 0)
			return -1;
	return 0;
}
