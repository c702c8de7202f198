/* render_result: one result as a panel, or as the same lines without a box. */
#ifndef GL_RENDER_RESULT_H
#define GL_RENDER_RESULT_H

#include "facts.h"
#include "review.h"

/* `note`, which may be NULL, stands below the facts. */
void render_result(struct frame *f, const struct review *r, const struct rich *note);

/* The colour of a tone, of enum paint_style. */
unsigned render_tone_color(enum tone tone);

/* Adds what is known of it besides: tests passed, time, class, HTTP status, attempts. */
void render_result_facts(struct facts *facts, const struct review *r);

#endif
