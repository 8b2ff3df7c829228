/* The client before services that err, lie, or stand in its way. */
#include "serving.h"

#include "../../common/client.h"

#define NONCE       "0123456789abcdef"
#define ID          "0123456789abcdef0123456789abcdef"
#define DEADLINE_MS 400

struct seen {
	enum emotp_err err;
	enum emotp_problem problem;
	bool accepted;
	char host[EMOTP_ACCOUNT_MAX + 1];
	int drift;
	struct emotp_client_token token;
	struct emotp_why why;
	char asked[ASKED_MAX];
};

enum call { ASK, REGISTER, CONFIRM, VERIFY };

static void
make_call(struct emotp_client *c, enum call call, struct seen *s)
{
	static const struct emotp_client_request request = {
	    "alice@example.org", "ABCDE-FGHJK", "phone", NULL};
	static const struct emotp_client_proof proof = {
	    ID, "123456", 1800000000};
	static const struct emotp_client_question question = {
	    "alice", "123456", NONCE, "sshd", "192.0.2.7"};
	struct emotp_client_verdict verdict;

	switch (call) {
	case ASK:
		s->err = emotp_client_ask(
		    c, "alice@example.org", &s->problem, &s->why);
		break;
	case REGISTER:
		s->err = emotp_client_register(
		    c, &request, &s->token, &s->problem, &s->why);
		break;
	case CONFIRM:
		s->err = emotp_client_confirm(
		    c, &proof, &s->drift, &s->problem, &s->why);
		break;
	case VERIFY:
		s->err = emotp_client_verify(
		    c, &question, &verdict, &s->problem, &s->why);
		s->accepted = verdict.accepted;
		memcpy(s->host, verdict.host, sizeof(s->host));
		break;
	}
}

static void
run(enum call call, const char *answer, struct seen *ret)
{
	struct emotp_client *client;
	struct server server;
	struct emotp_client_settings settings = {
	    .host_key = "the-key", .deadline_ms = DEADLINE_MS};

	memset(ret, 0, sizeof(*ret));
	serving_start(&server, answer);
	settings.url = server.url;
	assert_int_equal(
	    emotp_client_open(&settings, &client, &ret->why), EMOTP_OK);
	make_call(client, call, ret);
	emotp_client_close(client);
	serving_stop(&server, ret->asked);
}

#define H(status, type)                                     \
	"HTTP/1.1 " status "\r\nContent-Type: " type "\r\n" \
	"Connection: close\r\n\r\n"
#define OK_(body) H("200 OK", "application/json") body
#define PROBLEM   "application/problem+json"
#define VERDICT(word, nonce, user)                                           \
	"{\"verdict\":\"" word "\",\"nonce\":\"" nonce "\",\"user\":\"" user \
	"\",\"host\":\"web1\"}"
#define ACCEPTED VERDICT("accepted", NONCE, "alice")
#define TOLD(type, status)              \
	"{\"type\":\"about:emotp#" type \
	"\",\"title\":\"x\",\"status\":" status "}"

static void
a_verdict_is_taken(void **state)
{
	static struct seen s;

	(void)state;
	run(VERIFY, OK_(ACCEPTED), &s);
	assert_int_equal(s.err, EMOTP_OK);
	assert_int_equal(s.problem, EMOTP_PROBLEM_NONE);
	assert_true(s.accepted);
	assert_non_null(strstr(s.asked, "POST /v1/verifications HTTP/1.1\r\n"));
	assert_non_null(strstr(s.asked, "Authorization: Bearer the-key\r\n"));
	assert_non_null(strstr(s.asked, "Content-Type: application/json\r\n"));
	assert_null(strstr(s.asked, "Expect:"));
	assert_non_null(strstr(s.asked,
	    "\r\n\r\n{\"user\":\"alice\",\"otp\":\"123456\",\"nonce\":\"" NONCE
	    "\",\"service\":\"sshd\",\"rhost\":\"192.0.2.7\"}"));
	run(VERIFY, OK_(VERDICT("refused", NONCE, "alice")), &s);
	assert_int_equal(s.err, EMOTP_OK);
	assert_false(s.accepted);
	run(VERIFY, H("200 OK", "application/json; charset=utf-8") ACCEPTED,
	    &s);
	assert_true(s.err == EMOTP_OK && s.accepted);
}

