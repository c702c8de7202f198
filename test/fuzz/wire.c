/* wire: an answer from raw bytes on a socket, through libcurl and http, to the
 * record.
 *
 * A server in this process takes the request, sends the input and closes.
 * Whatever that was, the attempt ends, with a class and a reason or with a 2xx
 * and its body, which answer.h then makes one record of. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "fuzz.h"
#include "http.h"

enum { LIMIT_MS = 5000, RECORD_MAX = 64 << 20 };

static struct {
    char folder[32];
    struct sockaddr_un address;
    int listener;
    struct http_options options;
    struct http *http;
    struct answer answer;
} w;

static void forget(void)
{
    unlink(w.address.sun_path);
    rmdir(w.folder);
}

static void open_all(void)
{
    struct err e;
    strcpy(w.folder, "/tmp/fuzz-wire-XXXXXX");
    CHECK(mkdtemp(w.folder));
    w.address.sun_family = AF_UNIX;
    snprintf(w.address.sun_path, sizeof w.address.sun_path, "%s/s", w.folder);
    w.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(w.listener, (struct sockaddr *)&w.address, sizeof w.address) == 0);
    CHECK(listen(w.listener, 16) == 0);
    atexit(forget);
    w.options = (struct http_options){
        .url = "http://localhost", .timeout_ms = LIMIT_MS, .unix_socket = w.address.sun_path};
    CHECK(http_open(&w.http, &w.options, 1, &e));
    answer_init(&w.answer);
}

/* Takes a connection, reads its request to the end and answers. */
static void serve(const uint8_t *data, size_t size)
{
    char request[4096] = "";
    size_t len = 0;
    int fd = accept(w.listener, NULL, NULL);
    CHECK(fd >= 0);
    while (len < 2 || memcmp(request + len - 2, "{}", 2) != 0) {
        ssize_t got = read(fd, request + len, sizeof request - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    /* What does not fit into the socket is lost, as by a connection that breaks. */
    if (size && send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        fprintf(stderr, "nothing could be sent\n");
    close(fd);
}

static void check_record(void)
{
    static const struct json_text gl = {"{\"type\":\"result\"}", 17};
    struct json_object o = {0};
    struct buf out;
    buf_init(&out, RECORD_MAX);
    result_put(&out, &w.answer.result, gl);
    CHECK(json_index(&o, out.data, out.len, NULL) && !memchr(out.data, '\n', out.len));
    CHECK(json_is(json_get(&o, "atom_id"), "a"));
    json_object_free(&o);
    buf_free(&out);
}

static void check_answer(const struct http_answer *a)
{
    struct answer_ask ask = {.atom_id = {"\"a\"", 3}, .http_status = a->status};
    enum fault fault = a->fault;
    CHECK(a->body_len <= HTTP_BODY_MAX && a->elapsed_ms >= 0);
    CHECK(fault != FAULT_TIMEOUT && fault != FAULT_CONNECT && fault != FAULT_DNS);
    if (fault == FAULT_NONE) {
        CHECK(a->status >= 200 && a->status < 300);
        fault = answer_read(&w.answer, &ask, a->body, a->body_len);
        CHECK(fault == FAULT_NONE || *w.answer.why.text);
    } else {
        CHECK(*a->why);
    }
    if (fault != FAULT_NONE)
        answer_fault(&w.answer, &ask, fault, "why", a->body, a->body_len);
    if (fault != FAULT_NONE || !w.answer.open)
        check_record();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct http_request request = {.post = true,
                                         .path = "/greenlight/run-atom",
                                         .key = "k",
                                         .body = "{}",
                                         .body_len = 2,
                                         .timeout_ms = LIMIT_MS};
    struct http_answer answer;
    struct err e;
    bool asked;
    if (!w.http)
        open_all();
    CHECK(http_send(w.http, &request, &e));
    do {
        http_wait(w.http, w.listener, clock_after(clock_now(), LIMIT_MS), &asked);
        if (asked)
            serve(data, size);
    } while (!http_next(w.http, &answer));
    check_answer(&answer);
    CHECK(!http_next(w.http, &answer)); /* gives the slot back */
    return 0;
}
