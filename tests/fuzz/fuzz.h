/* What the fuzz targets have in common. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, and so the run, if the property does not hold. */
#define HOLDS(property) fuzz_holds((property), #property)
void fuzz_holds(int property, const char *text);

/* The input with a NUL behind it; free it. */
char *fuzz_text(const uint8_t *data, size_t size);

/* A directory of this process, mode 0700, gone when it ends well. */
const char *fuzz_dir(void);

/* Writes the input into path, mode 0600. */
void fuzz_file(const char *path, const uint8_t *data, size_t size);

#endif