static const struct {
	const char *why;
	const char *answer;
} no_verdicts[] = {
    {"nothing", ""},
    {"no HTTP", ACCEPTED},
    {"HTTP/0.9", "\r\n\r\n" ACCEPTED},
    {"another nonce", OK_(VERDICT("accepted", "0123456789abcdeF", "alice"))},
    {"another user", OK_(VERDICT("accepted", NONCE, "bob"))},
    {"a user in another case", OK_(VERDICT("accepted", NONCE, "Alice"))},
    {"another verdict", OK_(VERDICT("ACCEPTED", NONCE, "alice"))},
    {"no verdict", OK_(VERDICT("", NONCE, "alice"))},
    {"twice", OK_(ACCEPTED ACCEPTED)},
    {"a verdict twice",
	OK_("{\"verdict\":\"refused\",\"verdict\":\"accepted\",\"nonce\":"
	    "\"" NONCE "\",\"user\":\"alice\",\"host\":\"web1\"}")},
    {"a key more", OK_("{\"x\":1," ACCEPTED)},
    {"a key less", OK_("{\"verdict\":\"accepted\",\"nonce\":\"" NONCE "\"}")},
    {"cut off", OK_("{\"verdict\":\"accepted\",")},
    {"no type", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" ACCEPTED},
    {"HTML", H("200 OK", "text/html") ACCEPTED},
    {"a type that begins alike", H("200 OK", "application/jsonp") ACCEPTED},
    {"201", H("201 Created", "application/json") ACCEPTED},
    {"204", H("204 None", "application/json") ACCEPTED},
    {"500", H("500 Broken", "application/json") ACCEPTED},
    {"a problem of success", H("200 OK", PROBLEM) ACCEPTED},
    {"a problem that does not exist", H("403 No", PROBLEM) TOLD("x", "403")},
    {"a problem of another status",
	H("403 No", PROBLEM) TOLD("unavailable", "503")},
    {"a problem with another status inside",
	H("403 No", PROBLEM) TOLD("wrong-code", "410")},
    {"a problem as JSON",
	H("403 No", "application/json") TOLD("wrong-code", "403")},
    {"a proxy's page", H("502 Bad Gateway", "text/html") "<html>"},
    {"longer than it says",
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	"Content-Length: 9999\r\n\r\n" ACCEPTED},
    {"a length too great",
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	"Content-Length: 99999999999999\r\n\r\n" ACCEPTED},
};

static void
anything_else_is_no_verdict(void **state)
{
	static struct seen s;

	(void)state;
	for (size_t i = 0; i < LEN(no_verdicts); i++) {
		run(VERIFY, no_verdicts[i].answer, &s);
		CHECK_INT(no_verdicts[i].why, s.err, EMOTP_ERR_SERVICE);
		CHECK(no_verdicts[i].why, !s.accepted);
		CHECK(no_verdicts[i].why, s.why.text[0] != '\0');
		/* Once, and never again: it may have been heard. */
		CHECK(no_verdicts[i].why, strstr(s.asked + 1, "POST ") == NULL);
	}
}

/* However it is kept busy: each byte comes well before any pause is long. */
static void
the_deadline_is_absolute(void **state)
{
	static struct seen s;
	struct timespec begin, end;

	(void)state;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	run(VERIFY, NULL, &s);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
	assert_in_range(end.tv_sec - begin.tv_sec, 0, 5);
}

static void
a_redirect_is_not_followed(void **state)
{
	static struct seen s, elsewhere;
	struct server server;
	char answer[512];

	(void)state;
	serving_start(&server, OK_(ACCEPTED));
	(void)snprintf(answer, sizeof(answer),
	    "HTTP/1.1 307 Elsewhere\r\nLocation: %s/v1/verifications\r\n"
	    "Content-Type: application/json\r\nConnection: "
	    "close\r\n\r\n" ACCEPTED,
	    server.url);
	run(VERIFY, answer, &s);
	serving_stop(&server, elsewhere.asked);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
	assert_string_equal(elsewhere.asked, "");
}

static void
an_answer_that_is_too_long_is_not_read(void **state)
{
	static struct seen s;
	static char answer[EMOTP_CLIENT_URL + 5000];
	size_t head = strlen(OK_(ACCEPTED));

	(void)state;
	memset(answer, ' ', sizeof(answer) - 1);
	memcpy(answer, OK_(ACCEPTED), head);
	answer[head - strlen(ACCEPTED) + 4096] = '\0';
	run(VERIFY, answer, &s);
	assert_true(s.err == EMOTP_OK && s.accepted);
	answer[head - strlen(ACCEPTED) + 4096] = ' ';
	answer[head - strlen(ACCEPTED) + 4097] = '\0';
	run(VERIFY, answer, &s);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
	assert_non_null(strstr(s.why.text, "too long"));
}

static const struct {
	const char *type;
	const char *status;
	enum emotp_problem problem;
} told[] = {
#define X(name, number, word) {word, #number, EMOTP_PROBLEM_##name},
    EMOTP_PROBLEM_MAP(X)
#undef X
};

static void
problems_are_told_apart(void **state)
{
	static struct seen s;
	char answer[512];

	(void)state;
	for (size_t i = 0; i < LEN(told); i++) {
		(void)snprintf(answer, sizeof(answer),
		    H("%s No", PROBLEM) TOLD("%s", "%s"), told[i].status,
		    told[i].type, told[i].status);
		run(VERIFY, answer, &s);
		CHECK_INT(told[i].type, s.err, EMOTP_OK);
		CHECK_INT(told[i].type, s.problem, told[i].problem);
		CHECK(told[i].type, !s.accepted);
		CHECK_TEXT(
		    told[i].type, emotp_problem_type(s.problem), told[i].type);
	}
}

#define TOKEN(id, account, secret, digits, period)                           \
	H("201 Created", "application/json")                                 \
	"{\"id\":\"" id "\",\"account\":\"" account                          \
	"\",\"issuer\":\"Example\",\"secret\":\"" secret                     \
	"\",\"algorithm\":\"SHA1\",\"digits\":" digits ",\"period\":" period \
	",\"time\":1800000000}"

static void
a_token_is_taken(void **state)
{
	static struct seen s;

	(void)state;
	run(REGISTER, TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "6", "60"), &s);
	assert_int_equal(s.err, EMOTP_OK);
	assert_int_equal(s.problem, EMOTP_PROBLEM_NONE);
	assert_string_equal(s.token.id, ID);
	assert_string_equal(s.token.otpauth.account, "alice");
	assert_string_equal(s.token.otpauth.issuer, "Example");
	assert_int_equal(s.token.otpauth.secret.len, 10);
	assert_int_equal(s.token.otpauth.params.digits, 6);
	assert_int_equal(s.token.otpauth.params.period_s, 60);
	assert_int_equal(s.token.time_s, 1800000000);
	assert_non_null(strstr(s.asked,
	    "{\"email\":\"alice@example.org\",\"code\":\"ABCDE-FGHJK\","
	    "\"label\":\"phone\"}"));
}

