/* Shows which diffs patch_apply takes, and what it says of the others. */
#include "patch.h"

#include <string.h>

#include "tap.h"
#include "xalloc.h"

/* The files before, as "path", "content" pairs. */
static void fill(struct files *files, const char *const *pairs)
{
    struct err e;
    for (; *pairs; pairs += 2) {
        struct buf text;
        buf_init(&text, 4096);
        buf_puts(&text, pairs[1]);
        files_put(files, pairs[0], &text, &e);
        buf_free(&text);
    }
}

static void gives(const char *const *before, const char *diff, const char *path, const char *after,
                  const char *what)
{
    struct files files = {0};
    struct err e = {0};
    fill(&files, before);
    bool applied = patch_apply(&files, diff, strlen(diff), &e);
    const struct jail_file *file = files_find(&files, path);
    bool same =
        applied &&
        (after ? file && file->len == strlen(after) && memcmp(file->bytes, after, file->len) == 0 : !file);
    ok(same, "%s%s%s", what, applied ? "" : ": ", applied ? "" : e.text);
    files_free(&files);
}

static void refuses(const char *const *before, const char *diff, const char *why, const char *what)
{
    struct files files = {0};
    struct err e = {0};
    fill(&files, before);
    ok(!patch_apply(&files, diff, strlen(diff), &e) && strstr(e.text, why), "%s (%s)", what, e.text);
    files_free(&files);
}

int main(void)
{
    static const char *const one[] = {"sum.c", "a\nb\nc\nd\ne\nb\nc\nd\n", NULL};
    static const char *const two[] = {"src/x.c", "1\n2\n3\n", "y.c", "1\n2", NULL};

    gives(one, "--- a/sum.c\n+++ b/sum.c\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "sum.c",
          "a\nB\nc\nd\ne\nb\nc\nd\n", "a hunk");
    gives(one, "--- sum.c\n+++ sum.c\n@@ -6 +6 @@\n-b\n+B\n", "sum.c", "a\nb\nc\nd\ne\nB\nc\nd\n",
          "the place nearest to the line that is said");
    gives(one, "--- sum.c\n+++ sum.c\n@@ -5 +5,2 @@\n b\n+B\n", "sum.c", "a\nb\nc\nd\ne\nb\nB\nc\nd\n",
          "a hunk that moved");
    gives(
        one,
        "diff --git x\n--- a/sum.c\t2026\n+++ b/sum.c\n@@ -1,2 +1,1 @@ f()\n-a\n b\n@@ -8 +7,2 @@\n d\n+e\n",
        "sum.c", "b\nc\nd\ne\nb\nc\nd\ne\n", "two hunks");
    gives(one, "--- other.c\n+++ other.c\n@@ -1 +1 @@\n-a\n+A\n", "sum.c", "A\nb\nc\nd\ne\nb\nc\nd\n",
          "another name, where there is one file");
    gives(two,
          "--- a/src/x.c\n+++ b/src/x.c\n@@ -2 +2 @@\n-2\n+two\n--- a/y.c\n+++ b/y.c\n@@ -2 +2 @@\n-2\n"
          "\\ No newline at end of file\n+two\n\\ No newline at end of file\n",
          "y.c", "1\ntwo", "two files, the second without a last line feed");
    gives(two, "--- a/y.c\n+++ b/y.c\n@@ -2 +2,2 @@\n 2\n+3\n", "y.c", "1\n2\n3\n",
          "a line after one without its feed");
    gives(two, "--- /dev/null\n+++ b/z.h\n@@ -0,0 +1,2 @@\n+one\n+two\n", "z.h", "one\ntwo\n", "a new file");
    gives(two, "--- a/y.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n", "y.c", NULL, "a file removed");
    gives((const char *const[]){"q.sql", "-- old\nselect 1\n", NULL},
          "--- q.sql\n+++ q.sql\n@@ -1,2 +1,2 @@\n--- old\n+-- new\n select 1\n", "q.sql",
          "-- new\nselect 1\n", "a removed line that looks like a head");
    gives((const char *const[]){"w.txt", "a\r\nb\r\n", NULL},
          "--- w.txt\n+++ w.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n", "w.txt", "a\r\nc\n",
          "line ends that differ");

    refuses(one, "--- a/sum.c\n+++ b/sum.c\n@@ -1 +1 @@\n-x\n+y\n", "hunk 1 of \"b/sum.c\" does not fit",
            "context that is not there");
    refuses(two, "--- a/z.c\n+++ b/z.c\n@@ -1 +1 @@\n-x\n+y\n", "\"b/z.c\", which is not there",
            "a file that is not there");
    refuses(two, "--- /dev/null\n+++ ../z.c\n@@ -0,0 +1 @@\n+y\n", "leaves the folder", "a path that leaves");
    refuses(two, "--- /dev/null\n+++ b/y.c\n@@ -0,0 +1 @@\n+y\n", "there already", "a new file that is none");
    refuses(one, "--- a/sum.c\n+++ b/sum.c\n@@ -1,9 +1 @@\n-a\n", "hunk 1 ", "a hunk cut off");
    refuses(one, "--- a/sum.c\n+++ b/sum.c\n", "hunk 1 ", "no hunk");
    refuses(one, "--- a/sum.c\n@@ -1 +1 @@\n-a\n+b\n", "without its", "half a head");
    refuses(one, "replace a by b", "no unified diff", "words");
    return tap_done();
}
