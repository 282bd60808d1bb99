/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request by wolfSSL: wolf ADDRESS PORT NAME METHOD (2 TLS 1.1, 3 TLS 1.2, 4 TLS 1.3, 0 all of them). Prints OK or ERR. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static WOLFSSL_METHOD *method(int which)
{
    switch (which) {
    case 2: return wolfTLSv1_1_client_method();
    case 3: return wolfTLSv1_2_client_method();
    case 4: return wolfTLSv1_3_client_method();
    default: return wolfSSLv23_client_method();
    }
}

int main(int argc, char **argv)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[512] = "";
    if (argc < 5)
        return 2;
    wolfSSL_Init();
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method((int)strtol(argv[4], NULL, 10)));
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    wolfSSL_CTX_UseSNI(ctx, WOLFSSL_SNI_HOST_NAME, argv[3], (unsigned short)strlen(argv[3]));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)strtol(argv[2], NULL, 10)) };
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    WOLFSSL *ssl = wolfSSL_new(ctx);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && wolfSSL_set_fd(ssl, fd) == WOLFSSL_SUCCESS &&
        wolfSSL_connect(ssl) == WOLFSSL_SUCCESS && wolfSSL_write(ssl, request, sizeof request - 1) > 0)
        (void)wolfSSL_read(ssl, answer, sizeof answer - 1);
    if (strstr(answer, " 200"))
        printf("OK %s %s\n", wolfSSL_get_version(ssl), wolfSSL_get_cipher(ssl));
    else
        printf("ERR %d\n", wolfSSL_get_error(ssl, 0));
    return 0;
}
