/* tests: runs the main of a test file that stands above this, and says that it came to
 * its end: code that ends the program before that has not passed. */
#undef main
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    /* It may have no parameters; the compiler need not know. */
    int (*volatile run)(int, char **) = (int (*)(int, char **))(void *)gl_tests_main;
    int code = run(argc, argv);
    fflush(stdout);
    dprintf(3, "{\"kind\":\"exit\",\"code\":%d}\n", code);
    return code;
}
