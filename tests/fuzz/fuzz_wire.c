/*
 * A body that is read is one that cJSON reads too, with the same values; and
 * what is written of it reads as the same. Whatever is read keeps its limits.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "../../common/message.h"
#include "fuzz.h"

#define USER_MAX 128
#define OTP_MAX  16

struct body {
	char user[USER_MAX + 1];
	int64_t time;
	char otp[OTP_MAX + 1];
	bool has_otp;
};

/* otp stands last, so that it can be left out. */
static size_t
fields_of(struct body *b, struct emotp_field fields[static 3])
{
	fields[0] = (struct emotp_field){
	    "user", EMOTP_FIELD_TEXT, false, 1, USER_MAX, b->user, NULL};
	fields[1] = (struct emotp_field){
	    "time", EMOTP_FIELD_INTEGER, false, 0, 0, &b->time, NULL};
	fields[2] = (struct emotp_field){
	    "otp", EMOTP_FIELD_TEXT, true, 0, OTP_MAX, b->otp, &b->has_otp};
	return b->has_otp ? 3 : 2;
}

static void
compare(const struct body *a, const struct body *b)
{
	HOLDS(strcmp(a->user, b->user) == 0);
	HOLDS(a->time == b->time);
	HOLDS(a->has_otp == b->has_otp);
	HOLDS(!a->has_otp || strcmp(a->otp, b->otp) == 0);
}

static void
check_limits(const struct body *b, size_t size)
{
	HOLDS(size <= EMOTP_MESSAGE_MAX);
	HOLDS(strlen(b->user) >= 1 && strlen(b->user) <= USER_MAX);
	HOLDS(!b->has_otp || strlen(b->otp) <= OTP_MAX);
	HOLDS(b->time < INT64_C(1) << 53 && b->time > -(INT64_C(1) << 53));
}

static void
check_cjson(const struct body *b, const char *json, size_t size)
{
	cJSON *object = cJSON_ParseWithLength(json, size);
	const cJSON *user = cJSON_GetObjectItemCaseSensitive(object, "user");
	const cJSON *time = cJSON_GetObjectItemCaseSensitive(object, "time");

	HOLDS(cJSON_GetArraySize(object) == (b->has_otp ? 3 : 2));
	HOLDS(strcmp(cJSON_GetStringValue(user), b->user) == 0);
	HOLDS(cJSON_GetNumberValue(time) == (double)b->time);
	cJSON_Delete(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *json = (const char *)data;
	struct emotp_field fields[3];
	struct body body, again;
	char text[EMOTP_MESSAGE_MAX + 1];
	size_t len;

	memset(&body, 0, sizeof(body));
	memset(&again, 0, sizeof(again));
	(void)fields_of(&body, fields);
	if (emotp_json_read(json, size, fields, 3) != EMOTP_OK)
		return 0;
	check_limits(&body, size);
	check_cjson(&body, json, size);
	HOLDS(emotp_json_write(fields, fields_of(&body, fields), text,
		  sizeof(text), &len) == EMOTP_OK);
	HOLDS(len == strlen(text));
	(void)fields_of(&again, fields);
	HOLDS(emotp_json_read(text, len, fields, 3) == EMOTP_OK);
	compare(&body, &again);
	return 0;
}
