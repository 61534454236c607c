#include "http/feed_link.h"

#include <stdio.h>
#include <string.h>

#include "http/request.h"

char *feed_path(struct arena *mem, const char *token, const char *calendar)
{
	return arena_printf(mem, "/feeds/%s/%s.ics", token, path_encode_segment(calendar, mem));
}

void feed_published_token(const struct store_info *info, const char *id, char token[PUBLISHED_TOKEN_SIZE])
{
	char text[64], secret[base64url_size(SHA256_SIZE)];
	uint8_t mac[SHA256_SIZE];

	/* the purpose comes first: the key makes other things too */
	snprintf(text, sizeof(text), "published feed %.*s", FEED_ID_SIZE - 1, id);
	hmac_sha256(info->key, sizeof(info->key), text, strlen(text), mac);
	base64url(mac, sizeof(mac), secret);
	snprintf(token, PUBLISHED_TOKEN_SIZE, "%.*s-%.43s", FEED_ID_SIZE - 1, id, secret);
	secret_zero(mac, sizeof(mac));
	secret_zero(secret, sizeof(secret));
}
