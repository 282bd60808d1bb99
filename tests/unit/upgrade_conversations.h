/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of upgrade protocols, and what must come of them. C() and S() are what client and server say; TC() and TS()
 * are TLS bytes, which no protocol may eat. Wordings are those of the specifications' examples or of the servers named.
 */
#ifndef TESTS_UNIT_UPGRADE_CONVERSATIONS_H
#define TESTS_UNIT_UPGRADE_CONVERSATIONS_H

#include "dissect/upgrade.h"

struct said {
    char who; /* 'c', 's'; 'C', 'S': TLS of that side; 0: the end */
    const char *bytes;
    size_t n;
};
#define C(text) { 'c', text, sizeof(text) - 1 }
#define S(text) { 's', text, sizeof(text) - 1 }
/* The start of a ClientHello record and of a ServerHello record; the protocols look no further. */
#define TC { 'C', "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03", 11 }
#define TS { 'S', "\x16\x03\x03\x00\x4a\x02\x00\x00\x46\x03\x03", 11 }
/* An SSLv2-format ClientHello that offers TLS 1.0. */
#define TC2 { 'C', "\x80\x4f\x01\x03\x01\x00\x36\x00\x00\x00\x10", 11 }

struct conversation {
    const char *what;
    const char *name; /* the row that must stand; NULL: none */
    enum up_verdict verdict; /* the deciding one; UP_MORE: undecided at the end */
    uint8_t offered;
    bool requested, refused, stripped, login;
    uint16_t code;
    const char *target;
    struct said said[24];
};

