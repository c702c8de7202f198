/* coverage_exit: keeps the counts of a process that ends by _exit, as children that were
 * not replaced by another program do.  Linked in with COVERAGE=1 alone, by --wrap=_exit. */
#include <unistd.h>

void __gcov_dump(void);
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));

void __wrap__exit(int code)
{
    __gcov_dump();
    __real__exit(code);
}
