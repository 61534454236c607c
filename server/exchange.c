#include "server/exchange.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/util.h"
#include "server/guard.h"
#include "server/listen.h"
#include "server/proxy.h"
#include "server/route.h"

enum {
	HEADERS_MAX = 128,
	SMALL_BODY = 64 * 1024,           /* read before the login is looked at */
	DRAIN_MAX = 16 * 1024 * 1024,     /* read after a refusal, from who is logged in */
	OVERRUN = 1024 * 1024,            /* read and thrown away behind a limit, to be able to answer */
	ANSWER_MAX = 64 * 1024 * 1024,    /* in memory at once: one piece of a generator */
	PIECE = 192 * 1024,               /* made at once; an answer below this has a Content-Length */
	PIECE_ROOM = 256 * 1024 - 1,      /* for what passes it, so that few pieces outgrow their buffer */
	BLOCK = 32 * 1024,
	CLIENT_WENT = 499,                /* in the access log: before there was an answer */
};

enum stage {
	STAGE_NEW,     /* nothing looked at yet */
	STAGE_ADMIT,   /* suspended: login and precheck before the body */
	STAGE_BODY,    /* gathering */
	STAGE_DRAIN,   /* the answer is made; reading the rest of a small body first */
	STAGE_WORK,    /* suspended: the handler */
	STAGE_REPLY,   /* the answer is made */
	STAGE_SENDING,
};

struct exchange {
	struct server *sv;
	struct site *site;
	struct MHD_Connection *con;
	struct peer *peer;
	const char *target, *version;
	enum stage stage;
	bool admitted;           /* login and precheck passed */
	bool busy, close;
	bool generating;         /* there is more to be made */
	bool broken_off;         /* what was to be made could not be */
	struct framing framing;
	size_t body_max;
	struct buf body;
	uint64_t received;       /* also what was thrown away */
	size_t sent;             /* of res.body, when generating */
	uint64_t passed_on;      /* bytes of the answer that the library has taken */
	int64_t began;           /* clock_monotonic_us() */
	struct auth_attempt attempt;
	struct request rq;
	struct response res;
	char address[ADDRESS_TEXT_SIZE];
};

struct exchange *exchange_create(struct server *sv, struct MHD_Connection *con, struct peer *peer,
	const char *target)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->sv = sv;
	x->site = site_get(&sv->site);
	x->con = con;
	x->peer = peer;
	x->began = clock_monotonic_us();
	x->rq.mem = arena_create();
	x->rq.id = arena_printf(x->rq.mem, "%s-%llx", sv->start,
		(unsigned long long)atomic_fetch_add_explicit(&sv->requests, 1, memory_order_relaxed) + 1);
	x->rq.body = "";
	x->rq.res = &x->res;
	x->target = arena_strdup(x->rq.mem, target);
	buf_init(&x->body, 0);
	response_init(&x->res, ANSWER_MAX);
	reaper_phase(sv->reaper, peer, PEER_HEADERS, 0);
	metric_add(METRIC_HTTP_IN_FLIGHT, 0, 1);
	return x;
}

static void log_access(const struct exchange *x, int status, uint64_t bytes, int64_t us)
{
	char shown[WEB_LOG_PATH_SIZE];

	access_log_add(x->sv->access, &(struct access_entry){
		.when = clock_now(),
		.address = x->address,
		.user = x->rq.who.name,
		.method = x->rq.method,
		.path = web_log_path(x->rq.path, shown),
		.version = x->version,
		.agent = request_header(&x->rq, "User-Agent"),
		.id = x->rq.id,
		.status = status,
		.bytes = bytes,
		.ms = us / 1000,
	});
}

