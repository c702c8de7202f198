/* jail: builds bubblewrap's command line and forks.
 *
 * What the child inherits is numbered from 0 without a gap (the three standard
 * streams, the result, bubblewrap's status, then one memory file each for the
 * files to copy in and one for the filter of system calls) and all else is closed, whatever our caller left
 * open. prlimit(1) sets the limits inside: set outside, the count of processes would be shared with every
 * other sandbox of the same user. */
#define _GNU_SOURCE /* memfd_create, close_range, setresuid, nftw */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "durable.h"
#include "msg.h"
#include "syscalls.h"
#include "xalloc.h"

enum {
    STATUS_FD = JAIL_RESULT_FD + 1,
    FIRST_FILE_FD,
    NOBODY = 65534,
    EXEC_FAILED = 127,
    OPEN_FILES = 64,
    FOLDERS_MAX = 256,
    ARGS_MAX = 128 + 5 * JAIL_FILES_MAX + 4 * FOLDERS_MAX,
};

/* An argument list: constant words, and words made here. */
struct args {
    const char *word[ARGS_MAX];
    char *made[ARGS_MAX];
    size_t count, made_count;
};

static void add(struct args *a, const char *word)
{
    if (a->count == ARGS_MAX - 1)
        die(EXIT_BUG, "a command line of more than %d words", ARGS_MAX);
    a->word[a->count++] = word;
}

/* A word made here; it lives as long as the list. */
__attribute__((format(printf, 2, 3))) static const char *make(struct args *a, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    if (a->made_count == ARGS_MAX || vasprintf(&text, format, list) < 0)
        die(EXIT_OS, "cannot make a command line");
    va_end(list);
    a->made[a->made_count++] = text;
    return text;
}

/* The words of a text, which blanks separate. */
static void add_words(struct args *a, const char *text)
{
    for (size_t len; *text; text += len + (text[len] == ' ')) {
        len = strcspn(text, " ");
        add(a, make(a, "%.*s", (int)len, text));
    }
}

static void free_args(struct args *a)
{
    for (size_t i = 0; i < a->made_count; i++)
        free(a->made[i]);
}

/* A memory file system of the job's size at `path`. */
static void add_tmpfs(struct args *a, const struct jail_job *job, const char *path)
{
    add(a, "--size");
    add(a, make(a, "%lld", (long long)job->limits.disk_bytes));
    add(a, "--tmpfs");
    add(a, path);
}

/* Whether a fixed file before number `i` has the folder that ends at `len` too. */
static bool has_folder(const struct jail_job *job, size_t i, size_t len)
{
    for (size_t k = 0; k < i; k++)
        if (job->files[k].fixed && strncmp(job->files[k].path, job->files[i].path, len + 1) == 0)
            return true;
    return false;
}

/* The folders of fixed files below the directory are file systems of their own: such
 * a one cannot be moved out of the way, with what lies in it. */
static void add_folders(struct args *a, const struct jail_job *job)
{
    size_t start = strlen(job->directory) + 1, folders = 0;
    for (size_t i = 0; i < job->file_count; i++) {
        const char *path = job->files[i].path, *slash;
        if (!job->files[i].fixed || strncmp(path, job->directory, start - 1) != 0 || path[start - 1] != '/')
            continue;
        for (slash = strchr(path + start, '/'); slash; slash = strchr(slash + 1, '/'))
            if (!has_folder(job, i, (size_t)(slash - path)) && folders++ < FOLDERS_MAX)
                add_tmpfs(a, job, make(a, "/%.*s", (int)(slash - path), path));
    }
}

/* bubblewrap makes / and /dev as memory file systems without a bound that the
 * command could write to, so both are made read-only at the end. */
static void add_bwrap(struct args *a, const struct jail_job *job)
{
    static const char isolate[] =
        "bwrap --unshare-all --unshare-user --disable-userns --die-with-parent --new-session "
        "--uid 65534 --gid 65534 --cap-drop ALL --hostname sandbox --clearenv "
        "--setenv PATH /usr/bin:/bin --setenv LANG C.UTF-8 --setenv HOME /tmp "
        "--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 "
        "--ro-bind-try /etc/alternatives /etc/alternatives " /* awk and cc are links through it */
        "--proc /proc --dev /dev";
    add_words(a, isolate);
    add_tmpfs(a, job, "/dev/shm");
    add_tmpfs(a, job, "/tmp");
    const char *directory = make(a, "/%s", job->directory);
    add_tmpfs(a, job, directory);
    add_folders(a, job);
    for (size_t i = 0; i < job->file_count; i++) {
        if (job->files[i].mode) {
            add(a, "--perms");
            add(a, make(a, "%04o", job->files[i].mode));
        }
        add(a, job->files[i].fixed ? "--ro-bind-data" : "--file");
        add(a, make(a, "%zu", FIRST_FILE_FD + i));
        add(a, make(a, "/%s", job->files[i].path));
    }
    add_words(a, "--remount-ro /dev --remount-ro / --seccomp");
    add(a, make(a, "%zu", FIRST_FILE_FD + job->file_count));
    add(a, "--chdir");
    add(a, directory);
    add(a, "--json-status-fd");
    add(a, make(a, "%d", STATUS_FD));
    add(a, "--");
}

