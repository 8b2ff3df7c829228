#include "../secret.h"
#include "store_copy.h"
#include "store_copy_tables.h"
#include "store_rows.h"

#define BATCH  50000 /* rows, about, that are committed at once */
#define TABLES EMOTP_COPIED_TABLES

static const char unknown_select[] =
    "SELECT unknown_at FROM meta WHERE one = 1";
static const char meta_turn[] =
    "UPDATE meta SET schema = ?2 WHERE one = 1 AND schema = ?1";
static const char meta_finish[] =
    "UPDATE meta SET schema = ?2, unknown_at = ?3 "
    "WHERE one = 1 AND schema = ?1";

/* A copy that goes on. */
struct work {
	const struct emotp_copy_job *copy;
	struct emotp_store *to;
	int64_t mark; /* to's schema, as long as it is ours to write to */
	struct emotp_copied counts; /* of from, like the rest */
	int64_t ids[TABLES];        /* the highest ever given, where known */
	int64_t unknown_at;
	struct emotp_why why; /* of an error of neither store */
	bool at_to;           /* the error is to's, or else from's */
};

/* ---- one statement ---- */

static enum emotp_err
take_integer(void *arg, const struct emotp_value *columns)
{
	struct emotp_reader r = {columns, true};

	*(int64_t *)arg = emotp_get_integer(&r);
	return r.ok ? EMOTP_OK : EMOTP_ERR_STORE;
}

static enum emotp_err
read_integer(struct emotp_store *store, const char *sql,
    const struct emotp_value *args, size_t count, int64_t *ret)
{
	const struct emotp_rows rows = {take_integer, ret};

	*ret = 0;
	return emotp_read_rows(store, sql, args, count, &rows);
}

static enum emotp_err
count_rows(struct emotp_store *store, const struct emotp_copy_table *table,
    uint64_t *ret)
{
	int64_t count = 0;
	enum emotp_err err = read_integer(store, table->count, NULL, 0, &count);

	*ret = (uint64_t)count;
	return err;
}

/* ---- who may write to the destination ---- */

/*
 * A mark tells one copy from another, and the version of the schema it was
 * made with: below 0, and within 32 bits.
 */
static enum emotp_err
draw_mark(struct work *w)
{
	uint32_t random = 0;
	enum emotp_err err = emotp_random(&random, sizeof(random));

	w->mark =
	    -(INT64_C(1000) * (1 + random % 2000000) + EMOTP_SCHEMA_VERSION);
	return err;
}

static bool
is_of_this_version(int64_t mark)
{
	return mark < 0 && mark % 1000 == -EMOTP_SCHEMA_VERSION;
}

/* Lets a mark become another one, in exactly one row. */
static enum emotp_err
turn(struct work *w, int64_t from, int64_t to)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(from), emotp_arg_integer(to)};

	return emotp_write_one(w->to, meta_turn, args, EMOTP_LEN(args));
}

/*
 * Begins to write, if the mark is still ours. It stays locked until the end
 * of the transaction, so that a copy that begins meanwhile has to wait, and
 * then finds and empties all that was written before.
 */
static enum emotp_err
begin_write(struct work *w)
{
	enum emotp_err err = emotp_begin_as(w->to, EMOTP_BEGIN_BULK);

	w->at_to = true;
	if (err == EMOTP_OK)
		err = turn(w, w->mark, w->mark);
	return err == EMOTP_ERR_STORE && w->to->own_why ?
	    emotp_complain(w->to, err, "another copy into it has begun") :
	    err;
}

/* Whether a complete store may be written to: never, once it was used. */
static enum emotp_err
check_unused(struct work *w)
{
	uint64_t rows = 0;
	enum emotp_err err = EMOTP_OK;

	for (size_t i = 0; i < TABLES && err == EMOTP_OK && rows == 0; i++)
		err = count_rows(w->to, &emotp_copy_tables[i], &rows);
	return err == EMOTP_OK && rows != 0 ?
	    emotp_complain(
		w->to, EMOTP_ERR_EXISTS, "is a store that has users or hosts") :
	    err;
}

/* Puts our mark in the place of what stands there. */
static enum emotp_err
claim_locked(struct work *w)
{
	struct emotp_meta meta = {.schema = 0};
	enum emotp_err err = emotp_meta_read(w->to, w->copy->key->check, &meta);

	if (err != EMOTP_OK)
		return err;
	if (meta.schema == EMOTP_SCHEMA_VERSION)
		err = check_unused(w);
	else if (!is_of_this_version(meta.schema))
		err = emotp_complain(w->to, EMOTP_ERR_EXISTS,
		    "was made by another version of emotp");
	return err == EMOTP_OK ? turn(w, meta.schema, w->mark) : err;
}

