/* render_tap: results as test points for prove and other TAP consumers. */
#ifndef GL_RENDER_TAP_H
#define GL_RENDER_TAP_H

#include "document.h"

extern const struct document_format render_tap;

#endif
