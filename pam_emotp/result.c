#include <stddef.h>

#include <security/pam_modules.h>

#include "result.h"

static const struct {
	enum emotp_err err;
	int result;
} errors[] = {
    {EMOTP_ERR_MEMORY, PAM_BUF_ERR},
    {EMOTP_ERR_CONFIG, PAM_SERVICE_ERR},
    {EMOTP_ERR_KEY, PAM_SERVICE_ERR},
    {EMOTP_ERR_STORE, PAM_AUTHINFO_UNAVAIL},
    {EMOTP_ERR_BUSY, PAM_AUTHINFO_UNAVAIL},
    {EMOTP_ERR_CONFLICT, PAM_AUTHINFO_UNAVAIL},
    {EMOTP_ERR_SERVICE, PAM_AUTHINFO_UNAVAIL},
};

int
result_of_error(enum emotp_err err)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].err == err)
			return errors[i].result;
	return PAM_SYSTEM_ERR;
}

int
result_of_verdict(enum emotp_verdict verdict)
{
	return verdict == EMOTP_ACCEPTED ? PAM_SUCCESS : PAM_AUTH_ERR;
}
