/* entry: an outcome is shown as the result in it; where that is missing or was not
 * graded, its own word says what became of it. */
#include "entry.h"

const char *standing_name(enum standing standing)
{
    static const char *const names[] = {
        [STANDING_PASSED] = "passed",       [STANDING_PARTIAL] = "partly right",
        [STANDING_FAILED] = "failed",       [STANDING_UNGRADED] = "not graded",
        [STANDING_SKIPPED] = "skipped",     [STANDING_OPEN] = "not ended",
        [STANDING_OTHER] = "other records",
    };
    return names[standing];
}

bool standing_is_bad(enum standing standing)
{
    return standing == STANDING_PARTIAL || standing == STANDING_FAILED || standing == STANDING_UNGRADED;
}

static enum standing standing_of(const struct review *r)
{
    static const enum standing graded[] = {[TONE_GOOD] = STANDING_PASSED,
                                           [TONE_FAIR] = STANDING_PARTIAL,
                                           [TONE_BAD] = STANDING_FAILED,
                                           [TONE_NONE] = STANDING_UNGRADED};
    if (r->graded)
        return graded[r->tone];
    if (status_is_open(r->status))
        return STANDING_OPEN;
    return r->status == STATUS_SKIPPED || r->status == STATUS_CANCELLED ? STANDING_SKIPPED
                                                                        : STANDING_UNGRADED;
}

/* What an outcome says where it is not graded. */
static const struct {
    const char *outcome, *word;
    enum status status;
} words[] = {
    {"queued", "QUEUED", STATUS_PENDING},    {"skipped", "SKIPPED", STATUS_SKIPPED},
    {"manual", "MANUAL", STATUS_SKIPPED},    {"cancelled", "CANCELLED", STATUS_CANCELLED},
    {"failed", "NOT GRADED", STATUS_FAILED},
};

static void read_grade(struct entry *e)
{
    enum status status = record_status(json_get(&e->inner, "status"));
    review_read_as(&e->review, &e->inner, status_is_graded(status) ? status : STATUS_COMPLETE);
    if (!e->review.scored)
        review_read_as(&e->review, e->record, STATUS_COMPLETE);
    e->word = e->review.verdict;
}

static void read_outcome(struct entry *e)
{
    struct json_text outcome = json_get(e->record, "outcome");
    json_get_object(json_get(e->record, "result"), &e->inner);
    if (json_is(outcome, "graded")) {
        read_grade(e);
    } else {
        size_t i = 0, last = sizeof words / sizeof *words - 1;
        while (i < last && !json_is(outcome, words[i].outcome))
            i++;
        enum status own = record_status(json_get(&e->inner, "status"));
        bool told = i == last && !status_is_graded(own) && !status_is_open(own) && own != STATUS_UNKNOWN;
        review_read_as(&e->review, &e->inner, told ? own : words[i].status);
        e->review.verdict = e->word = words[i].word;
    }
    e->review.atom_id = e->id;
    e->reviewed = true;
    e->standing = standing_of(&e->review);
}

static void read_result(struct entry *e)
{
    enum status status = record_status(json_get(e->record, "status"));
    if (e->type == RECORD_EXECUTION && !status_is_open(status))
        status = STATUS_PENDING;
    review_read_as(&e->review, e->record, status);
    e->reviewed = true;
    e->standing = standing_of(&e->review);
    e->word = e->review.status == STATUS_RUNNING ? "RUNNING"
              : e->standing == STANDING_OPEN     ? "PENDING"
                                                 : e->review.verdict;
}

void entry_read(struct entry *e, const struct json_object *record)
{
    static const char *const titles[] = {
        [RECORD_REQUEST] = "REQUEST", [RECORD_ROW] = "ROW",      [RECORD_STATS] = "STATS",
        [RECORD_REPORT] = "REPORT",   [RECORD_OTHER] = "RECORD",
    };
    *e = (struct entry){.record = record, .type = record_type(record), .standing = STANDING_OTHER};
    e->id = record_atom_id(record);
    if (e->type == RECORD_RESULT || e->type == RECORD_EXECUTION ||
        (e->type == RECORD_REQUEST && json_get(record, "status").at))
        read_result(e);
    else if (e->type == RECORD_OUTCOME)
        read_outcome(e);
    else
        e->word = titles[e->type];
}

void entry_read_bad(struct entry *e, const char *why)
{
    *e = (struct entry){.bad = why, .type = RECORD_OTHER, .standing = STANDING_UNGRADED, .word = "BAD INPUT"};
}

void entry_free(struct entry *e)
{
    if (e->reviewed)
        review_free(&e->review);
    json_object_free(&e->inner);
}

/* A complete row looks like the grade that it came to. */
static enum standing look_of_grade(struct json_text payload)
{
    struct json_object result = {0};
    struct review review = {0};
    enum standing look = STANDING_OTHER;
    if (json_get_object(payload, &result)) {
        review_read_as(&review, &result, STATUS_COMPLETE);
        look = standing_of(&review);
        review_free(&review);
    }
    json_object_free(&result);
    return look;
}

static enum standing look_of_row(const struct json_object *row)
{
    static const struct {
        const char *status;
        enum standing look;
    } looks[] = {{"pending", STANDING_OPEN},
                 {"executing", STANDING_OPEN},
                 {"spooled", STANDING_OPEN},
                 {"failed", STANDING_UNGRADED},
                 {"cancelled", STANDING_SKIPPED}};
    struct json_text status = json_get(row, "status");
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (json_is(status, looks[i].status))
            return looks[i].look;
    return json_is(status, "complete") ? look_of_grade(json_get(row, "result_payload")) : STANDING_OTHER;
}

enum standing entry_look(const struct entry *e)
{
    if (e->type == RECORD_ROW)
        return look_of_row(e->record);
    if (e->type == RECORD_REPORT && json_get(e->record, "checks").at)
        return json_is(json_get(e->record, "ready"), "true") ? STANDING_PASSED : STANDING_FAILED;
    return e->standing;
}

enum exit_code entry_exit(const struct entry *e)
{
    if (e->bad)
        return EXIT_DATA;
    if (!e->reviewed || e->type == RECORD_OUTCOME)
        return EXIT_OK;
    return status_exit(record_status(e->review.status_text), e->review.http_status != 0);
}
