#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../file.h"
#include "../secret.h"
#include "../text.h"
#include "template.h"

#define FALLBACK "en"

static const struct built_in {
	const char *language;
	const char *kind;
	const char *text;
} built_ins[] = {
#include "templates.h"
};

#define BUILT_INS (sizeof(built_ins) / sizeof(built_ins[0]))

static const struct placeholder {
	const char *name;
	size_t offset; /* of the value */
} placeholders[] = {
#define PLACEHOLDER(name)                                           \
	{                                                           \
#name, offsetof(struct emotp_template_values, name) \
	}
    PLACEHOLDER(issuer),
    PLACEHOLDER(user),
    PLACEHOLDER(code),
    PLACEHOLDER(expires),
    PLACEHOLDER(token),
    PLACEHOLDER(left),
    PLACEHOLDER(time),
    PLACEHOLDER(source),
    PLACEHOLDER(url),
#undef PLACEHOLDER
};

#define PLACEHOLDERS (sizeof(placeholders) / sizeof(placeholders[0]))

/* A template as it is read, and where it came from. */
struct source {
	char path[PATH_MAX];
	char text[EMOTP_BODY_MAX];
};

/* A template as it is filled in, line by line. */
struct filling {
	const char *path;
	int line;
	bool wants_code;
	bool has_code; /* alone on a line */
	const struct emotp_template_values *values;
	struct emotp_why *why;
};

/* ---- finding ---- */

/* Reads DIR/LANG/KIND.txt; *ret_found is false if there is none. */
static enum emotp_err
read_file(const char *dir, const char *language, const char *kind,
    struct source *ret, bool *ret_found, struct emotp_why *why)
{
	struct stat st;
	size_t len;
	int n = snprintf(
	    ret->path, sizeof(ret->path), "%s/%s/%s.txt", dir, language, kind);

	*ret_found = false;
	if (n < 0 || (size_t)n >= sizeof(ret->path))
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "templates: the path is too long");
	if (dir[0] == '\0' ||
	    (lstat(ret->path, &st) != 0 &&
		(errno == ENOENT || errno == ENOTDIR)))
		return EMOTP_OK;
	*ret_found = true;
	return emotp_file_read(ret->path, EMOTP_FILE_PUBLIC, EMOTP_ERR_CONFIG,
	    ret->text, sizeof(ret->text), &len, why);
}

static enum emotp_err
find_built_in(const char *language, const char *kind, struct source *ret,
    struct emotp_why *why)
{
	(void)snprintf(
	    ret->path, sizeof(ret->path), "built-in %s/%s.txt", language, kind);
	for (size_t i = 0; i < BUILT_INS; i++)
		if (strcmp(built_ins[i].language, language) == 0 &&
		    strcmp(built_ins[i].kind, kind) == 0 &&
		    emotp_copy(ret->text, sizeof(ret->text), built_ins[i].text))
			return EMOTP_OK;
	return emotp_fail(
	    why, EMOTP_ERR_CONFIG, "%s: there is none", ret->path);
}

static enum emotp_err
find(const struct emotp_config *config, const char *language, const char *kind,
    struct source *ret, struct emotp_why *why)
{
	const char *const places[] = {config->templates, EMOTP_TEMPLATES};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bool found;
		enum emotp_err err =
		    read_file(places[i], language, kind, ret, &found, why);

		if (err != EMOTP_OK || found)
			return err;
	}
	return find_built_in(language, kind, ret, why);
}

/* ---- filling in ---- */

static enum emotp_err
bad(const struct filling *f, const char *reason)
{
	return emotp_fail(f->why, EMOTP_ERR_CONFIG, "%s, line %d: %s", f->path,
	    f->line, reason);
}

/* The value of the placeholder whose name begins at name, or NULL. */
static const char *
value_of(const struct filling *f, const char *name, size_t len)
{
	const char *values = (const char *)f->values;
	const char *value;

	for (size_t i = 0; i < PLACEHOLDERS; i++) {
		const struct placeholder *p = &placeholders[i];

		if (strlen(p->name) != len || memcmp(p->name, name, len) != 0)
			continue;
		memcpy(&value, values + p->offset, sizeof(value));
		return value;
	}
	return NULL;
}

static bool
append(char *buf, size_t size, const char *text, size_t len)
{
	size_t used = strlen(buf);

	if (len >= size - used)
		return false;
	memcpy(buf + used, text, len);
	buf[used + len] = '\0';
	return true;
}

