/* What /console/api/ offers. openapi.json has the same paths: a test compares the two. */
#include "web/console/api.h"

/* clang-format off */
const struct api_row api_rows[] = {
	/* method    path             role        body         handler */
	{ "GET",    "/openapi.json",  API_NOBODY, API_NO_BODY, api_openapi,       "this table for others" },
	{ "POST",   "/session",       API_CLIENT, API_NO_BODY, api_session_begin, "sign in" },
	{ "GET",    "/session",       API_CLIENT, API_NO_BODY, api_session_show,  "who is signed in" },
	{ "DELETE", "/session",       API_CLIENT, API_NO_BODY, api_session_end,   "sign out" },
	{ 0 },
};
/* clang-format on */
