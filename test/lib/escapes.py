"""Attempts to get out of gl-run's sandbox, each a function that says what it tried.

gl-run takes this as a learner's file and calls attempt() for each test that
`python3 escapes.py tests PORT` prints.  `python3 escapes.py serve FILE` is what some of
them look for outside, and writes its PORT to FILE; `python3 escapes.py outside PORT`
tells which of them find it where there is no sandbox.  An attempt returns what it got hold of, or None; an OSError
is how most of them are turned away.  Each runs in a process of its own, for 3 s at
most, so that none spoils the next.
"""
import ctypes
import errno
import glob
import json
import os
import platform
import resource
import select
import signal
import socket
import stat
import sys

libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
SHARED = 0x67720000
NEW_NAMESPACE = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000,
                 "ipc": 0x8000000, "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}
attempts = {}


def attempt_to(what):
    def add(function):
        attempts[what] = function
        return function
    return add


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def call(name, *args):
    return check(getattr(libc, name)(*args))


def syscall(x86, arm, *args):
    return check(libc.syscall(ctypes.c_long(arm if ARM else x86), *[ctypes.c_void_p(a) if isinstance(a, int) else a for a in args]))


def put(path, text):
    file = os.open(path, os.O_WRONLY)
    os.write(file, text.encode())
    return "written"


def can(action, *args):
    try:
        action(*args)
        return True
    except OSError:
        return False


# ---- mounts, roots and namespaces ----

@attempt_to("mount a file system")
def _():
    return call("mount", b"none", b"/tmp", b"tmpfs", 0, None)


@attempt_to("bind the root elsewhere")
def _():
    return call("mount", b"/", b"/tmp", None, 4096, None)


@attempt_to("make /usr writable")
def _():
    return call("mount", None, b"/usr", None, 32 | 4096, None)


@attempt_to("unmount /usr, to see what is below")
def _():
    return call("umount2", b"/usr", 2)


@attempt_to("pivot the root back")
def _():
    return syscall(155, 41, b"/tmp", b"/tmp")


@attempt_to("chroot, and climb out")
def _():
    return call("chroot", b"/tmp")


@attempt_to("open a file system by the new calls")
def _():
    return syscall(430, 430, b"tmpfs", 0)


@attempt_to("clone the mount tree and move it")
def _():
    return syscall(428, 428, -100, b"/", 1)


@attempt_to("get new namespaces of any kind by unshare")
def _():
    return [name for name, flag in NEW_NAMESPACE.items() if libc.unshare(flag) == 0] or None


@attempt_to("get a new user namespace by clone")
def _():
    return syscall(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)


@attempt_to("get a new user namespace by clone3")
def _():
    return syscall(435, 435, bytes(64), 64)


@attempt_to("join the namespaces of init")
def _():
    return [name for name in ("mnt", "net", "pid") if libc.setns(os.open("/proc/1/ns/" + name, os.O_RDONLY), 0) == 0] or None


@attempt_to("raise max_user_namespaces")
def _():
    return put("/proc/sys/user/max_user_namespaces", "100")


# ---- other processes ----

@attempt_to("trace init")
def _():
    return call("ptrace", 16, 1, 0, 0)


@attempt_to("be traced")
def _():
    return call("ptrace", 0, 0, 0, 0) == 0 or None


@attempt_to("read the memory of its parent")
def _():
    return syscall(310, 270, os.getppid(), 0, 0, 0, 0, 0) == 0 or None


@attempt_to("steal a descriptor of init")
def _():
    return syscall(438, 438, os.pidfd_open(1), 0, 0)


@attempt_to("see the processes of the machine")
def _():
    seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in seen if pid > 200] or None


@attempt_to("find another program's arguments or environment")
def _():
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        text = open(path, "rb").read()
        if text and not any(word in text for word in (b"bwrap", b"prlimit", b"python3")):
            found.append(text.decode(errors="replace"))
    return found or None


@attempt_to("walk out through the root of init")
def _():
    return [name for name in ("etc/passwd", "home", "root", "var") if os.path.exists("/proc/1/root/" + name)] or None


@attempt_to("kill init, and all that is outside")
def _():
    for pid in range(200, 4000):
        if can(os.kill, pid, 0):
            return "reached %d" % pid
    os.kill(1, signal.SIGKILL)
    return None


