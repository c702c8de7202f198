/* cli: turns the option table into getopt_long's, fills the options struct by
 * type, and writes the help. */
#define _GNU_SOURCE /* getopt_long */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "parse.h"
#include "signals.h"

enum { OPTIONS_MAX = 64, FIRST_LONG_ONLY = 256 };
enum { HELP_INDENT = 30, HELP_NARROW = 60, HELP_NARROW_INDENT = 8, HELP_MAX = 4096 };

static const struct cli_option common[] = {
    {.letter = 'q', .name = "quiet", .help = "say nothing but errors"},
    {.name = "verbose", .help = "say more on stderr"},
    {.letter = 'h', .name = "help", .help = "print this help and exit"},
    {.letter = 'V', .name = "version", .help = "print the version and exit"},
    {0},
};

static size_t count_options(const struct cli_option *options)
{
    size_t count = 0;
    while (options[count].name)
        count++;
    return count;
}

/* Puts text into the option's member; false where it is no such value. */
static bool store(const struct cli_option *o, void *options, const char *text, bool in_ms)
{
    void *to = (char *)options + o->member;
    int64_t min = o->min, max = o->min == 0 && o->max == 0 ? INT64_MAX : o->max;
    int64_t whole = 0;
    switch (o->type) {
    case CLI_FLAG:
        return parse_bool(text, to);
    case CLI_TEXT:
        *(const char **)to = text;
        return true;
    case CLI_URL:
        if (!parse_base_url(text))
            return false;
        *(const char **)to = text;
        return true;
    case CLI_CHOICE:
        return parse_choice(text, o->choices, to);
    case CLI_REAL:
        return parse_real(text, (double)min, (double)max, to);
    case CLI_INT:
        return parse_int(text, min, max, to);
    case CLI_SIZE:
        if (!parse_size(text, &whole))
            return false;
        break;
    case CLI_DURATION:
        if (!(in_ms ? parse_int(text, 0, INT64_MAX, &whole) : parse_duration(text, &whole)))
            return false;
        break;
    }
    if (whole < min || whole > max)
        return false;
    *(int64_t *)to = whole;
    return true;
}

/* What the option takes, for an error message. */
static const char *expected(const struct cli_option *o, char *text, size_t room, bool in_ms)
{
    static const char *const kinds[] = {
        [CLI_FLAG] = "true or false",
        [CLI_TEXT] = "a text",
        [CLI_INT] = "a whole number",
        [CLI_REAL] = "a number",
        [CLI_DURATION] = "a duration such as 500ms, 30s or 5m",
        [CLI_SIZE] = "a size such as 64K or 8M",
        [CLI_CHOICE] = "one of ",
        [CLI_URL] = "a URL such as https://host/path",
    };
    const char *kind = in_ms && o->type == CLI_DURATION ? "a whole number of milliseconds" : kinds[o->type];
    if (o->type == CLI_CHOICE)
        snprintf(text, room, "%s%s", kind, o->choices);
    else if (o->type == CLI_DURATION && (o->min || o->max))
        snprintf(text, room, "%s, from %lld ms to %lld ms", kind, (long long)o->min, (long long)o->max);
    else if (o->min || o->max)
        snprintf(text, room, "%s from %lld to %lld", kind, (long long)o->min, (long long)o->max);
    else
        snprintf(text, room, "%s", kind);
    return text;
}

const char *cli_expected(const struct cli_option *o, char *text, size_t room)
{
    return expected(o, text, room, true);
}

static void read_defaults(const struct cli_option *table, void *options)
{
    for (const struct cli_option *o = table; o->name; o++)
        if (o->preset && !store(o, options, o->preset, false))
            die(EXIT_BUG, "--%s: bad default \"%s\"", o->name, o->preset);
}

