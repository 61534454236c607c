/*
 * dedit(1): the administrator's command. Asks the server that holds the data folder to run
 * a command, or runs it over the files when none does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/tree.h"
#include "base/util.h"
#include "ical/zone.h"
#include "server/admin.h"
#include "server/control.h"
#include "server/sandbox.h"
#include "xml/xml.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "development"
#endif

enum { PASSWORD_LINE = 1024, STARTING_TRIES = 20, STARTING_WAIT_US = 100000, TEXT_MAX = 60 * 1024 };

static void usage(FILE *to)
{
	cleanup_buf struct buf text;

	buf_init(&text, 65536);
	admin_usage(&text);
	fprintf(to, "usage: dedit [-c FILE] COMMAND ...\n\n"
		    "  -c FILE   the server's configuration (default %s)\n"
		    "  --help, --version\n\ncommands:\n%s\n"
		    "Passwords are asked for on a terminal, else read from standard input (one line).\n",
		SETTINGS_DEFAULT_FILE, text.data);
}

static int fail(const char *text)
{
	fprintf(stderr, "dedit: %s\n", text);
	return ADMIN_FAILED;
}

/* With what errno says. */
static int fail_with(const char *name)
{
	fprintf(stderr, "dedit: %s: %s\n", name, strerror(errno));
	return ADMIN_FAILED;
}

/* ---- passwords ---- */

static int read_line(FILE *from, char line[PASSWORD_LINE])
{
	size_t len;

	if (fgets(line, PASSWORD_LINE, from) == NULL)
		return -1;
	len = strlen(line);
	if (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	else if (len == PASSWORD_LINE - 1)
		return -1;
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	return 0;
}

static int ask(FILE *tty, const char *prompt, char line[PASSWORD_LINE])
{
	struct termios before, silent;
	int rc;

	fputs(prompt, tty);
	fflush(tty);
	if (tcgetattr(fileno(tty), &before) != 0)
		return -1;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fileno(tty), TCSAFLUSH, &silent) != 0)
		return -1;
	rc = read_line(tty, line);
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', tty);
	return rc;
}

static int ask_twice(char line[PASSWORD_LINE])
{
	FILE *tty = fopen("/dev/tty", "r+");
	char again[PASSWORD_LINE] = "";
	int rc;

	if (tty == NULL)
		return fail("no terminal to ask for the password");
	setvbuf(tty, NULL, _IONBF, 0);
	if (ask(tty, "Password: ", line) != 0 || ask(tty, "Again: ", again) != 0)
		rc = fail("no password was given");
	else
		rc = strcmp(line, again) == 0 ? ADMIN_OK : fail("the two differ");
	secret_zero(again, sizeof(again));
	fclose(tty);
	return rc;
}

static int get_password(char line[PASSWORD_LINE])
{
	if (isatty(STDIN_FILENO))
		return ask_twice(line);
	return read_line(stdin, line) == 0 ? ADMIN_OK
					   : fail("no password on standard input (one line, below 1 KiB)");
}

/* ---- files ---- */

