/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"
#include "tests/unit/test.h"

static void *blocked(void *mask)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, mask);
    return NULL;
}

/* Who ends the program is the thread that it began with; who writes where nobody reads any more is told so itself. */
static void test_signals(void **state)
{
    sigset_t before, there, after;
    pthread_t thread;
    (void)state;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(thread_start(&thread, blocked, &there), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int sig = SIGHUP; sig <= SIGTERM; sig++)
        assert_int_equal(sigismember(&after, sig), sigismember(&before, sig));
    assert_true(sigismember(&there, SIGINT) && sigismember(&there, SIGTERM) && sigismember(&there, SIGHUP));
    assert_false(sigismember(&there, SIGPIPE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
