/* facts: short facts in a row, which breaks between two of them only. */
#ifndef GL_FACTS_H
#define GL_FACTS_H

#include "excerpt.h"

struct facts {
    struct rich row, one; /* the row, and the fact to add next */
    size_t room, used;    /* the columns of a line, and of the last one */
    const char *dot;
};

void facts_init(struct facts *facts, const struct paint *p, size_t room);
void facts_free(struct facts *facts);

/* Adds what is in `one`; nothing where that is empty. */
void facts_add(struct facts *facts);
void facts_text(struct facts *facts, const char *text);

/* A label of ours and a value, where there is one. */
void facts_value(struct facts *facts, const char *label, struct json_text value);

/* Shows the row, where there is anything in it. */
void facts_show(struct facts *facts, struct frame *f);

#endif
