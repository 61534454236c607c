"""doc/trust.md T-13: a DOCTYPE is refused outright; nothing is read, no connection made."""

import contextlib
import socket
import threading

import xml_asks
from dav import CALENDAR, refused, unchanged

PROPFIND = '<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>'


@contextlib.contextmanager
def nobody_calls():
    """A port of our own; that somebody connects is a failure."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def wait():
            with contextlib.suppress(OSError):
                calls.append(listener.accept()[1])

        listener.settimeout(None)
        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert not calls, calls


def attacks(secret, port):
    element = '<D:propfind xmlns:D="DAV:"><D:prop><D:a>&e;</D:a></D:prop></D:propfind>'
    yield f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>' + element
    yield f'<!DOCTYPE x [<!ENTITY e PUBLIC "p" "file://{secret}">]>' + element
    yield f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{port}/e">]>' + element
    yield f'<!DOCTYPE x [<!ENTITY e SYSTEM "ftp://127.0.0.1:{port}/e">]>' + element
    yield f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd">' + PROPFIND
    yield f'<!DOCTYPE x PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://127.0.0.1:{port}/x.dtd">' + PROPFIND
    yield f'<!DOCTYPE x [<!ENTITY % p SYSTEM "file://{secret}"> %p;]>' + PROPFIND
    yield f'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:{port}/p"> %p;]>' + PROPFIND
    yield f'<!DOCTYPE x [<!NOTATION n SYSTEM "file://{secret}"><!ENTITY e SYSTEM "x" NDATA n>]>' + PROPFIND
    yield '<!DOCTYPE x [<!ATTLIST D:propfind xmlns:D CDATA "DAV:">]>' + PROPFIND
    yield '<?xml version="1.0"?><!-- c --><!DOCTYPE x []>' + PROPFIND
    yield "\n \t<!DOCTYPE x>" + PROPFIND
    yield "<!DOCTYPE x><x/>"
    yield "<!doctype x><x/>"
    yield "<!DOCTYPE"
    yield PROPFIND + "<!DOCTYPE x>"
    yield "<x><!DOCTYPE x [<!ENTITY e 'a'>]></x>"


def test_each_method_refuses_them(s):
    secret = s.folder / "secret"
    secret.write_text("HORSE-BATTERY")
    with unchanged(s), nobody_calls() as port:
        for sent in attacks(secret, port):
            for body in (sent, sent.encode("utf-16")):
                for method, path, r in xml_asks.each(s, body):
                    assert 400 <= r.status < 500, (method, path, sent, r)
                    assert b"HORSE" not in r.body and b"root:" not in r.body, r
                    if method in ("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL"):
                        refused(r, 400)
    assert "HORSE" not in s.log() and "x.dtd" not in s.log()


def test_nothing_of_it_is_kept(s):
    """Not by a body that is refused behind the part that counts."""
    sent = ('<!DOCTYPE x [<!ENTITY e "kept">]><D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>'
            "<D:displayname>&e;</D:displayname></D:prop></D:set></D:propertyupdate>")
    refused(s.request("PROPPATCH", CALENDAR, sent), 400)
    assert b"kept" not in s.request("PROPFIND", CALENDAR, None, {"Depth": "0"}).body
