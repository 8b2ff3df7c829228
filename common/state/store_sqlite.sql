-- The schema, version 1. Times are Unix seconds, 0 where never; enumerations
-- are the numbers of model.h.

CREATE TABLE meta (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	schema INTEGER NOT NULL,
	key_check BLOB NOT NULL,
	unknown_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- AUTOINCREMENT, because ids are never reused: old secrets are bound to them.
CREATE TABLE users (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL UNIQUE,
	email TEXT NOT NULL,
	email_key TEXT UNIQUE,
	language TEXT NOT NULL,
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
	disabled INTEGER NOT NULL,
	next_token INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	failed BLOB NOT NULL,
	tries INTEGER NOT NULL,
	mailed BLOB NOT NULL,
	last_login INTEGER NOT NULL,
	last_refusal INTEGER NOT NULL,
	last_verdict INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
	user_id INTEGER NOT NULL REFERENCES users (id),
	number INTEGER NOT NULL,
	id TEXT NOT NULL UNIQUE,
	label TEXT NOT NULL,
	algorithm INTEGER NOT NULL,
	digits INTEGER NOT NULL,
	period INTEGER NOT NULL,
	sealed BLOB NOT NULL,
	confirmed INTEGER NOT NULL,
	last_step INTEGER NOT NULL,
	drift INTEGER NOT NULL,
	pending_step INTEGER NOT NULL,
	pending_at INTEGER NOT NULL,
	created INTEGER NOT NULL,
	last_used INTEGER NOT NULL,
	PRIMARY KEY (user_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id INTEGER NOT NULL REFERENCES users (id),
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
	handed_at INTEGER NOT NULL,
	salt BLOB NOT NULL,
	digest BLOB NOT NULL
) STRICT;
CREATE INDEX codes_of_user ON codes (user_id);

CREATE TABLE intents (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id INTEGER NOT NULL REFERENCES users (id),
	kind INTEGER NOT NULL,
	token INTEGER NOT NULL,
	label TEXT NOT NULL,
	source TEXT NOT NULL,
	created INTEGER NOT NULL,
	claimed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX intents_of_user ON intents (user_id);
