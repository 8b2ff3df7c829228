/* LD_PRELOAD: modules stay, so that ASan can name their frames at exit. */
#include <dlfcn.h>

int
dlclose(void *handle)
{
	(void)handle;
	return 0;
}