/* What the library answers by itself, before a head is complete, is no request. */
static void account_for(const struct exchange *x, bool sent)
{
	int status = x->stage == STAGE_SENDING ? x->res.status : CLIENT_WENT;
	uint64_t bytes = sent ? x->passed_on : 0;
	int64_t us = clock_monotonic_us() - x->began;

	metric_add(METRIC_HTTP_IN_FLIGHT, 0, -1);
	if (x->rq.method == NULL)
		return;
	metric_add(METRIC_HTTP_REQUESTS,
		metric_cell(METRIC_HTTP_REQUESTS, x->rq.method) + (unsigned)status / 100 - 1, 1);
	metric_observe(METRIC_HTTP_DURATION, us);
	metric_add(METRIC_HTTP_RECEIVED, 0, (int64_t)x->received);
	metric_add(METRIC_HTTP_SENT, 0, (int64_t)bytes);
	log_access(x, status, bytes, us);
}

void exchange_destroy(struct exchange *x, bool sent)
{
	account_for(x, sent);
	reaper_phase(x->sv->reaper, x->peer, PEER_IDLE, 0);
	if (x->busy)
		atomic_fetch_sub(&x->sv->busy, 1);
	auth_finish(&x->attempt);
	if (x->attempt.door == DOOR_CONFIRM && x->body.size > 0) /* with a new password, perhaps */
		secret_zero(x->body.data, x->body.len);
	response_finish(&x->res);
	buf_finish(&x->body);
	arena_destroy(x->rq.mem);
	site_release(x->site);
	free(x);
}

/* ---- answers made here ---- */

static void answer(struct exchange *x, int status, const char *reason)
{
	response_reset(&x->res);
	x->res.status = status;
	x->res.reason = reason;
}

static void answer_text(struct exchange *x, int status, const char *text)
{
	answer(x, status, text);
	if (route_refuse(&x->rq, status, text))
		return;
	response_header(&x->res, "Content-Type", "text/plain; charset=utf-8");
	buf_printf(&x->res.body, "%s\n", text);
}

static void answer_login(struct exchange *x, const char *reason)
{
	answer_text(x, 401, reason != NULL ? reason : "login required");
	x->res.reason = reason;
	response_header(&x->res, "WWW-Authenticate",
		route_door(&x->rq) == DOOR_BASIC ? AUTH_CHALLENGE : AUTH_CONSOLE_CHALLENGE);
}

/* Who is signed in is known, and stays so. */
static void answer_unconfirmed(struct exchange *x)
{
	answer_text(x, 403, "this isn't the password of the account that is signed in");
}

static void answer_busy(struct exchange *x, enum metric_busy what, const char *reason)
{
	metric_add(METRIC_HTTP_BUSY, what, 1);
	answer_text(x, 503, "the server is busy");
	x->res.reason = reason;
	response_header(&x->res, "Retry-After", "2");
}

static void answer_braked(struct exchange *x)
{
	answer_text(x, 429, "too many failures, wait");
	response_header(&x->res, "Retry-After",
		arena_printf(x->rq.mem, "%lld", (long long)(x->attempt.wait_ms + 999) / 1000));
}

/* ---- on workers ---- */

/* The connection must not be touched behind this: it may be over already. */
static void resume(struct exchange *x)
{
	struct MHD_Connection *con = x->con;

	log_context(NULL, NULL);
	MHD_resume_connection(con);
}

static void answer_full(struct exchange *x, const struct workers *w)
{
	if (w == x->sv->logins)
		answer_busy(x, BUSY_LOGINS, "too many logins");
	else
		answer_busy(x, BUSY_QUEUE, "the queue is full");
}

static void suspend_for(struct exchange *x, enum stage stage, struct workers *w, worker_fn job)
{
	x->stage = stage;
	reaper_phase(x->sv->reaper, x->peer, PEER_WORK, 0);
	MHD_suspend_connection(x->con);
	if (workers_submit(w, job, x) == 0)
		return;
	answer_full(x, w);
	MHD_resume_connection(x->con);
}

/* Runs a generator ahead: most answers end here and get a Content-Length, and what goes
 * wrong early still has a status. HEAD must know the length of what it doesn't send. */
