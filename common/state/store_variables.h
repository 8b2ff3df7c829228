/* What the environment must not say of the store. */
#ifndef EMOTP_STORE_VARIABLES_H
#define EMOTP_STORE_VARIABLES_H

/*
 * Takes PGHOST, PGSERVICE, PGOPTIONS and all the others that libpq would heed
 * out of the environment: the configuration alone says where the store is.
 * For a process that begins, before it has threads.
 */
void emotp_store_variables_forget(void);

#endif
