/* flush: sends what waits in the outbox. */
#include "command.h"
#include "json.h"
#include "output.h"
#include "send.h"

int
command_flush(struct session *s, const struct arguments *args)
{
	struct emotp_flushed flushed = {0, 0};
	struct emotp_why why = {""};
	enum emotp_err err = send_waiting(s, 0, &flushed, &why);
	int code = 0;

	(void)args;
	if (output_is_json())
		code = json_flushed(&flushed);
	say("%zu sent, %zu waiting\n", flushed.sent, flushed.kept);
	if (code != 0)
		return code;
	if (err != EMOTP_OK && err != EMOTP_ERR_MAIL)
		return output_error(err, &why);
	if (err == EMOTP_OK && flushed.kept == 0)
		return 0;
	return output_fail(EXIT_MAIL,
	    "%s; mails that wait: %zu; mend the"
	    " cause and flush again",
	    why.text[0] != '\0' ? why.text : emotp_strerror(EMOTP_ERR_MAIL),
	    flushed.kept);
}
