/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "capture/eapol_parties.h"

static struct eapol_parties e;
static const uint8_t group[6] = { 1, 0x80, 0xc2, 0, 0, 3 };
static const uint8_t station[2][6] = { { 2, 0, 0, 0, 0, 0x10 }, { 2, 0, 0, 0, 0, 0x11 } };
static const uint8_t port[2][6] = { { 2, 0, 0, 0, 0, 0x20 }, { 2, 0, 0, 0, 0, 0x21 } };

/* The destination that comes out for an EAP packet. */
static const uint8_t *eap(const uint8_t *src, const uint8_t *dst, uint8_t code, uint8_t id)
{
    uint8_t b[] = { 2, 0, 0, 5, code, id, 0, 5, 13 };
    eapol_parties(&e, rd_of(guarded(b, sizeof b), sizeof b), src, &dst);
    return dst;
}

/* The authenticator writes to the station, the station to the group: hostapd and wpa_supplicant on a wire. */
static void responses_to_the_group_go_to_who_asked(void **state)
{
    (void)state;
    e = (struct eapol_parties){ .next = 0 };
    assert_ptr_equal(eap(station[0], group, 2, 1), group); /* nothing known yet */
    for (unsigned i = 0; i < 2; i++)
        assert_ptr_equal(eap(port[i], station[i], 1, 7), station[i]);
    for (unsigned i = 0; i < 2; i++)
        assert_memory_equal(eap(station[i], group, 2, 7), port[i], 6);
}

/* Both write to the group: the identifier tells who answers whom. */
static void both_write_to_the_group(void **state)
{
    (void)state;
    e = (struct eapol_parties){ .next = 0 };
    assert_ptr_equal(eap(port[0], group, 1, 9), group);
    assert_ptr_equal(eap(station[0], group, 2, 8), group); /* answers something else */
    assert_memory_equal(eap(station[0], group, 2, 9), port[0], 6);
    assert_memory_equal(eap(port[0], group, 1, 10), station[0], 6);
    assert_memory_equal(eap(port[0], group, 3, 10), station[0], 6);
}

static void a_station_that_moves_is_learned_again(void **state)
{
    (void)state;
    e = (struct eapol_parties){ .next = 0 };
    (void)eap(port[0], station[0], 1, 1);
    (void)eap(port[1], station[0], 1, 1);
    assert_memory_equal(eap(station[0], group, 2, 1), port[1], 6);
}

static void a_flood_of_stations_is_bounded(void **state)
{
    (void)state;
    e = (struct eapol_parties){ .next = 0 };
    for (unsigned i = 0; i < 10 * LIMIT_EAPOL_PAIRS; i++) {
        uint8_t s[6] = { 4, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
        (void)eap(port[0], s, 1, 1);
        assert_memory_equal(eap(s, group, 2, 1), port[0], 6);
    }
    assert_true(e.next < LIMIT_EAPOL_PAIRS);
}

static void cut_frames_and_keys_change_nothing(void **state)
{
    (void)state;
    e = (struct eapol_parties){ .next = 0 };
    (void)eap(port[0], station[0], 1, 1);
    static const uint8_t b[] = { 2, 0, 0, 5, 2, 1, 0, 5, 13 };
    for (size_t n = 0; n < 6; n++) {
        const uint8_t *dst = group;
        eapol_parties(&e, rd_of(guarded(b, n), n), station[0], &dst);
        assert_ptr_equal(dst, group);
    }
    static const uint8_t key[] = { 2, 3, 0, 5, 2, 1, 0, 5, 13 };
    const uint8_t *dst = group;
    eapol_parties(&e, rd_of(guarded(key, sizeof key), sizeof key), station[0], &dst);
    assert_ptr_equal(dst, group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_to_the_group_go_to_who_asked),
        cmocka_unit_test(both_write_to_the_group),
        cmocka_unit_test(a_station_that_moves_is_learned_again),
        cmocka_unit_test(a_flood_of_stations_is_bounded),
        cmocka_unit_test(cut_frames_and_keys_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
