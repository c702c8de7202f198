/* json_test: what is JSON and what is not, getters over spans, edits that
 * change nothing else. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "xalloc.h"

static bool valid(const char *text, size_t len)
{
    struct json_object o = {0};
    bool is = json_index(&o, text, len, NULL);
    json_object_free(&o);
    return is;
}

static void check_grammar(void)
{
    static const char *const right[] = {
        "{}",
        " { } ",
        "{\"a\":1}",
        "{\"a\":-0,\"b\":1.10,\"c\":1e400,\"d\":12345678901234567890,\"e\":2E-5}",
        "{\"a\":[[],{},[1,{\"b\":[null,true,false]}]]}",
        "{\"\":\"\\u0000\\ud800\\\"\\/\"}",
        "{\"ü€😀\":\"\xef\xbf\xbf\"}",
        "{\"a\":\n\t1}\r\n",
    };
    static const char *const wrong[] = {
        "",
        " ",
        "[]",
        "1",
        "\"a\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":nul}",
        "{\"a\":tru}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":1}{}",
        "{\"a\":1} x",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xe2\x82\"}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}}",
        "// x\n{}",
        "{\"a\":0x1}",
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ok(valid(right[i], strlen(right[i])), "is an object: %s", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(!valid(wrong[i], strlen(wrong[i])), "is none (%zu): %s", i, wrong[i]);
    ok(!valid("{\"a\":\"\0\"}", 9), "a raw NUL is none");
}

static char *nested(size_t depth)
{
    struct buf b;
    buf_init(&b, 4 * depth + 16);
    buf_puts(&b, "{\"a\":");
    for (size_t i = 1; i < depth; i++)
        buf_putc(&b, '[');
    for (size_t i = 1; i < depth; i++)
        buf_putc(&b, ']');
    buf_putc(&b, '}');
    return buf_detach(&b);
}

static void check_depth(void)
{
    char *deepest = nested(JSON_DEPTH_MAX), *deeper = nested(JSON_DEPTH_MAX + 1);
    ok(valid(deepest, strlen(deepest)), "the greatest depth is taken");
    ok(!valid(deeper, strlen(deeper)), "one more is not");
    free(deepest);
    free(deeper);
}

/* Every proper prefix of a text is cut, not wrong; every text cut in two and
 * fed in pieces at a line's end scans like the whole. */
static void check_prefixes(void)
{
    const char *text = "{\"a\":[1.5e+3,-0,true,null,\"\\u00e9€\"],\"b\":{}}";
    size_t len = strlen(text);
    bool all = true;
    for (size_t i = 1; i < len; i++)
        all = all && json_is_cut(text, i);
    ok(all, "every proper prefix is cut off");
    ok(!json_is_cut(text, len), "the whole is not");
    struct json_scan within;
    size_t taken;
    json_scan_init(&within, NULL);
    ok(json_scan_feed(&within, "{\"a\\", 4, &taken) == JSON_MORE && taken == 4, "all of a cut text is taken");
    ok(!json_is_cut("<html>", 6) && !json_is_cut("{\"a\":}", 6), "other text is not");
    const char *lines = "{\"a\":\n[1,\n2],\n\"b\"\n:3}\n";
    struct json_object o = {0};
    struct json_scan s;
    size_t used;
    enum json_end end = JSON_MORE;
    json_scan_init(&s, &o);
    for (const char *at = lines; *at; at = strchr(at, '\n') + 1)
        end = json_scan_feed(&s, at, (size_t)(strchr(at, '\n') - at) + 1, &used);
    o.text = (struct json_text){lines, strlen(lines) - 1};
    ok(end == JSON_DONE && json_is(json_get(&o, "b"), "3"), "lines fed one by one are one text");
    json_object_free(&o);
}

