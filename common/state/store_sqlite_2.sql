-- To version 2: the latest attempts of a user, and recovery codes.

ALTER TABLE users ADD COLUMN attempts BLOB NOT NULL DEFAULT x'';

CREATE TABLE recovery (
	user_id INTEGER NOT NULL REFERENCES users (id),
	number INTEGER NOT NULL,
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),
	used_at INTEGER NOT NULL,
	salt BLOB NOT NULL,
	digest BLOB NOT NULL,
	PRIMARY KEY (user_id, number)
) STRICT, WITHOUT ROWID;