/* Not all at once, which would take memory for each row. */
static enum emotp_err
empty_table(struct work *w, const struct emotp_copy_table *table)
{
	const struct emotp_statement stmt = {.sql = table->empty};
	const struct emotp_backend *backend = w->to->backend;
	int64_t changes = 0;
	enum emotp_err err;

	do {
		err = begin_write(w);
		if (err == EMOTP_OK)
			err = backend->run(w->to->db, &stmt, &changes, NULL);
		if (err == EMOTP_OK)
			err = emotp_store_commit(w->to);
	} while (err == EMOTP_OK && changes > 0);
	return err;
}

static enum emotp_err
empty(struct work *w)
{
	enum emotp_err err = EMOTP_OK;

	for (size_t i = TABLES; i-- > 0 && err == EMOTP_OK;)
		err = empty_table(w, &emotp_copy_tables[i]);
	return err;
}

static enum emotp_err
claim(struct work *w)
{
	enum emotp_err err = emotp_store_begin(w->to);

	if (err == EMOTP_OK)
		err = claim_locked(w);
	if (err == EMOTP_OK)
		err = emotp_store_commit(w->to);
	return err == EMOTP_OK ? empty(w) : err;
}

/* Makes the destination, or takes what is there. */
static enum emotp_err
open_destination(struct work *w)
{
	const struct emotp_copy_job *copy = w->copy;
	enum emotp_err made = emotp_store_create_as(
	    copy->backends, copy->to, copy->key, w->mark, &w->why);
	enum emotp_err err = made == EMOTP_ERR_EXISTS ? EMOTP_OK : made;

	if (err == EMOTP_OK)
		err = emotp_store_connect(
		    copy->backends, copy->to, &w->to, &w->why);
	if (err != EMOTP_OK)
		return err;
	w->at_to = true;
	w->why.text[0] = '\0'; /* that it exists is no error here */
	return made == EMOTP_ERR_EXISTS ? claim(w) : EMOTP_OK;
}

/* ---- rows ---- */

struct page {
	struct work *work;
	const struct emotp_copy_table *table;
	struct emotp_value
	    last[EMOTP_COPY_KEYS_MAX]; /* key of the latest row */
	uint64_t rows;
	uint64_t batch; /* rows that are not committed */
};

static enum emotp_err
take_row(void *arg, const struct emotp_value *columns)
{
	struct page *page = arg;
	struct work *w = page->work;
	enum emotp_err err = emotp_write_later(
	    w->to, page->table->write, columns, page->table->columns);

	/* Ids and names are unique in from: to is at fault. */
	w->at_to = err != EMOTP_OK;
	if (err == EMOTP_ERR_EXISTS)
		err = EMOTP_ERR_STORE;
	for (size_t i = 0; i < page->table->keys; i++)
		page->last[i] = emotp_arg_integer(columns[i].integer);
	page->rows++;
	return err;
}

/* Reads behind the last key, and writes. */
static enum emotp_err
copy_page(struct page *page)
{
	const struct work *w = page->work;
	const struct emotp_copy_table *table = page->table;
	const struct emotp_rows rows = {take_row, page};
	enum emotp_err err;

	page->rows = 0;
	err = emotp_read_rows(
	    w->copy->from, table->read, page->last, table->keys, &rows);
	if (err == EMOTP_OK)
		w->copy->tick(w->copy->arg, page->rows);
	page->batch += page->rows;
	return err;
}

static enum emotp_err
copy_batch(struct page *page)
{
	struct work *w = page->work;
	enum emotp_err err = begin_write(w);

	page->batch = 0;
	if (err == EMOTP_OK) {
		w->at_to = false;
		do {
			err = copy_page(page);
		} while (
		    err == EMOTP_OK && page->rows > 0 && page->batch < BATCH);
	}
	if (err == EMOTP_OK) {
		w->at_to = true;
		err = emotp_store_commit(w->to);
	}
	return err;
}

static enum emotp_err
copy_table(struct work *w, size_t at)
{
	struct page page = {.work = w, .table = &emotp_copy_tables[at]};
	enum emotp_err err;

	for (size_t i = 0; i < EMOTP_COPY_KEYS_MAX; i++)
		page.last[i] = emotp_arg_integer(INT64_MIN);
	do {
		err = copy_batch(&page);
	} while (err == EMOTP_OK && page.rows > 0);
	if (page.table->keys == 1 && page.last[0].integer > w->ids[at])
		w->ids[at] = page.last[0].integer;
	return err;
}

