/* jsonb: what Postgres keeps of a JSON text.
 *
 * jsonb gives back the same values in another order, but for what it refuses
 * (\u0000, lone surrogates, numbers beyond numeric, great depth), replaces
 * (exponents, -0) or drops (all but the last of equal members).  Where a text has
 * any of these the queue keeps it beside its jsonb copy (design.md §5). */
#ifndef GL_JSONB_H
#define GL_JSONB_H

#include <stdbool.h>

#include "json.h"

/* Whether jsonb certainly gives all of validated `text` back.  False costs
 * nothing but storage, and so is the answer for what is rare and dear to tell:
 * any surrogate or escape in a name, numbers of over 1,000 characters, objects of
 * over 256 members, more than 256 levels. */
bool jsonb_keeps(struct json_text text);

#endif
