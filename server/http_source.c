#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "http_internal.h"

static void
show_4(const void *bytes, char source[static HTTP_SOURCE_MAX])
{
	(void)inet_ntop(AF_INET, bytes, source, HTTP_SOURCE_MAX);
}

/* The first half: what a network hands to one customer. */
static void
show_6(const struct in6_addr *address, char source[static HTTP_SOURCE_MAX])
{
	struct in6_addr half = *address;
	size_t len;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		show_4(address->s6_addr + 12, source);
		return;
	}
	memset(half.s6_addr + 8, 0, 8);
	(void)inet_ntop(AF_INET6, &half, source, HTTP_SOURCE_MAX - 3);
	len = strlen(source);
	(void)snprintf(source + len, HTTP_SOURCE_MAX - len, "/64");
}

void
http_source_of(
    const struct sockaddr *address, char source[static HTTP_SOURCE_MAX])
{
	(void)snprintf(source, HTTP_SOURCE_MAX, "local");
	if (address->sa_family == AF_INET)
		show_4(&((const struct sockaddr_in *)(const void *)address)
			    ->sin_addr,
		    source);
	if (address->sa_family == AF_INET6)
		show_6(&((const struct sockaddr_in6 *)(const void *)address)
			    ->sin6_addr,
		    source);
}

void
http_source_forwarded(const char *value, char source[static HTTP_SOURCE_MAX])
{
	const char *last = strrchr(value, ',');
	struct in6_addr address; /* has room for either */

	last = last == NULL ? value : last + 1;
	last += strspn(last, " \t");
	if (inet_pton(AF_INET, last, &address) == 1)
		show_4(&address, source);
	else if (inet_pton(AF_INET6, last, &address) == 1)
		show_6(&address, source);
}
