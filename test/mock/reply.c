/* reply: ordinary answers go out from memory in one piece.  Padded and broken
 * ones are streamed: a head, so many bytes of padding, a tail, and as much of
 * that as shall arrive. */
#define _POSIX_C_SOURCE 200809L
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "msg.h"
#include "xalloc.h"

enum { STREAM_BLOCK = 64 * 1024 };

void reply_init(struct reply *r)
{
    *r = (struct reply){.answer = &answer_default};
    buf_init(&r->body, SIZE_MAX / 2);
}

void reply_free(struct reply *r)
{
    buf_free(&r->body);
    script_drop(r->script);
}

void reply_follow(struct reply *r, struct script *script, const struct answer *answer)
{
    script_drop(r->script);
    r->script = script;
    r->answer = answer;
}

void reply_copy(struct reply *to, const struct reply *from)
{
    *to = *from;
    script_hold(to->script);
    buf_init(&to->body, SIZE_MAX / 2);
    buf_add(&to->body, from->body.data, from->body.len);
}

enum cut reply_cut(const struct reply *r)
{
    return r->whole ? CUT_NONE : (enum cut)r->answer->cut;
}

/* A body that is made while it is sent. */
struct stream {
    char *head;
    size_t head_len;
    uint64_t pad, end; /* where sending stops: at the end, or short of it */
    const char *tail;
    ssize_t at_end;
};

static ssize_t read_stream(void *cls, uint64_t at, char *to, size_t room)
{
    const struct stream *s = cls;
    const char *from = NULL;
    uint64_t left;
    if (at >= s->end)
        return s->at_end;
    if (at < s->head_len) {
        from = s->head + at;
        left = s->head_len - at;
    } else if (at < s->head_len + s->pad) {
        left = s->head_len + s->pad - at;
    } else {
        from = s->tail + (at - s->head_len - s->pad);
        left = s->end - at;
    }
    if (left > s->end - at)
        left = s->end - at;
    if (left > room)
        left = room;
    if (from)
        memcpy(to, from, left);
    else
        memset(to, 'x', left);
    return (ssize_t)left;
}

static void free_stream(void *cls)
{
    struct stream *s = cls;
    free(s->head);
    free(s);
}

/* Opens the padding's string before the brace that ends the body; a body that
 * is no object is padded at its end. */
static void open_padding(struct stream *s, struct buf *body, int64_t pad)
{
    s->pad = pad == UNSET ? 0 : (uint64_t)pad;
    s->tail = "";
    if (!s->pad || !body->len || body->data[body->len - 1] != '}')
        return;
    body->len--;
    json_key(body, "pad");
    buf_putc(body, '"');
    s->tail = "\"}";
}

static struct MHD_Response *make_stream(struct reply *r, enum cut cut)
{
    struct stream *s = xcalloc(1, sizeof *s);
    open_padding(s, &r->body, r->answer->pad);
    s->head_len = r->body.len;
    s->head = buf_detach(&r->body);
    uint64_t whole = s->head_len + s->pad + strlen(s->tail);
    s->end = cut == CUT_NONE ? whole : whole / 2;
    s->at_end = cut == CUT_LENGTH || cut == CUT_CHUNKED ? MHD_CONTENT_READER_END_WITH_ERROR
                                                        : MHD_CONTENT_READER_END_OF_STREAM;
    uint64_t told = cut == CUT_CHUNKED || cut == CUT_CLOSE ? MHD_SIZE_UNKNOWN : whole;
    struct MHD_Response *response =
        MHD_create_response_from_callback(told, STREAM_BLOCK, read_stream, s, free_stream);
    if (response && cut == CUT_CLOSE)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) == MHD_NO)
        msg_warn("cannot send the header \"%s: %s\"", name, value);
}

/* The script's own headers; whether Content-Type is among them. */
static bool add_headers(struct MHD_Response *response, const struct answer *a)
{
    struct json_object o = {0};
    bool typed = false;
    json_get_object(a->headers, &o);
    for (size_t i = 0; i < o.count; i++) {
        char *name = xmemdup(o.text.at + o.members[i].key, o.members[i].key_len);
        char *value = json_strdup(json_member_value(&o, i));
        add_header(response, name, value);
        typed = typed || strcasecmp(name, "Content-Type") == 0;
        free(value);
        free(name);
    }
    json_object_free(&o);
    return typed;
}

static void add_retry_after(struct MHD_Response *response, const struct answer *a)
{
    char date[64];
    struct tm tm;
    struct buf text;
    buf_init(&text, sizeof date * 16);
    if (a->date_in != UNSET) {
        time_t when = time(NULL) + (time_t)a->date_in;
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&when, &tm));
        buf_puts(&text, date);
    } else {
        answer_put_word(&text, a->retry_after);
    }
    add_header(response, "Retry-After", text.data);
    buf_free(&text);
}

/* Sends RST.  Closing with a linger time of 0 would not do: libmicrohttpd
 * shuts the connection down in good order first. */
static void reset(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (info && connect(info->connect_fd, &nobody, sizeof nobody) != 0)
        msg_info("cannot reset a connection that is not TCP: it is closed");
}

enum MHD_Result reply_send(struct reply *r, struct MHD_Connection *connection)
{
    enum cut cut = reply_cut(r);
    const struct answer *a = r->answer;
    struct MHD_Response *response;
    if (cut == CUT_RESET)
        reset(connection);
    if (r->status == 0 || cut == CUT_DROP || cut == CUT_RESET)
        return MHD_NO;
    if (cut != CUT_NONE || a->pad != UNSET) {
        response = make_stream(r, cut);
    } else {
        size_t len = r->body.len;
        response = MHD_create_response_from_buffer(len, buf_detach(&r->body), MHD_RESPMEM_MUST_FREE);
    }
    if (!response)
        die(EXIT_OS, "out of memory: cannot make an answer");
    if (!a->headers.at || !add_headers(response, a))
        add_header(response, "Content-Type", r->type ? r->type : "application/json");
    if (a->retry_after.at || a->date_in != UNSET)
        add_retry_after(response, a);
    if (r->header)
        add_header(response, r->header, r->value);
    enum MHD_Result queued = MHD_queue_response(connection, r->status, response);
    MHD_destroy_response(response);
    return queued;
}
