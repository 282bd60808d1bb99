/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request by mbedTLS: mbed ADDRESS PORT NAME MIN MAX (minor versions: 1 is TLS 1.0). Prints OK or ERR. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    mbedtls_net_context net;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
    char answer[512] = "";
    if (argc < 6)
        return 2;
    mbedtls_net_init(&net);
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&conf);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0);
    int r = mbedtls_net_connect(&net, argv[1], argv[2], MBEDTLS_NET_PROTO_TCP);
    mbedtls_ssl_config_defaults(&conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_min_version(&conf, MBEDTLS_SSL_MAJOR_VERSION_3, (int)strtol(argv[4], NULL, 10));
    mbedtls_ssl_conf_max_version(&conf, MBEDTLS_SSL_MAJOR_VERSION_3, (int)strtol(argv[5], NULL, 10));
    mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, &drbg);
    mbedtls_ssl_setup(&ssl, &conf);
    mbedtls_ssl_set_hostname(&ssl, argv[3]);
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    r = r ? r : mbedtls_ssl_handshake(&ssl);
    if (r == 0)
        r = mbedtls_ssl_write(&ssl, (const unsigned char *)request, sizeof request - 1) > 0 ? 0 : -1;
    if (r == 0)
        (void)mbedtls_ssl_read(&ssl, (unsigned char *)answer, sizeof answer - 1);
    if (strstr(answer, " 200"))
        printf("OK %s %s\n", mbedtls_ssl_get_version(&ssl), mbedtls_ssl_get_ciphersuite(&ssl));
    else
        printf("ERR -0x%x\n", (unsigned)-r);
    mbedtls_ssl_close_notify(&ssl);
    return 0;
}
