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

bool view_has_server(const struct view *v, const struct endpoint *server)
{
    return (!v->server_only || cidr_has(v->server_only, &server->addr)) && (!v->server_port || v->server_port == server->port);
}

bool view_has_client(const struct view *v, const struct addr *client)
{
    return !v->client_only || cidr_has(v->client_only, client);
}

bool view_has_time(const struct view *v, int64_t first_ns, int64_t last_ns)
{
    return (!v->since_ns || last_ns >= v->since_ns) && (!v->until_ns || first_ns < v->until_ns);
}

#define HOUR_NS INT64_C(3600000000000)

bool view_has_hour(const struct view *v, int64_t hour)
{
    return (!v->since_ns || (hour + 1) * HOUR_NS > v->since_ns) && (!v->until_ns || hour * HOUR_NS < v->until_ns);
}
