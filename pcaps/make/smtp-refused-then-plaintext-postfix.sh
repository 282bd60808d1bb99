#!/bin/sh
# shows: SMTP: STARTTLS asked for without being offered, refused with 502, and the mail goes on in clear text
# origin: a script against postfix 3.7 without TLS
# needs: postfix, python3
. "$(dirname "$0")/lib.sh"
record
postfix_server none
chat 25 '220 ' 'EHLO printer.example.test' '250 ' STARTTLS '502 ' 'MAIL FROM:<printer@example.test>' '250 ' 'RCPT TO:<office@example.test>' \
	'250 ' DATA '354 ' 'Subject: scan\r\n\r\nhello\r\n.' '250 ' QUIT '221 '
expect server=$S:25 upgrade=smtp outcome=refused sni=
finish
