/* render_html: results as one page that needs nothing else. */
#ifndef GL_RENDER_HTML_H
#define GL_RENDER_HTML_H

#include "document.h"

extern const struct document_format render_html;

#endif
