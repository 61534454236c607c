#include "policy/link.h"

#include <string.h>

#include "base/uri.h"
#include "base/util.h"

void link_mac(const struct store_info *info, const char *kind, const char *ref, const char *reader,
	char out[LINK_MAC_SIZE])
{
	cleanup_free char *text = xasprintf("%s\n%s\n%s", kind, ref, reader);
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(info->key, sizeof(info->key), text, strlen(text), mac);
	base64url(mac, LINK_MAC_BYTES, out);
	secret_zero(mac, sizeof(mac));
}

bool link_is_right(struct store *s, const char *kind, const char *ref, const char *reader, const char *mac)
{
	char right[LINK_MAC_SIZE], given[LINK_MAC_SIZE] = "";
	struct store_info info;
	bool equal;

	store_info(s, &info);
	link_mac(&info, kind, ref, reader ? reader : "", right);
	secret_zero(&info, sizeof(info));
	if (strlen(mac) == LINK_MAC_SIZE - 1)
		memcpy(given, mac, LINK_MAC_SIZE);
	equal = equal_const_time(right, given, LINK_MAC_SIZE);
	secret_zero(right, sizeof(right));
	return equal && reader;
}

static char *link_to(const struct store_info *info, const char *kind, const char *ref, const char *client,
	struct arena *mem)
{
	char mac[LINK_MAC_SIZE];

	link_mac(info, kind, ref, client, mac);
	return arena_printf(mem, "/%s/%s/%s", kind, ref, mac);
}

char *link_fee(const struct store_info *info, const char *ref, const char *client, struct arena *mem)
{
	return link_to(info, LINK_FEE, ref, client, mem);
}

char *link_appointment(const struct store_info *info, const char *ref, const char *client, struct arena *mem)
{
	return link_to(info, LINK_APPOINTMENT, ref, client, mem);
}

char *link_policy(const char *name, const char *version, struct arena *mem)
{
	return arena_printf(mem, "/policy/%s/%s", path_encode_segment(name, mem),
		path_encode_segment(version, mem));
}
