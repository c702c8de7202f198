/* checkup_api: whether Greenlight is there, takes the token, and answers in time. */
#ifndef GL_CHECKUP_API_H
#define GL_CHECKUP_API_H

#include "http.h"

/* Tells of it to fd, as checks of a report. */
void checkup_api(int fd, const struct http_options *options);

#endif