static void check_getters(void)
{
    const char *text = "{\"a\":\"x\\u0041\\n\\ud83d\\ude00\",\"\\u0062\":12,\"c\":1.5,\"a2\":[1, "
                       "\"],[\",{\"d\":[2]} ,3],\"c\":\"last\"}";
    struct json_object o = {0};
    struct json_text element;
    struct buf b;
    int64_t n;
    double x;
    size_t at = 0;
    buf_init(&b, 1000);
    ok(json_index(&o, text, strlen(text), NULL), "indexed");
    ok(json_string(json_get(&o, "a"), &b), "a string");
    is_text(b.data, "xA\n😀", "escapes are decoded");
    ok(json_int(json_get(&o, "b"), &n) && n == 12, "a name with an escape is found");
    ok(json_is(json_get(&o, "c"), "last"), "of equal names the last counts");
    ok(!json_get(&o, "z").at && json_kind(json_get(&o, "z")) == JSON_ABSENT, "an absent member");
    is_int((int64_t)json_count(json_get(&o, "a2")), 4, "elements are counted");
    json_next(json_get(&o, "a2"), &at, &element);
    json_next(json_get(&o, "a2"), &at, &element);
    ok(json_is(element, "],["), "brackets inside strings do not count");
    json_next(json_get(&o, "a2"), &at, &element);
    ok(element.len == 9 && json_kind(element) == JSON_OBJECT, "an element without the blanks after it");
    struct json_object bad = {0};
    ok(!json_index(&bad, "{\"a\":1,}", 8, NULL) && bad.count == 0, "what is no object has no members");
    json_object_free(&bad);
    buf_clear(&b);
    ok(json_duplicate(&o, &b), "a name stands twice");
    is_text(b.data, "c", "which");
    ok(json_real((struct json_text){"1e400", 5}, &x) && x > 1e308, "too large a number is infinite");
    ok(!json_int((struct json_text){"1.0", 3}, &n), "1.0 is no integer");
    buf_free(&b);
    json_object_free(&o);
}

static void check_edit(const char *text, const struct json_edit *edits, const char *want)
{
    struct json_object o = {0};
    struct buf b;
    buf_init(&b, 1000);
    json_index(&o, text, strlen(text), NULL);
    json_put_edited(&b, &o, edits);
    is_text(b.data, want, "edit of %s", text);
    buf_free(&b);
    json_object_free(&o);
}

static void check_edits(void)
{
    static const struct json_edit none[] = {{0}}, drop[] = {{.name = "_gl"}, {0}},
                                  rename[] = {{.name = "id", .rename = "atom_id"}, {0}},
                                  set[] = {{.name = "s", .value = {"[1]", 3}}, {0}};
    check_edit("{ \"a\" : 1.10 , \"b\":[ 2 ]  }", none, "{ \"a\" : 1.10 , \"b\":[ 2 ]  }");
    check_edit("{\"_gl\":{\"x\":1},\"a\":1.10}", drop, "{\"a\":1.10}");
    check_edit("{\"a\":1e400, \"_gl\":{}}", drop, "{\"a\":1e400}");
    check_edit("{\"a\":1, \"_gl\" : 2 , \"b\":3}", drop, "{\"a\":1, \"b\":3}");
    check_edit("{\"_gl\":1}", drop, "{}");
    check_edit("{\n }", none, "{\n }");
    check_edit("{}", set, "{\"s\":[1]}");
    check_edit("{\"s\":0,\"t\":1}", set, "{\"t\":1,\"s\":[1]}");
    check_edit("{\"id\":\"x\", \"n\":12345678901234567890}", rename,
               "{\"atom_id\":\"x\", \"n\":12345678901234567890}");
    check_edit("{ \"id\" : \"x\" }", rename, "{ \"atom_id\" : \"x\" }");
    check_edit("{\"_g\\u006c\":1,\"a\":2}", drop, "{\"a\":2}");
}

static void check_writing(void)
{
    static const struct {
        double value;
        const char *text;
    } reals[] = {
        {0.1, "0.1"}, {2.0 / 3, "0.6666666666666666"}, {1, "1"}, {1e300, "1e+300"}, {0.695, "0.695"}};
    struct buf b;
    buf_init(&b, 1000);
    json_put_string(&b, "a\"\\\n\x01\xff\xc3\xa9\0z", 10);
    is_text(b.data, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\\u0000z\"",
            "a string is escaped, invalid bytes replaced");
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        buf_clear(&b);
        json_put_real(&b, reals[i].value);
        is_text(b.data, reals[i].text, "%s is written shortest", reals[i].text);
    }
    buf_clear(&b);
    const char *pretty = "{\n  \"a\": [\n    1.10,\n    \"x  y\"\n  ]\n}\n";
    json_put_compact(&b, pretty, strlen(pretty));
    is_text(b.data, "{\"a\": [1.10,\"x  y\"]}", "compacting takes out breaks and indentation alone");
    buf_free(&b);
}

int main(void)
{
    check_grammar();
    check_depth();
    check_prefixes();
    check_getters();
    check_edits();
    check_writing();
    return tap_done();
}
