#include "store_rows.h"

#define INTENT_COLUMNS "id, user_id, kind, token, label, source, created"

static const char intent_insert[] =
    "INSERT INTO intents (user_id, kind, token, label, source, created) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char intent_of_all[] =
    "SELECT " INTENT_COLUMNS " FROM intents WHERE id > ?1 "
    "AND claimed_at NOT BETWEEN ?2 AND ?3 ORDER BY id LIMIT 1";
static const char intent_of_user[] =
    "SELECT " INTENT_COLUMNS " FROM intents WHERE id > ?1 "
    "AND claimed_at NOT BETWEEN ?2 AND ?3 AND user_id = ?4 "
    "ORDER BY id LIMIT 1";
static const char intent_claim[] =
    "UPDATE intents SET claimed_at = ?2 WHERE id = ?1";
static const char intent_delete[] = "DELETE FROM intents WHERE id = ?1";
static const char intents_drop[] = "DELETE FROM intents WHERE user_id = ?1";
static const char intent_count[] =
    "SELECT count(*) FROM intents WHERE user_id = ?1";

static const char intent_waits[] =
    "SELECT count(*) FROM intents WHERE user_id = ?1 AND kind = ?2";

enum emotp_err
emotp_store_intent_insert(
    struct emotp_store *store, struct emotp_intent *intent)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(intent->user_id),
	    emotp_arg_integer(intent->kind),
	    emotp_arg_integer(intent->token),
	    emotp_arg_text(intent->label),
	    emotp_arg_text(intent->source),
	    emotp_arg_integer(intent->created),
	};

	return emotp_write_any(
	    store, intent_insert, args, EMOTP_LEN(args), &intent->id);
}

struct found_intent {
	struct emotp_intent *intent;
	bool *found;
};

static enum emotp_err
take_intent(void *arg, const struct emotp_value *columns)
{
	const struct found_intent *found = arg;
	struct emotp_intent *intent = found->intent;
	struct emotp_reader r = {columns, true};

	intent->id = emotp_get_integer(&r);
	intent->user_id = emotp_get_integer(&r);
	intent->kind = (enum emotp_mail_kind)emotp_get_int(
	    &r, EMOTP_MAIL_CODE, EMOTP_MAIL_RECOVERY);
	intent->token = emotp_get_int(&r, 0, INT32_MAX);
	emotp_get_text(&r, intent->label, sizeof(intent->label));
	emotp_get_text(&r, intent->source, sizeof(intent->source));
	intent->created = emotp_get_integer(&r);
	*found->found = r.ok;
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
set_claim(struct emotp_store *store, int64_t id, int64_t at)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(id), emotp_arg_integer(at)};

	return emotp_write_any(
	    store, intent_claim, args, EMOTP_LEN(args), NULL);
}

enum emotp_err
emotp_store_intent_claim(struct emotp_store *store, int64_t user_id,
    int64_t after, int64_t now_s, int64_t stale_s, struct emotp_intent *ret,
    bool *ret_found)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(after),
	    emotp_arg_integer(now_s - stale_s),
	    emotp_arg_integer(now_s + stale_s),
	    emotp_arg_integer(user_id),
	};
	struct found_intent context = {ret, ret_found};
	const struct emotp_rows rows = {take_intent, &context};
	enum emotp_err err;

	*ret_found = false;
	err = user_id == 0 ?
	    emotp_read_locked(store, intent_of_all, args, 3, &rows) :
	    emotp_read_locked(store, intent_of_user, args, 4, &rows);
	if (err == EMOTP_OK && *ret_found)
		err = set_claim(store, ret->id, now_s);
	return err;
}

enum emotp_err
emotp_store_intent_release(struct emotp_store *store, int64_t id)
{
	return set_claim(store, id, 0);
}

enum emotp_err
emotp_store_intent_delete(struct emotp_store *store, int64_t id)
{
	const struct emotp_value arg = emotp_arg_integer(id);

	return emotp_write_any(store, intent_delete, &arg, 1, NULL);
}

enum emotp_err
emotp_store_intents_drop(struct emotp_store *store, int64_t user_id)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);

	return emotp_write_any(store, intents_drop, &arg, 1, NULL);
}

static enum emotp_err
take_count(void *arg, const struct emotp_value *columns)
{
	int64_t *count = arg;
	struct emotp_reader r = {columns, true};

	*count = emotp_get_integer(&r);
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

enum emotp_err
emotp_store_intent_count(
    struct emotp_store *store, int64_t user_id, int64_t *ret)
{
	const struct emotp_value arg = emotp_arg_integer(user_id);
	const struct emotp_rows rows = {take_count, ret};

	return emotp_read_rows(store, intent_count, &arg, 1, &rows);
}

enum emotp_err
emotp_store_intent_waits(struct emotp_store *store, int64_t user_id,
    enum emotp_mail_kind kind, int64_t *ret)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(user_id), emotp_arg_integer(kind)};
	const struct emotp_rows rows = {take_count, ret};

	return emotp_read_rows(
	    store, intent_waits, args, EMOTP_LEN(args), &rows);
}
