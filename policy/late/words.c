#include "policy/late/words.h"

#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "policy/late/amount.h"
#include "policy/late/fold.h"

enum { SPANS_MAX = 64, WORD_LEN_MAX = 32, BRACKETS_MAX = 16 };

static const struct { const char *text; uint32_t word; } dictionary[] = {
	{ "absent", WORD_NOSHOW }, { "absente", WORD_NOSHOW }, { "lapin", WORD_NOSHOW },
	{ "no-show", WORD_NOSHOW }, { "noshow", WORD_NOSHOW },
	{ "attended", WORD_ATTENDED }, { "came", WORD_ATTENDED }, { "present", WORD_ATTENDED },
	{ "venu", WORD_ATTENDED }, { "venue", WORD_ATTENDED },
	{ "late", WORD_LATE }, { "retard", WORD_LATE },
	{ "late-cancel", WORD_LATECANCEL }, { "annulation-tardive", WORD_LATECANCEL },
	{ "waive", WORD_WAIVE }, { "nofee", WORD_WAIVE }, { "offert", WORD_WAIVE }, { "sansfrais", WORD_WAIVE },
	{ "emergency", WORD_EMERGENCY }, { "urgence", WORD_EMERGENCY },
	{ "me", WORD_ME }, { "moi", WORD_ME },
	{ "client", WORD_CLIENT },
	{ "fee", WORD_FEE }, { "frais", WORD_FEE },
	{ "price", WORD_PRICE }, { "prix", WORD_PRICE },
	{ "paid", WORD_PAID }, { "paye", WORD_PAID },
	{ "unpaid", WORD_UNPAID }, { "impaye", WORD_UNPAID },
	{ "dispute", WORD_DISPUTE }, { "litige", WORD_DISPUTE },
	{ "ok", WORD_OK }, { "confirm", WORD_OK },
	{ "video", WORD_VIDEO }, { "phone", WORD_VIDEO }, { "visio", WORD_VIDEO }, { "tel", WORD_VIDEO },
	{ "private", WORD_PRIVATE }, { "perso", WORD_PRIVATE }, { "prive", WORD_PRIVATE },
	{ "undo", WORD_UNDO }, { "erreur", WORD_UNDO },
};

static const char *const names[WORD_COUNT] = {
	"attended", "client", "dispute", "emergency", "fee", "late", "latecancel", "me", "noshow", "ok",
	"paid", "price", "private", "undo", "unpaid", "video", "waive",
};

static const uint32_t state_words =
	WORD_NOSHOW | WORD_ATTENDED | WORD_LATE | WORD_LATECANCEL | WORD_ME | WORD_CLIENT;
static const uint32_t money_words = WORD_WAIVE | WORD_EMERGENCY | WORD_FEE | WORD_PAID;

/* Parts of a title that are no part of the client's name. */
struct spans {
	struct { size_t from, to; } span[SPANS_MAX];
	size_t count;
};

const char *word_name(int n)
{
	return names[n];
}

const char *word_of(enum word w)
{
	int n = 0;

	while (!(w >> n & 1))
		n++;
	return names[n];
}

const char *words_error_name(enum words_error e)
{
	switch (e) {
	case WORDS_AMBIGUOUS:
		return "ambiguous-amount";
	case WORDS_BAD_AMOUNT:
		return "bad-amount";
	case WORDS_CONTRADICTORY:
		return "contradictory";
	case WORDS_FINE:
		break;
	}
	return "";
}

static void spans_add(struct spans *s, size_t from, size_t to)
{
	if (s->count == SPANS_MAX)
		return;
	s->span[s->count].from = from;
	s->span[s->count++].to = to;
}

static size_t spans_end(const struct spans *s, size_t at)
{
	for (size_t i = 0; i < s->count; i++) {
		if (at >= s->span[i].from && at < s->span[i].to)
			return s->span[i].to;
	}
	return at;
}

