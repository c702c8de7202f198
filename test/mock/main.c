/* greenlight-mock: a Greenlight server that answers what a test tells it to.
 *
 * It serves the API of design.md §4 on loopback.  Without a scenario every
 * atom passes its two tests; scenario.h and script.h say how to have other
 * answers, late, broken or none; log.h what it notes of each request.
 *
 * One thread of libmicrohttpd (or more, --threads) serves all connections; the
 * main thread lets those go on that wait for a delay, and runs the commands. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "listen.h"
#include "msg.h"
#include "serve.h"
#include "signals.h"
#include "tls.h"

enum { COMMANDS_AT_ONCE = 8, DELAY_MAX_MS = 3600 * 1000, MESSAGE_MAX = 256 };

struct options {
    int64_t port, threads, delay_ms;
    const char *unix_path, *scenario, *log, *exec, *cert, *key, *client_ca, *token;
    bool honour_keys, until_eof;
};

#define AT(m) offsetof(struct options, m)
/* clang-format off */
static const struct cli_option options[] = {
    {.name = "port", .arg = "N", .type = CLI_INT, .member = AT(port), .max = 65535, .preset = "0",
     .help = "listen on 127.0.0.1, port N; 0 is any that is free"},
    {.name = "unix", .arg = "PATH", .type = CLI_TEXT, .member = AT(unix_path),
     .help = "listen on a Unix socket instead"},
    {.name = "scenario", .arg = "FILE", .type = CLI_TEXT, .member = AT(scenario),
     .help = "answer by the rules in FILE"},
    {.name = "log", .arg = "FILE", .type = CLI_TEXT, .member = AT(log),
     .help = "append a JSON line about each request to FILE"},
    {.name = "exec", .arg = "CMD", .type = CLI_TEXT, .member = AT(exec),
     .help = "have `sh -c CMD` answer: request on stdin, result on stdout"},
    {.name = "tls-cert", .arg = "FILE", .type = CLI_TEXT, .member = AT(cert),
     .help = "serve https with this certificate (PEM)"},
    {.name = "tls-key", .arg = "FILE", .type = CLI_TEXT, .member = AT(key), .help = "and this key"},
    {.name = "client-ca", .arg = "FILE", .type = CLI_TEXT, .member = AT(client_ca),
     .help = "take only clients with a certificate of this CA's"},
    {.name = "token", .arg = "T", .type = CLI_TEXT, .member = AT(token),
     .help = "answer 401 to requests without this bearer token"},
    {.name = "threads", .arg = "N", .type = CLI_INT, .member = AT(threads), .min = 1, .max = 64, .preset = "1",
     .help = "serve with N threads"},
    {.name = "honour-keys", .member = AT(honour_keys),
     .help = "answer the same again to an Idempotency-Key that was answered 2xx"},
    {.name = "delay", .arg = "D", .type = CLI_DURATION, .member = AT(delay_ms), .max = DELAY_MAX_MS, .preset = "0",
     .help = "wait before each answer that has no delay of its own"},
    {.name = "until-eof", .member = AT(until_eof), .help = "end when stdin does"},
    {0},
};
/* clang-format on */

static const struct cli cli = {"greenlight-mock", "", "Serve a mock of the Greenlight API on loopback.",
                               options};

static void log_message(void *cls, const char *format, va_list args)
{
    char text[MESSAGE_MAX];
    (void)cls;
    int len = vsnprintf(text, sizeof text, format, args);
    if (len > 0 && (size_t)len < sizeof text && text[len - 1] == '\n')
        text[len - 1] = '\0';
    msg_info("%s", text);
}

/* As many descriptors as we may have; how many connections that allows. */
static unsigned raise_limits(void)
{
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    unsigned reserved = 64 + COMMANDS_AT_ONCE * 5;
    return limit.rlim_cur > 2 * reserved ? (unsigned)limit.rlim_cur - reserved : reserved;
}

