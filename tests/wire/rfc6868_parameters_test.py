"""RFC 6868: ^n, ^' and ^^ in parameters mean what they stand for where parameters are compared."""

from dav import HOME, calendar, comp, component, found

PATH = HOME + "carets/"
TIMES = ("DTSTART:20270601T100000Z", "DURATION:PT1H")
ROWS = {
    "quote": 'ATTENDEE;CN="George ^\'Babe^\' Ruth":mailto:a@example.org',
    "caret": "ATTENDEE;CN=a^^b:mailto:a@example.org",
    "newline": "ATTENDEE;CN=a^nb:mailto:a@example.org",
    "other": "ATTENDEE;CN=a^xb:mailto:a@example.org",
    "comma": 'ATTENDEE;CN="Ruth, George":mailto:a@example.org',
}


def ask(s, text, more=""):
    inner = f'<C:param-filter name="cn"><C:text-match{more}>{text}</C:text-match></C:param-filter>'
    return found(s, comp("VEVENT", f'<C:prop-filter name="ATTENDEE">{inner}</C:prop-filter>'), PATH)


def test_param_filters(s):
    assert s.request("MKCALENDAR", PATH).status == 201
    for name, line in ROWS.items():
        sent = calendar(component("VEVENT", name, *TIMES, line))
        assert s.put(f"{PATH}{name}.ics", sent).status == 201, line
        assert s.request("GET", f"{PATH}{name}.ics").body == sent.encode(), "kept as sent"
    assert ask(s, "George &quot;Babe&quot; Ruth") == ["quote.ics"]
    assert ask(s, "^'") == [] and ask(s, "^n") == [] and ask(s, "^^") == []
    assert ask(s, "a^b") == ["caret.ics"]
    assert ask(s, "a\nb") == ["newline.ics"]
    assert ask(s, "a^xb") == ["other.ics"]
    assert ask(s, "ruth, george") == ["comma.ics"]
    assert ask(s, "a", ' negate-condition="yes"') == ["comma.ics"]
    assert ask(s, "&quot;", ' negate-condition="yes" collation="i;octet"') == [
        "caret.ics",
        "comma.ics",
        "newline.ics",
        "other.ics",
    ]
