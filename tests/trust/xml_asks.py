"""An XML body in every method that takes one, within bounds.py's."""

from bounds import ask
from dav import CALENDAR, HOME

NEW = HOME + "new/"
METHODS = (
    ("PROPFIND", CALENDAR), ("PROPPATCH", CALENDAR), ("REPORT", CALENDAR), ("ACL", CALENDAR), ("POST", CALENDAR),
    ("MKCALENDAR", NEW), ("MKCOL", NEW), ("PROPFIND", HOME), ("PROPPATCH", HOME), ("REPORT", HOME),
    ("REPORT", "/principals/"), ("PROPPATCH", "/principals/anna/"),
)


def each(s, sent, content_type="application/xml"):
    """(method, path, answer)"""
    for method, path in METHODS:
        yield method, path, ask(s, method, path, sent, {"Depth": "0", "Content-Type": content_type})
    assert s.request("GET", NEW).status == 404