static struct MHD_Daemon *start(const struct options *o, struct mock *m, struct tls *tls, int fd)
{
    struct MHD_OptionItem all[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_message, NULL},
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_begins, m},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)request_ends, m},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)tls_connection, tls},
        {MHD_OPTION_CONNECTION_LIMIT, raise_limits(), NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, o->threads > 1 ? o->threads : 0, NULL},
        {tls->cert ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls->cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {tls->client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, tls->client_ca},
        {MHD_OPTION_END, 0, NULL},
    };
    /* Not epoll: libmicrohttpd 0.9.75 waits for more where just 128 connections are ready. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(tls->cert ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, request_goes_on, m,
                            MHD_OPTION_ARRAY, all, MHD_OPTION_END);
}

static void tell_ready(const struct options *o, int64_t port)
{
    char line[MESSAGE_MAX];
    int len = o->unix_path ? snprintf(line, sizeof line, "ready unix:%s\n", o->unix_path)
                           : snprintf(line, sizeof line, "ready %s://127.0.0.1:%d\n",
                                      o->cert ? "https" : "http", (int)port);
    cli_write(line, (size_t)len);
    cli_flush();
}

/* Whether stdin has come to its end. */
static bool stdin_ended(void)
{
    char bytes[4096];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

/* Lets waiting connections go on and runs commands, until it is told to end. */
static void attend(struct mock *m, int wake, bool until_eof)
{
    enum { SIGNAL, WAKE, STDIN, FIXED };
    struct pollfd fds[FIXED + 3 * COMMANDS_AT_ONCE];
    uint64_t count;
    while (!signals_caught()) {
        fds[SIGNAL] = (struct pollfd){signals_fd(), POLLIN, 0};
        fds[WAKE] = (struct pollfd){wake, POLLIN, 0};
        fds[STDIN] = (struct pollfd){until_eof ? STDIN_FILENO : -1, POLLIN, 0};
        nfds_t all = FIXED + (m->commands ? commands_prepare(m->commands, fds + FIXED) : 0);
        int64_t next = park_resume_due(m->park, clock_now());
        if (poll(fds, all, clock_poll_ms(clock_now(), next)) < 0)
            continue;
        if (fds[WAKE].revents)
            eventfd_read(wake, &count);
        if (fds[STDIN].revents && stdin_ended())
            return;
        struct job *ended = m->commands ? commands_serve(m->commands, fds + FIXED) : NULL;
        while (ended) {
            struct job *job = ended;
            ended = job->next;
            serve_ran(m, job);
        }
    }
}

static void open_mock(struct mock *m, const struct options *o, int wake)
{
    struct err e;
    *m = (struct mock){.token = o->token, .delay_ms = o->delay_ms, .born = clock_wall()};
    pthread_mutex_init(&m->lock, NULL);
    if (!(m->scenario = scenario_load(o->scenario, &e)) || (o->log && !(m->log = log_open(o->log, &e))))
        die_err(&e);
    if (o->exec)
        m->commands = commands_new(o->exec, COMMANDS_AT_ONCE, wake);
    if (o->honour_keys)
        m->replays = replays_new();
    m->executions = executions_new();
    m->park = park_new(wake);
    m->raws = raws_new(m->park);
}

static void close_mock(struct mock *m)
{
    raws_free(m->raws);
    park_free(m->park);
    if (m->commands)
        commands_free(m->commands);
    if (m->replays)
        replays_free(m->replays);
    if (m->log)
        log_close(m->log);
    executions_free(m->executions);
    scenario_free(m->scenario);
    pthread_mutex_destroy(&m->lock);
}

int main(int argc, char **argv)
{
    struct options o;
    struct mock m;
    struct tls tls = {0};
    struct err e;
    memset(&o, 0, sizeof o);
    cli_parse(&cli, &o, argc, argv);
    signals_catch();
    signal(SIGPIPE, SIG_IGN);
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake == -1)
        die(EXIT_OS, "cannot make an eventfd: %s", strerror(errno));
    open_mock(&m, &o, wake);
    if (!tls_load(&tls, o.cert, o.key, o.client_ca, &e))
        die_err(&e);
    int fd = o.unix_path ? listen_unix(o.unix_path, &e) : listen_tcp(&o.port, &e);
    if (fd == -1)
        die_err(&e);
    struct MHD_Daemon *daemon = start(&o, &m, &tls, fd);
    if (!daemon)
        die(EXIT_OS, "cannot start the server");
    tell_ready(&o, o.port);
    attend(&m, wake, o.until_eof);
    raws_stop(m.raws);
    park_stop(m.park);
    MHD_stop_daemon(daemon);
    if (o.unix_path)
        unlink(o.unix_path);
    close_mock(&m);
    tls_free(&tls);
    close(wake);
    return cli_finish(EXIT_OK);
}
