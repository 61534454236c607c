"""What the tests of RFC 3744 share: privileges, entries of DAV:acl, principals."""

from dav import body, find
from dedit_wire import tag

AGGREGATES = {
    "all": {"read", "write", "unlock", "read-acl", "write-acl"},
    "read": {"read-current-user-privilege-set", "read-free-busy"},
    "write": {"write-properties", "write-content", "bind", "unbind"},
}


def principal(user):
    return f"/principals/{user}/"


def proxy(user, kind):
    return f"/principals/{user}/calendar-proxy-{kind}/"


def local(element):
    return element.tag.rpartition("}")[2]


def privileges(s, path, user="anna"):
    """current-user-privilege-set as local names."""
    found = next(iter(find(s, path, "D:current-user-privilege-set", user=user).responses().values()))
    return {local(p[0]) for p in found[tag("D:current-user-privilege-set")]}


def spread(names):
    """With all that each contains."""
    out = set(names)
    for name in names:
        out |= spread(AGGREGATES.get(name, set()))
    return out


def entries(element):
    """DAV:acl -> [(principal, privileges, protected, inherited)]; principal: href, 'owner' or a local name."""
    out = []
    for ace in element:
        who = ace.find(tag("D:principal"))[0]
        name = (who.text or "").strip() if local(who) == "href" else local(who)
        granted = {local(p[0]) for p in ace.find(tag("D:grant"))}
        inherited = ace.findtext(tag("D:inherited") + "/" + tag("D:href"))
        out.append(("owner" if name == "property" else name, granted,
                    ace.find(tag("D:protected")) is not None, inherited))
    return out


def acl(s, path, user="anna"):
    found = next(iter(find(s, path, "D:acl", user=user).responses().values()))
    return entries(found[tag("D:acl")]) if tag("D:acl") in found else None


def ace(who, *granted, more="", verb="grant"):
    """who: an href, or XML."""
    inside = who if who.startswith("<") else f"<D:href>{who}</D:href>"
    names = "".join(f"<D:privilege><{'C' if g == 'read-free-busy' else 'D'}:{g}/></D:privilege>" for g in granted)
    return f"<D:ace><D:principal>{inside}</D:principal><D:{verb}>{names}</D:{verb}>{more}</D:ace>"


def set_acl(s, path, *aces, user="anna"):
    return s.request("ACL", path, body("D:acl", "".join(aces)), user=user)


def hrefs(element):
    return [h.text for h in element.iter(tag("D:href"))]


def hrefs_of(s, path, name, user="anna"):
    found = next(iter(find(s, path, name, user=user).responses().values())).get(tag(name))
    return None if found is None else hrefs(found)
