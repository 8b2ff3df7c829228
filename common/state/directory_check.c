#include <string.h>

#include "../text.h"
#include "directory.h"

enum emotp_err
emotp_name_check(const char *name, struct emotp_why *why)
{
	size_t len = strlen(name);

	if (len == 0 || len > EMOTP_NAME_MAX)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "a user's name has 1 to %d bytes", EMOTP_NAME_MAX);
	if (name[0] == '-')
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "a user's name does not begin with '-'");
	for (size_t i = 0; i < len; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f ||
		    strchr(":,/\"'", name[i]) != NULL)
			return emotp_fail(why, EMOTP_ERR_INVALID,
			    "a user's name is printable ASCII without space, "
			    "colon, comma, slash or quotes");
	return EMOTP_OK;
}

enum emotp_err
emotp_email_check(const char *email, size_t len, struct emotp_why *why)
{
	const char *at = memchr(email, '@', len);

	if (len == 0 || len > EMOTP_EMAIL_MAX)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "an address has 1 to %d bytes", EMOTP_EMAIL_MAX);
	if (email[0] == '-')
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "an address does not begin with '-'");
	for (size_t i = 0; i < len; i++)
		if (email[i] <= 0x20 || email[i] >= 0x7f ||
		    strchr("<>()[],;:\\\"", email[i]) != NULL)
			return emotp_fail(why, EMOTP_ERR_INVALID,
			    "an address is printable ASCII without space or "
			    "any of <>()[],;:\\\"");
	if (at == NULL || at == email || at + 1 == email + len ||
	    memchr(at + 1, '@', (size_t)(email + len - at - 1)) != NULL)
		return emotp_fail(why, EMOTP_ERR_INVALID,
		    "an address has one '@' with something on either side");
	return EMOTP_OK;
}

enum emotp_err
emotp_label_check(const char *label, struct emotp_why *why)
{
	if (strlen(label) <= EMOTP_LABEL_MAX && emotp_text_valid(label))
		return EMOTP_OK;
	return emotp_fail(why, EMOTP_ERR_INVALID,
	    "a label is at most %d bytes of UTF-8 without control characters",
	    EMOTP_LABEL_MAX);
}

enum emotp_err
emotp_language_check(const char *language, struct emotp_why *why)
{
	return emotp_language_valid(language) ?
	    EMOTP_OK :
	    emotp_fail(why, EMOTP_ERR_INVALID,
		"the language is one of en, zh-Hant, pt");
}
