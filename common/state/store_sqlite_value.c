#include "store_sqlite.h"

int
emotp_sqlite_bind(sqlite3_stmt *stmt, int at, const struct emotp_value *value)
{
	switch (value->type) {
	case EMOTP_INTEGER:
		return sqlite3_bind_int64(stmt, at, value->integer);
	case EMOTP_TEXT:
		return sqlite3_bind_text(
		    stmt, at, value->data, (int)value->len, SQLITE_STATIC);
	case EMOTP_BLOB:
		return value->len == 0 ?
		    sqlite3_bind_zeroblob(stmt, at, 0) :
		    sqlite3_bind_blob(
			stmt, at, value->data, (int)value->len, SQLITE_STATIC);
	case EMOTP_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, at);
}

struct emotp_value
emotp_sqlite_column(sqlite3_stmt *stmt, int at)
{
	struct emotp_value value = {.type = EMOTP_NULL};

	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER:
		value.type = EMOTP_INTEGER;
		value.integer = sqlite3_column_int64(stmt, at);
		break;
	case SQLITE_TEXT:
		value.type = EMOTP_TEXT;
		value.data = sqlite3_column_text(stmt, at);
		break;
	case SQLITE_BLOB:
		value.type = EMOTP_BLOB;
		value.data = sqlite3_column_blob(stmt, at);
		break;
	default:
		return value;
	}
	if (value.type != EMOTP_INTEGER)
		value.len = (size_t)sqlite3_column_bytes(stmt, at);
	return value;
}
