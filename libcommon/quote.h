/* quote: text that text_escape has let through, made a part of some format.
 *
 * Each way lets the text be read back exactly and keeps it from being anything but
 * text there. */
#ifndef GL_QUOTE_H
#define GL_QUOTE_H

#include "buf.h"

enum quote {
    QUOTE_NONE,
    QUOTE_XML,      /* XML and HTML, between tags and in attributes; LF and TAB survive in both */
    QUOTE_YAML,     /* inside the quotes of a double-quoted scalar */
    QUOTE_TAP,      /* the description of a test point, of one line */
    QUOTE_MESSAGE,  /* the message of a GitHub workflow command */
    QUOTE_PROPERTY, /* one of its properties */
};

void quote_put(struct buf *out, enum quote how, const char *text, size_t len);

#endif
