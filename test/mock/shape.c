/* shape: bodies written piece by piece, without a tree: the flat result is
 * made for every request of a benchmark. */
#include "shape.h"

/* The numbers of a grade, where the script left some open. */
struct grade {
    const struct answer *a;
    int64_t passed, total;
    bool correct;
};

static struct grade grade_of(const struct answer *a)
{
    struct grade g = {a, a->passed, a->total, true};
    bool wrong = a->correct.at && !json_is(a->correct, "true");
    if (g.total == UNSET)
        g.total = g.passed > 2 ? g.passed : 2;
    if (g.passed == UNSET)
        g.passed = wrong && g.total > 0 ? g.total - 1 : g.total;
    g.correct = a->correct.at ? !wrong : g.passed == g.total;
    return g;
}

static void put_member(struct buf *out, const char *name, struct json_text value)
{
    json_key(out, name);
    json_put(out, value);
}

static void put_count(struct buf *out, const char *name, int64_t count)
{
    json_key(out, name);
    json_put_int(out, count);
}

/* Where the script says how the grade is spelt, that; otherwise what fits. */
static void put_verdict(struct buf *out, const struct grade *g, bool with_score)
{
    json_key(out, "correct");
    if (g->a->correct.at)
        json_put(out, g->a->correct);
    else
        buf_puts(out, g->correct ? "true" : "false");
    if (!with_score)
        return;
    json_key(out, g->a->shape == SHAPE_SCORE ? "score" : "partial_score");
    if (g->a->score.at)
        json_put(out, g->a->score);
    else if (g->passed == g->total || g->total == 0)
        buf_puts(out, g->correct ? "1.0" : "0.0");
    else
        json_put_real(out, (double)g->passed / (double)g->total);
}

static void put_name(struct buf *out, int64_t number)
{
    buf_puts(out, "\"test_");
    json_put_int(out, number);
    buf_putc(out, '"');
}

static void put_test(struct buf *out, int64_t number, bool passed)
{
    json_comma(out);
    buf_puts(out, "{\"name\":");
    put_name(out, number);
    buf_puts(out,
             passed ? ",\"passed\":true,\"message\":\"ok\",\"expected\":\"0.0.0.15\",\"actual\":\"0.0.0.15\"}"
                    : ",\"passed\":false,\"message\":\"expected 0.0.0.15, got 0.0.0.16\","
                      "\"expected\":\"0.0.0.15\",\"actual\":\"0.0.0.16\"}");
}

static void put_tests(struct buf *out, const char *name, const struct grade *g)
{
    json_key(out, name);
    buf_putc(out, '[');
    for (int64_t i = 1; i <= g->total; i++)
        put_test(out, i, i <= g->passed);
    buf_putc(out, ']');
}

/* Appends "name":["test_N", ...] with the tests from `from` to `to`. */
static void put_names(struct buf *out, const char *name, int64_t from, int64_t to)
{
    json_key(out, name);
    buf_putc(out, '[');
    for (; from <= to; from++) {
        json_comma(out);
        put_name(out, from);
    }
    buf_putc(out, ']');
}

static void put_errors(struct buf *out, const struct grade *g)
{
    json_key(out, "errors");
    buf_putc(out, '[');
    for (int64_t i = g->passed + 1; i <= g->total; i++) {
        json_comma(out);
        buf_puts(out, "{\"test\":");
        put_name(out, i);
        buf_puts(out, ",\"expected\":\"0.0.0.15\",\"got\":\"0.0.0.16\",\"message\":\"off by one\"}");
    }
    buf_putc(out, ']');
}

/* The tests, each by itself, as the shape has them. */
static void put_details(struct buf *out, const struct grade *g)
{
    switch (g->a->shape) {
    case SHAPE_COUNTS:
        break;
    case SHAPE_LISTS:
        buf_puts(out, ",\"test_results\":{");
        put_names(out, "passed", 1, g->passed);
        put_names(out, "failed", g->passed + 1, g->total);
        buf_puts(out, ",\"stdout\":\"collected\\n\",\"stderr\":\"\",\"logs\":\"sandbox ready\\n\"}");
        break;
    case SHAPE_TESTS:
    case SHAPE_RESULTS:
        buf_puts(out, ",\"test_results\":{");
        put_tests(out, g->a->shape == SHAPE_TESTS ? "tests" : "results", g);
        buf_putc(out, '}');
        break;
    case SHAPE_ERRORS:
        put_errors(out, g);
        break;
    case SHAPE_DETAILS:
        buf_puts(out, ",\"details\":{\"stdout\":\"0.0.0.16\\n\",\"stderr\":\"\",\"diff\":\"-0.0.0.15\\n+0.0."
                      "0.16\\n\"}");
        break;
    default:
        put_tests(out, "test_results", g);
    }
}

