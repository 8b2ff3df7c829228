/* One table from errors and verdicts to what PAM is told. */
#ifndef PAM_EMOTP_RESULT_H
#define PAM_EMOTP_RESULT_H

#include "../common/state/model.h"

/* Never PAM_SUCCESS or PAM_IGNORE: an error accepts nobody. */
int result_of_error(enum emotp_err err);

/* PAM_SUCCESS for EMOTP_ACCEPTED alone, else PAM_AUTH_ERR. */
int result_of_verdict(enum emotp_verdict verdict);

#endif
