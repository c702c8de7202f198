/* gl-edit: lets a learner work on atoms, in the learner's own editor.
 *
 * For each request: its files into a private folder, the editor on the terminal,
 * and the request with what was saved as its submission.  What was not worked on
 * comes out as a result that says why; work that did not come to its end stays in its
 * folder. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "desk.h"
#include "editor.h"
#include "handin.h"
#include "jsonl.h"
#include "msg.h"
#include "record.h"
#include "result.h"
#include "signals.h"

struct options {
    const char *folder;
    int64_t max_wait, max_record;
    bool keep, hold, resume, exit_status;
};

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "folder", .arg = "DIR", .type = CLI_TEXT, .member = offsetof(struct options, folder),
     .env = "GREENLIGHT_EDIT_DIR", .help = "keep the files that are worked on below DIR"},
    {.name = "keep", .member = offsetof(struct options, keep), .help = "leave the files there, and say where"},
    {.name = "hold", .member = offsetof(struct options, hold),
     .help = "leave those that are handed in to who takes the result, and name the folder in the record"},
    {.name = "resume", .member = offsetof(struct options, resume),
     .help = "go on with the files of an earlier time, where there are some"},
    {.name = "max-wait", .arg = "D", .type = CLI_DURATION, .member = offsetof(struct options, max_wait), .min = 1,
     .max = INT64_C(365) * 86400000, .preset = "1d", .help = "end the editor after D"},
    JSONL_OPTION(struct options, max_record),
    CLI_EXIT_STATUS(struct options, exit_status, "nothing was handed in"),
    {0},
};
/* clang-format on */

static const struct cli cli = {
    "gl-edit",
    "[FILE ...]",
    "Open atoms in your editor, and add what you save as the submission.",
    options,
};

struct program {
    struct options o;
    char *base;
    struct buf line;
    enum exit_code code;
    size_t handed_in;
    pid_t parent; /* who takes the result, where files are held for it; else 0 */
};

static void put_line(struct program *p)
{
    buf_putc(&p->line, '\n');
    cli_write(p->line.data, p->line.len);
    cli_flush();
    buf_clear(&p->line);
}

/* What ends the run wins over what its records count for. */
static void count(struct program *p, enum exit_code code)
{
    if (p->code != EXIT_OS && p->code != EXIT_IO)
        p->code = code == EXIT_OS || code == EXIT_IO ? code : exit_worse(p->code, code);
}

/* ---- what is not handed in ---- */

/* A request's end without a submission; without a class nothing went wrong. */
static void put_end(struct program *p, const struct json_object *request, enum status status,
                    const char *class, const char *why)
{
    struct result result;
    struct json_object before = {0};
    struct buf message, gl;
    buf_init(&message, BUF_KEEP);
    buf_init(&gl, p->line.max);
    result_init(&result);
    result.atom_id = record_atom_id(request);
    result.status = status;
    json_put_text(&message, why);
    const struct json_text words = {message.data, message.len};
    if (class)
        result.error = (struct result_error){class, words, .retryable = status == STATUS_UNAVAILABLE};
    else
        result.feedback = words;
    record_gl(request, &before);
    record_put_gl(&gl, &before, "result", NULL);
    result_put(&p->line, &result, (struct json_text){gl.data, gl.len});
    put_line(p);
    count(p, status_exit(status, false));
    json_object_free(&before);
    buf_free(&message);
    buf_free(&gl);
}

static void put_rejected(struct program *p, const struct json_object *request, const struct err *e)
{
    msg_error("%s", e->text);
    if (request)
        put_end(p, request, STATUS_REJECTED, fault_name(FAULT_BAD_REQUEST), e->text);
    else {
        result_put_rejected(&p->line, (struct json_text){NULL, 0}, NULL, fault_name(FAULT_BAD_REQUEST),
                            e->text);
        put_line(p);
        count(p, EXIT_DATA);
    }
}

/* ---- one request ---- */

/* Collects what was saved; returns whether the folder may go. */
static bool hand_in(struct program *p, const struct json_object *request, const struct starter *s,
                    const struct desk *d)
{
    struct files files = {0};
    struct err e;
    bool changed, good = handin_collect(d->work, s, &files, &changed, &e);
    if (!good) {
        put_end(p, request, STATUS_REJECTED, "bad_submission", e.text);
    } else if (!changed || !files.count) {
        const char *why =
            changed ? "there is no file to hand in" : "nothing was changed, so nothing is handed in";
        msg_warn("%s", why);
        put_end(p, request, STATUS_SKIPPED, NULL, why);
    } else {
        handin_put(&p->line, request, s->answer ? files_find(&files, s->entry) : NULL, &files,
                   p->o.hold ? d->path : NULL);
        put_line(p);
        p->handed_in++;
    }
    files_free(&files);
    return good;
}

