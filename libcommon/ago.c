/* ago: the largest unit alone, since nobody acts on the seconds of an hour. */
#include "ago.h"

#include <stdio.h>
#include <stdlib.h>

#include "parse.h"

void ago_length(int64_t ms, char out[AGO_TEXT])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t seconds = ms / 1000;
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    long long count = seconds / units[i].seconds;
    snprintf(out, AGO_TEXT, "%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
}

bool ago_moment(struct json_text moment, int64_t now, char out[AGO_TEXT])
{
    char length[AGO_TEXT];
    int64_t then = 0;
    char *text = json_strdup(moment);
    bool known = text && parse_moment(text, &then);
    free(text);
    *out = '\0';
    if (!known)
        return false;
    ago_length(then > now ? then - now : now - then, length);
    if (llabs((long long)(then - now)) < 1000)
        snprintf(out, AGO_TEXT, "just now");
    else
        snprintf(out, AGO_TEXT, then > now ? "in %.30s" : "%.30s ago", length);
    return true;
}
