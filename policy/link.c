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

char *link_fee(const struct store_info *info, const char *ref, const char *client, struct arena *mem)
{
	char mac[LINK_MAC_SIZE];

	link_mac(info, "fee", ref, client, mac);
	return arena_printf(mem, "/fee/%s/%s", ref, mac);
}

char *link_policy(const char *name, const char *version, struct arena *mem)
{
	return arena_printf(mem, "/policy/%s/%s", path_encode_segment(name, mem),
		path_encode_segment(version, mem));
}