/* ---- the whole ---- */

/* What a row that is gone was given is in no row, but counts. */
static enum emotp_err
look_at_source(struct work *w)
{
	struct emotp_store *from = w->copy->from;
	uint64_t rows = 0;
	enum emotp_err err =
	    read_integer(from, unknown_select, NULL, 0, &w->unknown_at);

	for (size_t i = 0; i < TABLES && err == EMOTP_OK; i++) {
		const struct emotp_value name =
		    emotp_arg_text(emotp_copy_tables[i].name);

		err =
		    count_rows(from, &emotp_copy_tables[i], &w->counts.rows[i]);
		rows += w->counts.rows[i];
		if (err == EMOTP_OK)
			err = read_integer(
			    from, from->backend->last_id, &name, 1, &w->ids[i]);
	}
	if (err == EMOTP_OK)
		w->copy->begin(w->copy->arg, rows);
	return err;
}

/* Nothing is missing, and ids go on where they were. */
static enum emotp_err
finish_table(struct work *w, size_t at)
{
	const struct emotp_value args[] = {
	    emotp_arg_text(emotp_copy_tables[at].name),
	    emotp_arg_integer(w->ids[at])};
	uint64_t rows;
	enum emotp_err err = count_rows(w->to, &emotp_copy_tables[at], &rows);

	if (err == EMOTP_OK && rows != w->counts.rows[at])
		err = emotp_complain(
		    w->to, EMOTP_ERR_STORE, "rows are missing in the end");
	if (err == EMOTP_OK && w->ids[at] > 0)
		err = emotp_write_any(w->to, w->to->backend->reserve, args,
		    EMOTP_LEN(args), NULL);
	return err;
}

/*
 * A server ends the transaction of whoever asks nothing for long; others may
 * have written there since.
 */
static enum emotp_err
check_source(struct work *w)
{
	int64_t unknown_at;
	enum emotp_err err =
	    read_integer(w->copy->from, unknown_select, NULL, 0, &unknown_at);

	w->at_to = err == EMOTP_OK;
	return err;
}

/* In one transaction, at whose end it is a store. */
static enum emotp_err
finish(struct work *w)
{
	const struct emotp_value args[] = {
	    emotp_arg_integer(w->mark),
	    emotp_arg_integer(EMOTP_SCHEMA_VERSION),
	    emotp_arg_integer(w->unknown_at),
	};
	enum emotp_err err = begin_write(w);

	for (size_t i = 0; i < TABLES && err == EMOTP_OK; i++)
		err = finish_table(w, i);
	if (err == EMOTP_OK)
		err =
		    emotp_write_one(w->to, meta_finish, args, EMOTP_LEN(args));
	if (err == EMOTP_OK)
		err = check_source(w);
	return err == EMOTP_OK ? emotp_store_commit(w->to) : err;
}

static enum emotp_err
copy_locked(struct work *w)
{
	enum emotp_err err = look_at_source(w);

	if (err == EMOTP_OK)
		err = open_destination(w);
	for (size_t i = 0; i < TABLES && err == EMOTP_OK; i++)
		err = copy_table(w, i);
	if (err == EMOTP_OK)
		err = finish(w);
	return err;
}

static enum emotp_err
explain(const struct work *w, enum emotp_err err, struct emotp_why *why)
{
	char shown[EMOTP_STORE_SHOWN];

	if (w->at_to)
		return emotp_fail(why, err, "%s: %s",
		    emotp_store_shown(w->copy->to, shown),
		    emotp_store_why(w->to));
	if (w->why.text[0] != '\0')
		return emotp_fail(why, err, "%s", w->why.text);
	return emotp_fail(why, err, "the store that is copied: %s",
	    emotp_store_why(w->copy->from));
}

enum emotp_err
emotp_store_copy(const struct emotp_copy_job *copy, struct emotp_copied *ret,
    struct emotp_why *why)
{
	struct emotp_store *from = copy->from;
	struct work w = {.copy = copy};
	enum emotp_err err = draw_mark(&w);

	if (err != EMOTP_OK)
		return emotp_fail(why, err, "%s", emotp_strerror(err));
	err = emotp_begin_as(from, EMOTP_BEGIN_ALONE);
	if (err == EMOTP_OK)
		err = copy_locked(&w);
	if (err == EMOTP_OK)
		*ret = w.counts;
	else
		(void)explain(&w, err, why);
	emotp_store_close(w.to);
	emotp_store_rollback(from);
	return err;
}
