/* render_github: results in the log of a GitHub workflow, with annotations. */
#ifndef GL_RENDER_GITHUB_H
#define GL_RENDER_GITHUB_H

#include "document.h"

extern const struct document_format render_github;

#endif