/* What an editor that did not come to its end makes of a request; returns whether
 * the folder may go, which is where nothing was saved. */
static bool give_up(struct program *p, const struct json_object *request, const struct starter *s,
                    const struct desk *d, enum editor_end how, const struct err *e)
{
    static const enum fault faults[] = {
        [EDITOR_DIED] = FAULT_INTERRUPTED,
        [EDITOR_MISSING] = FAULT_NO_EDITOR,
        [EDITOR_INTERRUPTED] = FAULT_INTERRUPTED,
        [EDITOR_LATE] = FAULT_DEADLINE,
    };
    struct files files = {0};
    struct err unused;
    bool changed, saved = !handin_collect(d->work, s, &files, &changed, &unused) || changed;
    msg_error("%s", e->text);
    if (how == EDITOR_FAILED)
        put_end(p, request, STATUS_CANCELLED, "editor_failed", e->text);
    else
        put_end(p, request, STATUS_UNAVAILABLE, fault_name(faults[how]), e->text);
    if (how == EDITOR_MISSING)
        count(p, EXIT_OS);
    files_free(&files);
    return !saved;
}

/* The editor on an open desk; returns whether the folder may go. */
static bool work_on(struct program *p, const struct json_object *request, const struct starter *s,
                    const struct desk *d)
{
    const char *open[] = {s->entry, s->task, NULL};
    struct err e;
    enum editor_end how = editor_run(d->work, open, clock_after(clock_now(), p->o.max_wait), p->parent, &e);
    return how == EDITOR_DONE ? hand_in(p, request, s, d) : give_up(p, request, s, d, how, &e);
}

static void edit(struct program *p, const struct json_object *request)
{
    struct starter s = {0};
    struct desk d = {.path = NULL};
    struct json_text id = record_atom_id(request);
    struct err e;
    bool left = false;
    if (signals_caught()) {
        put_end(p, request, STATUS_UNAVAILABLE, fault_name(FAULT_INTERRUPTED), "interrupted by a signal");
    } else if (!id.at && !err_set(&e, EXIT_DATA, "a request without an atom_id")) {
        put_rejected(p, request, &e);
    } else if (!starter_read(&s, request, &e) || !desk_open(&d, p->base, id, &s, p->o.resume, &left, &e)) {
        if (e.code == EXIT_DATA) {
            put_rejected(p, request, &e);
        } else {
            msg_error("%s", e.text);
            put_end(p, request, STATUS_UNAVAILABLE, fault_name(FAULT_NO_EDITOR), e.text);
            count(p, e.code);
        }
    } else {
        if (left)
            msg_warn("earlier work on this atom was left behind; --resume goes on with it");
        if (d.resumed)
            msg_warn("going on with the files of an earlier time");
        size_t before = p->handed_in;
        bool clear = work_on(p, request, &s, &d) && !p->o.keep;
        bool held = p->o.hold && p->handed_in > before;
        if (desk_is_in_use(&d)) {
            clear = held = false;
            msg_warn(
                "the editor went into the background: it must stay until the work is done, as gvim -f and "
                "code --wait do");
        }
        if (!clear && !held)
            msg_warn("the files are in %s", d.path);
        desk_close(&d, clear && !held);
    }
    starter_free(&s);
}

int main(int argc, char **argv)
{
    struct program p = {.code = EXIT_OK};
    struct jsonl_record record;
    struct err e;
    enum jsonl_got got;
    char **files = cli_parse(&cli, &p.o, argc, argv);
    signals_catch();
    p.base = desk_base(p.o.folder);
    p.parent = p.o.hold ? getppid() : 0;
    buf_init(&p.line, SIZE_MAX / 2);
    struct jsonl *in = jsonl_open(files, (size_t)p.o.max_record);
    while ((got = jsonl_await(in, &record, &e)) != JSONL_EOF) {
        if (got == JSONL_BAD) {
            put_rejected(&p, NULL, &e);
        } else if (record_type(record.object) == RECORD_REQUEST) {
            edit(&p, record.object);
        } else {
            count(&p, record_exit(record.object));
            buf_add(&p.line, record.object->text.at, record.object->text.len);
            put_line(&p);
        }
    }
    if (jsonl_failed(in))
        p.code = EXIT_IO;
    jsonl_close(in);
    buf_free(&p.line);
    free(p.base);
    if (p.code == EXIT_OK && p.o.exit_status && !p.handed_in)
        p.code = EXIT_NOTHING;
    return cli_finish(p.code);
}