static void prefetch(struct exchange *x)
{
	struct response *res = &x->res;
	bool head = strcmp(x->rq.method, "HEAD") == 0;
	int more = 1;

	if (res->body.len < PIECE_ROOM)
		buf_room(&res->body, PIECE_ROOM - res->body.len);
	while (more == 1 && (head || res->body.len < PIECE)) {
		if (head) {
			x->sent += res->body.len;
			buf_reset(&res->body);
		}
		more = res->next(res->next_arg, &res->body);
		if (res->body.full)
			more = -1;
	}
	if (more < 0) {
		answer_text(x, 500, "the answer could not be made");
		return;
	}
	x->generating = more == 1 || head;
	if (head)
		x->sent += res->body.len;
}

/* architecture.md 15.34: guessing at links is slowed down like guessing at passwords. */
static void brake_links(struct exchange *x)
{
	x->attempt.wait_ms = auth_wrong_link(x->sv->auth, x->site->settings, x->address);
	if (x->attempt.wait_ms > 0)
		answer_braked(x);
}

static void handle(struct exchange *x)
{
	store_session_begin(x->site->dav.store);
	route_handle(x->site, &x->rq);
	if (x->res.wrong_link)
		brake_links(x);
	if (x->res.body.full && x->res.next == NULL)
		answer_text(x, 500, "the answer is too large");
	if (x->res.next != NULL)
		prefetch(x);
	store_session_end(x->site->dav.store);
}

/* RFC 9110 15.5.14, with the element that the handler knows for it. */
static void refuse_large(struct exchange *x)
{
	size_t ignored;

	response_reset(&x->res);
	if (route_precheck(x->site, &x->rq, x->received, true, &ignored) < 400)
		answer_text(x, 413, "the body is too large");
}

static bool check_headers(struct exchange *x)
{
	int status = route_precheck(x->site, &x->rq, x->framing.length, x->framing.length_known,
		&x->body_max);

	if (status < 400)
		return true;
	x->res.status = status;
	return false;
}

static bool body_complete(const struct exchange *x)
{
	return x->stage == STAGE_WORK;
}

/* Login is settled; what can be said before the body is said. */
static void go_on(struct exchange *x)
{
	log_context(x->rq.id, x->rq.who.name);
	x->admitted = check_headers(x);
	if (x->admitted && body_complete(x)) {
		if (x->rq.body_len > x->body_max)
			refuse_large(x);
		else
			handle(x);
	}
}

static void job_admitted(void *arg)
{
	go_on(arg);
	resume(arg);
}

/* What asks for the password once more sets one, mostly: its handler hashes (15.28). */
static bool hashes(const struct exchange *x)
{
	return x->attempt.door == DOOR_CONFIRM;
}

/* Goes on elsewhere, unless it hashes again: this thread is for that. */
static void pass_on(struct exchange *x)
{
	x->rq.who = x->attempt.who;
	if (hashes(x)) {
		job_admitted(x);
		return;
	}
	if (workers_submit(x->sv->work, job_admitted, x) == 0)
		return;
	answer_full(x, x->sv->work);
	resume(x);
}

static void refuse_login(struct exchange *x, enum auth_result result)
{
	switch (result) {
	case AUTH_OK:
		assert(!"settled before");
		break;
	case AUTH_MISSING:
	case AUTH_WRONG:
		if (x->rq.session_token != NULL)
			answer_unconfirmed(x);
		else
			answer_login(x, result == AUTH_WRONG ? "login failed" : NULL);
		break;
	case AUTH_WAIT:
		answer_braked(x);
		break;
	case AUTH_BROKEN:
		answer_busy(x, BUSY_ACCOUNTS, "accounts can't be read");
		break;
	case AUTH_VERIFY:
		answer_full(x, x->sv->logins);
		break;
	}
}

static void settle_login(struct exchange *x, enum auth_result result)
{
	refuse_login(x, result);
	resume(x);
}

static void job_verify(void *arg)
{
	struct exchange *x = arg;
	enum auth_result result;

	log_context(x->rq.id, NULL);
	result = auth_verify(x->sv->auth, &x->attempt);
	if (result == AUTH_OK)
		pass_on(x);
	else
		settle_login(x, result);
}

