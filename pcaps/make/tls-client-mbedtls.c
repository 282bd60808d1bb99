/* SPDX-License-Identifier: Apache-2.0 */
/* tls-client-mbedtls HOST PORT MINOR: one handshake of version 3.MINOR (0 is SSL 3.0, 3 is TLS 1.2) with mbed TLS 2.28. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    mbedtls_net_context net;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
    if (argc != 4)
        return 2;
    int minor = (int)strtol(argv[3], NULL, 10);
    mbedtls_net_init(&net);
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&conf);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    if (mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0) ||
        mbedtls_net_connect(&net, argv[1], argv[2], MBEDTLS_NET_PROTO_TCP) ||
        mbedtls_ssl_config_defaults(&conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, 0))
        return 1;
    mbedtls_ssl_conf_authmode(&conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_min_version(&conf, 3, minor);
    mbedtls_ssl_conf_max_version(&conf, 3, minor);
    mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, &drbg);
    if (mbedtls_ssl_setup(&ssl, &conf) || mbedtls_ssl_set_hostname(&ssl, "www.example.test"))
        return 1;
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    int r = mbedtls_ssl_handshake(&ssl);
    printf("client mbedtls: %s %s (%d)\n", mbedtls_ssl_get_version(&ssl), r ? "-" : mbedtls_ssl_get_ciphersuite(&ssl), r);
    if (!r)
        mbedtls_ssl_close_notify(&ssl);
    mbedtls_net_free(&net);
    return r != 0;
}
