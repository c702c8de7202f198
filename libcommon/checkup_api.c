/* checkup_api: GET /health, then GET of an execution that cannot exist.
 *
 * 404 to the second means that the API is there and the token is right.  A server
 * without /health that answers 404 to everything may be any web server, so that is
 * said. */
#include "checkup_api.h"

#include <stdio.h>

#include "json.h"
#include "probe.h"
#include "report.h"
#include "uuid.h"

enum { SLOW_MS = 1000, VERSION_BYTES = 100 };

static const char no_way[] = "see that the server runs, and that --url or GREENLIGHT_API_URL is right";
static const char nobody[] = "see that the server runs, and that --url or GREENLIGHT_API_URL is right; "
                             "gl-serve is one for this machine, and gl-handoff --local needs none";
static const char other_server[] = "see that --url or GREENLIGHT_API_URL is Greenlight's";

static void put_unchecked(int fd, const char *name, const char *why)
{
    const struct report_check check = {.name = name, .status = REPORT_NOT_CHECKED};
    report_put(fd, &check, "%s", why);
}

/* Certificates do not mend themselves. */
static enum exit_code code_of(enum fault fault)
{
    return fault == FAULT_CERTIFICATE || fault == FAULT_REDIRECT ? EXIT_CONFIG : EXIT_AGAIN;
}

/* The version, where the answer is an object that has one. */
static void put_version(int fd, const struct probe_answer *a)
{
    const struct report_check check = {.name = "api version"};
    struct json_object health = {0};
    struct buf version;
    buf_init(&version, PROBE_BODY_MAX);
    if (a->fault == FAULT_NONE && json_index(&health, a->body.data, a->body.len, NULL) &&
        json_string(json_get(&health, "version"), &version))
        report_put(fd, &check, "%.*s", version.len > VERSION_BYTES ? VERSION_BYTES : (int)version.len,
                   version.data);
    buf_free(&version);
    json_object_free(&health);
}

/* Whether there is a server to ask more. */
static bool check_health(int fd, const struct probe_answer *a)
{
    struct report_check check = {.name = "api", .next = a->status ? no_way : nobody};
    if (!a->status || a->status >= 500) {
        check.status = REPORT_FAILURE;
        check.code = code_of(a->fault);
        if (check.code == EXIT_CONFIG)
            check.next = "have a certificate that fits the URL's host, or name its authority with --cacert";
        report_put(fd, &check, "GET /health: %s", a->why);
        return false;
    }
    report_put(fd, &check, "it is there; GET /health is answered %d", a->status);
    put_version(fd, a);
    return true;
}

/* What an answer to the second question says. */
static struct report_check judge(const struct probe_answer *a, bool health, bool token, const char **found)
{
    struct report_check check = {.name = "api token", .status = REPORT_FAILURE, .code = EXIT_AGAIN};
    *found = a->why;
    check.next = no_way;
    if (a->status == 401 || a->status == 403) {
        check.code = EXIT_CONFIG;
        check.next = token ? "put a valid token into the token file"
                           : "name a file with a token by --token-file or GREENLIGHT_TOKEN_FILE";
        *found = token ? "the token is not accepted" : "the server wants a token, and none is set";
    } else if (a->fault == FAULT_REDIRECT) {
        check.code = EXIT_CONFIG;
        check.next = other_server;
    } else if (a->status == 404 || a->status == 410) {
        check.status = health ? REPORT_OK : REPORT_WARNING;
        check.next = other_server;
        *found = !health ? "all is answered 404, as by any web server"
                 : token ? "the token is accepted"
                         : "none is wanted";
    } else if (a->status && a->status < 500) {
        check.status = REPORT_WARNING;
        check.next = other_server;
        *found = "an execution that cannot exist is not answered 404";
    }
    return check;
}

static void check_round_trip(int fd, const struct probe_answer *a)
{
    struct report_check check = {.name = "api round trip",
                                 .status = a->elapsed_ms > SLOW_MS ? REPORT_WARNING : REPORT_OK,
                                 .unit = "ms",
                                 .value = (double)a->elapsed_ms,
                                 .next = "look for load on the server, or for a slow way to it"};
    if (a->status)
        report_put(fd, &check, "%lld ms", (long long)a->elapsed_ms);
    else
        put_unchecked(fd, check.name, "there was no answer");
}

static bool ask_execution(int fd, struct http *http, const struct http_options *o, bool health, struct err *e)
{
    char id[UUID_TEXT], path[sizeof "/greenlight/execution/gl-doctor-" + UUID_TEXT];
    struct probe_answer a;
    const char *found;
    uuid7(id);
    snprintf(path, sizeof path, "/greenlight/execution/gl-doctor-%s", id);
    bool good = probe_get(http, path, o->timeout_ms, &a, e);
    if (good) {
        struct report_check check = judge(&a, health, o->token_file, &found);
        report_put(fd, &check, "%s", found);
        check_round_trip(fd, &a);
    }
    probe_free(&a);
    return good;
}

void checkup_api(int fd, const struct http_options *options)
{
    struct http *http = NULL;
    struct probe_answer a;
    struct err e;
    bool good = http_open(&http, options, 1, &e);
    if (good && (good = probe_get(http, "/health", options->timeout_ms, &a, &e))) {
        bool there = check_health(fd, &a), health = a.fault == FAULT_NONE;
        probe_free(&a);
        if (there)
            good = ask_execution(fd, http, options, health, &e);
        else
            put_unchecked(fd, "api token", "the server is away");
    }
    if (!good)
        report_put(fd,
                   &(struct report_check){.name = "api",
                                          .status = REPORT_FAILURE,
                                          .code = EXIT_CONFIG,
                                          .next = "correct the file, or the option that names it"},
                   "%s", e.text);
    http_close(http);
}