struct use { struct store *store; char *account, *id; int64_t when; };

static void job_note_use(void *arg)
{
	struct use *u = arg;
	struct err e;

	if (store_token_used(u->store, u->account, u->id, u->when, &e) != 0)
		log_info("the use of an application password isn't noted: %s", e.text);
	free(u->account);
	free(u->id);
	free(u);
}

/* Not by the thread that has the connection: it would wait for the disk. If nobody has time, the next use is
 * noted. */
static void note_use(const struct exchange *x)
{
	struct use *u = xcalloc(1, sizeof(*u));

	*u = (struct use){ x->sv->store, xstrdup(x->rq.who.name), xstrdup(x->attempt.token), clock_now() };
	if (workers_submit(x->sv->work, job_note_use, u) == 0)
		return;
	free(u->account);
	free(u->id);
	free(u);
}

/* Without hashing: AUTH_OK if nobody needs a login here, or this one is remembered. */
static enum auth_result recognise(struct exchange *x)
{
	enum auth_result result;

	x->attempt.door = route_door(&x->rq);
	if (x->attempt.door == DOOR_OPEN)
		return AUTH_OK;
	log_context(x->rq.id, NULL);
	store_session_begin(x->site->dav.store);
	if (x->attempt.door == DOOR_SESSION) {
		result = auth_bearer(x->sv->auth, &x->attempt, &x->rq);
		if (result == AUTH_MISSING)
			result = auth_session(x->sv->auth, &x->attempt, &x->rq);
	} else if (x->attempt.door == DOOR_CONFIRM) {
		result = auth_confirm(x->sv->auth, &x->attempt, &x->rq);
	} else {
		result = auth_begin(x->sv->auth, &x->attempt, request_header(&x->rq, "Authorization"));
	}
	store_session_end(x->site->dav.store);
	if (result == AUTH_OK)
		x->rq.who = x->attempt.who;
	if (result == AUTH_OK && x->attempt.token != NULL)
		note_use(x);
	return result;
}

static void hash_later(struct exchange *x)
{
	if (workers_submit(x->sv->logins, job_admitted, x) == 0)
		return;
	answer_full(x, x->sv->logins);
	resume(x);
}

static void job_login(void *arg)
{
	struct exchange *x = arg;
	enum auth_result result = recognise(x);

	if (result == AUTH_OK && !hashes(x)) {
		job_admitted(x);
	} else if (result == AUTH_OK) {
		hash_later(x);
	} else if (result != AUTH_VERIFY || workers_submit(x->sv->logins, job_verify, x) != 0) {
		settle_login(x, result);
	}
}

static void job_handle(void *arg)
{
	struct exchange *x = arg;

	log_context(x->rq.id, x->rq.who.name);
	handle(x);
	resume(x);
}

/* ---- receiving ---- */

struct collected { struct exchange *x; struct header *head; size_t heads; };

static enum MHD_Result collect_header(void *arg, enum MHD_ValueKind kind, const char *name,
	const char *value)
{
	struct collected *c = arg;

	(void)kind;
	if (c->heads == HEADERS_MAX)
		return MHD_NO;
	/* The library keeps both until the request is over. */
	c->head[c->heads++] = (struct header){ name != NULL ? name : "", value != NULL ? value : "" };
	return MHD_YES;
}

static void read_address(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	address_text(info != NULL ? info->client_addr : NULL, x->address);
	x->rq.address = x->address;
	x->rq.secure = peer_secure(x->peer);
	x->rq.base = x->site->settings->base_path;
	x->rq.sessions = x->sv->sessions;
	x->rq.refused = auth_refused(x->sv->auth);
	x->rq.imports = x->sv->imports;
	x->rq.backups = x->sv->backups;
	x->rq.session_rule = x->site->settings->sessions;
}

