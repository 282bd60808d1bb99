/* SPDX-License-Identifier: Apache-2.0 */
#include "report/stamp.h"

#include <string.h>

void stamp_digits(char *out, unsigned digits, unsigned v)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + v % 10);
        v /= 10;
    }
}

/* Whole seconds, rounded down also before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Civil date from days (proleptic Gregorian), by eras of 400 years whose years begin on March 1st. */
bool stamp_write(int64_t seconds, char *out)
{
    int64_t day = floor_div(seconds, 86400), since_march_0 = day + 719468;
    if (since_march_0 < 0 || since_march_0 >= 3652425 - 60) /* 9999-12-31 is the last */
        return false;
    unsigned sec = (unsigned)(seconds - day * 86400);
    unsigned era = (unsigned)(since_march_0 / 146097), doe = (unsigned)(since_march_0 % 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    unsigned month = mp < 10 ? mp + 3 : mp - 9;
    memcpy(out, "0000-00-00T00:00:00", STAMP_SECONDS);
    stamp_digits(out, 4, yoe + era * 400 + (month <= 2));
    stamp_digits(out + 5, 2, month);
    stamp_digits(out + 8, 2, doy - (153 * mp + 2) / 5 + 1);
    stamp_digits(out + 11, 2, sec / 3600);
    stamp_digits(out + 14, 2, sec / 60 % 60);
    stamp_digits(out + 17, 2, sec % 60);
    return true;
}

const char *stamp_text(int64_t ns, char buf[STAMP_TEXT])
{
    if (!stamp_write(floor_div(ns, 1000000000), buf))
        memcpy(buf, "-", 2);
    else {
        buf[STAMP_DATE] = ' ';
        buf[STAMP_SECONDS] = '\0';
    }
    return buf;
}

const char *stamp_date(int64_t seconds, char buf[STAMP_TEXT])
{
    if (!stamp_write(seconds, buf))
        memcpy(buf, "-", 2);
    else
        buf[STAMP_DATE] = '\0';
    return buf;
}
