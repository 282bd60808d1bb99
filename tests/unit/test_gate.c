/* SPDX-License-Identifier: Apache-2.0 */
/* The gate between two threads: nothing passes early, nothing is lost, nobody sleeps for ever. */
#include "tests/unit/test.h"
#include "base/gate.h"

enum { ROUNDS = 200000, PLACES = 8 };

struct queue { /* what the gates are made for */
    struct gate sent, done;
    uint64_t place[PLACES];
    uint64_t sum;
};

static void *consume(void *arg)
{
    struct queue *q = arg;
    for (uint64_t n = 1; n <= ROUNDS; n++) {
        gate_wait(&q->sent, n);
        q->sum += q->place[n % PLACES];
        gate_move(&q->done, n);
    }
    return NULL;
}

static void a_queue_of_one_producer_and_one_consumer(void **state)
{
    static struct queue q;
    pthread_t thread;
    uint64_t sum = 0;
    (void)state;
    assert_true(gate_init(&q.sent) && gate_init(&q.done));
    assert_int_equal(pthread_create(&thread, NULL, consume, &q), 0);
    for (uint64_t n = 1; n <= ROUNDS; n++) {
        if (n > PLACES)
            gate_wait(&q.done, n - PLACES);
        sum += q.place[n % PLACES] = n * n;
        gate_move(&q.sent, n);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(q.sum, sum);
    gate_destroy(&q.sent);
    gate_destroy(&q.done);
}

static void only_what_was_reached_is_passed(void **state)
{
    struct gate g;
    (void)state;
    assert_true(gate_init(&g));
    assert_true(gate_passed(&g, 0));
    assert_false(gate_passed(&g, 1));
    gate_move(&g, 5);
    assert_true(gate_passed(&g, 5));
    assert_false(gate_passed(&g, 6));
    gate_wait(&g, 5);
    gate_wait(&g, 2);
    gate_destroy(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_of_one_producer_and_one_consumer),
        cmocka_unit_test(only_what_was_reached_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