/* trust.md T-36: what the proxy saw instead of what we see. */
static void read_forwarded(struct exchange *x)
{
	const struct proxy_rule *rule = &x->site->settings->proxies;
	struct forwarded f;

	if (!proxy_is_trusted(rule, x->address))
		return;
	proxy_read(rule, &x->rq, &f);
	if (f.address != NULL)
		snprintf(x->address, sizeof(x->address), "%s", f.address);
	x->rq.secure = x->rq.secure || f.secure;
	x->rq.host = f.host;
	if (f.id != NULL)
		x->rq.id = f.id;
	if (f.prefix != NULL)
		x->rq.base = f.prefix;
}

/* A client that writes headers and body apart would wait 40 ms for our delayed ACK. */
static void acknowledge_now(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->con, MHD_CONNECTION_INFO_CONNECTION_FD);
	int on = 1;

	if (info != NULL)
		(void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/* NULL, or why the request is refused with the connection. */
static const char *read_head(struct exchange *x, const char *method, const char *version)
{
	struct collected c = { x, arena_array(x->rq.mem, HEADERS_MAX, sizeof(struct header)), 0 };
	const char *why;
	int total = MHD_get_connection_values(x->con, MHD_HEADER_KIND, collect_header, &c);

	x->rq.method = arena_strdup(x->rq.mem, method);
	x->version = arena_strdup(x->rq.mem, version);
	x->rq.path = "/";
	x->rq.head = c.head;
	x->rq.heads = c.heads;
	read_address(x);
	read_forwarded(x);
	if (total < 0 || (size_t)total != c.heads)
		return "too many headers";
	why = guard_framing(version, c.head, c.heads, &x->framing);
	if (why != NULL)
		return why;
	why = guard_target(method, x->target, x->rq.mem, &x->rq.path, &x->rq.query);
	x->rq.path = path_below(x->rq.base, x->rq.path);
	return why;
}

/* Small and announced: read before anything is decided, so that the connection lives on. */
static bool small_body(const struct exchange *x)
{
	return x->framing.length_known && x->framing.length <= SMALL_BODY &&
		!x->framing.expect_continue;
}

/* Of who offers nothing nothing is read. */
static bool offers_login(const struct exchange *x)
{
	enum door door = route_door(&x->rq);

	return door == DOOR_OPEN || request_header(&x->rq, "Authorization") != NULL ||
		((door == DOOR_SESSION || door == DOOR_CONFIRM) && request_header(&x->rq, "Cookie") != NULL);
}

static void begin(struct exchange *x, const char *method, const char *version)
{
	const char *why = read_head(x, method, version);

	if (why != NULL) {
		answer_text(x, 400, why);
		x->close = true;
		x->stage = STAGE_REPLY;
		return;
	}
	if (peer_turned_away(x->peer) && !route_is_light(x->rq.path)) {
		answer_busy(x, BUSY_CONNECTIONS, "too many connections");
		x->close = true;
		x->stage = small_body(x) ? STAGE_DRAIN : STAGE_REPLY;
		return;
	}
	x->attempt.settings = x->site->settings;
	x->attempt.address = x->address;
	x->attempt.mem = x->rq.mem;
	x->body.max = SMALL_BODY;
	reaper_phase(x->sv->reaper, x->peer, PEER_BODY, 0);
	if (x->framing.chunked || x->framing.length > 0)
		acknowledge_now(x);
	if (!offers_login(x)) {
		answer_login(x, NULL);
		x->stage = small_body(x) ? STAGE_DRAIN : STAGE_REPLY;
	} else if (small_body(x)) {
		x->stage = STAGE_BODY;
	} else {
		suspend_for(x, STAGE_ADMIT, x->sv->work, job_login);
	}
}

/* Closing on a client that is still sending resets the connection, and the refusal is often
 * lost with it: users whose event is too large should read so. */
static bool drains(const struct exchange *x)
{
	return x->rq.who.name != NULL && x->framing.length_known && x->framing.length <= DRAIN_MAX &&
		!x->framing.expect_continue;
}

/* Resumed before the body. */
static void begin_body(struct exchange *x)
{
	reaper_phase(x->sv->reaper, x->peer, PEER_BODY, 0);
	if (!x->admitted) {
		x->stage = drains(x) ? STAGE_DRAIN : STAGE_REPLY;
		return;
	}
	x->stage = STAGE_BODY;
	x->body.max = x->body_max;
}

static enum MHD_Result receive(struct exchange *x, const char *data, size_t *size)
{
	reaper_progress(x->sv->reaper, x->peer, *size);
	x->received += *size;
	if (x->stage == STAGE_BODY)
		buf_add(&x->body, data, *size);
	*size = 0;
	if (x->stage == STAGE_BODY && x->received > (uint64_t)x->body.max + OVERRUN)
		return MHD_NO;
	return MHD_YES;
}

static void answer_here(struct exchange *x)
{
	x->stage = STAGE_WORK;
	go_on(x);
	x->stage = STAGE_REPLY;
}

/* architecture.md 7: what takes less than being handed to a worker and back is answered on this thread; not
 * so who has to be known by hashing first. */
static void answer_quickly(struct exchange *x)
{
	enum auth_result result;

	reaper_phase(x->sv->reaper, x->peer, PEER_WORK, 0);
	result = recognise(x);
	if (result == AUTH_OK) {
		answer_here(x);
	} else if (result == AUTH_VERIFY) {
		suspend_for(x, STAGE_WORK, x->sv->logins, job_verify);
	} else {
		refuse_login(x, result);
		x->stage = STAGE_REPLY;
	}
}

static void end_body(struct exchange *x)
{
	x->rq.body = x->body.data;
	x->rq.body_len = x->body.len;
	x->rq.now = clock_now();
	x->busy = true;
	atomic_fetch_add(&x->sv->busy, 1);
	if (x->body.full) {
		refuse_large(x);
		x->stage = STAGE_REPLY;
	} else if (route_is_light(x->rq.path)) {
		answer_here(x);
	} else if (!x->admitted && route_is_quick(&x->rq)) {
		answer_quickly(x);
	} else {
		suspend_for(x, STAGE_WORK, x->admitted && hashes(x) ? x->sv->logins : x->sv->work,
			x->admitted ? job_handle : job_login);
	}
	log_context(NULL, NULL);
}

/* ---- sending ---- */

/* Its status went out long ago. */
static void log_broken_off(const struct exchange *x)
{
	char shown[WEB_LOG_PATH_SIZE], reason[ERR_LOGGED_SIZE];

	metric_add(METRIC_HTTP_BROKEN_OFF, 0, 1);
	log_context(x->rq.id, x->rq.who.name);
	log_warn("%s %s %s: the answer was broken off: %s", x->address, x->rq.method,
		web_log_path(x->rq.path, shown),
		err_logged(x->res.reason != NULL ? x->res.reason : "too large", reason));
	log_context(NULL, NULL);
}

static void make_piece(struct exchange *x)
{
	struct response *res = &x->res;
	int more = 1;

	buf_reset(&res->body);
	x->sent = 0;
	store_session_begin(x->site->dav.store);
	while (more == 1 && !res->body.full && res->body.len < PIECE)
		more = res->next(res->next_arg, &res->body);
	store_session_end(x->site->dav.store);
	x->generating = more == 1;
	x->broken_off = more < 0 || res->body.full;
	if (x->broken_off)
		log_broken_off(x);
	reaper_release(x->sv->reaper, x->peer);
}

static void job_piece(void *arg)
{
	make_piece(arg);
	resume(arg);
}

/* Making a piece reads files and expands series: nothing for the thread that serves all the others. */
static void suspend_for_piece(struct exchange *x)
{
	reaper_hold(x->sv->reaper, x->peer);
	MHD_suspend_connection(x->con);
	if (workers_submit(x->sv->work, job_piece, x) == 0)
		return;
	make_piece(x); /* the answer has begun: late is better than broken off */
	MHD_resume_connection(x->con);
}

static ssize_t read_answer(void *arg, uint64_t pos, char *out, size_t max)
{
	struct exchange *x = arg;
	const struct buf *body = &x->res.body;
	size_t n = body->len - x->sent < max ? body->len - x->sent : max;

	(void)pos;
	if (x->broken_off)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0 && !x->generating)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		suspend_for_piece(x);
		return 0;
	}
	memcpy(out, body->data + x->sent, n);
	x->sent += n;
	x->passed_on += n;
	reaper_progress(x->sv->reaper, x->peer, n);
	return (ssize_t)n;
}

