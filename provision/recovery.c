/* recovery-codes: for the day when the phone is dead. */
#include <stdio.h>

#include "../common/secret.h"
#include "../common/state/recovery.h"
#include "command.h"
#include "json.h"
#include "output.h"

/* One on a line, so that they can be cut out of what is printed. */
static void
print_sheet(const char *user, const struct emotp_recovery_sheet *sheet)
{
	say("%d recovery codes for %s, each good for one login in the place of"
	    " a code.\nEarlier ones are no longer good.\n\n",
	    EMOTP_RECOVERY_COUNT, user);
	for (size_t i = 0; i < EMOTP_RECOVERY_COUNT; i++)
		say("%s\n", sheet->codes[i]);
	say("\nPrint them and keep them apart from the phone: they are not"
	    " shown again.\nType one with its dash.\n");
}

int
command_recovery_codes(struct session *s, const struct arguments *args)
{
	struct emotp_recovery_sheet sheet;
	struct emotp_why why = {""};
	int code = 0;
	enum emotp_err err =
	    emotp_recovery_make(&s->authority, args->user, &sheet, &why);

	if (err == EMOTP_ERR_NO_TOKEN)
		return output_fail(EXIT_MISSING,
		    "%s; enrol first: `emotp-provision enroll USER`", why.text);
	if (err != EMOTP_OK)
		return output_error(err, &why);
	if (output_is_json())
		code = json_recovery(args->user, &sheet);
	else
		print_sheet(args->user, &sheet);
	emotp_wipe(&sheet, sizeof(sheet));
	return code;
}
