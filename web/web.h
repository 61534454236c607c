/*
 * Pages beside CalDAV: what programs and people fetch by plain GET. A request in, an answer out, as
 * caldav/ does it; the two share the store and know nothing of each other. Which paths are whose says
 * the table in dispatch.c.
 */
#ifndef DEDIT_WEB_WEB_H
#define DEDIT_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/request.h"
#include "ical/ical.h"
#include "policy/policy.h"
#include "storage/store.h"

struct web {
	struct store *store;
	const struct policy_set *policies;
	const char *const *admins; /* members of group "admin" */
	size_t admin_count;
	struct ical_limits ical;
	bool client_pages; /* clients without an account may act through links of theirs (15.41) */
	int64_t refresh; /* seconds after which a feed is to be asked for again; 0: not said */
	const char *public_base; /* what stands before a path in links; NULL: none are written */
	const struct quotas *quotas; /* NULL: none */
	size_t console_body; /* the most that the console takes at once */
	size_t import_size; /* bytes of a file */
	size_t imports, imports_each; /* how many are read in at once, of one account */
	const char *data, *backup; /* folders: of what is kept, for backups; NULL: none are made */
	size_t backups; /* how many may be in that one */
	/* What goes on behind its answer holds what it uses. */
	void (*hold)(const struct web *web), (*release)(const struct web *web);
	size_t results; /* the most that it lists at once */
	size_t calendars, feeds, shares, delegates; /* how many a user, a calendar may have */
};

/* True for a raw path that this floor answers. */
bool web_owns(const char *path);
/* How somebody comes in there (architecture.md 15.34, 15.35). */
enum door web_door(const struct request *rq);
/* True for one that is open and waits for nothing: no worker has to be free for it. */
bool web_is_light(const char *path);
/* What /healthz says of a store: status, state in one word and text in one line, with the seconds that
 * something has taken by now (0: nothing does). */
struct web_health { int status; const char *state; int64_t seconds; char text[96]; };
struct web_health web_health(const struct store_health *h, bool clock_doubtful);
/* A path as logs may show it: itself, or for one that is a secret "/feeds/…", "/fee/<ref>/…", made in
 * out; one that only holds such a path is "…/feeds/…". */
enum { WEB_LOG_PATH_SIZE = 32 };
const char *web_log_path(const char *path, char out[WEB_LOG_PATH_SIZE]);
/* Answers rq: sets rq->res. rq->who is authenticated, unless the door is open. Thread-safe. */
void web_handle(const struct web *web, struct request *rq);
/* Answers a request that is refused before it came here, as this path's own refusals are; false: it has no
 * form of its own for them. */
bool web_refuse(struct request *rq, int status, const char *reason);
/* A calendar's name, colour, time zone and, unless busy, description for the file that it is made into; in
 * mem. The name of a calendar without one is its path's. */
int web_calendar_head(struct store *store, const struct collection *c, bool busy, struct arena *mem,
	struct ical_merge_head *out, struct err *e);
/* Called with headers only: a status >= 400 to refuse before the body is read, rq->res filled, or 0 to
 * go on. Sets *body_max to what may be sent there. */
int web_precheck(const struct web *web, struct request *rq, uint64_t content_length, bool length_known,
	size_t *body_max);

#endif
