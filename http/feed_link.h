/* Links to feeds (architecture.md 15.34), and the token of those that can be shown again. */
#ifndef DEDIT_HTTP_FEED_LINK_H
#define DEDIT_HTTP_FEED_LINK_H

#include "base/arena.h"
#include "base/digest.h"
#include "storage/store.h"

enum {
	FEED_ID_SIZE = 7,                                /* six random characters, NUL */
	PUBLISHED_TOKEN_SIZE = FEED_ID_SIZE + CHAIN_SIZE, /* "<id>-<43 characters>", NUL */
};

/* "/feeds/<token>/<calendar>.ics", in mem. */
char *feed_path(struct arena *mem, const char *token, const char *calendar);
/* The token of a feed with FEED_PUBLISHED. Only its hash is kept, as of any other's, so it is made from the
 * id under the store's key (HMAC-SHA-256, 256 bits), at any time and after a rebuild. */
void feed_published_token(const struct store_info *info, const char *id, char token[PUBLISHED_TOKEN_SIZE]);

#endif