static struct MHD_Response *make_response(struct exchange *x)
{
	bool head = strcmp(x->rq.method != NULL ? x->rq.method : "", "HEAD") == 0;

	if (x->generating && head) /* the length is known, the reader is never asked */
		return MHD_create_response_from_callback(x->sent, BLOCK, read_answer, x, NULL);
	if (x->generating)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_answer, x, NULL);
	if (!head)
		x->passed_on = x->res.body.len;
	return MHD_create_response_from_buffer(x->res.body.len, x->res.body.data,
		MHD_RESPMEM_PERSISTENT);
}

static void log_answer(const struct exchange *x)
{
	long long ms = (long long)(clock_monotonic_us() - x->began) / 1000;
	char shown[WEB_LOG_PATH_SIZE], reason[ERR_LOGGED_SIZE];
	const char *path = web_log_path(x->rq.path, shown);

	log_context(x->rq.id, x->rq.who.name);
	if (x->res.status >= 400 && x->res.status != 401)
		log_info("%s %s %s: %d %s", x->address, x->rq.method, path, x->res.status,
			err_logged(x->res.reason != NULL ? x->res.reason : "", reason));
	else
		log_debug("%s %s %s: %d, %lld ms", x->address, x->rq.method, path, x->res.status, ms);
	log_context(NULL, NULL);
}

