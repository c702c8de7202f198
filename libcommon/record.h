/* record: what kind of record a text is, and the members that the tools share:
 * atom ids, owners, `_gl` (design.md §3). */
#ifndef GL_RECORD_H
#define GL_RECORD_H

#include "json.h"
#include "status.h"

enum record_type {
    RECORD_REQUEST, /* an atom or request: no _gl.type, or null */
    RECORD_EXECUTION,
    RECORD_RESULT,
    RECORD_ROW,
    RECORD_OUTCOME,
    RECORD_STATS,
    RECORD_REPORT,
    RECORD_OTHER, /* a _gl.type that this version does not know */
};

/* The kind by `_gl.type`. */
enum record_type record_type(const struct json_object *record);

/* `_gl` of the record as an index (*gl is empty where there is none).  The
 * caller frees *gl with json_object_free, or reuses it. */
bool record_gl(const struct json_object *record, struct json_object *gl);

/* The atom's id, `atom_id` or else `id`: a string that is not empty, or absent. */
struct json_text record_atom_id(const struct json_object *record);

/* The atom's content: the first of content_json, content and payload that is
 * an object, or the text of one in a string (decoded into *text, which the
 * caller keeps as long as *content).  False, and *content empty: none is. */
bool record_content(const struct json_object *atom, struct json_object *content, struct buf *text);

/* Whether Greenlight owns the atom: owner greenlight, or mode runtime or
 * hybrid, where those in content_json (an object, or an object's text in a
 * string) win over those beside it. */
bool record_is_greenlights(const struct json_object *atom);

/* Whether the atom asks for queue-atom: async_execution true or 1, in
 * content_json or beside it. */
bool record_is_async(const struct json_object *atom);

/* The status that a word stands for, STATUS_UNKNOWN where it is no string. */
enum status record_status(struct json_text word);

/* The exit code that a record counts for (design.md §6): results and
 * executions by their status, everything else 0. */
enum exit_code record_exit(const struct json_object *record);

/* Appends the value of `_gl` for a record made from one whose `_gl` was *before
 * (NULL: it had none): its members, with `type` (NULL: none) and own's set over
 * them.  own may be NULL. */
void record_put_gl(struct buf *out, const struct json_object *before, const char *type,
                   const struct json_object *own);

#endif
