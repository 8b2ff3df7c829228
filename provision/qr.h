/* QR codes in a terminal. */
#ifndef PROVISION_QR_H
#define PROVISION_QR_H

#include <stdbool.h>

/*
 * Prints text as a QR code of half blocks to standard output, black on white
 * whatever the terminal's theme; without colours where it is no terminal.
 * False if none could be made.
 */
bool qr_print(const char *text);

#endif
