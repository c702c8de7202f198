/* harness: finds the parameters by the parentheses after the function's name, and
 * writes each test as one case of a switch. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static const char harness_text[] = {
#include "driver_harness.h"
    0};

static const char verdict_text[] = {
#include "driver_verdict.h"
    0};

enum { PARAMETERS_MAX = 32 };

/* A parameter as "const int *" and "a". */
struct parameter {
    const char *type, *name;
    size_t type_len, name_len;
    bool array; /* a pointer or array */
};

struct signature {
    char *text;
    struct parameter parameter[PARAMETERS_MAX];
    size_t count;
    bool known, is_void;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Splits "const int *a" or "char s[]". */
static void read_parameter(struct signature *s, const char *at, size_t len)
{
    struct parameter *p = &s->parameter[s->count];
    size_t end = len;
    p->array = memchr(at, '*', len) || memchr(at, '[', len);
    const char *bracket = memchr(at, '[', len);
    if (bracket)
        end = (size_t)(bracket - at);
    while (end && isspace((unsigned char)at[end - 1]))
        end--;
    size_t start = end;
    while (start && is_word(at[start - 1]))
        start--;
    *p = (struct parameter){at, at + start, start, end - start, p->array};
    while (p->type_len && (isspace((unsigned char)at[p->type_len - 1]) || at[p->type_len - 1] == '*'))
        p->type_len--;
    if (p->type_len)
        s->count++;
}

static void read_parameters(struct signature *s, const char *open)
{
    const char *at = open + 1;
    s->known = true;
    while (s->count < PARAMETERS_MAX) {
        size_t len = strcspn(at, ",)");
        read_parameter(s, at, len);
        if (at[len] != ',')
            return;
        at += len + 1;
    }
}

/* The name where a declaration of it may stand: after a type, before a "(". */
static const char *find_declaration(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        const char *before = at, *after = at + len + strspn(at + len, " \t\n");
        while (before > text && strchr(" \t\n*", before[-1]))
            before--;
        bool typed = before < at && before > text && is_word(before[-1]);
        if (typed && *after == '(' && !(before - text >= 6 && strncmp(before - 6, "return", 6) == 0))
            return at;
    }
    return NULL;
}

static void read_signature(struct signature *s, const struct exercise *x)
{
    const struct jail_file *file = files_find(&x->files, x->entry);
    char *said = json_strdup(atom_get(&x->atom, "function_signature"));
    const char *at = NULL;
    *s = (struct signature){.text = said};
    if (said)
        at = find_declaration(said, x->function);
    if (!at) {
        free(said);
        s->text = xmemdup(file->bytes, file->len);
        at = find_declaration(s->text, x->function);
    }
    if (!at)
        return;
    s->is_void = at - s->text >= 5 && strncmp(at - 5, "void ", 5) == 0;
    read_parameters(s, strchr(at, '('));
}

/* ---- values ---- */

static void put_characters(struct buf *out, struct json_text string, char quote)
{
    struct buf text;
    buf_init(&text, string.len * 2);
    json_string(string, &text);
    buf_putc(out, quote);
    for (size_t i = 0; i < text.len; i++)
        buf_printf(out, isalnum((unsigned char)text.data[i]) ? "%c" : "\\%03o", (unsigned char)text.data[i]);
    buf_putc(out, quote);
    buf_free(&text);
}

static bool is_whole(struct json_text number)
{
    return !memchr(number.at, '.', number.len) && !memchr(number.at, 'e', number.len) &&
           !memchr(number.at, 'E', number.len);
}

static void put_scalar(struct buf *out, struct json_text value, bool as_char)
{
    int64_t fits;
    switch (json_kind(value)) {
    case JSON_STRING:
        put_characters(out, value, as_char ? '\'' : '"');
        break;
    case JSON_NUMBER:
        buf_add(out, value.at, value.len);
        if (is_whole(value))
            buf_puts(out,
                     json_int(value, &fits) ? (fits > INT32_MAX || fits < -INT32_MAX ? "LL" : "") : "ULL");
        break;
    default:
        buf_puts(out, json_kind(value) == JSON_TRUE ? "1" : "0");
    }
}

/* The type of an array's elements, as a parameter says or the first of them shows. */
static void put_element_type(struct buf *out, const struct parameter *p, struct json_text list)
{
    static const char constant[] = "const ";
    struct json_text first = {NULL, 0};
    size_t at = 0;
    json_next(list, &at, &first);
    if (json_kind(first) == JSON_STRING && !(p && p->type_len == 4 && memcmp(p->type, "char", 4) == 0 &&
                                             !memchr(p->type, '*', p->type_len + 2))) {
        buf_puts(out, "const char *");
    } else if (p) {
        const char *type = p->type + strspn(p->type, " \t\n");
        size_t len = p->type_len - (size_t)(type - p->type);
        bool is_const = len > sizeof constant && strncmp(type, constant, sizeof constant - 1) == 0;
        buf_add(out, type + (is_const ? sizeof constant - 1 : 0), len - (is_const ? sizeof constant - 1 : 0));
    } else {
        buf_puts(out, json_kind(first) == JSON_NUMBER && !is_whole(first) ? "double" : "int");
    }
}

/* Declares what argument `i` needs: an array of its own, that may be written to. */
static void put_array(struct buf *out, const struct parameter *p, struct json_text value, size_t i)
{
    struct json_text element;
    size_t at = 0, count = 0;
    if (json_kind(value) == JSON_STRING) {
        buf_printf(out, "        char a%zu[] = ", i);
        put_scalar(out, value, false);
    } else {
        buf_puts(out, "        ");
        put_element_type(out, p, value);
        buf_printf(out, " a%zu[] = {", i);
        while (json_next(value, &at, &element)) {
            buf_puts(out, count++ ? ", " : "");
            put_scalar(out, element, false);
        }
        buf_puts(out, count ? "}" : "0}");
    }
    buf_puts(out, ";\n");
}

