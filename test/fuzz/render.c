/* render: whatever a record holds, what reaches the terminal is ours alone.
 *
 * An input that begins with `0` or one of the characters after it is every text of a
 * record of one kind; any other is a record, or else bad input.  It is shown at several widths, in
 * UTF-8 and ASCII, with and without boxes.  No control, no hidden character, no
 * line wider than the terminal, no command for a CI system comes out, and
 * colour adds nothing but colour.  Nor does any of that get into a document, and each
 * document has the form of its kind (see markup.h). */
#define _GNU_SOURCE /* memfd_create, memmem */
#include "render_github.h"
#include "render_html.h"
#include "render_junit.h"
#include "render_markdown.h"
#include "render_tap.h"

#include <sys/mman.h>
#include <unistd.h>

#include "cli.h"
#include "fuzz.h"
#include "markup.h"
#include "msg.h"

enum { RECORD_MAX = 1 << 22, TEXT_MAX = 256 };

/* A record of each kind, where ' is " and @ the input as a JSON string. */
static const char *const templates[] = {
    ("{'atom_id':@,'status':'complete','correct':null,'partial_score':0.5,'tests_passed':1,'tests_total':2,"
     "'test_results':[{'name':@,'passed':false,'message':@,'expected':@,'actual':[@]},"
     "{'name':@,'passed':true,'message':null},@],'feedback':@,'error_class':@,"
     "'error':{'class':@,'message':@,'code':@},'git_suggestions':[@],'diff_suggestion':@,"
     "'stdout':@,'stderr':@,'logs':{'a':@},'warnings':[@,@],'_gl':{'type':'result'}}"),
    ("{'atom_id':@,'status':'unavailable','error':{'class':@,'message':@,'code':@},"
     "'diff_suggestion':'SECRET','_gl':{'type':'result','attempts':[1,2]}}"),
    "{'status':@,'error':@,'test_results':[{'name':'SECRET'}],'_gl':{'type':'result'}}",
    "{'atom_id':@,'execution_id':@,'status':'pending','_gl':{'type':'execution'}}",
    "{'id':@,'front':@,'back':'SECRET'}",
    ("{'id':@,'atom_id':@,'status':'executing',@:@,'back':'SECRET','request_payload':{'x':'SECRET'},"
     "'queued_at':@,'claimed_by':@,'learner_id':@,'execution_id':@,'error_message':@,'_gl':{'type':'row'}}"),
    "{'atom_id':@,'outcome':'queued','learner_id':@,'queue_id':@,'answer':'SECRET','_gl':{'type':'outcome'}}",
    ("{'atom_id':@,'outcome':'graded','partial_score':1,'completed_at':@,'learner_id':@,"
     "'result':{'feedback':@,'test_results':[@]},'_gl':{'type':'outcome'}}"),
    ("{'database':@,'at':@,'rows':{@:{'rows':1}},'dead_rows':@,'days':[{'day':@,'complete':@},@],"
     "'_gl':{'type':'stats'}}"),
    "{'atom_id':'r',@:{'x':@},'_gl':{'type':'document'}}",
    ("{'ready':false,'next':@,'version':@,'settings':[{'name':@,'value':@,'source':@},@],"
     "'checks':[{'name':@,'status':'failure','found':@,'next':@},{'name':@,'status':@}],'_gl':{'type':'"
     "report'}}"),
    ("{'id':@,'front':@,'back':'SECRET','content_json':{'prompt':@,'code':@,'language':@,'constraints':[@],"
     "'examples':[{'input':@,'output':@}],'tests':[{'expected':'SECRET'}],'solution_code':'SECRET'}}"),
    ("{'atom_id':@,'status':'complete','partial_score':0.9,'test_results':[{'name':@,'passed':false,"
     "'expected':[1,@],'actual':[@,1]},{'name':@,'passed':@,'message':@}],'git_suggestions':@,"
     "'diff_suggestion':@,'execution_time_ms':7e5,'_gl':{'type':'result'}}"),
    ("{'id':'r','atom_id':@,'status':'complete','completed_at':@,'result_payload':{'partial_score':0.4,"
     "'tests_passed':1,'tests_total':2,'feedback':@},'_gl':{'type':'row'}}"),
    "{'atom_id':@,'status':'skipped','error':{'message':@},'_gl':{'type':'result'}}",
};

enum { TEMPLATES = sizeof templates / sizeof *templates };

/* How it is shown. */
static const struct look {
    size_t width;
    bool boxed, ascii;
} looks[] = {
    {20, false, true},
    {41, false, false},
    {60, true, false},
    {97, true, true},
};

static int screen = -1;

/* What was written to standard output since the last call. */
static void take_output(struct buf *out)
{
    off_t len;
    cli_flush();
    len = lseek(screen, 0, SEEK_END);
    buf_clear(out);
    char *to = buf_reserve(out, (size_t)len);
    CHECK(len >= 0 && to && pread(screen, to, (size_t)len, 0) == (ssize_t)len);
    out->len = (size_t)len;
    CHECK(ftruncate(screen, 0) == 0 && lseek(screen, 0, SEEK_SET) == 0);
}

FUZZ_BLIND static void check_characters(const struct buf *out, bool ascii)
{
    uint32_t point;
    for (size_t at = 0, used; at < out->len; at += used) {
        used = fuzz_utf8((const uint8_t *)out->data + at, out->len - at, &point);
        CHECK(used && (point == '\n' || !fuzz_acts(point)) && (!ascii || point < 0x80));
    }
}

/* A box has straight sides, other lines end where their text does, and none
 * begins with what a CI system would obey. */
