/* jsonb_test: what jsonb gives back is told from what it does not; uuids rise. */
#include "jsonb.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "uuid.h"

static bool keeps(const char *text)
{
    return jsonb_keeps((struct json_text){text, strlen(text)});
}

static void check_texts(void)
{
    static const char *const kept[] = {
        "{}",
        "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":2}],\"d\":{\"d\":3}}",
        "{\"n\":12345678901234567890,\"m\":-1.10,\"z\":0,\"y\":[0.0,-0.01,-10]}",
        "{\"s\":\"\\u00e9 \\\\u0000 \\\" \\\\ -0 1e5 {\\\"s\\\":1,\\\"s\\\":1}\"}",
        "{\"a\":\"a\",\"b\":\"a\",\"t\":true,\"f\":false,\"x\":null}",
        " { \"a\" : 1 ,\t\"b\" : [ ] } ",
    };
    static const char *const lost[] = {
        "{\"a\":1,\"a\":1}",
        "{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}",
        "{\"n\":1e5}",
        "{\"n\":1E5}",
        "{\"n\":-0}",
        "[-0.00]",
        "{\"s\":\"\\u0000\"}",
        "{\"s\":\"\\ud83d\\ude00\"}",
        "{\"s\":\"x\\\\\\uD800\"}",
        "{\"\\u0061\":1}",
    };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        ok(keeps(kept[i]), "kept: %s", kept[i]);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        ok(!keeps(lost[i]), "lost: %s", lost[i]);
}

/* `count` times `piece` between two ends. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_puts(&text, before);
    for (size_t i = 0; i < count; i++)
        buf_puts(&text, piece);
    buf_puts(&text, after);
    return buf_detach(&text);
}

static void check_limits(void)
{
    char *deep = repeat("", "[", 5000, ""), *digits = repeat("[", "1", 5000, "]");
    struct buf names;
    ok(!keeps(deep), "great depth is not followed");
    ok(!keeps(digits), "nor are endless numbers");
    buf_init(&names, 1 << 20);
    buf_putc(&names, '{');
    for (int i = 0; i < 2000; i++)
        buf_printf(&names, "%s\"k%d\":%d", i ? "," : "", i, i);
    buf_putc(&names, '}');
    ok(!keeps(names.data), "nor endless members");
    buf_free(&names);
    free(deep);
    free(digits);
}

static void check_uuids(void)
{
    char last[UUID_TEXT], next[UUID_TEXT];
    bool rising = true, shaped = true;
    uuid7(last);
    for (int i = 0; i < 100000; i++) {
        uuid7(next);
        rising = rising && strcmp(last, next) < 0;
        shaped = shaped && strlen(next) == 36 && next[14] == '7' && strchr("89ab", next[19]);
        memcpy(last, next, sizeof last);
    }
    ok(rising, "each uuid is greater than the one before");
    ok(shaped, "and of version 7");
}

int main(void)
{
    check_texts();
    check_limits();
    check_uuids();
    return tap_done();
}
