/* What store_copy.c copies: every table, with its statements. */
#ifndef EMOTP_STORE_COPY_TABLES_H
#define EMOTP_STORE_COPY_TABLES_H

#include "store_copy.h"

#define EMOTP_COPY_KEYS_MAX 2

struct emotp_copy_table {
	const char *name;
	const char *read;  /* a page, from behind the key that is given */
	const char *write; /* one row, as it was read */
	const char *count;
	const char *empty; /* of some of its rows */
	size_t columns;
	size_t keys; /* how many of them, the first, are that key */
};

/* Those that rows refer to come first. */
extern const struct emotp_copy_table emotp_copy_tables[EMOTP_COPIED_TABLES];

#endif
