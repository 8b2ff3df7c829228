#include "store_copy_tables.h"
#include "store_rows.h"

/* A new version of the schema has to find its way in here. */
_Static_assert(EMOTP_SCHEMA_VERSION == 3, "look at emotp_copy_tables");

#define PAGE  "1000"  /* rows that are read at once */
#define BATCH "50000" /* rows that are deleted at once */

/* clang-format off */
#define UP_TO_6  "?1, ?2, ?3, ?4, ?5, ?6"
#define UP_TO_7  UP_TO_6 ", ?7"
#define UP_TO_16 UP_TO_7 ", ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16"
#define UP_TO_17 UP_TO_16 ", ?17"

#define ID     "id", "?1"
#define NUMBER "user_id, number", "?1, ?2"

#define SQL(...) SQL_(__VA_ARGS__)
#define SQL_(name, list, parameters, key, key_parameters)                  \
	name, "SELECT " list " FROM " name " WHERE (" key ") > ("          \
	key_parameters ") ORDER BY " key " LIMIT " PAGE,                   \
	"INSERT INTO " name " (" list ") VALUES (" parameters ")",         \
	"SELECT count(*) FROM " name, "DELETE FROM " name " WHERE (" key   \
	") IN (SELECT " key " FROM " name " ORDER BY " key " LIMIT " BATCH ")"

/*
 * Every table but meta, those that rows refer to first, and every column but
 * one: an intent that somebody claimed in the old store is nobody's in the
 * new one, by default.
 */
const struct emotp_copy_table emotp_copy_tables[EMOTP_COPIED_TABLES] = {
    [EMOTP_COPIED_USERS] = {SQL("users",
	"id, name, name_key, email, email_key, language, state, disabled, "
	"next_token, failures, failed, tries, mailed, last_login, "
	"last_refusal, last_verdict, attempts", UP_TO_17, ID), 17, 1},
    [EMOTP_COPIED_TOKENS] = {SQL("tokens",
	"user_id, number, id, label, algorithm, digits, period, sealed, "
	"confirmed, last_step, drift, pending_step, pending_at, created, "
	"last_used, tries", UP_TO_16, NUMBER), 16, 2},
    [EMOTP_COPIED_CODES] = {SQL("codes",
	"id, user_id, state, handed_at, salt, digest", UP_TO_6, ID), 6, 1},
    [EMOTP_COPIED_RECOVERY] = {SQL("recovery",
	"user_id, number, kind, used_at, salt, digest", UP_TO_6, NUMBER),
	6, 2},
    [EMOTP_COPIED_INTENTS] = {SQL("intents",
	"id, user_id, kind, token, label, source, created", UP_TO_7, ID),
	7, 1},
    [EMOTP_COPIED_HOSTS] = {SQL("hosts",
	"id, name, name_key, digest, users, created, refused", UP_TO_7,
	ID), 7, 1},
};
/* clang-format on */
