#include "policy/late/fold.h"

#include <stddef.h>
#include <uchar.h>

#include "base/util.h"

/*
 * Lower-case base letters of the blocks below: canonical decomposition (NFD), combining marks dropped,
 * lower case. Code points without a letter stand for themselves.
 */
/* clang-format off */
static const char16_t latin[] =
	u"aaaaaaæceeeeiiiiðnooooo×øuuuuyþßaaaaaaæceeeeiiiiðnooooo÷øuuuuyþy"
	u"aaaaaaccccccccddđđeeeeeeeeeegggggggghhħħiiiiiiiiiıĳĳjjkkĸllllllŀ"
	u"ŀłłnnnnnnŉŋŋooooooœœrrrrrrssssssssttttŧŧuuuuuuuuuuuuwwyyyzzzzzzſ"
	u"ƀɓƃƃƅƅɔƈƈɖɗƌƌƍǝəɛƒƒɠɣƕɩɨƙƙƚƛɯɲƞɵooƣƣƥƥʀƨƨʃƪƫƭƭʈuuʊʋƴƴƶƶʒƹƹƺƻƽƽƾƿ"
	u"ǀǁǂǃǆǆǆǉǉǉǌǌǌaaiioouuuuuuuuuuǝaaaaææǥǥggkkooooʒʒjǳǳǳggƕƿnnaaææøø"
	u"aaaaeeeeiiiioooorrrruuuussttȝȝhhƞȡȣȣȥȥaaeeooooooooyyȴȵȶȷȸȹⱥȼȼƚⱦȿ"
	u"ɀɂɂƀʉʌɇɇɉɉɋɋɍɍɏɏ";
static const char16_t greek_cyrillic[] =
	u"ͱͱͳͳʹ͵ͷͷ͸͹ͺͻͼͽ;ϳ΀΁΂΃΄¨α·εηι΋ο΍υωιαβγδεζηθικλμνξοπρ΢στυφχψωιυαεηι"
	u"υαβγδεζηθικλμνξοπρςστυφχψωιυουωϗϐϑϒϒϒϕϖϗϙϙϛϛϝϝϟϟϡϡϣϣϥϥϧϧϩϩϫϫϭϭϯϯ"
	u"ϰϱϲϳθϵ϶ϸϸϲϻϻϼͻͼͽееђгєѕііјљњћкиуџабвгдежзииклмнопрстуфхцчшщъыьэюя"
	u"абвгдежзииклмнопрстуфхцчшщъыьэюяееђгєѕііјљњћкиуџѡѡѣѣѥѥѧѧѩѩѫѫѭѭѯѯ"
	u"ѱѱѳѳѵѵѵѵѹѹѻѻѽѽѿѿҁҁ҂҃҄҅҆҇҈҉ҋҋҍҍҏҏґґғғҕҕҗҗҙҙққҝҝҟҟҡҡңңҥҥҧҧҩҩҫҫҭҭүү"
	u"ұұҳҳҵҵҷҷҹҹһһҽҽҿҿӏжжӄӄӆӆӈӈӊӊӌӌӎӎӏааааӕӕееәәәәжжззӡӡииииооөөөөээуу"
	u"ууууччӷӷыыӻӻӽӽӿӿԁԁԃԃԅԅԇԇԉԉԋԋԍԍԏԏԑԑԓԓԕԕԗԗԙԙԛԛԝԝԟԟԡԡԣԣԥԥԧԧԩԩԫԫԭԭԯԯ";
static const char16_t latin_additional[] =
	u"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
	u"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
	u"wwwwwwwwwwxxxxyyzzzzzzhtwyẚſẜẝßẟaaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
	u"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyỻỻỽỽỿỿ";
/* clang-format on */

static const struct { uint32_t first, last; const char16_t *letters; } blocks[] = {
	{ 0xC0, 0x24F, latin },
	{ 0x370, 0x52F, greek_cyrillic },
	{ 0x1E00, 0x1EFF, latin_additional },
};

size_t utf8_next(const char *s, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);

	if (p[0] == 0)
		return 0;
	*out = 0xFFFD; /* not UTF-8: the byte by itself */
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 1;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < least[len] || c > 0x10FFFF || (len == 2 && p[0] < 0xC2))
		return 1;
	*out = c;
	return len;
}

bool letter_is_mark(uint32_t c)
{
	return c >= 0x300 && c <= 0x36F;
}

uint32_t letter_fold(uint32_t c)
{
	if (c < 0x80)
		return (uint32_t)ascii_tolower((int)c);
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		if (c >= blocks[i].first && c <= blocks[i].last)
			return blocks[i].letters[c - blocks[i].first];
	}
	return c;
}

bool letter_is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == 0xA0 || c == 0x202F || (c >= 0x2000 && c <= 0x200A);
}

bool letter_is_alpha(uint32_t c)
{
	if (c < 0x80)
		return letter_fold(c) >= 'a' && letter_fold(c) <= 'z';
	return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x2BFF) && c != 0xFFFD;
}

static int add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80)
		return buf_addc(out, (char)c);
	if (c < 0x800)
		return buf_printf(out, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 0x3F)));
	if (c < 0x10000)
		return buf_printf(out, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3F)),
			(int)(0x80 | (c & 0x3F)));
	return buf_printf(out, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3F)),
		(int)(0x80 | (c >> 6 & 0x3F)), (int)(0x80 | (c & 0x3F)));
}

int text_fold(struct buf *out, const char *s)
{
	uint32_t c;
	bool blank = false, begun = false;
	size_t n;

	for (; (n = utf8_next(s, &c)) > 0; s += n) {
		if (letter_is_mark(c))
			continue;
		if (letter_is_blank(c) || c == '\n' || c == '\r') {
			blank = begun;
			continue;
		}
		if (blank && buf_addc(out, ' '))
			return -1;
		blank = false;
		begun = true;
		if (add_utf8(out, letter_fold(c)))
			return -1;
	}
	return 0;
}

char *text_folded(const char *s, struct arena *mem)
{
	struct buf out cleanup_buf;

	buf_init(&out, FOLD_MAX);
	text_fold(&out, s);
	return arena_strndup(mem, out.data, out.len);
}
