/* Where to listen: what `listen` of emotp.conf may be, and what comes of it. */
#include "unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../../server/listen.h"

static const struct {
	const char *where;
	bool tls;
	bool trusted;
	const char *shown; /* how it begins */
} good[] = {
    {"https://127.0.0.1:0", true, false, "https://127.0.0.1:"},
    {"https://0.0.0.0:0", true, false, "https://0.0.0.0:"},
    {"https://[::1]:0", true, false, "https://[::1]:"},
    {"https://[::]:0", true, false, "https://[::]:"},
    {"http://127.0.0.1:0", false, true, "http://127.0.0.1:"},
    {"http://127.9.9.9:0", false, true, "http://127.9.9.9:"},
    {"http://[::1]:0", false, true, "http://[::1]:"},
};

/* This machine may have no IPv6, or none on loopback. */
static bool
has_ipv6(void)
{
	struct emotp_why why;
	struct listening socket;

	if (listen_open("https://[::1]:0", &socket, &why) != EMOTP_OK)
		return false;
	close(socket.fd);
	return true;
}

static void
addresses_are_bound_and_shown_with_their_port(void **state)
{
	bool ipv6 = has_ipv6();

	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		const char *row = good[i].where;
		size_t len = strlen(good[i].shown);
		struct listening socket;
		struct emotp_why why = {""};

		if (!ipv6 && strchr(row, '[') != NULL)
			continue;
		CHECK_INT(row, listen_open(row, &socket, &why), EMOTP_OK);
		CHECK(row, socket.tls == good[i].tls);
		CHECK(row, socket.trusted == good[i].trusted);
		CHECK(row, strncmp(socket.shown, good[i].shown, len) == 0);
		CHECK(row, atoi(socket.shown + len) > 0);
		close(socket.fd);
	}
}

static const char *const bad[] = {
    "",
    "https",
    "https:",
    "https://",
    "https://127.0.0.1",
    "https://127.0.0.1:",
    "https://127.0.0.1:x",
    "https://127.0.0.1:1x",
    "https://127.0.0.1:-1",
    "https://127.0.0.1:65536",
    "https://127.0.0.1:99999999999999999999",
    "https://127.0.0.1:0/",
    "https://:0",
    "https://*:0",
    "https://localhost:0",
    "https://login.example.org:0",
    "https://127.0.0.256:0",
    "https://[::1:0",
    "https://[]:0",
    "https://::1:0",
    "https://[127.0.0.1]:0",
    "https://127.1:0",
    "https://0x7f.0.0.1:0",
    "https://[::1]0",
    "HTTPS://127.0.0.1:0",
    "ftp://127.0.0.1:0",
    "127.0.0.1:0",
    "http://0.0.0.0:0",
    "http://192.0.2.1:0",
    "http://128.0.0.1:0",
    "http://[::]:0",
    "http://[2001:db8::1]:0",
    "http://[::ffff:127.0.0.1]:0",
    "http://localhost:0",
    "unix:",
    "unix:relative",
    "unix:/nowhere/at/all",
};

static void
nothing_else_is_listened_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct listening socket;
		struct emotp_why why = {""};

		CHECK_INT(bad[i], listen_open(bad[i], &socket, &why),
		    EMOTP_ERR_CONFIG);
		CHECK(bad[i], strncmp(why.text, "listen: ", 8) == 0);
	}
}

/* ---- Unix sockets ---- */

struct place {
	char dir[32];
	char path[64];
	char where[72];
};

static struct place
make_place(void)
{
	struct place place = {.dir = "/tmp/emotp-listen-XXXXXX"};

	assert_non_null(mkdtemp(place.dir));
	(void)snprintf(place.path, sizeof(place.path), "%s/s", place.dir);
	(void)snprintf(place.where, sizeof(place.where), "unix:%s", place.path);
	return place;
}

static void
leave_place(const struct place *place)
{
	(void)unlink(place->path);
	assert_int_equal(rmdir(place->dir), 0);
}

static bool
answers(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool answered;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	answered = connect(fd, (const void *)&address, sizeof(address)) == 0;
	close(fd);
	return answered;
}

static void
a_unix_socket_is_for_its_group(void **state)
{
	struct place place = make_place();
	struct listening socket;
	struct emotp_why why;
	struct stat st;

	(void)state;
	assert_int_equal(listen_open(place.where, &socket, &why), EMOTP_OK);
	assert_false(socket.tls);
	assert_true(socket.trusted);
	assert_string_equal(socket.shown, place.where);
	assert_int_equal(stat(place.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_true(answers(place.path));
	close(socket.fd);
	leave_place(&place);
}

static void
a_dead_socket_makes_way_and_a_live_one_does_not(void **state)
{
	struct place place = make_place();
	struct listening first, second;
	struct emotp_why why;

	(void)state;
	assert_int_equal(listen_open(place.where, &first, &why), EMOTP_OK);
	assert_int_equal(
	    listen_open(place.where, &second, &why), EMOTP_ERR_CONFIG);
	assert_true(answers(place.path));
	close(first.fd);
	assert_false(answers(place.path));
	assert_int_equal(listen_open(place.where, &second, &why), EMOTP_OK);
	assert_true(answers(place.path));
	close(second.fd);
	leave_place(&place);
}

static void
no_other_file_makes_way(void **state)
{
	struct place place = make_place();
	struct listening socket;
	struct emotp_why why;
	FILE *file = fopen(place.path, "w");

	(void)state;
	assert_non_null(file);
	(void)fclose(file);
	assert_int_equal(
	    listen_open(place.where, &socket, &why), EMOTP_ERR_CONFIG);
	assert_int_equal(access(place.path, F_OK), 0);
	leave_place(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_bound_and_shown_with_their_port),
	    cmocka_unit_test(nothing_else_is_listened_on),
	    cmocka_unit_test(a_unix_socket_is_for_its_group),
	    cmocka_unit_test(a_dead_socket_makes_way_and_a_live_one_does_not),
	    cmocka_unit_test(no_other_file_makes_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
