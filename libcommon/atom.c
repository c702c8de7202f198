/* atom: an index for each place. */
#include "atom.h"

#include "record.h"

/* Blanks between tokens that would break a line of output become spaces: the
 * text is a decoded string, and spans of it go into records. */
static void flatten(struct buf *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '\n' || text->data[i] == '\r' || text->data[i] == '\t')
            text->data[i] = ' ';
}

void atom_open(struct atom *a, const struct json_object *record)
{
    *a = (struct atom){0};
    buf_init(&a->content, record->text.len * 2);
    record_content(record, &a->at[ATOM_CONTENT], &a->content);
    flatten(&a->content);
    json_get_object(record->text, &a->at[ATOM_TOP]);
    json_get_object(json_get(&a->at[ATOM_CONTENT], "runner"), &a->at[ATOM_CONTENT_RUNNER]);
    json_get_object(json_get(&a->at[ATOM_CONTENT], "grading_logic"), &a->at[ATOM_CONTENT_LOGIC]);
    json_get_object(json_get(record, "runner"), &a->at[ATOM_RUNNER]);
    json_get_object(json_get(record, "grading_logic"), &a->at[ATOM_LOGIC]);
}

void atom_close(struct atom *a)
{
    for (size_t i = 0; i < ATOM_PLACES; i++)
        json_object_free(&a->at[i]);
    buf_free(&a->content);
}

struct json_text atom_get(const struct atom *a, const char *name)
{
    for (size_t i = 0; i < ATOM_PLACES; i++) {
        struct json_text value = json_get(&a->at[i], name);
        if (json_kind(value) > JSON_NULL)
            return value;
    }
    return (struct json_text){NULL, 0};
}
