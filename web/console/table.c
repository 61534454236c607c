/* What /console/api/ offers. openapi.json has the same paths: a test compares the two. */
#include "web/console/api.h"

/* clang-format off */
const struct api_row api_rows[] = {
	/* method    path             role        body         handler */
	{ "GET",    "/openapi.json",  API_NOBODY, API_NO_BODY, api_openapi,       "this table for others" },
	{ "POST",   "/session",       API_CLIENT, API_NO_BODY, api_session_begin, "sign in" },
	{ "GET",    "/session",       API_CLIENT, API_NO_BODY, api_session_show,  "who is signed in" },
	{ "DELETE", "/session",       API_CLIENT, API_NO_BODY, api_session_end,   "sign out" },
	{ "GET",    "/events",        API_CLIENT, API_NO_BODY, api_events,        "instances of a time" },
	{ "GET",    "/decisions",     API_OWNER,  API_NO_BODY, api_decisions,     "what waits for the owner" },
	{ "POST",   "/appointments/acts", API_OWNER, API_JSON, api_appointment_act, "what the owner says" },
	{ "GET",    "/fees",          API_CLIENT, API_NO_BODY, api_fees,          "fees that match" },
	{ "POST",   "/fees/acts",     API_OWNER,  API_JSON,    api_fees_act,      "decide about several" },
	{ "GET",    "/fees/{ref}",    API_CLIENT, API_NO_BODY, api_fee,           "one with its history" },
	{ "POST",   "/fees/{ref}/acts", API_OWNER, API_JSON,   api_fee_act,       "decide about one" },
	{ "GET",    "/exports/{format}", API_OWNER, API_NO_BODY, api_export,      "fees as a file" },
	{ "GET",    "/clients",       API_OWNER,  API_NO_BODY, api_clients,       "clients and their reliability" },
	{ "GET",    "/reports",       API_OWNER,  API_NO_BODY, api_reports,       "which reports there are" },
	{ "GET",    "/reports/{report}", API_OWNER, API_NO_BODY, api_report_show, "one as numbers" },
	{ 0 },
};
/* clang-format on */