static void add_command(struct args *a, const struct jail_job *job)
{
    add(a, "prlimit");
    add(a, make(a, "--as=%lld", (long long)job->limits.memory_bytes));
    add(a, make(a, "--cpu=%lld", (long long)((job->limits.cpu_ms + 999) / 1000)));
    add(a, make(a, "--fsize=%lld", (long long)job->limits.disk_bytes));
    add(a, make(a, "--nofile=%d", OPEN_FILES));
    add(a, "--core=0");
    if (!job->open)
        add(a, make(a, "--nproc=%lld", (long long)job->limits.processes));
    add(a, "--");
    for (const char *const *word = job->argv; *word; word++)
        add(a, *word);
}

/* A file that exists in memory only, at its beginning; nobody can fill memory through it,
 * or but for `more` seals change it. */
static int memory_file(const char *bytes, size_t len, int more)
{
    int fd = memfd_create("sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (durable_write(fd, bytes, len) && lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL | more) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ---- without bubblewrap ---- */

static bool make_parents(const char *path, size_t root_len)
{
    char *copy = xstrdup(path);
    bool ok = true;
    for (char *slash = strchr(copy + root_len + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = mkdir(copy, 0700) == 0 || errno == EEXIST;
        *slash = '/';
    }
    free(copy);
    return ok;
}

static bool write_file(const char *path, const struct jail_file *file)
{
    FILE *f = fopen(path, "wxe");
    if (!f)
        return false;
    size_t wrote = fwrite(file->bytes, 1, file->len, f);
    if (file->mode)
        fchmod(fileno(f), file->mode | 0200);
    return fclose(f) == 0 && wrote == file->len;
}

/* The files below jail->folder, and the directory to start in. */
static bool fill_folder(const struct jail_job *job, const struct jail *jail)
{
    struct args paths = {.count = 0};
    size_t root_len = strlen(jail->folder);
    bool ok = make_parents(make(&paths, "%s/%s/", jail->folder, job->directory), root_len);
    for (size_t i = 0; ok && i < job->file_count; i++) {
        const char *path = make(&paths, "%s/%s", jail->folder, job->files[i].path);
        ok = make_parents(path, root_len) && write_file(path, &job->files[i]);
    }
    free_args(&paths);
    return ok;
}

static bool make_folder(const struct jail_job *job, struct jail *jail, struct err *e)
{
    static const char name[] = "/gl-run.XXXXXX";
    const char *base = getenv("TMPDIR");
    if (!base || !*base)
        base = "/tmp";
    char *folder = xcalloc(strlen(base) + sizeof name, 1);
    memcpy(folder, base, strlen(base));
    memcpy(folder + strlen(base), name, sizeof name);
    if (!mkdtemp(folder)) {
        free(folder);
        return err_errno(e, EXIT_OS, "cannot make a temporary directory in \"%s\"", base);
    }
    jail->folder = folder;
    return fill_folder(job, jail) || err_errno(e, EXIT_OS, "cannot write to \"%s\"", folder);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)walk;
    if (kind == FTW_DP || kind == FTW_DNR)
        rmdir(path);
    else
        unlink(path);
    return 0;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void jail_clear(struct jail *jail)
{
    close_end(&jail->pidfd);
    close_end(&jail->output);
    close_end(&jail->errors);
    close_end(&jail->result);
    close_end(&jail->status);
    if (jail->folder)
        nftw(jail->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(jail->folder);
    jail->folder = NULL;
}

/* ---- the child ---- */

/* The ends that the child gets, in the order of their numbers. */
struct ends {
    int fd[FIRST_FILE_FD + JAIL_FILES_MAX + 1];
    size_t count;
};

/* Gives fds[i] the number i and closes everything else. */
static bool number_descriptors(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((fds[i] = fcntl(fds[i], F_DUPFD, (int)count)) < 0)
            return false;
    for (size_t i = 0; i < count; i++)
        if (dup2(fds[i], (int)i) < 0)
            return false;
    return close_range((unsigned)count, ~0U, 0) == 0;
}

/* Root's processes are exempt from limits, so bubblewrap starts as nobody. */
static bool drop_ids(void)
{
    if (geteuid() != 0)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
           setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static void restore_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGXFSZ};
    sigset_t none;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Becomes the command.  Never returns; what fails here is told as a status. */
static void run_child(const struct jail_job *job, const struct jail *jail, const struct args *a,
                      struct ends *ends, pid_t parent)
{
    static char *const bare[] = {(char *)"PATH=/usr/bin:/bin", (char *)"LANG=C.UTF-8", NULL};
    const char *step = "descriptors";
    restore_signals();
    bool ok = number_descriptors(ends->fd, ends->count);
    if (ok && job->group) {
        step = "memory group";
        ok = cgroup_enter(job->group);
    }
    if (ok && job->open) {
        step = "directory";
        ok = chdir(jail->folder) == 0 && chdir(job->directory) == 0;
        fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC);
    } else if (ok) {
        step = "ids";
        ok = drop_ids();
    }
    /* A change of ids clears the death signal, so it comes after. */
    setpgid(0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ok && getppid() == parent) {
        step = a->word[0];
        execvpe(a->word[0], (char *const *)a->word, job->open ? bare : environ);
    }
    dprintf(STATUS_FD, "{\"error\":\"%s: %s\"}\n", step, strerror(errno));
    _exit(EXEC_FAILED);
}

/* ---- starting ---- */

static bool add_pipe(struct ends *ends, int *ours)
{
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
        return false;
    fcntl(both[0], F_SETFL, O_NONBLOCK);
    *ours = both[0];
    ends->fd[ends->count++] = both[1];
    return true;
}

static bool add_memory(struct ends *ends, const char *bytes, size_t len, int seals)
{
    int fd = memory_file(bytes, len, seals);
    if (fd >= 0)
        ends->fd[ends->count++] = fd;
    return fd >= 0;
}

static bool add_filter(struct ends *ends, struct err *e)
{
    int fd = syscalls_filter(e);
    if (fd >= 0)
        ends->fd[ends->count++] = fd;
    return fd >= 0;
}

static bool open_ends(const struct jail_job *job, struct jail *jail, struct ends *ends, struct err *e)
{
    /* The input can be emptied: bubblewrap's init keeps it open for all to read. */
    bool ok = add_memory(ends, job->input, job->input_len, 0) && add_pipe(ends, &jail->output) &&
              add_pipe(ends, &jail->errors) && add_pipe(ends, &jail->result);
    ok = ok && add_pipe(ends, &jail->status);
    for (size_t i = 0; ok && !job->open && i < job->file_count; i++)
        ok = add_memory(ends, job->files[i].bytes, job->files[i].len, F_SEAL_WRITE | F_SEAL_SHRINK);
    if (!ok)
        return err_errno(e, EXIT_OS, "cannot prepare the sandbox's descriptors");
    return job->open || add_filter(ends, e);
}

static bool fork_child(const struct jail_job *job, struct jail *jail, struct ends *ends, struct err *e)
{
    struct args a = {.count = 0};
    pid_t parent = getpid();
    if (!job->open)
        add_bwrap(&a, job);
    add_command(&a, job);
    jail->pid = fork();
    if (jail->pid == 0)
        run_child(job, jail, &a, ends, parent);
    bool ok = jail->pid > 0 || err_errno(e, EXIT_OS, "cannot start a process");
    free_args(&a);
    if (!ok)
        return false;
    setpgid(jail->pid, jail->pid);
    jail->pidfd = pidfd_open(jail->pid, 0);
    if (jail->pidfd >= 0)
        return true;
    err_errno(e, EXIT_OS, "cannot watch a process");
    kill(jail->pid, SIGKILL);
    waitpid(jail->pid, NULL, 0);
    return false;
}

bool jail_start(const struct jail_job *job, struct jail *jail, struct err *e)
{
    struct ends ends = {.count = 0};
    *jail = (struct jail){.pidfd = -1, .output = -1, .errors = -1, .result = -1, .status = -1};
    bool ok = job->file_count <= JAIL_FILES_MAX || err_set(e, EXIT_BUG, "more than %d files", JAIL_FILES_MAX);
    ok = ok && (!job->open || make_folder(job, jail, e)) && open_ends(job, jail, &ends, e) &&
         fork_child(job, jail, &ends, e);
    for (size_t i = 0; i < ends.count; i++)
        close(ends.fd[i]);
    if (!ok)
        jail_clear(jail);
    return ok;
}