static void put_grade(struct buf *out, const struct grade *g)
{
    put_verdict(out, g, true);
    put_count(out, "tests_passed", g->passed);
    if (g->a->shape == SHAPE_TESTS_FAILED)
        put_count(out, "tests_failed", g->total - g->passed);
    else
        put_count(out, "tests_total", g->total);
    put_details(out, g);
    buf_puts(out, g->correct ? ",\"feedback\":\"All tests passed.\""
                             : ",\"feedback\":\"Look at the last octet.\"");
    buf_puts(out, ",\"error_class\":null,\"git_suggestions\":[\"git add -p\"],\"diff_suggestion\":null,"
                  "\"stdout\":\"collected 2 items\\n\",\"stderr\":\"\",\"execution_time_ms\":42");
}

static void put_meta(struct buf *out, const struct grade *g)
{
    json_key(out, g->a->shape == SHAPE_META_COGNITIVE ? "meta_cognitive" : "meta");
    buf_puts(out, "{\"confidence\":3,\"difficulty\":2,\"error_tag\":");
    buf_puts(out, g->correct ? "null}" : "\"off_by_one\"}");
}

static void put_nested(struct buf *out, const struct grade *g)
{
    json_key(out, "result");
    buf_putc(out, '{');
    put_grade(out, g);
    buf_putc(out, '}');
    put_meta(out, g);
}

static void put_atom_id(struct buf *out, const struct answer *a, struct json_text atom_id)
{
    if (a->atom_id.at)
        atom_id = a->atom_id;
    if (atom_id.at)
        put_member(out, "atom_id", atom_id);
}

/* Appends the inside of an error; message is a JSON string. */
static void put_error(struct buf *out, int shape, unsigned status, struct json_text message)
{
    switch (shape) {
    case SHAPE_ERROR:
        put_member(out, "error", message);
        break;
    case SHAPE_ERROR_MESSAGE:
        put_member(out, "error_message", message);
        break;
    case SHAPE_PROBLEM:
        buf_puts(out, "\"type\":\"about:blank\",\"title\":\"Greenlight could not do this\"");
        put_count(out, "status", status);
        put_member(out, "detail", message);
        break;
    default:
        put_member(out, "detail", message);
        buf_puts(out, ",\"error_code\":\"E");
        json_put_int(out, status);
        buf_putc(out, '"');
    }
}

void shape_error(struct buf *out, const struct answer *a, unsigned status, const char *message)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (a->fail.at)
        json_put(&text, a->fail);
    else
        json_put_text(&text, message);
    buf_putc(out, '{');
    put_error(out, a->shape, status, (struct json_text){text.data, text.len});
    buf_putc(out, '}');
    buf_free(&text);
}

static bool has_failed(const struct answer *a)
{
    return a->fail.at || a->shape >= SHAPE_DETAIL;
}

static void put_failure(struct buf *out, const struct answer *a, struct json_text atom_id)
{
    static const char unsaid[] = "\"the execution failed\"";
    struct json_text message = a->fail.at ? a->fail : (struct json_text){unsaid, sizeof unsaid - 1};
    buf_putc(out, '{');
    put_atom_id(out, a, atom_id);
    json_comma(out);
    buf_puts(out, "\"status\":\"failed\"");
    if (a->shape == SHAPE_DETAIL || a->shape == SHAPE_PROBLEM) {
        buf_puts(out, ",\"error\":{");
        put_error(out, a->shape, 500, message);
        buf_putc(out, '}');
    } else {
        put_error(out, a->shape == SHAPE_ERROR_MESSAGE ? SHAPE_ERROR_MESSAGE : SHAPE_ERROR, 500, message);
    }
    buf_putc(out, '}');
}

void shape_result(struct buf *out, const struct answer *a, struct json_text atom_id)
{
    struct grade g = grade_of(a);
    if (a->result.at) {
        json_put(out, a->result);
        return;
    }
    if (has_failed(a)) {
        put_failure(out, a, atom_id);
        return;
    }
    buf_putc(out, '{');
    put_atom_id(out, a, atom_id);
    json_comma(out);
    buf_puts(out, "\"status\":\"complete\"");
    if (a->shape == SHAPE_CORRECT_ONLY) {
        put_verdict(out, &g, false);
    } else if (a->shape == SHAPE_NESTED) {
        put_nested(out, &g);
    } else {
        put_grade(out, &g);
        put_meta(out, &g);
    }
    buf_putc(out, '}');
}

void shape_ended(struct buf *out, const struct answer *a, struct json_text atom_id)
{
    if (has_failed(a)) {
        put_failure(out, a, (struct json_text){NULL, 0});
        return;
    }
    buf_puts(out, "{\"status\":\"completed\"");
    if (a->shape == SHAPE_NESTED && !a->result.at) {
        struct grade g = grade_of(a);
        put_atom_id(out, a, atom_id);
        put_nested(out, &g);
    } else {
        json_key(out, "result");
        shape_result(out, a, atom_id);
    }
    buf_putc(out, '}');
}

const char *shape_type(const struct answer *a, unsigned status)
{
    return a->shape == SHAPE_PROBLEM && status >= 400 ? "application/problem+json" : "application/json";
}
