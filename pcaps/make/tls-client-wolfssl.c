/* SPDX-License-Identifier: Apache-2.0 */
/* tls-client-wolfssl ADDRESS PORT MINOR: one handshake of version 3.MINOR (2 is TLS 1.1, 4 is TLS 1.3) with wolfSSL 5.5. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    WOLFSSL_METHOD *method = NULL;
    switch (strtol(argv[3], NULL, 10)) {
    case 2: method = wolfTLSv1_1_client_method(); break;
    case 3: method = wolfTLSv1_2_client_method(); break;
    case 4: method = wolfTLSv1_3_client_method(); break;
    }
    if (!method)
        return 2;
    wolfSSL_Init();
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method);
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(argv[2], NULL, 10)) };
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, argv[1], &a.sin_addr) != 1 || connect(s, (const struct sockaddr *)&a, sizeof a) < 0)
        return 1;
    WOLFSSL *ssl = wolfSSL_new(ctx);
    wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, "www.example.test", 16);
    wolfSSL_set_fd(ssl, s);
    int r = wolfSSL_connect(ssl);
    printf("client wolfssl: %s %s (%d)\n", wolfSSL_get_version(ssl), wolfSSL_get_cipher(ssl), r);
    wolfSSL_shutdown(ssl);
    close(s);
    return r != SSL_SUCCESS;
}