/* An escape that moves the cursor would forge what the terminal shows. */
static const char *const no_tokens[] = {
    TOKEN("", "alice", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN("../../etc", "alice", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN(ID, "al\\u001b[2Jice", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN(ID, "al\\u009bice", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN(ID, "a:b", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN(ID, "", "JBSWY3DPEHPK3PXP", "6", "60"),
    TOKEN(ID, "alice", "", "6", "60"),
    TOKEN(ID, "alice", "01890189", "6", "60"),
    TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "7", "60"),
    TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "4294967302", "60"),
    TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "6", "0"),
    TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "6", "4294967356"),
    TOKEN(ID, "alice", "JBSWY3DPEHPK3PXP", "\"6\"", "60"),
};

static void
a_token_that_cannot_be_shown_is_refused(void **state)
{
	static const struct emotp_client_token nothing;
	static struct seen s;

	(void)state;
	for (size_t i = 0; i < LEN(no_tokens); i++) {
		run(REGISTER, no_tokens[i], &s);
		CHECK_INT(no_tokens[i], s.err, EMOTP_ERR_SERVICE);
		CHECK(no_tokens[i],
		    memcmp(&s.token, &nothing, sizeof(nothing)) == 0);
	}
}

static void
the_other_calls(void **state)
{
	static struct seen s;

	(void)state;
	run(ASK,
	    H("202 Accepted",
		"application/json") "{\"message\":\"on its way\"}",
	    &s);
	assert_int_equal(s.err, EMOTP_OK);
	run(ASK, OK_("{\"message\":\"on its way\"}"), &s);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
	run(CONFIRM, OK_("{\"drift\":-4}"), &s);
	assert_int_equal(s.err, EMOTP_OK);
	assert_int_equal(s.drift, -4);
	assert_non_null(strstr(
	    s.asked, "POST /v1/tokens/" ID "/confirmations HTTP/1.1\r\n"));
	run(CONFIRM, OK_("{\"drift\":4294967292}"), &s);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
}

/* What decides whether another service may be asked instead. */
static void
whether_it_was_asked(void **state)
{
	static struct seen s;
	struct emotp_client_settings settings = {
	    .host_key = "the-key", .deadline_ms = DEADLINE_MS, .keep_s = 30};
	struct emotp_client *client;
	struct server server;

	(void)state;
	serving_start(&server, OK_(ACCEPTED));
	settings.url = server.url;
	assert_int_equal(emotp_client_open(&settings, &client, NULL), EMOTP_OK);
	make_call(client, VERIFY, &s);
	assert_int_equal(s.err, EMOTP_OK);
	assert_true(emotp_client_asked(client));
	assert_string_equal(s.host, "web1");
	serving_stop(&server, s.asked);
	make_call(client, VERIFY, &s);
	assert_int_equal(s.err, EMOTP_ERR_SERVICE);
	assert_false(emotp_client_asked(client));
	assert_false(s.accepted);
	assert_string_equal(s.host, "");
	emotp_client_close(client);
}

static void
what_has_no_room_is_not_sent(void **state)
{
	static char x300[301];
	const struct emotp_client_settings settings = {
	    .url = "http://127.0.0.1:1"};
	const struct emotp_client_request request = {
	    "alice@example.org", x300, "", NULL};
	const struct emotp_client_proof elsewhere = {"../x", "1", 0};
	enum emotp_problem problem;
	struct emotp_client *client;
	struct emotp_client_token token;
	int drift;

	(void)state;
	memset(x300, 'x', 300);
	assert_int_equal(emotp_client_open(&settings, &client, NULL), EMOTP_OK);
	assert_int_equal(
	    emotp_client_ask(client, x300, &problem, NULL), EMOTP_ERR_INVALID);
	assert_int_equal(emotp_client_ask(client, "\xff", &problem, NULL),
	    EMOTP_ERR_INVALID);
	assert_int_equal(
	    emotp_client_register(client, &request, &token, &problem, NULL),
	    EMOTP_ERR_INVALID);
	assert_int_equal(
	    emotp_client_confirm(client, &elsewhere, &drift, &problem, NULL),
	    EMOTP_ERR_INVALID);
	emotp_client_close(client);
}

static void
a_host_key_cannot_forge_a_header(void **state)
{
	const struct emotp_client_settings settings = {
	    .url = "https://h", .host_key = "key\r\nHost: x"};
	struct emotp_client *client;

	(void)state;
	assert_int_equal(
	    emotp_client_open(&settings, &client, NULL), EMOTP_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_verdict_is_taken),
	    cmocka_unit_test(anything_else_is_no_verdict),
	    cmocka_unit_test(the_deadline_is_absolute),
	    cmocka_unit_test(a_redirect_is_not_followed),
	    cmocka_unit_test(an_answer_that_is_too_long_is_not_read),
	    cmocka_unit_test(problems_are_told_apart),
	    cmocka_unit_test(a_token_is_taken),
	    cmocka_unit_test(a_token_that_cannot_be_shown_is_refused),
	    cmocka_unit_test(the_other_calls),
	    cmocka_unit_test(whether_it_was_asked),
	    cmocka_unit_test(what_has_no_room_is_not_sent),
	    cmocka_unit_test(a_host_key_cannot_forge_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
