#include "../text.h"
#include "authority.h"

enum emotp_err
emotp_authority_begin(
    const struct emotp_authority *a, const char *name, struct emotp_user *user)
{
	enum emotp_err err = emotp_store_begin(a->store);

	if (err == EMOTP_OK)
		err = emotp_store_user_by_name(a->store, name, user);
	if (err == EMOTP_OK && user->state == EMOTP_REMOVED)
		err = EMOTP_ERR_NO_USER;
	return err;
}

static void
explain(const struct emotp_authority *a, enum emotp_err err, const char *name,
    struct emotp_why *why)
{
	const char *reason = emotp_store_why(a->store);
	char shown[EMOTP_ESCAPED_MAX];

	switch (err) {
	case EMOTP_ERR_NO_USER:
		(void)emotp_fail(
		    why, err, "no user %s", emotp_escape(name, false, shown));
		break;
	case EMOTP_ERR_KEY:
		(void)emotp_fail(why, err,
		    "a sealed secret does not open: "
		    "it was altered, or is not of this row");
		break;
	case EMOTP_ERR_STORE:
	case EMOTP_ERR_BUSY:
	case EMOTP_ERR_EXISTS:
		(void)emotp_fail(why, err, "%s",
		    reason[0] != '\0' ? reason : emotp_strerror(err));
		break;
	default:
		(void)emotp_fail(why, err, "%s", emotp_strerror(err));
		break;
	}
}

enum emotp_err
emotp_authority_end(const struct emotp_authority *a, enum emotp_err err,
    const char *name, struct emotp_why *why)
{
	if (err == EMOTP_OK)
		err = emotp_store_commit(a->store);
	if (err != EMOTP_OK && err != EMOTP_ERR_CONFLICT)
		explain(a, err, name, why);
	emotp_store_rollback(a->store);
	return err;
}

enum emotp_err
emotp_authority_settle(enum emotp_err err, struct emotp_why *why)
{
	if (err != EMOTP_ERR_CONFLICT)
		return err;
	return emotp_fail(why, EMOTP_ERR_BUSY,
	    "other transactions were in the way again and again");
}
