/* coverage_exit: keeps the counts of a process that ends by _exit, as children that were
 * not replaced by another program do, or by a signal that it raises, as a program does
 * that was asked to stop.  Linked in with COVERAGE=1 alone, by --wrap. */
#define _POSIX_C_SOURCE 200809L /* sigprocmask */
#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));
int __real_raise(int number);
int __wrap_raise(int number);

void __wrap__exit(int code)
{
    __gcov_dump();
    __real__exit(code);
}

/* In a handler of the signal, which is blocked there, anything may be half done. */
int __wrap_raise(int number)
{
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    if (!sigismember(&blocked, number))
        __gcov_dump();
    return __real_raise(number);
}
