/*
 * Text of clients in each syntax that the server writes: HTML, XML, CSV, iCalendar, URLs, headers,
 * records, names of files, accounts of books. It comes out as what it is, or can't become syntax.
 */
#include "base/csv.h"
#include "base/digest.h"
#include "base/util.h"
#include "ical/ical.h"
#include "http/request.h"
#include "policy/money.h"
#include "policy/plain_name.h"
#include "storage/names.h"
#include "storage/record.h"
#include "tests/fuzz/fuzz.h"
#include "web/html.h"
#include "xml/xml.h"

enum { TEXT_MAX = 1 << 12, OUT_MAX = 1 << 16 };

/* Takes the five references back; NULL if there is other markup. */
static const char *html_read(const char *html, struct arena *mem)
{
	static const struct { const char *means, *c; } rows[] = {
		{ "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&#39;", "'" },
	};
	char *out = arena_strdup(mem, html), *end = out;

	while (*html != '\0') {
		size_t n = 0;

		while (n < ARRAY_SIZE(rows) && !str_starts(html, rows[n].means))
			n++;
		if (n == ARRAY_SIZE(rows) && strchr("&<>\"'", *html) != NULL)
			return NULL;
		*end++ = n < ARRAY_SIZE(rows) ? *rows[n].c : *html;
		html += n < ARRAY_SIZE(rows) ? strlen(rows[n].means) : 1;
	}
	*end = '\0';
	return out;
}

static void check_html(const char *text, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL };
	static const char *const schemes[] = { "http://", "https://", "mailto:", "/" };
	bool allowed = false;

	buf_init(&out, OUT_MAX);
	html_text(&out, text);
	const char *back = html_read(out.data, mem);
	must(back != NULL && strcmp(back, text) == 0);
	buf_reset(&out);
	html_link(&out, text, "x");
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		allowed = allowed || ascii_ncasecmp(text, schemes[i], strlen(schemes[i])) == 0;
	allowed = allowed && !str_starts(text, "//") && !str_starts(text, "/\\");
	must(allowed || !str_starts(out.data, "<a "));
}

/* XML can't hold the others, and what is stored goes into XML. */
static bool fits_xml(const char *text)
{
	for (; *text != '\0'; text++) {
		bool control = ((unsigned char)*text < 0x20 && *text != '\t' && *text != '\n') || *text == 0x7f;

		if (control || str_starts(text, "\xef\xbf\xbe") || str_starts(text, "\xef\xbf\xbf"))
			return false;
	}
	return true;
}

static void check_xml(const char *text, struct arena *mem)
{
	static const struct xml_limits limits = { .bytes = OUT_MAX, .depth = 8, .nodes = 8, .tag = OUT_MAX };
	cleanup_buf struct buf out = { .data = NULL };
	struct xml_node *root;
	struct xmlw w;

	buf_init(&out, OUT_MAX);
	xmlw_init(&w, &out);
	xmlw_root(&w, NS_DAV, "prop");
	xmlw_start(&w, NS_DAV, "displayname");
	xmlw_attr(&w, "name", text);
	xmlw_text(&w, text);
	xmlw_end(&w);
	xmlw_end(&w);
	must(xml_parse(out.data, out.len, &limits, mem, &root, NULL) == 0);
	const struct xml_node *n = xml_find(root, NS_DAV, "displayname");
	if (strpbrk(text, "\t\n") != NULL || !fits_xml(text)) /* an attribute's blanks are one kind */
		return;
	must(n != NULL && strcmp(xml_text(n, mem), text) == 0 && strcmp(xml_attr(n, "name"), text) == 0);
}

/* RFC 4180, and no formula at the beginning of the cell. */
static void check_csv(const char *text, char separator, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL };
	char *back = arena_alloc(mem, 2 * strlen(text) + 8), *end = back;
	struct csv c;

	buf_init(&out, OUT_MAX);
	csv_init(&c, &out, separator);
	csv_text(&c, text);
	csv_end(&c);
	bool quoted = out.data[0] == '"';
	for (const char *p = out.data + quoted; p < out.data + out.len - 2 - quoted; p++) {
		must(quoted || (*p != separator && *p != '"' && *p != '\n' && *p != '\r'));
		p += *p == '"';
		*end++ = *p;
	}
	*end = '\0';
	bool marked = *back == '\'' && strcmp(back + 1, text) == 0;
	must(marked || strcmp(back, text) == 0);
	must(back[strspn(back, " \t\r\n")] == '\0' || strchr("=+-@", back[strspn(back, " \t\r\n")]) == NULL);
}

