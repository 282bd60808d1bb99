/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/event.h"

#include <assert.h>

static const struct {
    const char *name, *text;
} outcomes[] = {
#define O(id, json, text) [OUTCOME_##id] = { json, text },
    OUTCOMES(O)
#undef O
};

const char *outcome_name(enum outcome o)
{
    assert((unsigned)o < OUTCOME_COUNT);
    return outcomes[o].name;
}

const char *outcome_text(enum outcome o)
{
    assert((unsigned)o < OUTCOME_COUNT);
    return outcomes[o].text;
}
