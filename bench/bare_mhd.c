/*
 * The yardstick of GET: libmicrohttpd with the server's own threading and nothing behind it. Answers
 * every request with the bytes of one file, from memory.
 *
 *	bare_mhd PORT FILE
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char content[65536];
static size_t content_len;

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)cls, (void)url, (void)method, (void)version, (void)upload;
	if (*state == NULL) {
		*state = content;
		return MHD_YES;
	}
	*upload_size = 0;
	response = MHD_create_response_from_buffer(content_len, content, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "text/calendar; charset=utf-8");
	MHD_add_response_header(response, "ETag", "\"AAAAAAAAAAAAAAAAAAAAAA-210000000000\"");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct MHD_Daemon *daemon;
	FILE *f;

	if (argc != 3 || (f = fopen(argv[2], "rb")) == NULL) {
		fputs("usage: bare_mhd PORT FILE\n", stderr);
		return 2;
	}
	content_len = fread(content, 1, sizeof content, f);
	fclose(f);
	any.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_END);
	if (daemon == NULL)
		return 1;
	pause();
	MHD_stop_daemon(daemon);
	return 0;
}
