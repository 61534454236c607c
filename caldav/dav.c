/* Limits that hold without configuration. */
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
