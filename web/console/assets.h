/* The files of the console's pages, compiled in: console/local.mk makes web/console/assets.c of them. */
#ifndef DEDIT_WEB_CONSOLE_ASSETS_H
#define DEDIT_WEB_CONSOLE_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

/* path: below /console/, "index.html". etag: without quotes. immutable: another content has another path. */
struct console_asset {
	const char *path, *type, *etag;
	const unsigned char *data;
	size_t len;
	bool immutable;
};

extern const struct console_asset console_assets[];
extern const size_t console_asset_count;

#endif