/* Takes from the environment what the command line did not give. */
static void read_environment(const struct cli_option *table, enum cli_source *sources, void *options)
{
    for (const struct cli_option *o = table; o->name; o++, sources++) {
        const char *value = o->env ? getenv(o->env) : NULL;
        if (value && *value && *sources != CLI_FROM_FLAG)
            *sources = store(o, options, value, true) ? CLI_FROM_ENVIRONMENT : CLI_WRONG;
    }
}

/* A wrong value as it is named: not where there may be a password in it. */
static const char *shown(const struct cli_option *o, const char *value)
{
    return o->type == CLI_URL && value && strchr(value, '@') ? "(a user or password)" : value;
}

static void refuse_wrong(const struct cli_option *table, const enum cli_source *sources)
{
    char what[160];
    for (const struct cli_option *o = table; o->name; o++, sources++)
        if (*sources == CLI_WRONG)
            die(EXIT_CONFIG, "%s: \"%s\" is not %s", o->env, shown(o, getenv(o->env)),
                cli_expected(o, what, sizeof what));
}

/* The index-th of some choices. */
static void put_choice(struct buf *out, const char *choices, int index)
{
    while (index-- > 0)
        choices += strcspn(choices, "|") + 1;
    buf_add(out, choices, strcspn(choices, "|"));
}

void cli_put_value(struct buf *out, const struct cli_option *o, const void *options)
{
    const void *at = (const char *)options + o->member;
    const char *text;
    int64_t whole;
    switch (o->type) {
    case CLI_FLAG:
        buf_puts(out, *(const bool *)at ? "true" : "false");
        return;
    case CLI_TEXT:
    case CLI_URL:
        text = *(const char *const *)at;
        buf_puts(out, text ? text : "");
        return;
    case CLI_CHOICE:
        put_choice(out, o->choices, *(const int *)at);
        return;
    case CLI_REAL:
        buf_printf(out, "%g", *(const double *)at);
        return;
    case CLI_INT:
    case CLI_SIZE:
        buf_printf(out, "%lld", (long long)*(const int64_t *)at);
        return;
    case CLI_DURATION:
        whole = *(const int64_t *)at;
        buf_printf(out, whole % 1000 ? "%lldms" : "%llds", (long long)(whole % 1000 ? whole : whole / 1000));
    }
}

/* Prints text, whose first line begins at `indent`, as the others will, so that none is
 * longer than `width` where its words allow it. */
static void put_folded(const char *text, size_t indent, size_t width)
{
    size_t column = indent;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column > indent && column + 1 + len > width) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)len, text);
        column += len;
        text += len + strspn(text + len, " ");
    }
    putchar('\n');
}

static void print_help_option(const struct cli_option *o, size_t width)
{
    char left[80];
    int used = o->letter ? snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name)
                         : snprintf(left, sizeof left, "      --%s", o->name);
    size_t indent = width < HELP_NARROW ? HELP_NARROW_INDENT : HELP_INDENT;
    struct buf text;
    buf_init(&text, HELP_MAX);
    if (o->arg)
        used += snprintf(left + used, sizeof left - (size_t)used, " %s", o->arg);
    if ((size_t)used + 2 < indent)
        printf("%-*s", (int)indent, left);
    else
        printf("%s\n%*s", left, (int)indent, "");
    buf_puts(&text, o->help);
    if (o->preset && o->type != CLI_FLAG)
        buf_printf(&text, " (default %s)", o->preset);
    if (o->env)
        buf_printf(&text, " [%s]", o->env);
    put_folded(text.data, indent, width);
    buf_free(&text);
}

/* On a terminal as wide as that is; elsewhere an option is a line, for programs to read. */
static void print_help(const struct cli *c)
{
    struct winsize size;
    struct buf text;
    size_t width =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : SIZE_MAX;
    buf_init(&text, HELP_MAX);
    buf_printf(&text, "usage: %s [OPTION ...]%s%s", c->name, *c->operands ? " " : "", c->operands);
    put_folded(text.data, 0, width);
    putchar('\n');
    put_folded(c->summary, 0, width);
    putchar('\n');
    for (const struct cli_option *o = c->options; o->name; o++)
        print_help_option(o, width);
    for (const struct cli_option *o = common; o->name; o++)
        print_help_option(o, width);
    putchar('\n');
    buf_clear(&text);
    buf_printf(&text, "D is a duration: 500ms, 30s, 5m, 2h, 7d; a bare number is seconds. See %s(1).",
               c->name);
    put_folded(text.data, 0, width);
    buf_free(&text);
}