static void words_init(struct words *out)
{
	*out = (struct words){ .price = { .minor = -1 }, .amount = { .minor = -1 }, .minutes = -1 };
}

/* Length of the word behind a '#', folded into out ("" if it is too long to be known). */
static size_t word_scan(const char *s, char out[WORD_LEN_MAX])
{
	size_t at = 0, n, len = 0;
	uint32_t c;

	for (; (n = utf8_next(s + at, &c)) > 0; at += n) {
		bool digit = c < 0x80 && ascii_isdigit((int)c);

		if (!letter_is_alpha(c) && (at == 0 || (!digit && c != '-' && !letter_is_mark(c))))
			break;
		if (letter_is_mark(c))
			continue;
		c = letter_fold(c);
		if (c < 0x80 && len + 1 < WORD_LEN_MAX)
			out[len++] = (char)c;
		else
			len = WORD_LEN_MAX;
		if (len == WORD_LEN_MAX)
			len = WORD_LEN_MAX - 1; /* longer than any word in the list */
	}
	out[len] = '\0';
	return at;
}

static uint32_t word_find(const char *folded)
{
	for (size_t i = 0; i < ARRAY_SIZE(dictionary); i++) {
		if (strcmp(dictionary[i].text, folded) == 0)
			return dictionary[i].word;
	}
	return 0;
}

static size_t skip_blanks(const char *text, size_t at)
{
	uint32_t c;
	size_t n;

	while ((n = utf8_next(text + at, &c)) > 0 && letter_is_blank(c))
		at += n;
	return at;
}

/* The amount behind #fee or #price; returns where it ends. */
static size_t read_amount(const char *text, size_t at, uint32_t word, const char *currency, struct words *out)
{
	size_t begin = skip_blanks(text, at), len = 0;
	struct money amount = { .minor = -1 };
	enum amount_kind kind = begin > at ? amount_as_argument(text + begin, currency, &len, &amount) : AMOUNT_NONE;

	if (kind == AMOUNT_FINE) {
		out->tags |= word;
		*(word == WORD_FEE ? &out->amount : &out->price) = amount;
		return begin + len;
	}
	out->error = kind == AMOUNT_AMBIGUOUS ? WORDS_AMBIGUOUS : WORDS_BAD_AMOUNT;
	out->refused = true;
	return kind == AMOUNT_NONE ? at : begin + len;
}

static size_t read_minutes(const char *text, size_t at, struct words *out)
{
	size_t begin = skip_blanks(text, at), digits = strspn(text + begin, "0123456789");
	uint64_t minutes;

	out->tags |= WORD_LATE;
	if (begin == at || digits == 0 || parse_u64n(text + begin, digits, 0, 9999, &minutes))
		return at;
	out->minutes = (int64_t)minutes;
	return begin + digits;
}

/* At the '#' of text[at]: reads the word and what belongs to it. Returns where it ends, `at` if it is
 * only text. */
static size_t read_word(const char *text, size_t at, const char *currency, struct arena *mem,
	struct words *out)
{
	char folded[WORD_LEN_MAX];
	size_t end = at + 1 + word_scan(text + at + 1, folded);
	uint32_t word = word_find(folded);

	if (!word)
		return at;
	if (word == WORD_FEE || word == WORD_PRICE)
		end = read_amount(text, end, word, currency, out);
	else if (word == WORD_LATE)
		end = read_minutes(text, end, out);
	else
		out->tags |= word;
	if (out->typed_count < WORDS_TYPED_MAX)
		out->typed[out->typed_count++] =
			(struct typed){ (enum word)word, arena_strndup(mem, text + at, end - at) };
	return end;
}

static bool may_precede(const char *text, size_t at)
{
	if (at == 0 || strchr(" \t\n([", text[at - 1]))
		return true;
	/* No-break blanks end in these bytes. */
	return (at >= 2 && memcmp(text + at - 2, "\xC2\xA0", 2) == 0) ||
		(at >= 3 && memcmp(text + at - 3, "\xE2\x80\xAF", 3) == 0);
}

