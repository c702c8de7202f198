/* form_html: frames as HTML: a part that unfolds for each, its rows as tables, its lines as
 * texts and lists.
 *
 * A page has colours as classes.  A comment (in Markdown) has none: there text of others
 * stands in <code>, and nothing has a blank line in it, so that all of it is one block
 * of HTML in which Markdown reads nothing. */
#ifndef GL_FORM_HTML_H
#define GL_FORM_HTML_H

#include "table.h"

struct form_html {
    struct buf *out;
    bool comment;
    const char *class; /* of the frame that is opened next, on a page */
    bool unfolded;     /* whether it begins so */
    const char *mark;  /* before its title, instead of the one in it; NULL or "": that one */
};

/* The form of frames whose `to` is a struct form_html. */
extern const struct frame_form form_html;

/* Appends a title: the mark, and the words without a colour of their own. */
void form_html_title(const struct form_html *m, const struct rich *title);

/* Appends a rich text, each LF a <br>. */
void form_html_rich(const struct form_html *m, const struct rich *text);

#endif