/* ---- calls ---- */

/* The arguments of one call, in the order of the parameters. */
static size_t order_arguments(const struct signature *s, struct json_text input, struct json_text *argument)
{
    struct json_object names = {0};
    size_t count = 0, at = 0;
    bool by_name = json_get_object(input, &names);
    for (size_t i = 0; by_name && i < s->count; i++) {
        char *name = xmemdup(s->parameter[i].name, s->parameter[i].name_len);
        by_name = (argument[i] = json_get(&names, name)).at != NULL;
        count = i + 1;
        free(name);
    }
    if (!by_name || !s->known)
        for (count = 0; count < names.count && count < PARAMETERS_MAX; count++)
            argument[count] = json_member_value(&names, count);
    json_object_free(&names);
    if (json_kind(input) == JSON_ARRAY && !(s->count == 1 && s->parameter[0].array && json_count(input) != 1))
        while (count < PARAMETERS_MAX && json_next(input, &at, &argument[count]))
            count++;
    else if (input.at && json_kind(input) != JSON_OBJECT)
        argument[count++] = input;
    return count;
}

static void put_test(struct buf *out, const struct exercise *x, const struct signature *s,
                     struct json_text input, size_t number)
{
    struct json_text argument[PARAMETERS_MAX] = {{NULL, 0}};
    size_t count = order_arguments(s, input, argument), first = PARAMETERS_MAX;
    buf_printf(out, "    case %zu: {\n", number);
    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = i < s->count ? &s->parameter[i] : NULL;
        enum json_kind kind = json_kind(argument[i]);
        if (kind != JSON_ARRAY && !(kind == JSON_STRING && p && p->array))
            continue;
        put_array(out, p, argument[i], i);
        first = first < i ? first : i;
    }
    buf_printf(out, "        %s%s(", s->is_void ? "" : "GL_PUT(", x->function);
    for (size_t i = 0; i < count; i++) {
        const struct parameter *p = i < s->count ? &s->parameter[i] : NULL;
        enum json_kind kind = json_kind(argument[i]);
        buf_puts(out, i ? ", " : "");
        if (kind == JSON_ARRAY || (kind == JSON_STRING && p && p->array))
            buf_printf(out, "a%zu", i);
        else
            put_scalar(out, argument[i], p && !p->array);
    }
    buf_puts(out, s->is_void ? ");\n" : "));\n");
    if (s->is_void && first < PARAMETERS_MAX && json_kind(argument[first]) == JSON_STRING)
        buf_printf(out, "        gl_put_text(a%zu);\n", first);
    else if (s->is_void && first < PARAMETERS_MAX)
        buf_printf(out, "        GL_PUT_ARRAY(a%zu);\n", first);
    else if (s->is_void)
        buf_puts(out, "        gl_put_text(NULL);\n");
    buf_puts(out, "        break;\n    }\n");
}

/* A number, text, boolean or null, or a list of these. */
static bool is_flat(struct json_text value)
{
    struct json_text element;
    size_t at = 0;
    while (json_next(value, &at, &element))
        if (json_kind(element) == JSON_ARRAY || json_kind(element) == JSON_OBJECT)
            return false;
    return json_kind(value) != JSON_OBJECT;
}

bool harness_fits(const struct exercise *x, const struct tests *t, struct refusal *r)
{
    struct signature s;
    size_t bad = 0;
    read_signature(&s, x);
    for (size_t i = 0; !bad && i < t->count; i++) {
        const struct test *test = &t->test[i];
        struct json_text argument[PARAMETERS_MAX] = {{NULL, 0}};
        size_t count = order_arguments(&s, test->input, argument);
        bool fits = is_flat((struct json_text){test->expected, strlen(test->expected)});
        for (size_t k = 0; k < count; k++)
            fits = fits && is_flat(argument[k]);
        bad = fits ? 0 : i + 1;
    }
    free(s.text);
    return !bad ||
           refuse(r, STATUS_FAILED, "unsupported",
                  "test %zu has an object or a list in a list, which calls in C cannot have; numbers, "
                  "texts, booleans and lists of these can be passed and expected",
                  bad);
}

void harness_put_calls(struct buf *out, const struct exercise *x, const struct tests *t)
{
    struct signature s;
    read_signature(&s, x);
    buf_printf(out, "#include \"%s\"\n#undef main\n", x->entry);
    buf_puts(out, harness_text);
    buf_puts(out, "\nstatic void gl_call(int test)\n{\n    switch (test) {\n");
    for (size_t i = 0; i < t->count; i++)
        put_test(out, x, &s, t->test[i].input, i);
    buf_puts(out, "    }\n}\n");
    free(s.text);
}

void harness_put_script(struct buf *out, const struct jail_file *script)
{
    bool is_file = strchr(script->path, '.') != NULL;
    buf_puts(out, "#define main gl_tests_main\n");
    if (is_file) {
        buf_printf(out, "#include \"%s\"\n", script->path);
    } else {
        buf_printf(out, "#line 1 \"%s\"\n", script->path);
        buf_add(out, script->bytes, script->len);
    }
    buf_putc(out, '\n');
}

void harness_put_verdict(struct buf *out, int64_t key)
{
    buf_printf(out, "#define GL_KEY %lldLL\n%s", (long long)key, verdict_text);
}
