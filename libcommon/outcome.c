/* outcome: reads a stored result as an answer, so that one which an application
 * stored in a server's own shape counts as if the tools had. */
#include "outcome.h"

#include <string.h>

#include "answer.h"

/* From here on a grade counts as right for spaced repetition. */
static const double right_from = 0.7;

static void put_member(struct buf *out, const char *name, struct json_text value)
{
    json_key(out, name);
    json_put(out, value);
}

/* Reads the grade into *a; false where there is none. */
static bool read_grade(const struct outcome *o, struct answer *a)
{
    const struct answer_ask ask = {.http_status = 200};
    if ((o->word && strcmp(o->word, "graded") != 0) || json_kind(o->result) != JSON_OBJECT)
        return false;
    return answer_read(a, &ask, o->result.at, o->result.len) == FAULT_NONE && !a->open &&
           status_is_graded(a->result.status) && json_kind(a->result.partial_score) == JSON_NUMBER;
}

/* The learner's work: the member `answer` of the request, or else `submission`. */
static struct json_text find_answer(const struct outcome *o, struct json_object *request)
{
    json_get_object(o->request, request);
    struct json_text answer = json_get(request, "answer");
    return answer.at ? answer : json_get(request, "submission");
}

void outcome_put(struct buf *out, const struct outcome *o, struct answer *a)
{
    static const struct json_text absent = {NULL, 0};
    struct json_object request = {0};
    bool graded = read_grade(o, a);
    const struct result *r = &a->result;
    double score = 0;
    buf_putc(out, '{');
    put_member(out, "atom_id", o->atom_id);
    json_key(out, "outcome");
    json_put_text(out, graded ? "graded" : o->word ? o->word : "failed");
    put_member(out, "correct", graded ? r->correct : absent);
    json_key(out, "is_correct");
    if (graded && json_real(r->partial_score, &score))
        buf_puts(out, score >= right_from ? "true" : "false");
    else
        buf_puts(out, "null");
    put_member(out, "partial_score", graded ? r->partial_score : absent);
    put_member(out, "time_ms", graded ? r->time_spent_ms : absent);
    put_member(out, "answer", find_answer(o, &request));
    put_member(out, "error_class", graded ? r->error_class : absent);
    put_member(out, "queue_id", o->queue_id);
    put_member(out, "learner_id", o->learner_id);
    put_member(out, "completed_at", o->completed_at);
    put_member(out, "result", o->result);
    buf_puts(out, ",\"_gl\":{\"type\":\"outcome\"}}");
    json_object_free(&request);
}
