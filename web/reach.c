#include "web/reach.h"

#include <string.h>

int web_reach(struct store *store, const struct collection *c, const char *who, bool admin,
	enum share_access *out, struct err *e)
{
	enum share_access shared, acting, least = admin ? SHARE_READ : SHARE_NONE;

	if (strcmp(c->owner, who) == 0) {
		*out = SHARE_WRITE;
		return 0;
	}
	if (store_shared_with(store, c->id, who, &shared, e) < 0 ||
		store_acts_for(store, c->owner, who, &acting, e) < 0)
		return -1;
	*out = shared > acting ? shared : acting;
	if (*out < least)
		*out = least;
	return 0;
}

bool web_takes_events(const struct collection *c)
{
	return !(c->flags & (COLL_FEES | COLL_SUBSCRIBED));
}

struct directory web_directory(const struct web *web)
{
	return (struct directory){ web->store, web->policies, web->admins, web->admin_count };
}

bool web_is_admin(const struct web *web, const char *account)
{
	const struct directory d = web_directory(web);

	return directory_is_admin(&d, account);
}
