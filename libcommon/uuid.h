/* uuid: names for things (RFC 9562). */
#ifndef GL_UUID_H
#define GL_UUID_H

enum { UUID_TEXT = 37 }; /* with its NUL */

/* Writes a time-ordered one (version 7), made as greenlight_uuid7() in sql/031 makes
 * it: of two from one process the later one is the greater. */
void uuid7(char out[UUID_TEXT]);

/* Writes a random one (version 4). */
void uuid4(char out[UUID_TEXT]);

#endif
