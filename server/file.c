/* The web token's files, which are part of the program. */
#include <string.h>

#include "service.h"

#define POLICY                                                      \
	"default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self'; connect-src 'self'; manifest-src 'self'; " \
	"worker-src 'self'; base-uri 'none'; form-action 'none'; "  \
	"frame-ancestors 'none'"

struct file {
	const char *path;
	const unsigned char *bytes;
	size_t len;
	const char *tag; /* of this content */
};

#include "web.h" /* made by the Makefile: bytes_N[], and FILES */

static const struct file files[] = {FILES};

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webmanifest", "application/manifest+json"},
};

static const char *
type_of(const char *path)
{
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (suffix != NULL && strcmp(suffix, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static const struct file *
find(const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

bool
file_exists(const char *path)
{
	return find(path) != NULL;
}

bool
handle_file(struct http_request *request, const char *path)
{
	const struct file *file = find(path);

	if (file == NULL)
		return false;
	const char *known = http_header(request, "If-None-Match");
	bool same = known != NULL && strcmp(known, file->tag) == 0;
	const struct http_field fields[] = {
	    {"Content-Type", type_of(file->path)},
	    {"Cache-Control", "no-cache"},
	    {"ETag", file->tag},
	    {"Content-Security-Policy", POLICY},
	    {"X-Content-Type-Options", "nosniff"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Opener-Policy", "same-origin"},
	    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
	    {NULL, NULL},
	};
	const struct http_reply reply = {
	    same ? 304 : 200, fields, file->bytes, same ? 0 : file->len};

	http_reply(request, &reply);
	return true;
}