@attempt_to("outrank every other process")
def _():
    if can(os.setpriority, os.PRIO_PROCESS, 0, -20):
        return "nice"
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    return "realtime"


# ---- who it is ----

@attempt_to("become root")
def _():
    return [name for name in ("setuid", "setgid", "setreuid", "setresuid") if can(getattr(os, name), *[0] * {"setreuid": 2, "setresuid": 3}.get(name, 1))] or None


@attempt_to("have groups")
def _():
    os.setgroups([0])
    return os.getgroups()


@attempt_to("map ids into its namespace")
def _():
    return put("/proc/self/uid_map", "0 0 1")


@attempt_to("have capabilities")
def _():
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status"))
    return [name for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh") if int(status[name], 16)] or None


@attempt_to("rise by a program with the setuid bit")
def _():
    return [path for path in glob.glob("/usr/bin/*") if os.stat(path).st_mode & stat.S_ISUID
            and os.popen(path + " -c 'id -u' 2> /dev/null < /dev/null").read().strip() == "0"] or None


@attempt_to("make a setuid program of its own")
def _():
    os.system("cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id")
    return os.popen("/tmp/id -u").read().strip() == "0" or None


@attempt_to("allow itself new privileges again")
def _():
    return libc.prctl(38, 0, 0, 0, 0) == 0 or libc.prctl(39, 0, 0, 0, 0) == 0 or None


@attempt_to("raise its limits")
def _():
    raised = []
    for name in ("AS", "CPU", "NPROC", "FSIZE", "NOFILE", "CORE"):
        hard = resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1]
        try:
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (hard + 1, hard + 1))
            raised.append(name)
        except (ValueError, OSError):
            pass
    return raised or None


# ---- the kernel ----

@attempt_to("put a key into a keyring")
def _():
    return syscall(248, 217, b"user", b"k", b"v", 1, -3)


@attempt_to("read the session's keyring")
def _():
    return syscall(250, 219, 0, -3, 1)


@attempt_to("load a bpf program")
def _():
    return syscall(321, 280, 5, bytes(128), 128)


@attempt_to("make a userfaultfd")
def _():
    return syscall(323, 282, 1)


@attempt_to("set up an io_uring")
def _():
    return syscall(425, 425, 4, bytes(120))


@attempt_to("count events of the machine")
def _():
    return syscall(298, 241, bytes([0] * 4 + [112] + [0] * 107), 0, -1, -1, 0)


@attempt_to("load a kernel module, or another kernel")
def _():
    return (can(syscall, 175, 105, b"", 0, b"") or can(syscall, 246, 104, 0, 0, 0, 0)) or None


@attempt_to("restart or stop the machine")
def _():
    return can(syscall, 169, 142, 0xfee1dead - (1 << 32), 672274793, 0) or None


@attempt_to("change the clock")
def _():
    import time
    time.clock_settime(time.CLOCK_REALTIME, 0)
    return "changed"


@attempt_to("change the name of the machine")
def _():
    return call("sethostname", b"pwned", 5) == 0 or None


@attempt_to("read the kernel's log")
def _():
    return syscall(103, 116, 3, ctypes.create_string_buffer(64), 64)


@attempt_to("open files by handles from elsewhere")
def _():
    return syscall(304, 265, -100, bytes(64), 0)


@attempt_to("watch the whole machine's files")
def _():
    return syscall(300, 262, 0, 0)


@attempt_to("write what /proc offers")
def _():
    paths = ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname")
    return [path for path in paths if can(open, path, "w")] or None


@attempt_to("be the last one killed for memory")
def _():
    return put("/proc/self/oom_score_adj", "-1000")


@attempt_to("read the memory of the kernel")
def _():
    return [path for path in ("/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/kallsyms.x") if can(lambda p: open(p, "rb").read(1) or None, path)] or None


@attempt_to("enter another memory group")
def _():
    return [path for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)] or None


# ---- devices and files ----

@attempt_to("make a device")
def _():
    os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    return "made"


