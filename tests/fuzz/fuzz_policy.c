/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files and the words of --forbid. The first byte chooses: 'f' a word list, 'v' a version, else a policy file. What
 * is read must judge, and show itself, without harm, and one answer must agree with the other. */
#include "dissect/event.h"
#include "report/policy_impl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void use(struct policy *p)
{
    static const uint16_t versions[] = { VER_SSL2, VER_SSL3, VER_TLS10, VER_TLS12, VER_TLS13, VER_DTLS12, VER_NONE };
    static const uint32_t suites[] = { 0x010080, 0x0005, 0x002f, 0x009e, 0xc02f, 0x1301, SUITE_NONE, 0xfefd };
    size_t n;
    (void)suite_table(&n);
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
        for (size_t s = 0; s < sizeof suites / sizeof *suites; s++) {
            struct choice c = { .version = versions[v], .suite = suites[s], .group = 0x17, .etm = 1 };
            uint64_t broken, invisible;
            enum answer a = policy_judge_all(p, &c, false, &broken, &invisible);
            check((a == ANSWER_NO) == (broken != 0) && (a == ANSWER_YES) == (!broken && !invisible));
            if (versions[v] && a == ANSWER_YES) { /* what is in order as a whole is allowed piece by piece */
                check(policy_allows_version(p, versions[v]) && policy_allows_group(p, versions[v], 0x17));
                const struct suite *known = suite_find(suites[s]);
                check(!known || !suite_defined_at(known, version_rank(versions[v]), version_is_dtls(versions[v])) ||
                      policy_allows_suite(p, versions[v], suites[s], true));
            }
        }
    char *text = NULL;
    FILE *out = open_memstream(&text, &n);
    if (out) {
        policy_show(p, out);
        fclose(out);
    }
    check(!out || n > 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { "" };
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    bool words = size && (text[0] == 'f' || text[0] == 'v');
    struct policy *p = !words          ? policy_parse(text, size, "fuzz", "fuzz", &e)
                       : text[0] == 'f' ? policy_inline(NULL, text + 1, &e)
                                        : policy_inline(text + 1, NULL, &e);
    check((p == NULL) == (e.text[0] != '\0'));
    if (p)
        use(p);
    policy_free(p);
    free(text);
    return 0;
}