static void check_line(const char *line, size_t len, const struct look *look, bool box)
{
    size_t width = text_width(line, len), blanks = 0;
    while (blanks < len && line[blanks] == ' ')
        blanks++;
    CHECK(box ? width == look->width : width <= look->width);
    CHECK(!len || line[len - 1] != ' ');
    CHECK(len - blanks < 2 || (memcmp(line + blanks, "::", 2) != 0 && memcmp(line + blanks, "##", 2) != 0));
}

static void check_screen(const struct buf *out, const struct look *look)
{
    const char *corner = look->ascii ? "+-" : "╭─";
    bool box = look->boxed && out->len > strlen(corner) && memcmp(out->data, corner, strlen(corner)) == 0;
    CHECK(out->len && out->data[out->len - 1] == '\n');
    check_characters(out, look->ascii);
    for (size_t at = 0; at < out->len;) {
        const char *lf = memchr(out->data + at, '\n', out->len - at);
        size_t len = (size_t)(lf - (out->data + at));
        check_line(out->data + at, len, look, box);
        at += len + 1;
    }
}

/* Takes our own colours out of *out; nothing else begins with ESC. */
FUZZ_BLIND static void drop_colors(struct buf *out)
{
    size_t to = 0;
    for (size_t at = 0; at < out->len; at++) {
        if (out->data[at] == '\033') {
            size_t inside = strspn(out->data + at + 2, "0123456789;");
            CHECK(out->data[at + 1] == '[' && inside && out->data[at + 2 + inside] == 'm');
            at += 2 + inside;
        } else {
            out->data[to++] = out->data[at];
        }
    }
    out->len = to;
}

/* The totals of a stream of this record alone. */
static void show_totals(struct render *r, const struct entry *e, const struct look *look)
{
    struct totals totals = {0};
    struct buf out;
    buf_init(&out, RECORD_MAX);
    totals_add(&totals, e, &r->paint);
    r->any = false;
    render_totals(r, &totals);
    take_output(&out);
    check_screen(&out, look);
    totals_free(&totals);
    buf_free(&out);
}

/* Shows the record, or what is bad about it, in one way. */
static void show(const struct json_object *record, const char *bad, const struct look *look, bool color,
                 struct buf *out)
{
    struct render r = {.boxed = look->boxed};
    paint_init(&r.paint, color, look->ascii, look->width);
    struct entry e;
    if (record)
        entry_read(&e, record);
    else
        entry_read_bad(&e, bad);
    render_entry(&r, &e);
    CHECK(r.any);
    take_output(out);
    if (!color)
        show_totals(&r, &e, look);
    entry_free(&e);
    paint_free(&r.paint);
}

/* Nothing raw gets into a document of any format. */
static void check_documents(const struct json_object *record, const char *bad, bool secret)
{
    static const struct document_format *const formats[] = {&render_tap, &render_junit, &render_markdown,
                                                            &render_github, &render_html};
    struct buf out;
    buf_init(&out, RECORD_MAX * 8);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct document r;
        struct entry e;
        document_begin(&r, formats[i], i % 2, true);
        if (record)
            entry_read(&e, record);
        else
            entry_read_bad(&e, bad);
        document_entry(&r, &e);
        entry_free(&e);
        document_end(&r);
        take_output(&out);
        check_characters(&out, i % 2);
        if (formats[i] == &render_tap)
            tap_check(out.data, out.len);
        else if (formats[i] == &render_github)
            github_check(out.data, out.len);
        else if (formats[i] != &render_markdown)
            markup_check(out.data, out.len, formats[i] == &render_html);
        CHECK(!secret || !memmem(out.data, out.len, "SECRET", 6));
    }
    buf_free(&out);
}

static void check_shown(const struct json_object *record, const char *bad, bool secret)
{
    struct buf plain, colored;
    buf_init(&plain, RECORD_MAX * 8);
    buf_init(&colored, RECORD_MAX * 8);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        show(record, bad, &looks[i], false, &plain);
        check_screen(&plain, &looks[i]);
        CHECK(!secret || !memmem(plain.data, plain.len, "SECRET", 6));
        if (i != 2)
            continue;
        show(record, bad, &looks[i], true, &colored);
        drop_colors(&colored);
        CHECK(fuzz_same(plain.data, plain.len, colored.data, colored.len));
    }
    buf_free(&plain);
    buf_free(&colored);
    check_documents(record, bad, secret);
}

static void check_template(const char *template, const char *text, size_t len)
{
    struct json_object o = {0};
    struct buf record;
    buf_init(&record, RECORD_MAX);
    len = len < TEXT_MAX ? len : TEXT_MAX;
    for (; *template; template ++) {
        if (*template == '@')
            json_put_string(&record, text, len);
        else
            buf_putc(&record, *template == '\'' ? '"' : *template);
    }
    CHECK(json_index(&o, record.data, record.len, NULL));
    check_shown(&o, NULL, !memmem(text, len, "SECRET", 6));
    json_object_free(&o);
    buf_free(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct json_object o = {0};
    msg_set_level(MSG_QUIET);
    if (screen < 0)
        CHECK((screen = memfd_create("screen", MFD_CLOEXEC)) >= 0 && dup2(screen, STDOUT_FILENO) >= 0);
    if (size && *text >= '0' && *text < '0' + TEMPLATES) {
        check_template(templates[*text - '0'], text + 1, size - 1);
    } else if (json_index(&o, text, size, NULL)) {
        check_shown(&o, NULL, false);
    } else {
        char *bad = strndup(text, size);
        check_shown(NULL, bad, false);
        free(bad);
    }
    json_object_free(&o);
    return 0;
}