static void read_words(const char *text, size_t from, size_t to, const char *currency, struct arena *mem,
	struct words *out, struct spans *spans)
{
	for (size_t at = from; at < to; at++) {
		size_t end;

		if (text[at] != '#' || !may_precede(text, at))
			continue;
		end = read_word(text, at, currency, mem, out);
		if (end == at)
			continue;
		spans_add(spans, at, end);
		at = end - 1;
	}
}

static bool several(uint32_t bits)
{
	return (bits & (bits - 1)) != 0;
}

bool words_contradict(uint32_t tags)
{
	return several(tags & state_words) || several(tags & money_words) ||
		(tags & (WORD_PAID | WORD_UNPAID)) == (WORD_PAID | WORD_UNPAID);
}

static void check_contradictions(struct words *w)
{
	if (words_contradict(w->tags)) {
		w->error = WORDS_CONTRADICTORY;
		w->refused = true;
	}
}

static bool same_money(const struct money *a, const struct money *b)
{
	return a->minor == b->minor && strcmp(a->currency, b->currency) == 0;
}

/* Two arguments of the same word contradict each other. */
static void join_amount(struct words *out, uint32_t word, const struct money *a, bool has_a,
	const struct money *b,
	bool has_b, struct money *to)
{
	*to = has_a ? *a : has_b ? *b : (struct money){ .minor = -1 };
	if (has_a && has_b && !same_money(a, b)) {
		out->error = WORDS_BAD_AMOUNT;
		out->refused = true;
	}
	out->tags |= has_a || has_b ? word : 0;
}

void words_join(const struct words *title, const struct words *note, struct words *out)
{
	*out = *title;
	out->tags |= note->tags;
	if (out->minutes < 0)
		out->minutes = note->minutes;
	if (!out->error || note->refused)
		out->error = note->error ? note->error : out->error;
	out->refused |= note->refused;
	join_amount(out, WORD_FEE, &title->amount, title->tags & WORD_FEE, &note->amount, note->tags & WORD_FEE,
		&out->amount);
	join_amount(out, WORD_PRICE, &title->price, title->tags & WORD_PRICE, &note->price, note->tags & WORD_PRICE,
		&out->price);
	for (size_t n = 0; n < note->typed_count && out->typed_count < WORDS_TYPED_MAX; n++)
		out->typed[out->typed_count++] = note->typed[n];
	check_contradictions(out);
}

/* The one amount with a currency in the title (4.2); anything that can be read in two ways is none. */
static void read_title_price(const char *title, const char *currency, struct words *out, struct spans *spans)
{
	size_t len = 0, found_at = 0, found_len = 0, count = 0;
	struct money amount = { .minor = -1 }, found = { .minor = -1 };
	enum words_error error = WORDS_FINE;

	for (size_t at = 0; title[at]; at++) {
		size_t end = spans_end(spans, at);
		enum amount_kind kind;

		if (end > at) {
			at = end - 1;
			continue;
		}
		kind = amount_in_text(title, at, currency, &len, &amount);
		if (kind == AMOUNT_NONE)
			continue;
		if (kind == AMOUNT_BAD)
			error = WORDS_BAD_AMOUNT;
		if (kind == AMOUNT_AMBIGUOUS || ++count > 1)
			error = WORDS_AMBIGUOUS;
		found = amount;
		found_at = at;
		found_len = len;
		at += len - 1;
	}
	out->price_unclear = error;
	if (error) {
		out->error = error;
	} else if (count == 1) {
		if (!(out->tags & WORD_PRICE))
			out->price = found;
		spans_add(spans, found_at, found_at + found_len);
	}
}

