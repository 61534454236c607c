/*
 * Refusals. A condition of an RFC is answered by its element alone in <D:error> (the reason in words
 * goes to the log); where there is no element, the words are the body, as plain text.
 */
#ifndef DEDIT_CALDAV_ERROR_H
#define DEDIT_CALDAV_ERROR_H

#include "base/err.h"
#include "xml/xml.h"

struct dav_request;

/* clang-format off */
/* name, status, namespace, element. Enum and table come from this one list. */
#define PRECONDITIONS(X) \
	/* RFC 4918 16 */ \
	X(CANNOT_MODIFY_PROTECTED_PROPERTY, 403, NS_DAV, "cannot-modify-protected-property") \
	X(PROPFIND_FINITE_DEPTH,            403, NS_DAV, "propfind-finite-depth") \
	/* RFC 3744 7.1.1 */ \
	X(NEED_PRIVILEGES,                  403, NS_DAV, "need-privileges") \
	/* RFC 3744 8.1.1; deny-before-grant and missing-required-principal can't come up, for nothing may be \
	 * denied and no principal is required */ \
	X(NO_ACE_CONFLICT,                  403, NS_DAV, "no-ace-conflict") \
	X(NO_PROTECTED_ACE_CONFLICT,        403, NS_DAV, "no-protected-ace-conflict") \
	X(NO_INHERITED_ACE_CONFLICT,        403, NS_DAV, "no-inherited-ace-conflict") \
	X(LIMITED_NUMBER_OF_ACES,           403, NS_DAV, "limited-number-of-aces") \
	X(GRANT_ONLY,                       403, NS_DAV, "grant-only") \
	X(NO_INVERT,                        403, NS_DAV, "no-invert") \
	X(NO_ABSTRACT,                      403, NS_DAV, "no-abstract") \
	X(NOT_SUPPORTED_PRIVILEGE,          403, NS_DAV, "not-supported-privilege") \
	X(RECOGNIZED_PRINCIPAL,             403, NS_DAV, "recognized-principal") \
	X(ALLOWED_PRINCIPAL,                403, NS_DAV, "allowed-principal") \
	/* RFC 3253 3.1.5, 3.6 */ \
	X(RESOURCE_MUST_BE_NULL,            403, NS_DAV, "resource-must-be-null") \
	X(MKCOL_ON_MAPPED,                  405, NS_DAV, "resource-must-be-null") \
	X(SUPPORTED_REPORT,                 403, NS_DAV, "supported-report") \
	/* RFC 5689 3.3 */ \
	X(VALID_RESOURCETYPE,               403, NS_DAV, "valid-resourcetype") \
	/* RFC 6578 3.2 */ \
	X(VALID_SYNC_TOKEN,                 403, NS_DAV, "valid-sync-token") \
	X(NUMBER_OF_MATCHES,                507, NS_DAV, "number-of-matches-within-limits") \
	/* RFC 4331 6 */ \
	X(QUOTA_NOT_EXCEEDED,               507, NS_DAV, "quota-not-exceeded") \
	X(SUFFICIENT_DISK_SPACE,            507, NS_DAV, "sufficient-disk-space") \
	/* RFC 4791 5.3.1.1, 5.3.2.1, 7.8 */ \
	X(COLLECTION_LOCATION,              403, NS_CALDAV, "calendar-collection-location-ok") \
	X(SUPPORTED_CALENDAR_DATA,          403, NS_CALDAV, "supported-calendar-data") \
	/* CalendarServer, of calendar-free-busy-set */ \
	X(VALID_CALENDAR_URL,               409, NS_CALDAV, "valid-calendar-url") \
	/* RFC 7809 5.2 */ \
	X(VALID_TIMEZONE,                   403, NS_CALDAV, "valid-timezone") \
	X(VALID_CALENDAR_DATA,              403, NS_CALDAV, "valid-calendar-data") \
	X(VALID_CALENDAR_OBJECT,            403, NS_CALDAV, "valid-calendar-object-resource") \
	X(SUPPORTED_COMPONENT,              403, NS_CALDAV, "supported-calendar-component") \
	X(NO_UID_CONFLICT,                  403, NS_CALDAV, "no-uid-conflict") \
	X(MAX_RESOURCE_SIZE,                403, NS_CALDAV, "max-resource-size") \
	X(BODY_TOO_LARGE,                   413, NS_CALDAV, "max-resource-size") \
	X(MIN_DATE_TIME,                    403, NS_CALDAV, "min-date-time") \
	X(MAX_DATE_TIME,                    403, NS_CALDAV, "max-date-time") \
	X(MAX_INSTANCES,                    403, NS_CALDAV, "max-instances") \
	X(MAX_ATTENDEES,                    403, NS_CALDAV, "max-attendees-per-instance") \
	X(VALID_FILTER,                     403, NS_CALDAV, "valid-filter") \
	X(SUPPORTED_FILTER,                 403, NS_CALDAV, "supported-filter") \
	X(SUPPORTED_COLLATION,              403, NS_CALDAV, "supported-collation")
/* clang-format on */

enum precond {
	PRE_NONE,
#define X(name, status, ns, element) PRE_##name,
	PRECONDITIONS(X)
#undef X
	PRE_COUNT,
};

struct precond_row { int status; enum ns ns; const char *element; };
const struct precond_row *precond_row(enum precond p); /* not PRE_NONE */

/* All fill the response and return its status, so that `return fail(…)` reads well. The words are for
 * the log and, with fail(), for the client: they never tell what it may not know. */
int fail(struct dav_request *rq, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int refuse(struct dav_request *rq, enum precond p, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The element holds an href (no-uid-conflict); href is encoded already. */
int refuse_href(struct dav_request *rq, enum precond p, const char *href, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* By e->code; the one table from errors of the floors below to answers. */
int fail_err(struct dav_request *rq, const struct err *e);
/* For a status inside a multistatus. */
const char *status_line(int status);

#endif
