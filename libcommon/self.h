/* self: where the program that runs is installed. */
#ifndef GL_SELF_H
#define GL_SELF_H

/* The path of this program's file, links followed, without its last `levels`
 * components (1: its folder), to be freed; NULL where the system does not tell. */
char *self_path(int levels);

#endif
