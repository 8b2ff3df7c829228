#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "../common/secret.h"
#include "explain.h"
#include "json.h"
#include "output.h"

/* An object in the making. A member that is missing is never overlooked. */
struct object {
	cJSON *json;
	bool ok;
};

/* cJSON keeps copies of what it is given, and of what it prints. */
static void
wipe_and_free(void *p)
{
	if (p != NULL)
		emotp_wipe(p, malloc_usable_size(p));
	free(p);
}

static struct object
begin(void)
{
	cJSON_Hooks hooks = {malloc, wipe_and_free};
	struct object o;

	cJSON_InitHooks(&hooks);
	o.json = cJSON_CreateObject();
	o.ok = o.json != NULL;
	return o;
}

static void
add_text(struct object *o, const char *name, const char *value)
{
	if (cJSON_AddStringToObject(o->json, name, value) == NULL)
		o->ok = false;
}

static void
add_number(struct object *o, const char *name, int64_t value)
{
	if (cJSON_AddNumberToObject(o->json, name, (double)value) == NULL)
		o->ok = false;
}

static void
add_bool(struct object *o, const char *name, bool value)
{
	if (cJSON_AddBoolToObject(o->json, name, value) == NULL)
		o->ok = false;
}

/* 0 stands for "never", which JSON calls null. */
static void
add_time(struct object *o, const char *name, int64_t at_s)
{
	if (at_s != 0)
		add_number(o, name, at_s);
	else if (cJSON_AddNullToObject(o->json, name) == NULL)
		o->ok = false;
}

static void
add_params(struct object *o, const struct emotp_params *params)
{
	add_text(o, "algorithm", emotp_algorithm_name(params->algorithm));
	add_number(o, "digits", params->digits);
	add_number(o, "period", params->period_s);
}

/* Prints the object, followed by end, and frees it. */
static enum emotp_err
print(struct object *o, const char *end)
{
	char *text = o->ok ? cJSON_PrintUnformatted(o->json) : NULL;

	if (text != NULL)
		(void)printf("%s%s", text, end);
	cJSON_free(text);
	cJSON_Delete(o->json);
	return text != NULL ? EMOTP_OK : EMOTP_ERR_MEMORY;
}

static int
finish(struct object *o)
{
	enum emotp_err err = print(o, "\n");

	(void)fflush(stdout);
	return err == EMOTP_OK ? 0 : output_error(err, NULL);
}

static void
add_user(struct object *o, const struct emotp_user *user)
{
	add_text(o, "user", user->name);
	add_text(o, "email", user->email);
}

static void
add_state(struct object *o, const struct emotp_user *user)
{
	add_text(o, "state", emotp_user_state_name(user->state));
	add_bool(o, "disabled", user->disabled);
}

enum emotp_err
json_user(const struct emotp_user *user, size_t tokens)
{
	struct object o = begin();

	add_user(&o, user);
	add_state(&o, user);
	add_number(&o, "tokens", (int64_t)tokens);
	return print(&o, "");
}

enum emotp_err
json_uri(const char *user, const struct emotp_token *token, const char *uri)
{
	struct object o = begin();

	add_text(&o, "user", user);
	add_number(&o, "number", token->number);
	add_text(&o, "label", token->label);
	add_text(&o, "uri", uri);
	return print(&o, "");
}

enum emotp_err
json_host(const struct emotp_host *host)
{
	struct object o = begin();

	add_text(&o, "name", host->name);
	add_text(&o, "users", host->users);
	add_number(&o, "created", host->created);
	return print(&o, "");
}

static cJSON *
token_object(const struct emotp_token *token)
{
	struct object o = begin();

	add_number(&o, "number", token->number);
	add_text(&o, "label", token->label);
	add_params(&o, &token->params);
	add_bool(&o, "confirmed", token->confirmed);
	add_number(&o, "drift", token->drift);
	add_number(&o, "created", token->created);
	add_time(&o, "last_used", token->last_used);
	if (o.ok)
		return o.json;
	cJSON_Delete(o.json);
	return NULL;
}

