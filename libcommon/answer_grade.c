/* answer_grade: score, correctness and what contradicts them. */
#include "answer_grade.h"

#include "answer_tests.h"

/* A score from 0 to 1, clamped; false where it is no number. */
static bool take_score(struct answer *a, const char *name)
{
    static const struct json_text zero = {"0", 1}, one = {"1", 1};
    struct json_text value = answer_get(a, name);
    double score;
    if (json_kind(value) <= JSON_NULL)
        return true;
    if (!json_real(value, &score))
        return err_set(&a->why, EXIT_PROTOCOL, "%s is not a number", name);
    if (score < 0 || score > 1)
        answer_warn(a, "%s %.*s is outside 0 to 1 and was clamped", name,
                    (int)(value.len < 40 ? value.len : 40), value.at);
    a->result.partial_score = score < 0 ? zero : score > 1 ? one : value;
    a->result.score_source = name;
    return true;
}

/* A score made from the tests or from `correct`. */
static void derive_score(struct answer *a)
{
    struct result *r = &a->result;
    if (r->tests_total > 0 && r->tests_passed >= 0) {
        int64_t passed = r->tests_passed > r->tests_total ? r->tests_total : r->tests_passed;
        json_put_real(&a->score, (double)passed / (double)r->tests_total);
        r->partial_score = answer_span(&a->score);
        r->score_source = "tests";
    } else if (r->correct.at) {
        r->partial_score = (struct json_text){json_is(r->correct, "true") ? "1" : "0", 1};
        r->score_source = "correct";
    }
}

static void take_correct(struct answer *a)
{
    struct json_text correct = answer_get(a, "correct");
    enum json_kind kind = json_kind(correct);
    if (kind == JSON_TRUE || kind == JSON_FALSE)
        a->result.correct = correct;
    else if (kind > JSON_NULL)
        answer_warn(a, "correct is not true or false and was left out");
}

/* `correct` where the server left it out: full marks. */
static void derive_correct(struct answer *a)
{
    double score;
    if (a->result.correct.at || answer_is_null(a, "correct") ||
        json_kind(answer_get(a, "correct")) > JSON_NULL)
        return;
    if (json_real(a->result.partial_score, &score))
        a->result.correct = score >= 1 ? (struct json_text){"true", 4} : (struct json_text){"false", 5};
}

static void check_contradictions(struct answer *a)
{
    const struct result *r = &a->result;
    if (r->tests_total == RESULT_TESTS_UNKNOWN || r->tests_passed == RESULT_TESTS_UNKNOWN)
        return;
    if (r->tests_passed > r->tests_total)
        answer_warn(a, "tests_passed %lld is more than tests_total %lld", (long long)r->tests_passed,
                    (long long)r->tests_total);
    else if (json_is(r->correct, "true") && r->tests_passed < r->tests_total)
        answer_warn(a, "graded correct, though only %lld of %lld tests passed", (long long)r->tests_passed,
                    (long long)r->tests_total);
    else if (json_is(r->correct, "false") && r->tests_passed == r->tests_total)
        answer_warn(a, "graded wrong, though all %lld tests passed", (long long)r->tests_total);
}

/* The score source that a normalised result already names. */
static void keep_score_source(struct answer *a)
{
    static const char *const sources[] = {"partial_score", "score", "tests", "correct"};
    struct json_text given = answer_get(a, "score_source");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (json_is(given, sources[i]))
            a->result.score_source = sources[i];
}

enum fault answer_read_grade(struct answer *a, bool required)
{
    take_correct(a);
    answer_read_tests(a);
    if (!take_score(a, "partial_score") || (!a->result.partial_score.at && !take_score(a, "score")))
        return FAULT_MALFORMED;
    if (!a->result.partial_score.at)
        derive_score(a);
    if (!a->result.partial_score.at && required)
        return answer_breach(a, FAULT_MALFORMED, "the status is complete, but there is no grade");
    keep_score_source(a);
    derive_correct(a);
    check_contradictions(a);
    return FAULT_NONE;
}
