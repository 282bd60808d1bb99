/* SPDX-License-Identifier: Apache-2.0 */
#include "report/parts.h"
#include "report/render.h"
#include "report/text.h"

#include <string.h>

const struct render renders[] = {
    { .name = "text", .report = text_report },
    { .name = "json", .report = json_report },
    { .name = "ndjson", .stream = ndjson_stream },
};
const unsigned render_count = sizeof renders / sizeof renders[0];

const struct render *render_find(const char *name)
{
    for (unsigned i = 0; i < render_count; i++)
        if (strcmp(renders[i].name, name) == 0)
            return &renders[i];
    return NULL;
}