static int copy(int from, int to)
{
	char bytes[65536];
	ssize_t n, m;

	while ((n = read(from, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		for (ssize_t done = 0; n > 0 && done < n; done += m) {
			m = write(to, bytes + done, (size_t)(n - done));
			if (m < 0 && errno == EINTR)
				m = 0;
			if (m < 0)
				return -1;
		}
		if (n < 0)
			return -1;
	}
	return 0;
}

static int temporary(int *out)
{
	FILE *f = tmpfile();

	*out = f != NULL ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 0) : -1;
	if (f != NULL)
		fclose(f);
	return *out >= 0 ? ADMIN_OK : fail("no temporary file");
}

/* The first argument that is no option, "-" for standard input. What is no plain file is copied
 * into one: the server doesn't wait for a pipe. */
static int open_input(char *const *args, int *out)
{
	cleanup_fd int given = -1;
	struct stat st;

	while (*args != NULL && str_starts(*args, "--"))
		args++;
	if (*args == NULL)
		return temporary(out); /* the command will say what is missing */
	given = strcmp(*args, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					: open(*args, O_RDONLY | O_CLOEXEC);
	if (given < 0 || fstat(given, &st) != 0 || S_ISDIR(st.st_mode)) {
		fprintf(stderr, "dedit: %s: %s\n", *args, strerror(given < 0 ? errno : EISDIR));
		return ADMIN_FAILED;
	}
	if (S_ISREG(st.st_mode)) {
		*out = given;
		given = -1;
		return ADMIN_OK;
	}
	if (temporary(out) != ADMIN_OK)
		return ADMIN_FAILED;
	return copy(given, *out) == 0 ? ADMIN_OK : fail(strerror(errno));
}

/* Where the picture goes that a command draws; NULL: none is asked for. */
static const char *picture_of(const struct command *c, char *const *args)
{
	for (; (c->flags & ADMIN_DRAWS) != 0 && *args != NULL; args++) {
		if (strcmp(*args, "--svg") == 0)
			return args[1];
	}
	return NULL;
}

static int open_file(const struct command *c, char *const *args, int *out)
{
	char *const *first = args + (c->sub != NULL ? 2 : 1), *const *last = first;

	while (last[0] != NULL && last[1] != NULL)
		last++;
	if ((c->flags & (ADMIN_READS | ADMIN_READS_LAST)) != 0)
		return open_input((c->flags & ADMIN_READS) != 0 ? first : last, out);
	return (c->flags & ADMIN_WRITES) != 0 || picture_of(c, args) != NULL ? temporary(out) : ADMIN_OK;
}

/* As the caller, who may write there, not as the folder's owner. What stands in it goes when the command
 * has succeeded. made: nothing was there. */
static int open_picture(const char *name, int *out, bool *made)
{
	*out = -1;
	*made = false;
	if (name == NULL)
		return ADMIN_OK;
	*out = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	*made = *out >= 0;
	if (*out < 0 && errno == EEXIST)
		*out = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (*out >= 0)
		return ADMIN_OK;
	fprintf(stderr, "dedit: %s: %s\n", name, strerror(errno));
	return ADMIN_FAILED;
}

static int show_file(const struct command *c, int file, int picture)
{
	struct stat st;

	if (picture < 0 && (c->flags & ADMIN_WRITES) == 0)
		return ADMIN_OK;
	if (picture >= 0 && fstat(picture, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(picture, 0) != 0)
		return fail(strerror(errno));
	return lseek(file, 0, SEEK_SET) == 0 && copy(file, picture >= 0 ? picture : STDOUT_FILENO) == 0
		? ADMIN_OK
		: fail(strerror(errno));
}

/* ---- running ---- */

/* What the caller has made and filled with nothing isn't taken away from its owner, nor opened or closed to
 * anybody: it has to be as a new one would be. What isn't empty the command refuses. */
static int check_target(const char *name, uid_t owner)
{
	cleanup_fd int dir = -1;
	struct stat st;
	bool empty;
	struct err e;

	if (fs_open_dir(name, &dir, &e) != 0 || tree_is_empty(dir, &empty, &e) != 0)
		return fail(e.text);
	if (fstat(dir, &st) != 0)
		return fail_with(name);
	if (!empty || (st.st_uid == owner && (st.st_mode & 077) == 0))
		return ADMIN_OK;
	fprintf(stderr, "dedit: %s: name a folder that doesn't exist, or an empty one of the data folder's owner "
			"that is closed to all others (mode 0700)\n", name);
	return ADMIN_FAILED;
}

/* For what the command puts there as the data folder's owner, who could perhaps not make it. *made: nothing
 * was there. */
static int make_target(const char *name, const char *data, bool *made)
{
	struct stat owner;
	struct err e;

	if (stat(data, &owner) != 0)
		return fail_with(data);
	if (fs_make_folder(name, owner.st_uid, owner.st_gid, made, &e) != 0)
		return fail(e.text);
	return *made ? ADMIN_OK : check_target(name, owner.st_uid);
}

/* If there is none to restore into. It is the server's user's, or else the backup's owner's. */
static int make_data(const struct settings *s, const char *backup, bool *made)
{
	const struct passwd *user;
	struct stat owner;
	struct err e;

	if (geteuid() != 0 || stat(backup, &owner) != 0)
		return ADMIN_OK; /* the command will say so */
	if (find_user(s, &user, &e) != 0 ||
		fs_make_folder(s->data, user != NULL ? user->pw_uid : owner.st_uid,
			user != NULL ? user->pw_gid : owner.st_gid, made, &e) != 0)
		return fail(e.text);
	return ADMIN_OK;
}

/* Files must stay the server's: root works as the folder's owner (architecture.md 15.27). */
static int become_owner(const char *data)
{
	struct stat st;

	if (geteuid() != 0 || stat(data, &st) != 0 || st.st_uid == 0)
		return ADMIN_OK;
	if (setgroups(0, NULL) != 0 || setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0)
		return fail("can't become the owner of the data folder");
	return ADMIN_OK;
}

static int run_here(struct admin *a, struct site *site, char *const *args, bool with_store)
{
	struct store *store;
	struct err e;
	int code;

	if (with_store) {
		if (store_open("sqlite", site->settings->data, &site->settings->store, &store, &e) != 0)
			return e.code == ERR_BUSY ? ADMIN_BUSY : admin_fail(a, "%s", e.text);
		site_use_store(site, store);
	}
	code = admin_run(a, args);
	if (with_store)
		store_close(store);
	return code;
}

/* Has the server do it, or hold its files for it: true, with the exit code; ADMIN_OK with a->held: it holds
 * them, and nothing is done yet. */
static bool ask_server(struct admin *a, const char *data, char *const *args, unsigned flags, int *code,
	struct err *e)
{
	if ((flags & ADMIN_BESIDE) == 0)
		return control_call(data, a->password, args, a->file, code, &a->out, &a->errors, e) == 0;
	if (control_hold(data, args, &a->hold, code, &a->out, &a->errors, e) != 0)
		return false;
	a->held = control_holds;
	return true;
}

/* Commands that work on a closed store leave no text of a policy behind: perhaps there is no folder. */
static int make_site(struct admin *a, struct site **site, struct settings *settings, bool with_store)
{
	struct err e;

	if (*site == NULL && site_create(settings, with_store ? settings->data : NULL, site, &e) != 0)
		return admin_fail(a, "%s", e.text);
	a->site = *site;
	return ADMIN_OK;
}

/* A server may be starting or stopping: its lock is there, its socket isn't (or not yet). */
static int run_somewhere(struct admin *a, struct site **site, struct settings *settings,
	char *const *args, unsigned flags)
{
	bool with_store = (flags & (ADMIN_OFFLINE | ADMIN_BESIDE)) == 0;
	struct err e;
	int code;

	for (int tries = 0; tries < STARTING_TRIES; tries++) {
		bool asked = ask_server(a, settings->data, args, flags, &code, &e);
		if (asked && (a->held == NULL || code != ADMIN_OK))
			return code;
		if (!asked && e.code != ERR_NOT_FOUND)
			return admin_fail(a, "%s", e.text);
		if (make_site(a, site, settings, with_store) != ADMIN_OK)
			return ADMIN_FAILED;
		code = run_here(a, *site, args, with_store);
		if (code != ADMIN_BUSY)
			return code;
		usleep(STARTING_WAIT_US);
	}
	return admin_fail(a, "%s is in use, and nobody answers on its control socket", settings->data);
}

/* *made: the folder for the command that wasn't there before. */
static int prepare_folders(const struct command *c, const struct settings *s, char *const *args,
	const char **made)
{
	const char *last = NULL;
	bool is_new = false;
	int code = ADMIN_OK;

	for (args++; *args != NULL; args++)
		last = str_starts(*args, "--") ? last : *args;
	if (last == NULL)
		return ADMIN_OK; /* the command will say so */
	if ((c->flags & ADMIN_RESTORES) != 0) {
		code = make_data(s, last, &is_new);
		*made = is_new ? s->data : NULL;
	} else if ((c->flags & ADMIN_BESIDE) != 0) {
		code = make_target(last, s->data, &is_new);
		*made = is_new ? last : NULL;
	}
	return code;
}

/* The one made for a command that failed; empty, or it stays. As the caller again. */
static void drop_folder(const char *name)
{
	if (seteuid(getuid()) != 0 || (rmdir(name) != 0 && errno != ENOTEMPTY))
		fail_with(name);
}

static int perform(struct settings *settings, struct site **site, const struct command *c, char *const *args,
	const char *password, int file, int picture)
{
	cleanup_arena struct arena *mem = arena_create();
	struct admin a;
	int code;

	admin_init(&a, NULL, mem, clock_now());
	a.password = password;
	a.file = file;
	code = run_somewhere(&a, site, settings, args, c->flags);
	if ((code == ADMIN_OK || (code == ADMIN_FAILED && picture < 0)) && show_file(c, file,
		picture) != ADMIN_OK)
		code = ADMIN_FAILED;
	fwrite(a.out.data, 1, a.out.len, stdout);
	fwrite(a.errors.data, 1, a.errors.len, stderr);
	admin_finish(&a);
	control_release(a.hold);
	return fflush(stdout) == 0 ? code : fail(strerror(errno));
}

static int run(const char *conf, const struct command *c, char *const *args, const char *password,
	int file, int picture)
{
	const char *made = NULL;
	struct settings *settings;
	struct site *site = NULL;
	struct err e;
	int code;

	if (settings_load(conf, &settings, &e) != 0)
		return fail(e.text);
	settings->policy.tolerant = true;
	code = prepare_folders(c, settings, args, &made);
	if (code == ADMIN_OK)
		code = become_owner(settings->data);
	if (code == ADMIN_OK)
		code = perform(settings, &site, c, args, password, file, picture);
	if (made != NULL && code != ADMIN_OK)
		drop_folder(made);
	if (site != NULL)
		site_release(site);
	else
		settings_destroy(settings);
	return code;
}

/* What looks at a file alone. */
static int run_alone(char *const *args, int file)
{
	cleanup_arena struct arena *mem = arena_create();
	struct admin a;
	int code;

	admin_init(&a, NULL, mem, clock_now());
	a.file = file;
	code = admin_run(&a, args);
	fwrite(a.out.data, 1, a.out.len, stdout);
	fwrite(a.errors.data, 1, a.errors.len, stderr);
	admin_finish(&a);
	return fflush(stdout) == 0 ? code : fail(strerror(errno));
}

static int read_file(const char *name, struct buf *text)
{
	FILE *from = fopen(name, "re");
	char piece[4096];
	size_t n;

	if (from == NULL) {
		fprintf(stderr, "dedit: %s: %s\n", name, strerror(errno));
		return ADMIN_FAILED;
	}
	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		buf_add(text, piece, n);
	bool failed = ferror(from) != 0 || text->full;
	fclose(from);
	if (failed)
		fprintf(stderr, "dedit: %s: can't be read, or larger than %d bytes\n", name, TEXT_MAX);
	return failed ? ADMIN_FAILED : ADMIN_OK;
}

/* The server may not read the caller's files,
	nor know the folder that names them. A second one is left as
 * it is, for the command to refuse. */
static int read_text(const char *option, char *const *args, char **with_text, struct buf *text)
{
	size_t n = 0;

	for (; args[n] != NULL; n++) {
		with_text[n] = args[n];
		if (n == 0 || strcmp(args[n - 1], option) != 0 || text->len > 0)
			continue;
		if (read_file(args[n], text) != ADMIN_OK)
			return ADMIN_FAILED;
		with_text[n] = text->data;
	}
	with_text[n] = NULL;
	return ADMIN_OK;
}

/* The one made for a command that failed, as the caller again. */
static void drop_picture(const char *name)
{
	if (seteuid(getuid()) != 0 || unlink(name) != 0)
		fprintf(stderr, "dedit: %s: %s\n", name, strerror(errno));
}

static int run_with_files(const char *file, char *const *args, const struct command *c)
{
	char password[PASSWORD_LINE] = "";
	const char *drawn = picture_of(c, args);
	cleanup_fd int input = -1, picture = -1;
	bool made;
	int code;

	if ((c->flags & ADMIN_PASSWORD) != 0 && get_password(password) != ADMIN_OK)
		return ADMIN_FAILED;
	if (open_file(c, args, &input) != ADMIN_OK || open_picture(drawn, &picture, &made) != ADMIN_OK)
		return ADMIN_FAILED;
	if ((c->flags & ADMIN_ALONE) != 0)
		return run_alone(args, input);
	code = run(file, c, args, (c->flags & ADMIN_PASSWORD) != 0 ? password : NULL, input, picture);
	if (made && code != ADMIN_OK)
		drop_picture(drawn);
	secret_zero(password, sizeof(password));
	return code;
}

static int run_with_text(const char *file, const char *option, char *const *args,
	const struct command *c)
{
	cleanup_free char **with_text = NULL;
	cleanup_buf struct buf text;
	size_t n = 0;

	while (args[n] != NULL)
		n++;
	with_text = xcalloc(n + 1, sizeof(*with_text));
	buf_init(&text, TEXT_MAX);
	return read_text(option, args, with_text, &text) == ADMIN_OK ? run_with_files(file, with_text, c)
								     : ADMIN_FAILED;
}

static int run_command(const char *file, char *const *args)
{
	const struct command *c = admin_find(args);

	if (c == NULL) {
		usage(stderr);
		return ADMIN_USAGE;
	}
	if ((c->flags & ADMIN_CA) != 0)
		return run_with_text(file, "--ca", args, c);
	if ((c->flags & ADMIN_POLICY) != 0)
		return run_with_text(file, "--policy", args, c);
	return run_with_files(file, args, c);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	const char *file = SETTINGS_DEFAULT_FILE;
	struct err e;
	int opt;

	umask(077);
	log_open(LOG_LEVEL_WARN, 0);
	while ((opt = getopt_long(argc, argv, "+c:", longs, NULL)) != -1) {
		switch (opt) {
		case 'c':
			file = optarg;
			break;
		case 'h':
			usage(stdout);
			return ADMIN_OK;
		case 'V':
			puts("dedit " PACKAGE_VERSION);
			return ADMIN_OK;
		default:
			usage(stderr);
			return ADMIN_USAGE;
		}
	}
	xml_init();
	if (zone_init(NULL, &e) != 0)
		return fail(e.text);
	return run_command(file, argv + optind);
}