/* Appends the line to buf of size bytes; values are not looked into. */
static enum emotp_err
fill_line(const struct filling *f, const char *line, char *buf, size_t size)
{
	while (*line != '\0') {
		size_t len = strcspn(line, "{");
		const char *value;

		if (!append(buf, size, line, len))
			return bad(f, "too long");
		line += len;
		if (*line == '\0')
			break;
		len = strcspn(line, "}");
		value =
		    line[len] == '}' ? value_of(f, line + 1, len - 1) : NULL;
		if (value == NULL)
			return bad(f, "unknown placeholder");
		if (!append(buf, size, value, strlen(value)))
			return bad(f, "too long");
		line += len + 1;
	}
	return EMOTP_OK;
}

/* Cuts the first line off *at; false if there is none left. */
static bool
next_line(struct filling *f, char **at, char **ret)
{
	size_t len = strcspn(*at, "\n");

	if (**at == '\0')
		return false;
	*ret = *at;
	*at += len + ((*at)[len] == '\n');
	(*ret)[len] = '\0';
	if (len > 0 && (*ret)[len - 1] == '\r')
		(*ret)[len - 1] = '\0';
	f->line++;
	return true;
}

static enum emotp_err
fill_subject(struct filling *f, char **at, struct emotp_text *ret)
{
	char *line = NULL;
	enum emotp_err err;

	if (!next_line(f, at, &line) || line[0] == '\0')
		return bad(f, "the subject is missing");
	if (!emotp_text_valid(line))
		return bad(f, "not plain UTF-8 text");
	if (strstr(line, "{code}") != NULL)
		return bad(f, "the code never stands in the subject");
	err = fill_line(f, line, ret->subject, sizeof(ret->subject));
	if (err != EMOTP_OK)
		return err;
	if (!next_line(f, at, &line) || line[0] != '\0')
		return bad(f, "no blank line after the subject");
	return EMOTP_OK;
}

static enum emotp_err
fill_body_line(struct filling *f, const char *line, struct emotp_text *ret)
{
	bool code = strstr(line, "{code}") != NULL;
	enum emotp_err err;

	if (!emotp_text_valid(line))
		return bad(f, "not plain UTF-8 text");
	if (strstr(line, "{url}") != NULL && f->values->url[0] == '\0')
		return EMOTP_OK; /* there is nowhere to go */
	if (code && !f->wants_code)
		return bad(f, "there is no code in this mail");
	if (code && strcmp(line, "{code}") != 0)
		return bad(f, "the code stands alone on a line");
	f->has_code = f->has_code || code;
	err = fill_line(f, line, ret->body, sizeof(ret->body));
	if (err == EMOTP_OK && !append(ret->body, sizeof(ret->body), "\n", 1))
		err = bad(f, "too long");
	return err;
}

static enum emotp_err
fill(struct filling *f, char *text, struct emotp_text *ret)
{
	char *line = NULL;
	enum emotp_err err = fill_subject(f, &text, ret);

	while (err == EMOTP_OK && next_line(f, &text, &line))
		err = fill_body_line(f, line, ret);
	if (err != EMOTP_OK)
		return err;
	if (ret->body[0] == '\0')
		return bad(f, "the body is missing");
	if (f->wants_code && !f->has_code)
		return bad(f, "no {code} alone on a line");
	return EMOTP_OK;
}

enum emotp_err
emotp_template_fill(const struct emotp_config *config, const char *language,
    enum emotp_mail_kind kind, const struct emotp_template_values *values,
    struct emotp_text *ret, struct emotp_why *why)
{
	const char *name = emotp_mail_kind_name(kind);
	struct source source = {"", ""};
	struct filling f = {
	    .path = source.path,
	    .wants_code = kind == EMOTP_MAIL_CODE,
	    .values = values,
	    .why = why,
	};
	enum emotp_err err;

	memset(ret, 0, sizeof(*ret));
	if (name == NULL)
		return emotp_fail(
		    why, EMOTP_ERR_CONFIG, "no such kind of mail");
	/* It becomes part of a path. */
	if (!emotp_language_valid(language))
		language = FALLBACK;
	err = find(config, language, name, &source, why);
	if (err == EMOTP_OK)
		err = fill(&f, source.text, ret);
	if (err != EMOTP_OK)
		emotp_wipe(ret, sizeof(*ret));
	return err;
}
