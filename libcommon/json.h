/* json: JSON text as it stands, validated and indexed without a tree.
 *
 * Records keep every digit and member they came with (design.md §3), so
 * values here are spans of the text itself: a scanner validates it once and
 * notes where the members of the outermost object are; getters look into
 * spans; edits splice text.  RFC 8259 exactly: no comments, no NaN, valid
 * UTF-8, at most JSON_DEPTH_MAX levels.  Names of members are compared after
 * decoding their escapes; of equal names the last one counts.
 *
 * A span borrows: it lives as long as the text that it points into.  Getters
 * expect spans of validated text and do not check it again. */
#ifndef GL_JSON_H
#define GL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { JSON_DEPTH_MAX = 10000 };

enum json_kind {
    JSON_ABSENT,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* One value's text, without blanks around it; at is NULL where there is none. */
struct json_text {
    const char *at;
    size_t len;
};

/* A member as offsets into its object's text; the key without its quotes. */
struct json_member {
    size_t key, key_len, value, value_len;
    bool escaped; /* there is an escape in the key */
};

/* The members of one object, in order.  Zero-initialise; free the index with
 * json_object_free; the text belongs to somebody else. */
struct json_object {
    struct json_text text;
    struct json_member *members;
    size_t count, cap;
};

/* ---- scanning ---- */

enum json_end { JSON_MORE, JSON_DONE, JSON_BAD };

/* A validating scanner that can be fed in pieces, so that lines can be joined
 * without reading them again.  A piece must not end within a string, number
 * or word unless it is the last one (a line with its LF never does). */
struct json_scan {
    struct json_object *index; /* filled where not NULL; offsets from the start */
    size_t fed, depth;
    int state;
    bool torn;       /* the last piece ended within a token */
    const char *why; /* after JSON_BAD: what is wrong, a constant text */
    unsigned char stack[JSON_DEPTH_MAX / 8 + 1];
};

void json_scan_init(struct json_scan *s, struct json_object *index);

/* Scans a piece.  JSON_DONE: one whole text ended after *used bytes of it.
 * JSON_MORE: all of it was taken and the text goes on.  JSON_BAD: *used is
 * where it stopped being JSON. */
enum json_end json_scan_feed(struct json_scan *s, const char *text, size_t len, size_t *used);

/* Validates `text` as one object with nothing but blanks around it and fills
 * *o, whose text then is the object without those blanks.  False: *o is empty,
 * and the error says what is wrong at which byte; it never quotes the text. */
bool json_index(struct json_object *o, const char *text, size_t len, struct err *e);

/* Whether text is a proper prefix of a JSON text: cut off, not wrong. */
bool json_is_cut(const char *text, size_t len);

void json_object_free(struct json_object *o);

/* ---- reading ---- */

enum json_kind json_kind(struct json_text value);
bool json_is(struct json_text value,
             const char *word); /* the string or literal `word`: json_is(v, "true") takes both */

/* The last member called `name`, or an absent span. */
struct json_text json_get(const struct json_object *o, const char *name);
struct json_text json_member_value(const struct json_object *o, size_t i);
bool json_member_is(const struct json_object *o, size_t i, const char *name);

/* Indexes `value` into *o; false (and *o empty) where it is no object. */
bool json_get_object(struct json_text value, struct json_object *o);

/* Walks an array: start with *at = 0; false after the last element. */
bool json_next(struct json_text array, size_t *at, struct json_text *element);
size_t json_count(struct json_text array);

/* The first name that occurs twice, decoded into *name; false where none does. */
bool json_duplicate(const struct json_object *o, struct buf *name);

/* The names of o's members, to be asked whether member i of `other` is called as one of
 * them; they borrow from o's text. */
struct json_names;
struct json_names *json_names(const struct json_object *o);
bool json_names_have(const struct json_names *names, const struct json_object *other, size_t i);
void json_names_free(struct json_names *names);

/* A string's characters as UTF-8, appended to *out; a lone surrogate becomes
 * U+FFFD; NULs come through.  False where the value is no string, or *out
 * overflowed. */
bool json_string(struct json_text value, struct buf *out);

/* The same as a new C string, to be freed; NULL where the value is no string
 * or holds a NUL. */
char *json_strdup(struct json_text value);

/* A number's value; false where it is none (or, for json_int, no integer that
 * fits).  Too large a number is infinite. */
bool json_real(struct json_text value, double *out);
bool json_int(struct json_text value, int64_t *out);

/* ---- writing ---- */

/* Each appends to *b.  A name or element gets its comma where one is due. */
void json_key(struct buf *b, const char *name); /* one of ours, that needs no escape */
void json_comma(struct buf *b);
void json_put(struct buf *b, struct json_text value);              /* verbatim; absent: null */
void json_put_string(struct buf *b, const char *text, size_t len); /* invalid UTF-8 becomes U+FFFD */
void json_put_text(struct buf *b, const char *text);               /* NULL: null */
void json_put_int(struct buf *b, int64_t value);
void json_put_real(struct buf *b, double value); /* the shortest text that reads back the same */

/* Appends member i of o as `"name":value`, verbatim, after a comma where one
 * is due. */
void json_put_member(struct buf *b, const struct json_object *o, size_t i);

/* Appends an object of under's members, but for those that over has too, and
 * over's. */
void json_put_merged(struct buf *b, const struct json_object *under, const struct json_object *over);

/* Appends valid JSON text as one line: line breaks and the blanks around them
 * taken out (they cannot be inside a string), nothing else. */
void json_put_compact(struct buf *b, const char *text, size_t len);

/* A change to one member: with `value`, sets it (appended where the name was
 * absent); with `rename`, keeps its value under that name; with neither, takes
 * it out. */
struct json_edit {
    const char *name, *rename;
    struct json_text value;
};

/* Appends o's text with the edits made and all else byte for byte.  The list
 * ends with a NULL name. */
void json_put_edited(struct buf *b, const struct json_object *o, const struct json_edit *edits);

#endif