/* What can stand for an option's value or an operand: words as `choices` has
 * them, or ":file", ":dir", ":@file" (a text or @FILE), ":row", ":learner",
 * ":atom", or "-" where only the user knows. */
static const char *completes(const struct cli_option *o)
{
    const char *arg = o->arg ? o->arg : "";
    if (o->choices)
        return o->choices;
    if (strstr(arg, "@FILE"))
        return ":@file";
    if (strcmp(arg, "FILE") == 0 || strcmp(arg, "PATH") == 0 || strcmp(arg, "SOCKET") == 0)
        return ":file";
    if (strcmp(arg, "DIR") == 0)
        return ":dir";
    if (strcmp(arg, "ID") == 0)
        return strcmp(o->name, "learner") == 0 ? ":learner" : strcmp(o->name, "atom") == 0 ? ":atom" : "-";
    return "-";
}

/* The table for share/greenlight/completion.*: letter, name, value, what can
 * stand for it, help, with tabs between them; the operands are the last line. */
static void print_completion(const struct cli *c)
{
    const struct cli_option *const tables[] = {c->options, common};
    for (size_t i = 0; i < 2; i++)
        for (const struct cli_option *o = tables[i]; o->name; o++)
            printf("-%.1s\t--%s\t%s\t%s\t%s\n", (char[]){o->letter, '\0'}, o->name, o->arg ? o->arg : "-",
                   completes(o), o->help);
    bool file = strstr(c->operands, "FILE"), row = strstr(c->operands, "ID");
    printf("-\t-\t%s\t%s%s%s\t-\n", *c->operands ? c->operands : "-", row ? ":row" : "",
           row && file ? "|" : "",
           file  ? ":file"
           : row ? ""
                 : "-");
}

/* getopt's two tables, made from ours.  A long-only option's value is its
 * index above FIRST_LONG_ONLY. */
struct getopt_tables {
    const struct cli_option *all[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 2];
    size_t count;
};

static void add_options(struct getopt_tables *t, const struct cli_option *options)
{
    size_t end = strlen(t->shorts);
    for (size_t i = 0, n = count_options(options); i < n && t->count < OPTIONS_MAX; i++) {
        const struct cli_option *o = &options[i];
        int value = o->letter ? o->letter : FIRST_LONG_ONLY + (int)t->count;
        int has_arg = value == 'h' ? optional_argument : o->arg ? required_argument : no_argument;
        t->longs[t->count] = (struct option){o->name, has_arg, NULL, value};
        t->all[t->count++] = o;
        if (!o->letter)
            continue;
        t->shorts[end++] = o->letter;
        if (o->arg)
            t->shorts[end++] = ':';
    }
}

static const struct cli_option *find_option(const struct getopt_tables *t, int value)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->longs[i].val == value)
            return t->all[i];
    return NULL;
}

static void __attribute__((noreturn))
die_usage(const struct cli *c, const struct getopt_tables *t, int got, char **argv)
{
    const char *word = argv[optind - 1];
    char letter[3] = {'-', (char)optopt, '\0'};
    bool is_long = optopt == 0 || optopt >= FIRST_LONG_ONLY || strncmp(word, "--", 2) == 0;
    const char *why = got == ':'               ? "a value is missing"
                      : find_option(t, optopt) ? "takes no value"
                                               : "no such option";
    die(EXIT_USAGE, "%s: %s; see %s --help", is_long ? word : letter, why, c->name);
}

