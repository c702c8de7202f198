/* patch: a walk over the diff's lines.  Each file's new text is put together from
 * what the hunks leave and what they add, and replaces the old one at its end. */
#include "patch.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

/* A text, line by line. */
struct lines {
    const char *at, *end;
};

/* One line, with its line feed. */
struct line {
    const char *at;
    size_t len;
};

static bool peek(const struct lines *from, struct line *line)
{
    const char *lf = from->at < from->end ? memchr(from->at, '\n', (size_t)(from->end - from->at)) : NULL;
    line->at = from->at;
    line->len = (size_t)((lf ? lf + 1 : from->end) - from->at);
    return line->len > 0;
}

static bool begins(const struct line *line, const char *with)
{
    size_t len = strlen(with);
    return line->len >= len && memcmp(line->at, with, len) == 0;
}

/* Equal but for how the line ends. */
static bool same(struct line a, struct line b)
{
    while (a.len && (a.at[a.len - 1] == '\n' || a.at[a.len - 1] == '\r'))
        a.len--;
    while (b.len && (b.at[b.len - 1] == '\n' || b.at[b.len - 1] == '\r'))
        b.len--;
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* The path on a "--- " or "+++ " line, to be freed. */
static char *path_on(const struct line *line)
{
    size_t len = 0;
    const char *at = line->at + 4;
    while (at + len < line->at + line->len && !strchr("\t\r\n", at[len]))
        len++;
    return xmemdup(at, len);
}

/* ---- hunks ---- */

/* The lines of one hunk, after its "@@". */
struct hunk {
    struct lines body;
    size_t start; /* the line of the old file, from 1; 0: before all */
    size_t number;
};

static bool is_old(const struct line *line)
{
    return *line->at == ' ' || *line->at == '-' || *line->at == '\n' || *line->at == '\r';
}

/* What a line of a hunk says without its mark; an editor may have eaten the
 * blank before an empty line. */
static struct line content(const struct line *line)
{
    bool bare = *line->at == '\n' || *line->at == '\r';
    return bare ? *line : (struct line){line->at + 1, line->len - 1};
}

/* Whether the hunk's old lines stand at the beginning of `text`. */
static bool fits(const struct hunk *h, struct lines text)
{
    struct lines body = h->body;
    struct line line, have;
    for (; peek(&body, &line); body.at += line.len) {
        if (!is_old(&line))
            continue;
        if (!peek(&text, &have) || !same(content(&line), have))
            return false;
        text.at += have.len;
    }
    return true;
}

/* The place nearest to where the hunk belongs, at or after text->at; NULL. */
static const char *find_place(const struct hunk *h, const struct lines *text, const char *whole)
{
    const char *best = NULL;
    size_t number = 1, distance = SIZE_MAX;
    struct line line;
    struct lines at = {whole, text->end};
    for (bool more = true; more; number++) {
        size_t away = number > h->start ? number - h->start : h->start - number;
        if (at.at >= text->at && away < distance && fits(h, at)) {
            best = at.at;
            distance = away;
        }
        more = peek(&at, &line);
        at.at += line.len;
    }
    return best;
}

/* Appends what the hunk makes of the text's next lines, and passes those: its
 * context as the file has it. */
static void put_hunk(const struct hunk *h, struct lines *text, struct buf *out)
{
    struct lines body = h->body;
    struct line line, old = {0}, next;
    while (peek(&body, &line)) {
        body.at += line.len;
        if (is_old(&line) && peek(text, &old))
            text->at += old.len;
        if (*line.at == '-' || *line.at == '\\')
            continue;
        struct line new = is_old(&line) ? old : content(&line);
        bool cut = *line.at == '+' && peek(&body, &next) && *next.at == '\\';
        if (out->len && out->data[out->len - 1] != '\n')
            buf_putc(out, '\n');
        buf_add(out, new.at, new.len - (cut && new.len));
    }
}

/* Reads "12,3" at *at: a line's number and a count, 1 where it is left out. */
static void read_range(const char **at, size_t *start, size_t *count)
{
    char *end;
    *start = strtoul(*at, &end, 10);
    *count = *end == ',' ? strtoul(end + 1, &end, 10) : 1;
    *at = end;
}

/* Reads a hunk with as many lines as its head says; a removed line may look like
 * the head of a file.  False: there is none, or
 * not a whole one, which is counted all the same. */
static bool read_hunk(struct lines *diff, struct hunk *h)
{
    struct line line;
    size_t old, new, start;
    if (!peek(diff, &line) || !begins(&line, "@@ -"))
        return false;
    const char *at = line.at + 4;
    read_range(&at, &h->start, &old);
    at += strspn(at, " +");
    read_range(&at, &start, &new);
    h->number++;
    diff->at += line.len;
    h->body.at = diff->at;
    while (peek(diff, &line) && (old || new || *line.at == '\\')) {
        bool takes = is_old(&line), gives = *line.at != '-' && *line.at != '\\';
        if (!strchr(" +-\\\r\n", *line.at) || takes > old || gives > new)
            return false;
        old -= takes;
        new -= gives;
        diff->at += line.len;
    }
    h->body.end = diff->at;
    return !old && !new;
}

/* ---- files ---- */

static const char *without_prefix(const char *path)
{
    return (path[0] == 'a' || path[0] == 'b') && path[1] == '/' ? path + 2 : path;
}

/* The file that the diff means, or NULL. */
static struct jail_file *file_of(struct files *files, const char *path)
{
    const struct jail_file *file = files_find(files, path);
    if (!file)
        file = files_find(files, without_prefix(path));
    if (!file && files->count == 1)
        file = files->file;
    return (struct jail_file *)file;
}

static bool apply_hunks(struct lines *diff, const struct jail_file *file, const char *path, struct buf *out,
                        struct err *e)
{
    struct hunk h = {.number = 0};
    size_t taken = 0;
    const char *whole = file ? file->bytes : "";
    struct lines text = {whole, whole + (file ? file->len : 0)};
    while (read_hunk(diff, &h)) {
        const char *place = find_place(&h, &text, whole);
        if (!place)
            return err_set(e, EXIT_DATA,
                           "the patch does not apply: hunk %zu of \"%.200s\" does not fit the file", h.number,
                           path);
        buf_add(out, text.at, (size_t)(place - text.at));
        text.at = place;
        put_hunk(&h, &text, out);
        taken++;
    }
    if (h.number > taken || !taken)
        return err_set(e, EXIT_DATA, "hunk %zu for \"%.200s\" is not there, or not whole", taken + 1, path);
    buf_add(out, text.at, (size_t)(text.end - text.at));
    return true;
}

/* One file's part of the diff, from its "--- " line. */
static bool apply_file(struct files *files, struct lines *diff, struct err *e)
{
    struct line old_line, new_line;
    struct buf out;
    peek(diff, &old_line);
    diff->at += old_line.len;
    if (!peek(diff, &new_line) || !begins(&new_line, "+++ "))
        return err_set(e, EXIT_DATA, "the patch is no unified diff: a \"---\" line without its \"+++\" line");
    diff->at += new_line.len;
    char *from = path_on(&old_line), *to = path_on(&new_line);
    bool makes = strcmp(from, "/dev/null") == 0, removes = strcmp(to, "/dev/null") == 0, ok = false;
    const char *path = removes ? from : to;
    struct jail_file *file = makes ? NULL : file_of(files, path);
    buf_init(&out, FILES_BYTES_MAX);
    if (!file && !makes)
        err_set(e, EXIT_DATA, "the patch changes \"%.200s\", which is not there", path);
    else if (makes && files_find(files, without_prefix(path)))
        err_set(e, EXIT_DATA, "the patch makes \"%.200s\", which is there already", path);
    else
        ok = apply_hunks(diff, file, path, &out, e);
    if (ok && removes)
        files_remove(files, file);
    else if (ok)
        ok = files_put(files, file ? file->path : without_prefix(path), &out, e);
    buf_free(&out);
    free(from);
    free(to);
    return ok;
}

bool patch_apply(struct files *files, const char *diff, size_t len, struct err *e)
{
    struct lines all = {diff, diff + len};
    struct line line;
    size_t parts = 0;
    while (peek(&all, &line)) {
        if (!begins(&line, "--- ")) {
            all.at += line.len;
            continue;
        }
        if (!apply_file(files, &all, e))
            return false;
        parts++;
    }
    return parts || err_set(e, EXIT_DATA, "the patch is no unified diff: it has no \"---\" line");
}
