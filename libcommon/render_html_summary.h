/* render_html_summary: the totals of a page, which are also its filter, and charts of
 * scores and times as SVG. */
#ifndef GL_RENDER_HTML_SUMMARY_H
#define GL_RENDER_HTML_SUMMARY_H

#include "document.h"

/* `classes` names the class of each standing; the radio buttons' ids are `f-` and that.
 * `looks` counts the records that have it. */
void render_html_summary(struct document *r, const char *const *classes, const size_t *looks);

#endif
