/* Lines from standard input. */
#ifndef PROVISION_INPUT_H
#define PROVISION_INPUT_H

#include <stdbool.h>

#define INPUT_MAX 128 /* bytes of a line, with the NUL */

/*
 * Shows prompt (unless NULL or --json) and reads a line without its end.
 * A line that is too long or holds a NUL becomes "?", which is no code.
 * False at the end of input, and when a signal asks to stop. Wipe line.
 */
bool input_line(const char *prompt, char line[static INPUT_MAX]);

#endif
