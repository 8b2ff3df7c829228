#include <strings.h>

#include "token.h"

static const struct {
	enum emotp_algorithm algorithm;
	const char *name;
	size_t secret_len;
} algorithms[] = {
    {EMOTP_SHA1, "SHA1", 20},
    {EMOTP_SHA256, "SHA256", 32},
    {EMOTP_SHA512, "SHA512", 64},
};

#define COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const char *
emotp_algorithm_name(enum emotp_algorithm algorithm)
{
	for (size_t i = 0; i < COUNT; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].name;
	return "none";
}

enum emotp_err
emotp_algorithm_read(const char *name, enum emotp_algorithm *ret)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcasecmp(algorithms[i].name, name) == 0) {
			*ret = algorithms[i].algorithm;
			return EMOTP_OK;
		}
	return EMOTP_ERR_INVALID;
}

size_t
emotp_algorithm_secret_len(enum emotp_algorithm algorithm)
{
	for (size_t i = 0; i < COUNT; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].secret_len;
	return 0;
}

bool
emotp_params_valid(const struct emotp_params *params)
{
	return emotp_algorithm_secret_len(params->algorithm) != 0 &&
	    (params->digits == 6 || params->digits == 8) &&
	    params->period_s >= EMOTP_PERIOD_MIN &&
	    params->period_s <= EMOTP_PERIOD_MAX;
}