static const struct conversation line_conversations[] = {
    { "smtp upgraded", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 mail.example.com ESMTP Postfix\r\n"), C("EHLO client.example.com\r\n"),
                S("250-mail.example.com\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"), C("STARTTLS\r\n"),
                S("220 2.0.0 Ready to start TLS\r\n"), TC, TS } },
    { "smtp, any case, trailing blanks, greeting of several lines, bare LF", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220-mail.example.com\r\n220-no spam\r\n220 ready\r\n"), C("ehlo x\n"), S("250-mail\n250 starttls\n"),
                C("StartTLS  \n"), S("220 go ahead\n"), TC2, TS } },
    { "smtp pipelined before the greeting", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { C("EHLO x\r\nSTARTTLS\r\n"), S("220 mail ESMTP\r\n"), S("250-mail\r\n250 STARTTLS\r\n"),
                S("220 Ready to start TLS\r\n"), TC, TS } },
    { "smtp, command injected behind STARTTLS (CVE-2011-0411)", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 mail ESMTP\r\n"), C("EHLO x\r\n"), S("250-mail\r\n250 STARTTLS\r\n"), C("STARTTLS\r\nRSET\r\n"),
                S("220 Ready\r\n"), TC, TS } },
    { "smtp, ClientHello sent without waiting", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 mail ESMTP\r\n"), C("EHLO x\r\n"), S("250-mail\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), TC,
                S("220 Ready\r\n"), TS } },
    { "smtp, the answer to STARTTLS was lost", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 mail ESMTP\r\n"), C("EHLO x\r\n"), S("250-mail\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), TC, TS } },
    { "smtp between Exchange servers", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 EX01 Microsoft ESMTP MAIL Service ready\r\n"), C("EHLO EX02\r\n"),
                S("250-EX01 Hello\r\n250-X-ANONYMOUSTLS\r\n250 XRDST\r\n"), C("X-ANONYMOUSTLS\r\n"),
                S("220 2.0.0 SMTP server ready\r\n"), TC, TS } },
    { "smtp refused for now, tried again", "smtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250 STARTTLS\r\n"), C("STARTTLS\r\n"), S("454 4.7.0 not now\r\n"),
                C("STARTTLS\r\n"), S("220 ok\r\n"), TC, TS } },
    { "smtp refused, mail goes on in clear", "smtp", UP_PLAIN, .offered = 2, .requested = true, .refused = true, .code = 454,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"),
                S("454 4.7.0 TLS not available due to local problem\r\n"), C("MAIL FROM:<a@b>\r\n"), S("250 ok\r\n"),
                C("RCPT TO:<c@d>\r\n"), S("250 ok\r\n"), C("DATA\r\n"), S("354 go\r\n"), C("STARTTLS\r\n") } },
    { "smtp, pipelined replies: the refusal is the answer to STARTTLS alone", "smtp", UP_MORE, .offered = 2, .requested = true,
      .refused = true, .code = 502,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250 STARTTLS\r\n"), C("VRFY a\r\nSTARTTLS\r\n"),
                S("550 no\r\n502 unknown\r\n") } },
    { "smtp never used", "smtp", UP_PLAIN, .offered = 2, .login = true,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"),
                C("AUTH PLAIN AGEAYg==\r\n"), S("235 ok\r\n"), C("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
                S("250 ok\r\n250 ok\r\n354 go\r\n") } },
    { "smtp login in two lines", "smtp", UP_MORE, .offered = 1, .login = true,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250 AUTH LOGIN\r\n"), C("AUTH LOGIN\r\n"), S("334 VXNlcm5hbWU6\r\n"),
                C("YQ==\r\n"), S("334 UGFzc3dvcmQ6\r\n"), C("Yg==\r\n"), S("235 ok\r\n"), C("QUIT\r\n"), S("221 bye\r\n") } },
    { "smtp login that must not happen in clear does not", "smtp", UP_MORE, .offered = 2,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250 STARTTLS\r\n"), C("AUTH LOGIN\r\n"),
                S("530 5.7.0 Must issue a STARTTLS command first\r\n"), C("QUIT\r\n") } },
    { "smtp login by challenge is not one in clear", "smtp", UP_MORE, .offered = 1,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250 AUTH CRAM-MD5\r\n"), C("AUTH CRAM-MD5\r\n"), S("334 PDE+\r\n"),
                C("dGlt\r\n"), S("235 ok\r\n") } },
    { "smtp capability overwritten on the way", "smtp", UP_MORE, .offered = 1, .stripped = true,
      .said = { S("220 ****\r\n"), C("EHLO x\r\n"), S("250-m\r\n250-XXXXXXXA\r\n250 8BITMIME\r\n"), C("MAIL FROM:<a@b>\r\n") } },
    { "smtp command overwritten on the way", "smtp", UP_MORE, .offered = 2, .requested = true, .stripped = true,
      .refused = true, .code = 502,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250-m\r\n250 STARTTLS\r\n"), C("XXXXXXXX\r\n"), S("502 unknown\r\n") } },
    { "smtp, only the server's side was captured", "smtp", UP_TLS, .offered = 2,
      .said = { S("220 m ESMTP\r\n"), S("250-m\r\n250 STARTTLS\r\n"), S("220 ready\r\n"), TS } },
    { "smtp with chunks of data", "smtp", UP_PLAIN, .offered = 1,
      .said = { S("220 m\r\n"), C("EHLO x\r\n"), S("250 CHUNKING\r\n"), C("BDAT 4 LAST\r\n"), C("\x16\x03\x01\x00") } },
    { "lmtp upgraded", "lmtp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 m LMTP\r\n"), C("LHLO x\r\n"), S("250-m\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), S("220 go\r\n"), TC, TS } },
    { "lmtp refused", "lmtp", UP_MORE, .offered = 1, .requested = true, .refused = true, .code = 500,
      .said = { S("220 m LMTP\r\n"), C("LHLO x\r\n"), S("250 8BITMIME\r\n"), C("STARTTLS\r\n"), S("500 what\r\n") } },

    { "imap upgraded", "imap", UP_TLS, .offered = 2, .requested = true,
      .said = { S("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] Dovecot ready.\r\n"), C("a001 STARTTLS\r\n"),
                S("* CAPABILITY IMAP4rev1\r\na001 OK Begin TLS negotiation now.\r\n"), TC, TS } },
    { "imap, another tag's answers do not count", "imap", UP_TLS, .offered = 2, .requested = true,
      .said = { S("* OK IMAP4rev1 ready\r\n"), C("a1 CAPABILITY\r\na10 STARTTLS\r\n"),
                S("* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"), S("a10 OK go\r\n"), TC, TS } },
    { "imap with a literal that looks like commands", "imap", UP_TLS, .offered = 2, .requested = true,
      .said = { S("* OK [CAPABILITY IMAP4rev1 STARTTLS LITERAL+] hi\r\n"), C("a ID (\"x\" {14+}\r\n"), C("b STARTTLS\r\n\r\n"),
                C(")\r\n"), S("* ID {8}\r\nz OK x\r\n \r\na OK\r\n"), C("z STARTTLS\r\n"), S("z OK go\r\n"), TC, TS } },
    { "imap refused, login in clear", "imap", UP_PLAIN, .offered = 2, .requested = true, .refused = true, .login = true,
      .said = { S("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"), C("a STARTTLS\r\n"), S("a BAD no certificate\r\n"),
                C("b LOGIN joe secret\r\n"), S("b OK LOGIN completed\r\n") } },
    { "imap not offered, login by continuation", "imap", UP_PLAIN, .offered = 1, .login = true,
      .said = { S("* OK hi\r\n"), C("a CAPABILITY\r\n"), S("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na OK\r\n"),
                C("b AUTHENTICATE PLAIN\r\n"), S("+ \r\n"), C("AGpvZQBzZWNyZXQ=\r\n"), S("b OK in\r\n") } },
    { "imap already authenticated", "imap", UP_PLAIN, .said = { S("* PREAUTH hi\r\n"), C("a SELECT INBOX\r\n") } },
    { "imap capability overwritten", "imap", UP_MORE, .offered = 1, .stripped = true,
      .said = { S("* OK hi\r\n"), C("a CAPABILITY\r\n"), S("* CAPABILITY IMAP4rev1 XXXXXXXX AUTH=PLAIN\r\na OK\r\n") } },

    { "pop3 upgraded", "pop3", UP_TLS, .offered = 2, .requested = true,
      .said = { S("+OK Dovecot ready.\r\n"), C("CAPA\r\n"), S("+OK\r\nTOP\r\nSTLS\r\n.\r\n"), C("STLS\r\n"),
                S("+OK Begin TLS negotiation now.\r\n"), TC, TS } },
    { "pop3 pipelined", "pop3", UP_TLS, .offered = 2, .requested = true,
      .said = { S("+OK hi\r\n"), C("CAPA\r\nstls\r\n"), S("+OK\r\nSTLS\r\n.\r\n+OK go\r\n"), TC, TS } },
    { "pop3 refused, login in clear", "pop3", UP_PLAIN, .offered = 1, .requested = true, .refused = true, .login = true,
      .said = { S("+OK hi\r\n"), C("CAPA\r\n"), S("+OK\r\nUSER\r\n.\r\n"), C("STLS\r\n"), S("-ERR unknown\r\n"), C("USER joe\r\n"),
                S("+OK\r\n"), C("PASS secret\r\n"), S("+OK 2 messages\r\n") } },
    { "pop3, a wrong password and another try", "pop3", UP_MORE, .login = true,
      .said = { S("+OK hi\r\n"), C("USER joe\r\n"), S("+OK\r\n"), C("PASS x\r\n"), S("-ERR no\r\n"), C("USER joe\r\n"), S("+OK\r\n") } },
    { "pop3 login by digest is not one in clear", "pop3", UP_PLAIN,
      .said = { S("+OK hi <1.2@x>\r\n"), C("APOP joe c4c9334bac560ecc979e58001b3e22fb\r\n"), S("+OK in\r\n") } },
    { "pop3 login by AUTH PLAIN", "pop3", UP_PLAIN, .login = true,
      .said = { S("+OK hi\r\n"), C("AUTH PLAIN\r\n"), S("+ \r\n"), C("AGpvZQBzZWNyZXQ=\r\n"), S("+OK in\r\n") } },

    { "ftp upgraded", "ftp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("220 (vsFTPd 3.0.3)\r\n"), C("FEAT\r\n"), S("211-Features:\r\n AUTH TLS\r\n PBSZ\r\n211 End\r\n"), C("AUTH TLS\r\n"),
                S("234 Proceed with negotiation.\r\n"), TC, TS } },
    { "ftp, old spelling in any case after a refusal", "ftp", UP_TLS, .requested = true,
      .said = { S("220 hi\r\n"), C("AUTH TLS\r\n"), S("504 unknown\r\n"), C("auth ssl\r\n"), S("234 ok\r\n"), TC2, TS } },
    { "ftp AUTH TLS-C", "ftp", UP_TLS, .requested = true, .said = { S("220 hi\r\n"), C("AUTH TLS-C\r\n"), S("234 ok\r\n"), TC, TS } },
    { "ftp AUTH TLS-P", "ftp", UP_TLS, .requested = true, .said = { S("220 hi\r\n"), C("Auth tls-p \r\n"), S("234 ok\r\n"), TC, TS } },
    { "ftp, 334 and TLS all the same", "ftp", UP_TLS, .requested = true,
      .said = { S("220 hi\r\n"), C("AUTH SSL\r\n"), S("334 ok\r\n"), TC, TS } },
    { "ftp AUTH GSSAPI is not TLS", "ftp", UP_MORE,
      .said = { S("220 hi\r\n"), C("AUTH GSSAPI\r\n"), S("334 ok\r\n"), C("ADAT YII=\r\n"), S("235 ok\r\n") } },
    { "ftp greeting of several lines that hold codes", "ftp", UP_TLS, .requested = true,
      .said = { S("220-Welcome\r\n220-\r\n 234 is no answer\r\n331 nor this\r\n220 ok\r\n"), C("AUTH TLS\r\n"), S("234 ok\r\n"), TC, TS } },
    { "ftp refused, login in clear", "ftp", UP_PLAIN, .requested = true, .refused = true, .login = true, .code = 431,
      .said = { S("220 hi\r\n"), C("AUTH TLS\r\n"), S("431 no certificate\r\n"), C("USER joe\r\n"), S("331 pass\r\n"), C("PASS x\r\n"),
                S("230 in\r\n") } },
    { "ftp not offered", "ftp", UP_PLAIN, .offered = 1, .login = true,
      .said = { S("220 hi\r\n"), C("FEAT\r\n"), S("211-Features\r\n MDTM\r\n211 End\r\n"), C("USER joe\r\n"), S("331 pass\r\n"),
                C("PASS x\r\n"), S("230 in\r\n") } },

    { "nntp upgraded", "nntp", UP_TLS, .offered = 2, .requested = true,
      .said = { S("200 news ready\r\n"), C("CAPABILITIES\r\n"), S("101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"), C("STARTTLS\r\n"),
                S("382 Continue with TLS negotiation\r\n"), TC, TS } },
    { "nntp refused", "nntp", UP_MORE, .requested = true, .refused = true, .code = 580,
      .said = { S("201 ready\r\n"), C("MODE READER\r\n"), S("200 ok\r\n"), C("STARTTLS\r\n"), S("580 Can not initiate TLS\r\n") } },
    { "nntp login in clear", "nntp", UP_PLAIN, .login = true,
      .said = { S("200 ready\r\n"), C("AUTHINFO USER joe\r\n"), S("381 more\r\n"), C("AUTHINFO PASS x\r\n"), S("281 in\r\n") } },

    { "sieve upgraded", "sieve", UP_TLS, .offered = 2, .requested = true,
      .said = { S("\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\n\"VERSION\" \"1.0\"\r\nOK \"ready\"\r\n"),
                C("STARTTLS\r\n"), S("OK \"Begin TLS negotiation now.\"\r\n"), TC, TS } },
    { "sieve, the text of OK is a literal", "sieve", UP_TLS, .offered = 2, .requested = true,
      .said = { S("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n"), C("starttls\r\n"), S("OK {5}\r\nbegin\r\n"), TC, TS } },
    { "sieve refused, login in clear", "sieve", UP_PLAIN, .offered = 1, .requested = true, .refused = true, .login = true,
      .said = { S("\"IMPLEMENTATION\" \"x\"\r\nOK\r\n"), C("STARTTLS\r\n"), S("NO \"no TLS\"\r\n"),
                C("AUTHENTICATE \"PLAIN\" \"AGpvZQBz\"\r\n"), S("OK\r\n") } },

    { "irc upgraded", "irc", UP_TLS, .requested = true,
      .said = { C("STARTTLS\r\n"), S(":irc.example.org 670 * :STARTTLS successful, proceed with TLS handshake\r\n"), TC, TS } },
    { "irc by capability", "irc", UP_TLS, .offered = 2, .requested = true,
      .said = { C("CAP LS 302\r\nNICK joe\r\n"), S(":irc.example.org CAP * LS :multi-prefix tls\r\n"), C("CAP REQ :tls\r\n"),
                S(":irc.example.org CAP joe ACK :tls\r\n"), C("STARTTLS\r\n"), S(":irc.example.org 670 joe :go\r\n"), TC, TS } },
    { "irc refused, goes on in clear", "irc", UP_PLAIN, .requested = true, .refused = true, .code = 691,
      .said = { S(":irc NOTICE * :*** Looking up your hostname\r\n"), C("STARTTLS\r\n"), S(":irc 691 * :STARTTLS failed\r\n"),
                C("NICK joe\r\nUSER joe 0 * :Joe\r\n"), S(":irc 001 joe :Welcome\r\n") } },
    { "irc without TLS and with a password", "irc", UP_PLAIN, .login = true,
      .said = { C("PASS x\r\nNICK joe\r\nUSER joe 0 * :Joe\r\n"), S("PING :123\r\n:irc 001 joe :Welcome\r\n") } },

    { "three protocols greet alike: none is confirmed by silence", NULL, UP_MORE, .said = { S("220 hello\r\n"), C("QUIT\r\n") } },
    { "web traffic is nobody's", NULL, UP_MORE, .said = { C("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), S("HTTP/1.1 200 OK\r\n\r\n") } },
    { "ssh is nobody's", NULL, UP_MORE, .said = { S("SSH-2.0-OpenSSH_9.2\r\n"), C("SSH-2.0-x\r\n") } },
    { "redis is nobody's", NULL, UP_MORE, .said = { C("*1\r\n$4\r\nPING\r\n"), S("+PONG\r\n"), C("*1\r\n"), S("+OK\r\n") } },
};

static const struct conversation database_conversations[] = {
    { "postgresql upgraded", "postgresql", UP_TLS, .requested = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), S("S"), TC, TS } },
    { "postgresql, GSSAPI asked first", "postgresql", UP_TLS, .requested = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x30"), S("N"), C("\0\0\0\x08\x04\xd2\x16\x2f"), S("S"), TC, TS } },
    { "postgresql, GSSAPI granted", "postgresql", UP_OPAQUE, .said = { C("\0\0\0\x08\x04\xd2\x16\x30"), S("G"), C("\0\0\2\x50`\x82") } },
    { "postgresql refused, clear text on the same connection, password in clear", "postgresql", UP_PLAIN, .offered = 1,
      .requested = true, .refused = true, .login = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), S("N"), C("\0\0\0\x14\0\3\0\0user\0joe\0\0\0\0"), S("R\0\0\0\x08\0\0\0\3"),
                C("p\0\0\0\x0bsecret\0") } },
    { "postgresql refused, SCRAM", "postgresql", UP_PLAIN, .offered = 1, .requested = true, .refused = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), S("N"), C("\0\0\0\x12\0\3\0\0user\0joe\0\0"),
                S("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"), C("p\0\0\0\x0bsecret\0") } },
    { "postgresql too old for the request", "postgresql", UP_MORE, .offered = 1, .requested = true, .refused = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), S("EFATA"), } },
    { "postgresql refused by ErrorResponse", "postgresql", UP_PLAIN, .offered = 1, .requested = true, .refused = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), S("E\0\0\0\x0cSFATAL\0\0"), C("\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2") } },
    { "postgresql never asked", "postgresql", UP_PLAIN,
      .said = { C("\0\0\0\x12\0\3\0\0user\0joe\0\0"), S("R\0\0\0\x0c\0\0\0\5salt") } },
    { "postgresql, ClientHello sent without waiting", "postgresql", UP_TLS, .requested = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), TC, S("S"), TS } },
    { "postgresql, the answer was lost", "postgresql", UP_TLS, .requested = true,
      .said = { C("\0\0\0\x08\x04\xd2\x16\x2f"), TC, TS } },
    { "length-prefixed binary is nobody's", NULL, UP_MORE, .said = { C("\0\0\0\x08\x01\x02\x03\x04"), S("S") } },

    { "mysql upgraded", "mysql", UP_TLS, .offered = 2, .requested = true,
      .said = { S("\x4a\0\0\0\x0a" "8.0.36\0" "\x08\0\0\0" "abcdefgh\0" "\xff\xff\xff\2\0\xff\xdf\x15" "0123456789" "ijklmnopqrst\0"
                  "caching_sha2_password\0"),
                C("\x20\0\0\1\x05\xae\xff\x11\0\0\0\1\xff" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), TC, TS } },
    { "mysql not offered, password in clear", "mysql", UP_PLAIN, .offered = 1, .login = true,
      .said = { S("\x39\0\0\0\x0a" "5.5.5-10.3.2\0" "\x08\0\0\0" "abcdefgh\0" "\xfe\xf7\x08\2\0\xbf\x81\x15" "0123456789"
                  "ijklmnopqrs\0"),
                C("\x25\0\0\1\x85\xa6\xff\0\0\0\0\1\x21" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "joe\0\0"),
                S("\x16\0\0\2\xfemysql_clear_password\0"), C("\7\0\0\3secret\0") } },
    { "mysql offered, never asked", "mysql", UP_PLAIN, .offered = 2,
      .said = { S("\x39\0\0\0\x0a" "5.5.5-10.3.2\0" "\x08\0\0\0" "abcdefgh\0" "\xfe\xff\x08\2\0\xbf\x81\x15" "0123456789"
                  "ijklmnopqrs\0"),
                C("\x25\0\0\1\x85\xa6\xff\0\0\0\0\1\x21" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "joe\0\0"),
                S("\7\0\0\2\0\0\0\2\0\0\0") } },
    { "mysql, the greeting was not captured", "mysql", UP_TLS, .requested = true,
      .said = { C("\x20\0\0\1\x05\xae\xff\x11\0\0\0\1\xff" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), TC, TS } },
    { "mysql X protocol upgraded", "mysql", UP_TLS, .requested = true,
      .said = { S("\5\0\0\0\x0b\x08\5\x1a\0"), C("\x12\0\0\0\2\x0a\x0f\x0a\x0d\x0a\3tls\x12\6\x08\1\x12\2\x08\7"), S("\1\0\0\0\0"), TC, TS } },
    { "mysql X protocol refused", "mysql", UP_MORE, .requested = true, .refused = true, .code = 5001,
      .said = { C("\x12\0\0\0\2\x0a\x0f\x0a\x0d\x0a\3tls\x12\6\x08\1\x12\2\x08\7"),
                S("\x0c\0\0\0\1\x08\0\x10\x89\x27\x1a\2no\x22\0") } },
};

#endif
