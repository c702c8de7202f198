/* verdict: runs the main of a test file, and says that it came to its end: code that ends
 * the program before that has not passed, nor has a process that it forked.  GL_KEY stands
 * above this; a line without it is not the tests'. */
#include <stdio.h>
#include <unistd.h>

int gl_tests_main(); /* it may have no parameters */

int main(int argc, char **argv)
{
    pid_t self = getpid();
    int code = gl_tests_main(argc, argv);
    fflush(stdout);
    if (getpid() == self)
        dprintf(3, "{\"kind\":\"exit\",\"code\":%d,\"key\":%lld}\n", code, GL_KEY);
    return code;
}
