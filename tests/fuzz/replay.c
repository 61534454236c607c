/*
 * Runs a fuzz target over files instead of a fuzzer's inputs: those given, or all of its corpus,
 * tests/fuzz/corpus/NAME for the target fuzz_NAME. Each is also tried cut at every 64th part.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

enum { FILE_MAX = 16 << 20, PARTS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own for each run, so that reading behind the end is seen. */
static void run_part(const struct buf *b, size_t len)
{
	cleanup_free uint8_t *copy = xmalloc(len);

	memcpy(copy, b->data, len);
	LLVMFuzzerTestOneInput(copy, len);
}

static int run_file(const char *file)
{
	struct buf b cleanup_buf;
	char bytes[8192];
	size_t n;
	FILE *stream = fopen(file, "re");

	buf_init(&b, FILE_MAX);
	if (stream == NULL) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return -1;
	}
	while ((n = fread(bytes, 1, sizeof(bytes), stream)) > 0) {
		buf_add(&b, bytes, n);
	}
	fclose(stream);
	for (size_t part = 0; part <= PARTS; part++) {
		run_part(&b, b.len * part / PARTS);
	}
	return 0;
}

static int run_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort), status = 0, files = 0;

	if (count < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			cleanup_free char *file = xasprintf("%s/%s", folder, entries[i]->d_name);
			status |= run_file(file);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	printf("%s: %d inputs\n", folder, files);
	return files > 0 ? status : -1;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *name = strstr(program_invocation_short_name, "fuzz_");
	int status = 0;

	if (argc == 1 && name != NULL) {
		cleanup_free char *folder = xasprintf("%s/tests/fuzz/corpus/%s", top != NULL ? top : ".",
			name + strlen("fuzz_"));
		return run_folder(folder) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	for (int i = 1; i < argc; i++) {
		status |= run_file(argv[i]);
	}
	return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