/* Handlers know nothing of the base path. */
static const char *header_value(struct exchange *x, const struct header *h)
{
	if (x->rq.base == NULL || h->value[0] != '/' || (strcmp(h->name, "Location") != 0 &&
		strcmp(h->name, "Content-Location") != 0))
		return h->value;
	return arena_printf(x->rq.mem, "%s%s", x->rq.base, h->value);
}

static enum MHD_Result add_headers(struct exchange *x, struct MHD_Response *r)
{
	enum MHD_Result ok = MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");

	if (ok == MHD_YES)
		ok = MHD_add_response_header(r, "X-Request-Id", x->rq.id);
	for (size_t i = 0; i < x->res.heads && ok == MHD_YES; i++)
		ok = MHD_add_response_header(r, x->res.head[i].name, header_value(x, &x->res.head[i]));
	if (ok == MHD_YES && (x->close || atomic_load(&x->sv->stopping)))
		ok = MHD_add_response_header(r, "Connection", "close");
	return ok;
}

static enum MHD_Result reply(struct exchange *x)
{
	struct MHD_Response *r = make_response(x);
	enum MHD_Result ok = MHD_NO;
	char shown[WEB_LOG_PATH_SIZE];

	x->stage = STAGE_SENDING;
	reaper_phase(x->sv->reaper, x->peer, PEER_SEND, x->res.body.len);
	log_answer(x);
	if (r == NULL)
		return MHD_NO;
	if (add_headers(x, r) == MHD_YES)
		ok = MHD_queue_response(x->con, (unsigned)x->res.status, r);
	else
		log_error("a header of the answer to %s %s was refused", x->rq.method,
			web_log_path(x->rq.path, shown));
	MHD_destroy_response(r);
	return ok;
}

enum MHD_Result exchange_step(struct exchange *x, const char *method, const char *version,
	const char *data, size_t *size)
{
	if (x->stage == STAGE_NEW)
		begin(x, method, version);
	else if (x->stage == STAGE_ADMIT)
		begin_body(x);
	else if (*size > 0)
		return receive(x, data, size);
	else if (x->stage == STAGE_BODY)
		end_body(x);
	else if (x->stage == STAGE_WORK || x->stage == STAGE_DRAIN)
		x->stage = STAGE_REPLY;
	return x->stage == STAGE_REPLY ? reply(x) : MHD_YES;
}