static void
add_tokens(struct object *o, const struct emotp_entry *entry)
{
	cJSON *array = cJSON_AddArrayToObject(o->json, "tokens");

	o->ok = o->ok && array != NULL;
	for (size_t i = 0; i < entry->count && o->ok; i++)
		o->ok = cJSON_AddItemToArray(
		    array, token_object(&entry->tokens[i]));
}

int
json_entry(const struct emotp_entry *entry)
{
	const struct emotp_user *user = &entry->user;
	struct object o = begin();

	add_user(&o, user);
	add_text(&o, "language", user->language);
	add_state(&o, user);
	add_number(&o, "failures", user->failures);
	add_number(&o, "failures_24h", (int64_t)user->failed.count);
	add_time(&o, "last_login", user->last_login);
	add_time(&o, "last_refusal", user->last_refusal);
	add_tokens(&o, entry);
	return finish(&o);
}

int
json_token(const struct present *present)
{
	struct object o = begin();

	add_text(&o, "id", present->id);
	add_text(&o, "account", present->otpauth.account);
	add_text(&o, "issuer", present->otpauth.issuer);
	add_text(&o, "secret", present->secret);
	add_params(&o, &present->otpauth.params);
	add_number(&o, "time", present->time_s);
	add_text(&o, "uri", present->uri);
	return finish(&o);
}

int
json_verdict(const struct emotp_judgement *judgement)
{
	struct object o = begin();

	add_text(&o, "verdict", emotp_verdict_name(judgement->verdict));
	add_time(&o, "token", judgement->token);
	add_number(&o, "drift", judgement->drift);
	return finish(&o);
}

int
json_flushed(const struct emotp_flushed *flushed)
{
	struct object o = begin();

	add_number(&o, "sent", (int64_t)flushed->sent);
	add_number(&o, "kept", (int64_t)flushed->kept);
	return finish(&o);
}

int
json_invited(const struct invited *invited)
{
	struct object o = begin();

	add_number(&o, "mailed", (int64_t)invited->mailed);
	add_number(&o, "failed", (int64_t)invited->failed);
	add_number(&o, "skipped", (int64_t)invited->skipped);
	return finish(&o);
}

int
json_copied(const struct emotp_copied *copied)
{
	static const char *const names[] = {
#define X(name, text) [EMOTP_COPIED_##name] = text,
	    EMOTP_COPIED_MAP(X)
#undef X
	};
	struct object o = begin();

	for (size_t i = 0; i < EMOTP_COPIED_TABLES; i++)
		add_number(&o, names[i], (int64_t)copied->rows[i]);
	return finish(&o);
}

int
json_recovery(const char *user, const struct emotp_recovery_sheet *sheet)
{
	struct object o = begin();
	cJSON *array;

	add_text(&o, "user", user);
	array = cJSON_AddArrayToObject(o.json, "codes");
	o.ok = o.ok && array != NULL;
	for (size_t i = 0; i < EMOTP_RECOVERY_COUNT && o.ok; i++)
		o.ok = cJSON_AddItemToArray(
		    array, cJSON_CreateString(sheet->codes[i]));
	return finish(&o);
}

static cJSON *
attempt_object(const struct emotp_attempt *attempt)
{
	struct object o = begin();
	char text[ATTEMPT_TEXT_MAX];

	add_number(&o, "time", attempt->at);
	add_text(&o, "verdict", emotp_verdict_name(attempt->verdict));
	add_bool(&o, "recovery", attempt->recovery);
	add_time(&o, "token", attempt->token);
	add_number(&o, "clock", attempt->offset * attempt->period_s);
	add_text(&o, "text", explain_attempt(attempt, text));
	if (o.ok)
		return o.json;
	cJSON_Delete(o.json);
	return NULL;
}

int
json_attempts(const struct emotp_user *user)
{
	struct object o = begin();
	cJSON *array;

	add_text(&o, "user", user->name);
	array = cJSON_AddArrayToObject(o.json, "attempts");
	o.ok = o.ok && array != NULL;
	for (size_t i = 0; i < user->attempts.count && o.ok; i++)
		o.ok = cJSON_AddItemToArray(
		    array, attempt_object(&user->attempts.list[i]));
	return finish(&o);
}
