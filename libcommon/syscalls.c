/* syscalls: everything may be called but what would look into or change other
 * processes, mounts, namespaces, keys, clocks or the kernel, or is so seldom needed by
 * an exercise that it is nothing but a way to attack the kernel.  These fail with
 * EPERM, and those that programs try and do without, with ENOSYS. */
#define _GNU_SOURCE /* memfd_create, CLONE_NEW* */
#include "syscalls.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* By name: not every architecture and library version has all of them. */
static const char *const forbidden[] = {
    /* other processes */
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_getfd",
    "kcmp",
    "perf_event_open",
    /* mounts, roots and namespaces */
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "name_to_handle_at",
    "open_by_handle_at",
    "sethostname",
    "setdomainname",
    "quotactl",
    "quotactl_fd",
    "swapon",
    "swapoff",
    "acct",
    /* keys */
    "keyctl",
    "add_key",
    "request_key",
    /* the kernel itself */
    "bpf",
    "userfaultfd",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "iopl",
    "ioperm",
    "modify_ldt",
    "lookup_dcookie",
    "nfsservctl",
    "vhangup",
    "uselib",
    "fanotify_init",
    "memfd_secret",
    "vmsplice",
    "migrate_pages",
    "move_pages",
    "mbind",
    "set_mempolicy",
    /* clocks */
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "stime",
};

static const char *const missing[] = {"io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"};

static const unsigned long namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                           CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

enum { FAMILY_MAX = 64 };

static bool forbid(scmp_filter_ctx filter, const char *const *names, size_t count, int error)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), number, 0) != 0)
            return false;
    }
    return true;
}

/* Forbids a call whose arguments all compare so. */
static bool forbid_if(scmp_filter_ctx filter, uint32_t action, int call, const struct scmp_arg_cmp *arguments,
                      unsigned count)
{
    return seccomp_rule_add_array(filter, action, call, count, arguments) == 0;
}

/* What is forbidden by its arguments alone: new namespaces by clone(2); typing on a
 * terminal; sockets but those of the machine's own families, of netlink those alone by
 * which a program sees its interfaces.  A family with more than 32 bits, which the
 * kernel would cut, is past FAMILY_MAX. */
static bool forbid_arguments(scmp_filter_ctx filter)
{
    const uint32_t refuse = SCMP_ACT_ERRNO(EPERM), none = SCMP_ACT_ERRNO(EAFNOSUPPORT);
    const struct scmp_arg_cmp types[] = {{1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI}};
    const struct scmp_arg_cmp netlink[] = {{0, SCMP_CMP_EQ, AF_NETLINK, 0},
                                           {2, SCMP_CMP_NE, NETLINK_ROUTE, 0}};
    const struct scmp_arg_cmp others[] = {{0, SCMP_CMP_GE, FAMILY_MAX, 0}};
    bool ok = forbid_if(filter, refuse, SCMP_SYS(ioctl), types, 1);
    for (size_t i = 0; ok && i < sizeof namespaces / sizeof *namespaces; i++) {
        const struct scmp_arg_cmp flag[] = {{0, SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]}};
        ok = forbid_if(filter, refuse, SCMP_SYS(clone), flag, 1);
    }
    for (int family = 0; ok && family < FAMILY_MAX; family++) {
        const struct scmp_arg_cmp is[] = {{0, SCMP_CMP_EQ, (scmp_datum_t)family, 0}};
        bool allowed = false;
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            allowed = allowed || families[i] == family;
        ok = allowed || forbid_if(filter, none, SCMP_SYS(socket), is, 1);
    }
    return ok && forbid_if(filter, none, SCMP_SYS(socket), others, 1) &&
           forbid_if(filter, none, SCMP_SYS(socket), netlink, 2);
}

int syscalls_filter(struct err *e)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int fd = memfd_create("filter", MFD_CLOEXEC), failed = ENOMEM;
    bool ok = filter && fd >= 0 && forbid(filter, forbidden, sizeof forbidden / sizeof *forbidden, EPERM) &&
              forbid(filter, missing, sizeof missing / sizeof *missing, ENOSYS) && forbid_arguments(filter);
    if (ok && (failed = -seccomp_export_bpf(filter, fd)) == 0 && lseek(fd, 0, SEEK_SET) == 0) {
        seccomp_release(filter);
        return fd;
    }
    seccomp_release(filter);
    if (fd >= 0)
        close(fd);
    err_set(e, EXIT_OS, "cannot make the sandbox's filter of system calls: %s", strerror(failed));
    return -1;
}
