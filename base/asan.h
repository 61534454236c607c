/*
 * What AddressSanitizer has to be told where memory is handed out in pieces of a larger block: it
 * sees the block alone, and nothing of what goes on between the pieces. Without it all of this is
 * nothing.
 */
#ifndef DEDIT_BASE_ASAN_H
#define DEDIT_BASE_ASAN_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HAVE_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
enum { ASAN_GAP = 16 }; /* bytes behind a piece that nobody may touch */
#else
#define ASAN_POISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
enum { ASAN_GAP = 0 };
#endif

#endif
