/* document: a stream of records as a document in some format, for a program or a
 * browser.  What a format has no words for goes into it as the plain text that a
 * terminal would get. */
#ifndef GL_DOCUMENT_H
#define GL_DOCUMENT_H

#include "excerpt.h"
#include "quote.h"
#include "render.h"
#include "totals.h"

/* One of a set of formats; its functions append to `out`. */
struct document;
struct document_format {
    void (*begin)(struct document *r);
    void (*entry)(struct document *r, const struct entry *e); /* after it was added to the totals */
    void (*end)(struct document *r);
};

struct document {
    const struct document_format *format;
    bool summary;         /* asked for: the totals at the end */
    struct buf out;       /* to be written next */
    struct totals totals; /* the records so far, this one included */
    struct render plain;  /* writes into `lines` */
    struct buf lines;
    struct rich text;  /* room for one value */
    struct rich other; /* and one to compare it with */
    size_t written;    /* bytes, without `out` */
    void *state;       /* the format's own, made by begin and freed by end */
};

/* Begins the document; `ascii` as in paint_init. */
void document_begin(struct document *r, const struct document_format *format, bool ascii, bool summary);
void document_entry(struct document *r, const struct entry *e);
void document_end(struct document *r);

/* ---- for formats ---- */

enum { DOCUMENT_NAME_BYTES = 300, DOCUMENT_VALUE_BYTES = 4000 };

/* Fills r->text: with the name of an entry or "(no id)", of a test or "(no name)",
 * with a value, with what a test expected or found, with a value's lines, or with the
 * facts of a result in one line; then document_quote appends that. */
void document_name(struct document *r, const struct entry *e);
void document_test_name(struct document *r, const struct review_test *t);
void document_value(struct document *r, struct json_text value, unsigned how);
void document_compared(struct document *r, const struct review_test *t, struct json_text value);
void document_block(struct document *r, struct json_text value, const struct excerpt *how);
void document_facts(struct document *r, const struct review *review);
void document_quote(struct document *r, enum quote how);

/* Appends what a test expected, or found if `actual`, quoted for XML, with <mark> around
 * where the two differ.  `as_text`: strings by their characters, as document_compared
 * has them; else as JSON text, which is one line.  At most `bytes` of either are shown. */
void document_marked(struct document *r, const struct review_test *t, bool actual, bool as_text,
                     size_t bytes);

/* What shortens a learner's output, and texts. */
extern const struct excerpt document_output, document_prose;

/* Fills r->text with why an entry did not pass, in one line: the score and the tests,
 * or what happened. */
void document_reason(struct document *r, const struct entry *e);

/* The entry, or the totals, as plain text in r->lines. */
void document_plain(struct document *r, const struct entry *e);
void document_plain_totals(struct document *r);

/* Text of the format itself, whatever the record. */
void document_puts(struct document *r, const char *text);
void document_printf(struct document *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
