/* render_junit: results as JUnit XML for CI systems. */
#ifndef GL_RENDER_JUNIT_H
#define GL_RENDER_JUNIT_H

#include "document.h"

extern const struct document_format render_junit;

#endif
