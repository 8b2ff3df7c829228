#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_variables.h"

#define PREFIX   "PG"
#define NAME_MAX 64 /* libpq's are shorter */

/* Whether it was one of them, and is gone; its place is the next one's. */
static bool
forget(const char *variable)
{
	char name[NAME_MAX];
	size_t len = strcspn(variable, "=");

	if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0 ||
	    variable[len] != '=' || len >= sizeof(name))
		return false;
	memcpy(name, variable, len);
	name[len] = '\0';
	return unsetenv(name) == 0;
}

void
emotp_store_variables_forget(void)
{
	char **at = environ;

	while (at != NULL && *at != NULL)
		if (!forget(*at))
			at++;
}
