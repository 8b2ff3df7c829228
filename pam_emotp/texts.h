/* What the user is told, in the user's language. */
#ifndef PAM_EMOTP_TEXTS_H
#define PAM_EMOTP_TEXTS_H

/* A number stands between the two. */
struct texts_around {
	const char *before;
	const char *after;
};

struct texts {
	const char *language;
	const char *denied;
	struct texts_around slow; /* minutes */
	struct texts_around fast; /* minutes */
	struct texts_around left; /* recovery codes */
};

/* English for a language that is not known. */
const struct texts *texts_in(const char *language);

#endif
