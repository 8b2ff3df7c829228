-- To version 3: tries at confirming a token, and the hosts of a fleet.

ALTER TABLE tokens ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;

CREATE TABLE hosts (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL UNIQUE,
	digest BLOB NOT NULL UNIQUE,
	users TEXT NOT NULL,
	created INTEGER NOT NULL,
	refused BLOB NOT NULL
) STRICT;
