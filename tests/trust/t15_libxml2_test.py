"""
doc/trust.md T-15: of libxml2 the parser alone is linked, without network, entities, inclusion, catalogs, XPath or
schemas; size, tags and depth are limited before it.
"""

import re

from dav import CALENDAR, proppatch
from dedit_wire import ROOT
from source import PROGRAMS, files, imported, users

FORBIDDEN = re.compile(r"xml(XPath|XPtr|XInclude|Schema|RelaxNG|Schematron|Catalog|LoadCatalog|Nano|Substitute|ReadFile|Html|"
                       r"C14N|Reader|TextReader|Regexp|Automata|LoadEntity|SetExternalEntityLoader|ParseFile|ParseDTD|"
                       r"Valid[^a]|Shell|Debug)|html[A-Z]|xslt")
USED = re.compile(r"^xml[A-Z]")


def test_only_the_parser_is_linked(s):
    found = set()
    for program in PROGRAMS:
        symbols, _ = imported(program)
        bad = [name for name in symbols if FORBIDDEN.match(name)]
        assert not bad, (program, bad)
        found |= {name for name in symbols if USED.match(name)}
    assert {"xmlCreatePushParserCtxt", "xmlParseChunk", "xmlCtxtUseOptions"} <= found, found
    assert len(found) < 20, found


def test_one_file_calls_it(s):
    assert {path for path in files() if "<libxml/" in (ROOT / path).read_text()} <= {"xml/parse.c", "xml/names.c", "xml/writer.c"}
    assert users("xmlParseChunk") == {"xml/parse.c"}


def test_options(s):
    """NONET; none of those that open doors."""
    code = files("xml")["xml/parse.c"]
    [options] = re.findall(r"xmlCtxtUseOptions\(\s*p->ctxt\s*,([^)]*)\)", code)
    assert {x.strip() for x in options.split("|")} <= {"XML_PARSE_NONET", "XML_PARSE_COMPACT"} and "NONET" in options
    for path, text in files().items():
        assert not re.search(r"XML_PARSE_(NOENT|DTD\w*|HUGE|XINCLUDE|RECOVER)", text), path


def test_limits_come_first(s):
    """In the order of the code: check_bytes() before run()."""
    code = files("xml")["xml/parse.c"]
    [body] = re.findall(r"^int xml_parse\(.*?^}", code, re.M | re.S)
    assert 0 < body.index("check_bytes(") < body.index("run("), body


def test_inclusion_does_nothing(s):
    sent = ('<?xml-stylesheet href="file:///etc/passwd"?><D:propfind xmlns:D="DAV:" xmlns:xi="http://www.w3.org/2001/XInclude">'
            '<D:prop><xi:include href="file:///etc/passwd" parse="text"/><D:getetag/></D:prop></D:propfind>')
    r = s.request("PROPFIND", CALENDAR, sent, {"Depth": "0"})
    assert r.status in (207, 400) and b"root:" not in r.body, r
    r = s.request("PROPPATCH", CALENDAR, proppatch(
        '<x:a xmlns:x="urn:x" xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></x:a>'))
    assert r.status in (207, 400)
    assert b"root:" not in s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}).body
    s.request("PROPPATCH", CALENDAR, proppatch(remove='<x:a xmlns:x="urn:x"/>'))