static void check_ical(const char *text, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL }, body = { .data = NULL };
	struct ical *ic;

	buf_init(&out, OUT_MAX);
	buf_init(&body, OUT_MAX);
	must(ical_escape(&out, text) == 0);
	must(strpbrk(out.data, "\r\n") == NULL);
	buf_adds(&body, "BEGIN:VCALENDAR\r\n");
	must(ical_fold(&body, arena_printf(mem, "SUMMARY:%s", out.data)) == 0);
	buf_adds(&body, "END:VCALENDAR\r\n");
	for (const char *p = body.data, *end; (end = strchr(p, '\n')) != NULL; p = end + 1)
		must(end - p <= 76 && end[-1] == '\r');
	if (!fits_xml(text))
		return;
	must(ical_parse(body.data, body.len, NULL, mem, &ic, NULL) == 0 && ic->line_count == 3);
	must(strcmp(ical_text(ic->lines[1].value, mem), text) == 0);
}

static void check_url(const char *text, struct arena *mem)
{
	const char *segment = path_encode_segment(text, mem), *attribute = path_encode_attribute(text, mem);
	char *back;

	must(strpbrk(segment, "/?#;\"<>\\ \r\n") == NULL && strpbrk(attribute, "'\"*();, \r\n") == NULL);
	if (path_decode_segment(segment, strlen(segment), mem, &back) == 0)
		must(strcmp(back, text) == 0);
	else
		must(!name_valid(text) || *text == '\0');
}

static void check_record(const char *text, struct arena *mem)
{
	cleanup_buf struct buf out = { .data = NULL };
	const char *const field[] = { text, "b", text };
	const char *got[RECORD_FIELDS];
	size_t n;

	buf_init(&out, OUT_MAX);
	record_add(&out, "key", field, 3);
	must(out.data[out.len - 1] == '\n' && strcspn(out.data, "\r\n") == out.len - 1);
	out.data[out.len - 1] = '\0';
	must(record_split(arena_strdup(mem, out.data + strlen("key: ")), got, &n, NULL) == 0 && n == 3);
	must(strcmp(got[0], text) == 0 && strcmp(got[1], "b") == 0 && strcmp(got[2], text) == 0);
}

static void check_name(const char *text)
{
	char file[NAME_FILE_SIZE], name[NAME_FILE_SIZE];

	if (!name_valid(text) || strlen(text) > NAME_LONGEST)
		return;
	bool back = name_to_file(text, file);
	must(file[0] != '.' && file[0] != '\0' && strchr(file, '/') == NULL && str_ends(file, ".ics"));
	must(!back || (name_from_file(file, name) == 0 && strcmp(name, text) == 0));
	back = name_to_folder(text, file);
	must(file[0] != '.' && file[0] != '\0' && strchr(file, '/') == NULL);
	must(!back || (name_from_folder(file, name) == 0 && strcmp(name, text) == 0));
}

static void check_plain(const char *text, struct arena *mem)
{
	const char *name = plain_name(text, mem), *component = plain_component(name, mem);

	must(utf8_valid(name, strlen(name)) && strpbrk(name, "\"\\:;<>&{}()[]|*=+-@#,.'\r\n\t") == NULL);
	must(strcmp(plain_name(name, mem), name) == 0);
	must(*component != '\0' && strpbrk(component, " \"\\:;<>&{}()[]|*=+@#,.'\r\n\t") == NULL);
}

static void check_money(const char *text)
{
	char currency[CURRENCY_SIZE] = "", again[CURRENCY_SIZE] = "", out[64], whole[80];
	int64_t minor, back;

	if (money_parse(text, &minor, currency, NULL) < 0)
		return;
	must(money_format(minor, currency, out, sizeof(out)) == 0);
	snprintf(whole, sizeof(whole), "%s %s", out, currency);
	must(money_parse(whole, &back, again, NULL) == 0 && back == minor && strcmp(again, currency) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	cleanup_arena struct arena *mem = arena_create();
	cleanup_free char *text = xstrndup((const char *)data, size);

	if (!ready)
		xml_init();
	ready = true;
	check_money(text);
	if (strlen(text) > TEXT_MAX || !utf8_valid(text, strlen(text)))
		return 0;
	check_html(text, mem);
	check_xml(text, mem);
	check_csv(text, ',', mem);
	check_csv(text, ';', mem);
	check_ical(text, mem);
	check_url(text, mem);
	check_record(text, mem);
	check_name(text);
	check_plain(text, mem);
	return 0;
}