@attempt_to("find a device besides the harmless ones")
def _():
    known = {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout", "stderr", "shm", "pts", "ptmx", "core", "console"}
    return sorted(set(os.listdir("/dev")) - known) or None


@attempt_to("type on a terminal")
def _():
    import fcntl
    master, slave = os.openpty()
    fcntl.ioctl(slave, 0x5412, b"x")
    return "typed"


@attempt_to("follow links out of its folder")
def _():
    os.symlink("/etc/shadow", "/tmp/link")
    os.symlink("../../../../../../etc/passwd", "/exercise/link")
    return [path for path in ("/tmp/link", "/exercise/link") if can(open, path)] or None


@attempt_to("keep a system file by a hard link")
def _():
    os.link("/usr/bin/id", "/tmp/hard")
    return "linked"


@attempt_to("write outside of its folders")
def _():
    return [path for path in ("/x", "/usr/x", "/usr/bin/x", "/etc/x", "/dev/x", "/greenlight/x", "/greenlight/driver.py", "/bin/sh")
            if can(open, path, "w")] or None


@attempt_to("overwrite the program that holds it")
def _():
    return [path for path in ("/proc/1/exe", "/proc/self/exe") if can(open, path, "r+b")] or None


@attempt_to("find files of the machine")
def _():
    return [path for path in ("/home", "/root", "/var", "/etc/passwd", "/etc/hostname", "/sys/kernel", "/run", "/boot", "/srv", "/opt", "/mnt") if os.path.exists(path)] or None


@attempt_to("find something in the environment")
def _():
    return [name for name in os.environ if name not in ("PATH", "LANG", "HOME", "PWD", "LC_CTYPE")] or None


@attempt_to("find an open descriptor of somebody else")
def _():
    return [fd for fd in range(5, 64) if can(os.fstat, fd) and fd not in own] or None


# ---- the network ----

@attempt_to("reach a server of this machine")
def _():
    socket.create_connection(("127.0.0.1", PORT), 0.5)
    return "connected"


@attempt_to("reach the network")
def _():
    talk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    talk.sendto(b"x", ("192.0.2.1", 53))
    return "sent"


@attempt_to("reach an abstract socket of this machine")
def _():
    talk = socket.socket(socket.AF_UNIX)
    talk.connect("\0escape-%d" % PORT)
    return "connected"


@attempt_to("have a raw socket, or one of another family")
def _():
    got = [family for family in list(range(3, 10)) + list(range(11, 16)) + list(range(17, 64)) if can(socket.socket, family, socket.SOCK_DGRAM)]
    raw = [kind for kind in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_PACKET, socket.SOCK_RAW, 0)) if can(socket.socket, *kind)]
    return got + raw or None


@attempt_to("talk to the kernel by netlink")
def _():
    return [kind for kind in range(1, 23) if can(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, kind)] or None


@attempt_to("find shared memory of this machine")
def _():
    return check(libc.shmget(SHARED + PORT, 0, 0)) + 1


# ---- running one ----

def attempt(job):
    """"contained", or what was got hold of; job names an attempt, and the machine's port."""
    global PORT, own
    name, PORT = job
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        own = {reader, writer}
        if __name__ != "__main__":
            os.close(3)  # the results
        os.setsid()
        signal.alarm(3)
        try:
            got = attempts[name]()
            text = "contained" if got is None else "escaped: %r" % (got,)
        except OSError as error:
            text = "contained"
            if error.errno in (errno.EFAULT, errno.EINVAL):
                text = "only turned away for its arguments"
        except BaseException as error:
            text = "the attempt is wrong: %r" % error
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    select.select([reader], [], [], 5)
    text = os.read(reader, 1000).decode()
    os.close(reader)
    os.waitpid(child, 0)
    return text or "ended by a signal"


def serve(path):
    """Listens until its standard input ends."""
    server, local = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    port = server.getsockname()[1]
    local.bind("\0escape-%d" % port)
    local.listen()
    shared = check(libc.shmget(SHARED + port, 4096, 0o1666))
    with open(path + ".new", "w") as file:
        file.write(str(port))
    os.rename(path + ".new", path)
    sys.stdin.read()
    libc.shmctl(shared, 0, None)


def main(what, argument):
    names = list(attempts)
    if what == "serve":
        serve(argument)
    elif what == "tests":
        print(json.dumps([{"name": name, "input": [[name, int(argument)]], "expected": "contained"} for name in names]))
    else:
        print("\n".join(name for name in names if "of this machine" in name and attempt((name, int(argument))).startswith("escaped")))


if __name__ == "__main__":
    main(*sys.argv[1:])
