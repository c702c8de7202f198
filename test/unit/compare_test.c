/* compare_test: which JSON values are the same answer. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct json_text text(const char *json)
{
    return (struct json_text){json, strlen(json)};
}

/* Equal both ways round. */
static void same(const char *a, const char *b)
{
    ok(compare_json(text(a), text(b), NULL) && compare_json(text(b), text(a), NULL), "%s is %s", a, b);
}

static void differ(const char *expected, const char *actual, const char *path)
{
    struct buf where;
    buf_init(&where, 1024);
    ok(!compare_json(text(expected), text(actual), &where), "%s is not %s", expected, actual);
    is_text(where.data, path, "%s and %s differ there", expected, actual);
    buf_free(&where);
}

static void test_numbers(void)
{
    same("9223372036854775807", "9223372036854775807");
    differ("9223372036854775807", "9223372036854775806", "");
    differ("9223372036854775807", "9.223372036854776e18", "");
    same("123456789012345678901234567890", "123456789012345678901234567890");
    differ("123456789012345678901234567890", "123456789012345678901234567891", "");
    same("0", "-0");
    same("0", "-0.0");
    same("2", "2.0");
    same("1e2", "100");
    same("0.3", "0.30000000000000004");
    differ("0.3", "0.3000001", "");
    differ("1e-20", "2e-20", "");
    same("0.0", "1.2246467991473532e-16");
    differ("0.0", "0.001", "");
    differ("1e400", "2e400", "");
    same("1e400", "1e400");
    differ("1", "-1", "");
    differ("1", "1.5", "");
    differ("1", "true", "");
    differ("1", "\"1\"", "");
}

static void test_strings(void)
{
    same("\"caf\\u00e9\"", "\"caf\xc3\xa9\"");
    same("\"a\\/b\"", "\"a/b\"");
    same("\"\\u0000\"", "\"\\u0000\"");
    differ("\"a\\u0000b\"", "\"a\\u0000c\"", "");
    differ("\"a\"", "\"a \"", "");
    differ("\"a\"", "\"ab\"", "");
    differ("\"\"", "null", "");
}

static void test_containers(void)
{
    same("[]", "[ ]");
    same("[1, 2,3]", "[1,2,3]");
    differ("[1,2]", "[2,1]", "[0]");
    differ("[1,2]", "[1,2,3]", "[2]");
    differ("[1,2]", "[1]", "[1]");
    differ("[]", "{}", "");
    same("{\"a\":1,\"b\":[2]}", "{ \"b\" : [2], \"a\" : 1 }");
    same("{\"a\":1,\"a\":2}", "{\"a\":2}");
    same("{\"\\u0061\":1}", "{\"a\":1}");
    differ("{\"a\":1}", "{\"b\":1}", ".a");
    differ("{\"a\":1}", "{\"a\":1,\"b\":2}", ".b");
    differ("{\"a\":1,\"b\":2}", "{\"a\":1}", ".b");
    differ("[0,{\"x\":{\"y\":[1,2]}}]", "[0,{\"x\":{\"y\":[1,3]}}]", "[1].x.y[1]");
    same("null", "null");
    differ("null", "false", "");
    differ("true", "false", "");
}

static void test_depth(void)
{
    enum { DEEP = 2 * COMPARE_DEPTH_MAX };
    char deep[2 * DEEP + 1];
    memset(deep, '[', DEEP);
    memset(deep + DEEP, ']', DEEP);
    deep[2 * DEEP] = '\0';
    ok(!compare_json(text(deep), text(deep), NULL), "values that are too deep are not equal, and end");
}

/* Texts, as "equal", "lenient" or the number of the first line that differs. */
static void texts(const char *a, const char *b, const char *want)
{
    size_t line;
    bool lenient, equal = compare_text(a, strlen(a), b, strlen(b), &line, &lenient);
    char number[2] = {(char)('0' + line % 10), '\0'};
    is_text(equal ? (lenient ? "lenient" : "equal") : number, want, "\"%s\" and \"%s\"", a, b);
}

static void check_texts(void)
{
    texts("a\nb\n", "a\nb\n", "equal");
    texts("a\nb", "a\nb\n", "equal");
    texts("a\nb\n", "a  \nb\t\r\n\n\n", "lenient");
    texts("", "\n \n", "lenient");
    texts("a\nb\n", "a\nc\n", "2");
    texts("a\n", "a\n\nb\n", "3");
    texts(" a", "a", "1");
    texts("a\n\nb", "a\nb", "2");
}

int main(void)
{
    test_numbers();
    test_strings();
    test_containers();
    test_depth();
    check_texts();
    return tap_done();
}
