#include <stddef.h>
#include <unistd.h>

#include <qrencode.h>

#include "../common/secret.h"
#include "output.h"
#include "qr.h"

#define QUIET_ZONE 4 /* modules; ISO/IEC 18004 asks for them */

/* Of the 256 colours, 16 and 231 are ones that no theme changes. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define PLAIN          "\033[0m"

/* Two modules, one above the other: bit 0 the upper dark, bit 1 the lower. */
static const char *const blocks[] = {
    " ", "\xe2\x96\x80", /* U+2580 upper half block */
    "\xe2\x96\x84",      /* U+2584 lower half block */
    "\xe2\x96\x88",      /* U+2588 full block */
};

static unsigned
dark(const QRcode *qr, int x, int y)
{
	if (x < 0 || y < 0 || x >= qr->width || y >= qr->width)
		return 0;
	return qr->data[y * qr->width + x] & 1U;
}

static void
print_row(const QRcode *qr, int y, bool colours)
{
	say("%s", colours ? BLACK_ON_WHITE : "");
	for (int x = -QUIET_ZONE; x < qr->width + QUIET_ZONE; x++)
		say("%s", blocks[dark(qr, x, y) | dark(qr, x, y + 1) << 1]);
	say("%s\n", colours ? PLAIN : "");
}

bool
qr_print(const char *text)
{
	bool colours = isatty(STDOUT_FILENO);
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (qr == NULL)
		return false;
	say("\n");
	for (int y = -QUIET_ZONE; y < qr->width + QUIET_ZONE; y += 2)
		print_row(qr, y, colours);
	say("\n");
	emotp_wipe(qr->data, (size_t)qr->width * (size_t)qr->width);
	QRcode_free(qr);
	return true;
}
