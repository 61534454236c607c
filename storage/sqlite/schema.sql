-- The index of a data folder, version 1 (PRAGMA user_version). What can't be computed again
-- is in files as well: accounts/, cal/*/*/.props, ledger/ (doc/architecture.md section 4).

CREATE TABLE meta(
	key TEXT PRIMARY KEY,
	value NOT NULL
) WITHOUT ROWID;

CREATE TABLE account(
	name TEXT PRIMARY KEY,
	displayname TEXT,
	language TEXT,
	password TEXT,
	generation INTEGER NOT NULL,
	removed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account_address(
	account TEXT NOT NULL,
	position INTEGER NOT NULL,
	address TEXT NOT NULL,
	PRIMARY KEY (account, position)
) WITHOUT ROWID;

-- scope: enum token_scope. used: not in the files.
CREATE TABLE account_token(
	account TEXT NOT NULL,
	position INTEGER NOT NULL,
	id TEXT NOT NULL,
	label TEXT NOT NULL,
	hash TEXT NOT NULL,
	created INTEGER NOT NULL,
	scope INTEGER NOT NULL,
	used INTEGER NOT NULL,
	PRIMARY KEY (account, position)
) WITHOUT ROWID;
CREATE INDEX account_token_hash ON account_token(hash);

-- user acts for owner; in the owner's account file.
CREATE TABLE delegate(
	owner TEXT NOT NULL,
	user TEXT NOT NULL,
	access INTEGER NOT NULL,
	PRIMARY KEY (owner, user)
) WITHOUT ROWID;
CREATE INDEX delegate_user ON delegate(user);

-- AUTOINCREMENT: an id is never used twice, or an old token could fit a new calendar.
CREATE TABLE collection(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	owner TEXT NOT NULL,
	name TEXT NOT NULL,
	seq INTEGER NOT NULL,
	oldest_seq INTEGER NOT NULL,
	components INTEGER NOT NULL,
	flags INTEGER NOT NULL,
	created INTEGER NOT NULL,
	charged INTEGER NOT NULL DEFAULT 0, -- the sum over its objects
	UNIQUE (owner, name)
);

-- user '': for everybody.
CREATE TABLE prop(
	collection INTEGER NOT NULL,
	user TEXT NOT NULL,
	ns TEXT NOT NULL,
	name TEXT NOT NULL,
	xml TEXT NOT NULL,
	PRIMARY KEY (collection, user, ns, name)
) WITHOUT ROWID;
CREATE INDEX prop_user ON prop(user) WHERE user <> '';

-- Of what is no calendar. kind: enum prop_place_kind; place: the object's name, or the user's.
CREATE TABLE place_prop(
	collection INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	place TEXT NOT NULL,
	ns TEXT NOT NULL,
	name TEXT NOT NULL,
	xml TEXT NOT NULL,
	PRIMARY KEY (collection, kind, place, ns, name)
) WITHOUT ROWID;

CREATE TABLE share(
	collection INTEGER NOT NULL,
	user TEXT NOT NULL,
	access INTEGER NOT NULL,
	PRIMARY KEY (collection, user)
) WITHOUT ROWID;
CREATE INDEX share_user ON share(user);

-- hash: of the token. used: not in the files.
CREATE TABLE feed(
	id TEXT PRIMARY KEY,
	collection INTEGER NOT NULL,
	hash TEXT NOT NULL,
	label TEXT NOT NULL,
	flags INTEGER NOT NULL,
	back INTEGER NOT NULL,
	ahead INTEGER NOT NULL,
	created INTEGER NOT NULL,
	used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX feed_collection ON feed(collection);
CREATE UNIQUE INDEX feed_hash ON feed(hash);

-- What is in whose home: own calendars and shared ones, and what was (collection 0). mapped: seq
-- when it came; gone: seq when it last went, 0: never; changed: seq of the last change of these
-- columns, of properties, or of rights; mtime: when it went.
CREATE TABLE member(
	user TEXT NOT NULL,
	owner TEXT NOT NULL,
	name TEXT NOT NULL,
	collection INTEGER NOT NULL,
	mapped INTEGER NOT NULL,
	changed INTEGER NOT NULL,
	gone INTEGER NOT NULL,
	mtime INTEGER NOT NULL,
	PRIMARY KEY (user, owner, name)
) WITHOUT ROWID;
CREATE INDEX member_collection ON member(collection, mtime);

-- Clustered by name: a listing reads neighbouring pages, and no bodies are among them.
-- id: the seq at which the row was made, unique within its collection.
CREATE TABLE object(
	collection INTEGER NOT NULL,
	name TEXT NOT NULL,
	id INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	uid TEXT NOT NULL,
	digest TEXT NOT NULL,
	size INTEGER NOT NULL,
	component INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	shelf INTEGER NOT NULL, -- sqlite/shelf.h; of what is deleted 0
	spans BLOB, -- base/spans.h; NULL: not known
	traits INTEGER NOT NULL,
	mtime INTEGER NOT NULL,
	created INTEGER NOT NULL,
	deleted INTEGER NOT NULL,
	charged INTEGER NOT NULL, -- bytes that count against the owner's quota
	PRIMARY KEY (collection, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX object_uid ON object(collection, uid) WHERE deleted = 0;
CREATE UNIQUE INDEX object_seq ON object(collection, seq);
-- Answers which objects a question for a time has to do with, without their rows.
CREATE INDEX object_span ON object(collection, shelf, first, last, component, spans);
CREATE INDEX object_gone ON object(mtime) WHERE deleted = 1;

-- What the files don't say yet. offset >= 0: write body there; -1: replace the whole file, or
-- remove it if body is NULL; -2: remove the folder if it is empty; -3: rename it to body;
-- -4: write that log anew from the index.
-- collection, name: the object whose body this is, if it is one's.
CREATE TABLE journal(
	seq INTEGER PRIMARY KEY,
	path TEXT NOT NULL,
	offset INTEGER NOT NULL,
	collection INTEGER,
	name TEXT,
	mtime INTEGER NOT NULL,
	body BLOB,
	UNIQUE (path, offset)
);
CREATE INDEX journal_object ON journal(collection, name) WHERE collection IS NOT NULL;

CREATE TABLE ledger(
	owner TEXT NOT NULL,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	slot INTEGER NOT NULL,
	incident INTEGER NOT NULL,
	kind TEXT NOT NULL,
	ref TEXT NOT NULL,
	client TEXT NOT NULL,
	uid TEXT NOT NULL,
	text TEXT NOT NULL,
	prev TEXT NOT NULL,
	digest TEXT NOT NULL,
	self TEXT NOT NULL,
	PRIMARY KEY (owner, seq)
) WITHOUT ROWID;
CREATE INDEX ledger_incident ON ledger(owner, seq) WHERE incident = 1;
CREATE INDEX ledger_uid ON ledger(uid, client, owner, seq);
CREATE INDEX ledger_client ON ledger(client, owner, seq);
CREATE INDEX ledger_slot ON ledger(slot, client, owner, seq);
CREATE INDEX ledger_time ON ledger(owner, at);
CREATE INDEX ledger_ref ON ledger(ref, owner, seq);

-- In the order in which they were signed.
CREATE TABLE signed_head(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	owner TEXT NOT NULL,
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	self TEXT NOT NULL,
	key TEXT NOT NULL,
	signature TEXT NOT NULL
);
CREATE INDEX signed_head_owner ON signed_head(owner, id);

-- How long each log file is once the journal is written out.
CREATE TABLE ledger_log(
	path TEXT PRIMARY KEY,
	size INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE wake(
	at INTEGER NOT NULL,
	owner TEXT NOT NULL,
	calendar TEXT NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (at, owner, calendar, name)
) WITHOUT ROWID;
CREATE INDEX wake_owner ON wake(owner, calendar);

PRAGMA user_version = 1;
