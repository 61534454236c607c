/* Text in URIs. Pure functions. */
#ifndef DEDIT_BASE_URI_H
#define DEDIT_BASE_URI_H

#include "base/arena.h"

/* RFC 3986 pchar kept (without ';'), everything else as %XX. */
char *path_encode_segment(const char *segment, struct arena *mem);
/* RFC 8187 attr-char kept, everything else as %XX: for filename*=UTF-8''… */
char *path_encode_attribute(const char *text, struct arena *mem);

#endif
