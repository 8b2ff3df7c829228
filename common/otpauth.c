#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base32.h"
#include "otpauth.h"
#include "text.h"

/* RFC 3986, 2.3: what needs no escape anywhere in a URI. */
static bool
unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

static void
escape(const char *text, char *out)
{
	for (; *text != '\0'; text++)
		if (unreserved(*text))
			*out++ = *text;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*text);
	*out = '\0';
}

static bool
name_valid(const char *name)
{
	return *name != '\0' && strchr(name, ':') == NULL &&
	    emotp_text_valid(name);
}

enum emotp_err
emotp_otpauth_write(
    const struct emotp_otpauth *token, char uri[static EMOTP_OTPAUTH_MAX])
{
	char issuer[EMOTP_ISSUER_MAX * 3 + 1];
	char account[EMOTP_ACCOUNT_MAX * 3 + 1];
	char secret[EMOTP_BASE32_SIZE(EMOTP_SECRET_MAX)];

	if (!name_valid(token->issuer) || !name_valid(token->account) ||
	    !emotp_params_valid(&token->params) || token->secret.len == 0 ||
	    token->secret.len > EMOTP_SECRET_MAX)
		return EMOTP_ERR_INVALID;
	escape(token->issuer, issuer);
	escape(token->account, account);
	emotp_base32_encode(token->secret.bytes, token->secret.len, secret);
	(void)snprintf(uri, EMOTP_OTPAUTH_MAX,
	    "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=%s&digits=%d"
	    "&period=%d",
	    issuer, account, secret, issuer,
	    emotp_algorithm_name(token->params.algorithm), token->params.digits,
	    token->params.period_s);
	emotp_wipe(secret, sizeof(secret));
	return EMOTP_OK;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

/* Undoes the escapes of len bytes. False on a bad one, or a NUL. */
static bool
unescape(const char *in, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)in[i];

		if (c == '%') {
			int high = i + 2 < len ? hex(in[i + 1]) : -1;
			int low = i + 2 < len ? hex(in[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

static bool
number(const char *text, int *ret)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 6 || text[len] != '\0')
		return false;
	*ret = atoi(text);
	return true;
}

static bool
set_secret(struct emotp_otpauth *token, const char *value)
{
	return emotp_base32_decode(value, token->secret.bytes,
		   sizeof(token->secret.bytes), &token->secret.len) == EMOTP_OK;
}

static bool
set_issuer(struct emotp_otpauth *token, const char *value)
{
	return name_valid(value) &&
	    (token->issuer[0] == '\0' || strcmp(token->issuer, value) == 0) &&
	    emotp_copy(token->issuer, sizeof(token->issuer), value);
}

static bool
set_algorithm(struct emotp_otpauth *token, const char *value)
{
	return emotp_algorithm_read(value, &token->params.algorithm) ==
	    EMOTP_OK;
}

static bool
set_digits(struct emotp_otpauth *token, const char *value)
{
	return number(value, &token->params.digits);
}

static bool
set_period(struct emotp_otpauth *token, const char *value)
{
	return number(value, &token->params.period_s);
}

static const struct {
	const char *name;
	bool (*set)(struct emotp_otpauth *token, const char *value);
} parameters[] = {
    {"secret", set_secret},
    {"issuer", set_issuer},
    {"algorithm", set_algorithm},
    {"digits", set_digits},
    {"period", set_period},
};

/* One NAME=VALUE; *seen has a bit for each that was there before. */
static bool
read_parameter(
    struct emotp_otpauth *token, const char *at, size_t len, unsigned *seen)
{
	char value[EMOTP_ACCOUNT_MAX + 1];
	bool ok = true;

	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]);
	     i++) {
		size_t name = strlen(parameters[i].name);

		if (len <= name || at[name] != '=' ||
		    memcmp(at, parameters[i].name, name) != 0)
			continue;
		ok = (*seen & 1U << i) == 0 &&
		    unescape(
			at + name + 1, len - name - 1, value, sizeof(value)) &&
		    parameters[i].set(token, value);
		*seen |= 1U << i;
		emotp_wipe(value, sizeof(value));
		break;
	}
	return ok;
}

/* [ISSUER:]ACCOUNT, the colon plain or escaped; spaces may precede ACCOUNT. */
static bool
read_label(struct emotp_otpauth *token, const char *at, size_t len)
{
	char label[EMOTP_ISSUER_MAX + EMOTP_ACCOUNT_MAX + 2];
	char *colon, *account = label;

	if (!unescape(at, len, label, sizeof(label)))
		return false;
	colon = strchr(label, ':');
	if (colon != NULL) {
		*colon = '\0';
		account = colon + 1;
		if (!name_valid(label) ||
		    !emotp_copy(token->issuer, sizeof(token->issuer), label))
			return false;
	}
	account += strspn(account, " ");
	return name_valid(account) &&
	    emotp_copy(token->account, sizeof(token->account), account);
}

static bool
read_uri(const char *uri, struct emotp_otpauth *ret)
{
	static const char scheme[] = "otpauth://totp/";
	size_t len, label;
	unsigned seen = 0;

	if (strncasecmp(uri, scheme, sizeof(scheme) - 1) != 0)
		return false;
	uri += sizeof(scheme) - 1;
	label = strcspn(uri, "?");
	if (!read_label(ret, uri, label))
		return false;
	for (uri += label; *uri != '\0'; uri += len) {
		uri++; /* the '?' or '&' */
		len = strcspn(uri, "&");
		if (!read_parameter(ret, uri, len, &seen))
			return false;
	}
	return ret->secret.len > 0 && emotp_params_valid(&ret->params);
}

enum emotp_err
emotp_otpauth_read(const char *uri, struct emotp_otpauth *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->params = (struct emotp_params){EMOTP_SHA1, 6, 30};
	if (read_uri(uri, ret))
		return EMOTP_OK;
	emotp_wipe(ret, sizeof(*ret));
	return EMOTP_ERR_INVALID;
}
