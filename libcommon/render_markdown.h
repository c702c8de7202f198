/* render_markdown: results as Markdown for the comment of a pull request. */
#ifndef GL_RENDER_MARKDOWN_H
#define GL_RENDER_MARKDOWN_H

#include "document.h"

extern const struct document_format render_markdown;

#endif
