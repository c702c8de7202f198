/* checkup_here: looks into the spool, and runs true(1) in the sandbox. */
#include "checkup_here.h"

#include <string.h>

#include "buf.h"
#include "language.h"
#include "report.h"
#include "sandbox.h"
#include "spool.h"

enum { OUTPUT_BYTES = 4096, MEMORY_BYTES = 64 << 20, DISK_BYTES = 1 << 20, PROCESSES = 16 };

void checkup_spool(int fd, const char *folder)
{
    struct report_check check = {.name = "spool", .code = EXIT_CONFIG};
    struct spool_look look;
    struct err e;
    if (!folder) {
        check.status = REPORT_WARNING;
        check.next = "set GREENLIGHT_SPOOL_DIR";
        report_put(fd, &check, "there is no folder for it: neither HOME nor XDG_STATE_HOME is set");
        return;
    }
    if (!spool_look(folder, &look, &e)) {
        check.status = REPORT_FAILURE;
        check.next = "let this user write there, or set GREENLIGHT_SPOOL_DIR";
        report_put(fd, &check, "%s", e.text);
        return;
    }
    check.unit = "files";
    check.value = (double)(look.waiting + look.bad);
    check.status = look.waiting || look.bad ? REPORT_WARNING : REPORT_OK;
    check.next = look.bad ? "look into the files FILE.bad in it: those can never be stored"
                          : "run gl-drain once the database is back";
    if (look.bad)
        report_put(fd, &check, "%zu waiting, %zu moved aside as bad, in %s", look.waiting, look.bad, folder);
    else if (look.waiting)
        report_put(fd, &check, "%zu waiting, in %s", look.waiting, folder);
    else
        report_put(fd, &check, "empty, and can be written: %s", folder);
}

static void check_languages(int fd)
{
    struct report_check check = {.name = "languages",
                                 .next = "install python3, for gl-run to grade without a server"};
    struct buf names;
    buf_init(&names, OUTPUT_BYTES);
    language_put_names(&names);
    check.status = strcmp(names.data, "none") == 0 ? REPORT_WARNING : REPORT_OK;
    report_put(fd, &check, "%s", names.data);
    buf_free(&names);
}

void checkup_sandbox(int fd, int64_t timeout_ms)
{
    static const char *const command[] = {"/usr/bin/true", NULL};
    struct report_check check = {.name = "sandbox",
                                 .next = "install bubblewrap and let users make namespaces, for gl-run to "
                                         "grade without a server"};
    const struct jail_job job = {.argv = command,
                                 .directory = "exercise",
                                 .input = "",
                                 .limits = {timeout_ms, MEMORY_BYTES, DISK_BYTES, PROCESSES, 0}};
    const struct sandbox_limits limits = {timeout_ms, OUTPUT_BYTES, OUTPUT_BYTES};
    struct sandbox_outcome outcome;
    struct err e;
    bool good = sandbox_run(&job, &limits, &outcome, &e);
    if (good && outcome.end != SANDBOX_EXITED)
        good = err_set(&e, EXIT_OS, "it did not end in time");
    else if (good && (outcome.signal || outcome.exit_code))
        good = err_set(&e, EXIT_OS, "nothing can be run in it");
    check.status = good ? REPORT_OK : REPORT_WARNING;
    report_put(fd, &check, "%s", good ? "it works" : e.text);
    sandbox_outcome_free(&outcome);
    check_languages(fd);
}