/* Our own prefix, if a title comes with it: "✗ Late cancel 80.00 EUR · ". */
static void skip_prefix(const char *title, struct spans *spans)
{
	static const char cross[] = "✗ ", warning[] = "⚠ ", dot[] = " · ";
	const char *end;

	if (!str_starts(title, cross) && !str_starts(title, warning))
		return;
	end = strstr(title, dot);
	if (end)
		spans_add(spans, 0, (size_t)(end - title) + strlen(dot));
	else
		spans_add(spans, 0, strlen(str_starts(title, cross) ? cross : warning));
}

/* "( , )": brackets that the removals left without a letter or a digit. Works in place. */
static void drop_empty_brackets(char *s)
{
	struct { char *at; char closing; } open[BRACKETS_MAX];
	size_t depth = 0, n;
	char *to = s;
	uint32_t c;

	for (; (n = utf8_next(s, &c)) > 0; s += n) {
		if (letter_is_alpha(c) || (c < 0x80 && ascii_isdigit((int)c)) || depth == BRACKETS_MAX)
			depth = 0; /* none of those open is empty */
		if (c == '(' || c == '[') {
			open[depth].at = to;
			open[depth++].closing = c == '(' ? ')' : ']';
		} else if (depth > 0 && c == (uint32_t)open[depth - 1].closing) {
			to = open[--depth].at;
			continue;
		}
		memmove(to, s, n);
		to += n;
	}
	*to = '\0';
}

static char *collapse_blanks(const char *s, struct arena *mem)
{
	char *out = arena_strdup(mem, s), *to = out;
	uint32_t c;
	size_t n;
	bool blank = false;

	for (; (n = utf8_next(s, &c)) > 0; s += n) {
		if (letter_is_blank(c) || c == '\n' || c == '\r') {
			blank = to > out;
			continue;
		}
		if (blank)
			*to++ = ' ';
		blank = false;
		memcpy(to, s, n);
		to += n;
	}
	*to = '\0';
	return out;
}

static const char *remaining(const char *title, const struct spans *spans, struct arena *mem)
{
	char *left = arena_strdup(mem, title);

	for (size_t i = 0; i < spans->count; i++)
		memset(left + spans->span[i].from, ' ', spans->span[i].to - spans->span[i].from);
	drop_empty_brackets(left);
	return collapse_blanks(left, mem);
}

/* A name, not a text: it stands in ledger, Fees and exports, each of which has room for one. */
static const char *name_cut(const char *name, struct arena *mem)
{
	size_t len = strlen(name);

	if (len <= CLIENT_MAX)
		return name;
	len = CLIENT_MAX;
	while (len && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--; /* never inside a character */
	return arena_strndup(mem, name, len);
}

void words_in_title(const char *title, const char *currency, struct arena *mem, struct words *out)
{
	struct spans spans = { .count = 0 };

	words_init(out);
	title = arena_strndup(mem, title, strnlen(title, FOLD_MAX));
	skip_prefix(title, &spans);
	read_words(title, spans.count ? spans.span[0].to : 0, strlen(title), currency, mem, out, &spans);
	read_title_price(title, currency, out, &spans);
	check_contradictions(out);
	out->client = name_cut(remaining(title, &spans, mem), mem);
}

/* A first or last line of the server's block. */
static bool is_fence(const char *line, size_t len)
{
	return len >= 8 && memcmp(line, "=== ", 4) == 0 && memcmp(line + len - 4, " ===", 4) == 0;
}

void words_in_note(const char *note, const char *currency, struct arena *mem, struct words *out)
{
	struct spans spans = { .count = 0 };
	bool block = false;
	size_t from = 0;

	words_init(out);
	note = arena_strndup(mem, note, strnlen(note, FOLD_MAX));
	while (note[from]) {
		size_t len = strcspn(note + from, "\n"), text_len = len;

		if (len > 0 && note[from + len - 1] == '\r')
			text_len--;
		if (is_fence(note + from, text_len))
			block = !block;
		else if (!block && note[from] != '>')
			read_words(note, from, from + text_len, currency, mem, out, &spans);
		from += len + (note[from + len] == '\n');
	}
	check_contradictions(out);
}
