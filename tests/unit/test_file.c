/* Files that are trusted, and all that are not. */
#include "unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../../common/file.h"

struct place {
	char directory[UNIT_PATH];
	char path[UNIT_PATH + 16]; /* the file in question */
	char other[UNIT_PATH + 16];
};

static void
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
make_regular(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0600);
}

static void
make_empty(const struct place *p)
{
	write_file(p->path, "", 0, 0600);
}

static void
make_read_only(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0400);
}

static void
make_readable_by_all(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0644);
}

static void
make_readable_by_group(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0640);
}

static void
make_writable_by_group(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0620);
}

static void
make_writable_by_all(const struct place *p)
{
	write_file(p->path, "hello\n", 6, 0602);
}

static void
make_symlink(const struct place *p)
{
	write_file(p->other, "hello\n", 6, 0600);
	assert_int_equal(symlink(p->other, p->path), 0);
}

static void
make_hard_link(const struct place *p)
{
	write_file(p->other, "hello\n", 6, 0600);
	assert_int_equal(link(p->other, p->path), 0);
}

static void
make_fifo(const struct place *p)
{
	assert_int_equal(mkfifo(p->path, 0600), 0);
}

static void
make_directory(const struct place *p)
{
	assert_int_equal(mkdir(p->path, 0700), 0);
}

static void
make_socket(const struct place *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_true(strlen(p->path) < sizeof(address.sun_path));
	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%.100s", p->path);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
}

static void
make_full(const struct place *p)
{
	write_file(p->path, "0123456789abcde", 15, 0600);
}

static void
make_too_long(const struct place *p)
{
	write_file(p->path, "0123456789abcdef", 16, 0600);
}

static void
make_with_nul(const struct place *p)
{
	write_file(p->path, "hel\0lo", 6, 0600);
}

static void
make_nothing(const struct place *p)
{
	(void)p;
}

static const struct {
	const char *what;
	void (*make)(const struct place *p);
	bool public_ok;
	bool private_ok;
	size_t len;
} files[] = {
    {"a regular file", make_regular, true, true, 6},
    {"an empty file", make_empty, true, true, 0},
    {"a read-only file", make_read_only, true, true, 6},
    {"as long as fits", make_full, true, true, 15},
    {"readable by all", make_readable_by_all, true, false, 6},
    {"readable by the group", make_readable_by_group, true, false, 6},
    {"writable by the group", make_writable_by_group, false, false, 0},
    {"writable by all", make_writable_by_all, false, false, 0},
    {"a symbolic link", make_symlink, false, false, 0},
    {"a second link", make_hard_link, false, false, 0},
    {"a FIFO", make_fifo, false, false, 0},
    {"a directory", make_directory, false, false, 0},
    {"a socket", make_socket, false, false, 0},
    {"too long by a byte", make_too_long, false, false, 0},
    {"with a NUL inside", make_with_nul, false, false, 0},
    {"missing", make_nothing, false, false, 0},
};

/* EMOTP_ERR_CONFIG stands for any: the caller says what the file is for. */
static void
check_read(const char *what, const struct place *p, bool ok, size_t len,
    enum emotp_file_rule rule)
{
	static const char nothing[16];
	struct emotp_why why = {"untouched"};
	char buf[16];
	size_t got = 99;

	memset(buf, 'x', sizeof(buf));
	CHECK_INT(what,
	    emotp_file_read(
		p->path, rule, EMOTP_ERR_CONFIG, buf, sizeof(buf), &got, &why),
	    ok ? EMOTP_OK : EMOTP_ERR_CONFIG);
	if (ok) {
		CHECK_INT(what, got, len);
		CHECK_INT(what, buf[len], '\0');
		CHECK_TEXT(what, why.text, "untouched");
		return;
	}
	CHECK(what, memcmp(buf, nothing, sizeof(buf)) == 0);
	CHECK(what, strncmp(why.text, p->path, strlen(p->path)) == 0);
	CHECK(what, strlen(why.text) > strlen(p->path) + 4);
}

/* None of them may be waited for, either. */
static void
files_are_judged_by_what_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(files); i++) {
		struct place p;

		unit_make_directory(p.directory);
		(void)snprintf(p.path, sizeof(p.path), "%s/file", p.directory);
		(void)snprintf(
		    p.other, sizeof(p.other), "%s/other", p.directory);
		files[i].make(&p);
		(void)alarm(5);
		check_read(files[i].what, &p, files[i].public_ok, files[i].len,
		    EMOTP_FILE_PUBLIC);
		check_read(files[i].what, &p, files[i].private_ok, files[i].len,
		    EMOTP_FILE_PRIVATE);
		(void)alarm(0);
		unit_remove_directory(p.directory);
	}
}

static void
only_root_and_oneself_are_trusted(void **state)
{
	struct stat st = {
	    .st_mode = S_IFREG | 0600,
	    .st_nlink = 1,
	    .st_uid = geteuid(),
	};

	(void)state;
	assert_null(emotp_file_distrust(&st, EMOTP_FILE_PRIVATE));
	st.st_uid = 0;
	assert_null(emotp_file_distrust(&st, EMOTP_FILE_PRIVATE));
	st.st_uid = geteuid() + 1;
	assert_non_null(emotp_file_distrust(&st, EMOTP_FILE_PRIVATE));
	assert_non_null(emotp_file_distrust(&st, EMOTP_FILE_PUBLIC));
	st.st_uid = geteuid();
	st.st_mode = S_IFCHR | 0600;
	assert_non_null(emotp_file_distrust(&st, EMOTP_FILE_PUBLIC));
	st.st_mode = S_IFLNK | 0600;
	assert_non_null(emotp_file_distrust(&st, EMOTP_FILE_PUBLIC));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_are_judged_by_what_they_are),
	    cmocka_unit_test(only_root_and_oneself_are_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
