/* token: the bearer token in memory, wiped when it goes. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "token.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return len > 0;
}

static bool read_file(struct token *t, struct err *e)
{
    struct stat st;
    FILE *file = fopen(t->file, "re");
    if (!file || fstat(fileno(file), &st) != 0) {
        err_errno(e, EXIT_CONFIG, "cannot read the token file \"%s\"", t->file);
        if (file)
            fclose(file);
        return false;
    }
    char text[TOKEN_MAX + 1];
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    if (len > TOKEN_MAX)
        return err_set(e, EXIT_CONFIG, "the token file \"%s\" is larger than %d bytes", t->file, TOKEN_MAX);
    while (len && strchr("\n\r ", text[len - 1]))
        len--;
    buf_clear(&t->text);
    buf_add(&t->text, text, len);
    explicit_bzero(text, sizeof text);
    t->read = st.st_mtim;
    return is_plain(t->text.data, len)
               ? true
               : err_set(e, EXIT_CONFIG, "the token file \"%s\" does not hold one line of plain text",
                         t->file);
}

bool token_open(struct token *t, const char *file, struct err *e)
{
    *t = (struct token){.file = file};
    buf_init(&t->text, TOKEN_MAX);
    if (!file)
        return true;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    return read_file(t, e);
}

bool token_refresh(struct token *t, struct err *e)
{
    struct stat st;
    if (!t->file || (stat(t->file, &st) == 0 && st.st_mtim.tv_sec == t->read.tv_sec &&
                     st.st_mtim.tv_nsec == t->read.tv_nsec))
        return true;
    return read_file(t, e);
}

void token_close(struct token *t)
{
    if (t->text.cap)
        explicit_bzero(t->text.data, t->text.cap);
    buf_free(&t->text);
}

/* The bytes of an escaped or plain character of the token at `at`, or 0. */
static size_t match_char(const char *at, size_t left, char c)
{
    char escape[8];
    if (!left || (*at != c && *at != '\\'))
        return 0;
    if (*at == c)
        return 1;
    if (left >= 2 && at[1] == c)
        return 2;
    snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)c);
    return left >= 6 && strncasecmp(at, escape, 6) == 0 ? 6 : 0;
}

void token_redact(const struct token *t, char *text, size_t len)
{
    for (size_t at = 0; t->text.len && at < len; at++) {
        size_t used = 0, i = 0, step;
        while (i < t->text.len && (step = match_char(text + at + used, len - at - used, t->text.data[i]))) {
            used += step;
            i++;
        }
        if (i == t->text.len)
            memset(text + at, '*', used);
    }
}