static void handle_common(const struct cli *c, int letter, bool verbose)
{
    if (letter == 'h' && optarg && strcmp(optarg, "completion") != 0)
        die(EXIT_USAGE, "--help=%s: takes no value; see %s --help", optarg, c->name);
    if (letter == 'h')
        (optarg ? print_completion : print_help)(c);
    if (letter == 'V')
        printf("%s (Greenlight tools) %s\n", c->name, GL_VERSION);
    if (letter == 'h' || letter == 'V')
        exit(cli_finish(EXIT_OK));
    msg_set_level(verbose ? MSG_VERBOSE : MSG_QUIET);
}

static void read_arguments(const struct cli *c, const struct getopt_tables *t, enum cli_source *sources,
                           void *options, int argc, char **argv)
{
    char what[160];
    int got;
    opterr = 0;
    while ((got = getopt_long(argc, argv, t->shorts, t->longs, NULL)) != -1) {
        const struct cli_option *o = got == '?' || got == ':' ? NULL : find_option(t, got);
        if (!o)
            die_usage(c, t, got, argv);
        if (o >= common && o < common + sizeof common / sizeof *common) {
            handle_common(c, got, o == &common[1]);
            continue;
        }
        sources[o - c->options] = CLI_FROM_FLAG;
        if (!store(o, options, o->arg ? optarg : "true", false))
            die(EXIT_USAGE, "--%s: \"%s\" is not %s", o->name, shown(o, optarg),
                expected(o, what, sizeof what, false));
    }
}

/* A standard stream that was closed must not become one of our own files: it
 * is held open the wrong way round, so that using it is an error. */
static void hold_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++) {
        bool closed = fcntl(fd, F_GETFD) < 0;
        int held = closed ? open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) : fd;
        if (held != fd)
            _exit(EXIT_OS);
    }
}

char **cli_parse_sources(const struct cli *c, void *options, int argc, char **argv, enum cli_source *sources)
{
    struct getopt_tables t = {.shorts = ":"};
    hold_descriptors();
    add_options(&t, c->options);
    add_options(&t, common);
    memset(sources, 0, count_options(c->options) * sizeof *sources); /* CLI_FROM_DEFAULT */
    read_defaults(c->options, options);
    read_arguments(c, &t, sources, options, argc, argv);
    read_environment(c->options, sources, options);
    if (argv[optind] && !*c->operands)
        die(EXIT_USAGE, "%s: no operand is taken; see %s --help", argv[optind], c->name);
    return argv + optind;
}

char **cli_parse(const struct cli *c, void *options, int argc, char **argv)
{
    enum cli_source sources[OPTIONS_MAX];
    char **operands = cli_parse_sources(c, options, argc, argv, sources);
    refuse_wrong(c->options, sources);
    return operands;
}

void cli_read_sources(const struct cli_option *table, void *options, enum cli_source *sources)
{
    memset(sources, 0, count_options(table) * sizeof *sources);
    read_defaults(table, options);
    read_environment(table, sources, options);
}

int cli_stdout_failed(int error)
{
    if (error == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    msg_error("cannot write to standard output: %s", strerror(error));
    return EXIT_IO;
}

int cli_reader_fd(void)
{
    struct stat st;
    bool has_reader = fstat(STDOUT_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
    return has_reader ? STDOUT_FILENO : -1;
}

void cli_check_reader(int fd)
{
    struct pollfd out = {.fd = fd};
    if (fd >= 0 && poll(&out, 1, 0) > 0 && (out.revents & POLLERR))
        exit(cli_stdout_failed(EPIPE));
}

int cli_finish(int code)
{
    if (fflush(stdout) != 0 || fclose(stdout) != 0)
        return cli_stdout_failed(errno);
    signals_raise();
    return code;
}

void cli_write(const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, stdout) != len)
        _exit(cli_stdout_failed(errno));
}

void cli_flush(void)
{
    if (fflush(stdout) != 0)
        _exit(cli_stdout_failed(errno));
}
