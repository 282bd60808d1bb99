#!/bin/sh
# shows: NBD: option STARTTLS refused, the client goes on in clear text
# origin: nbdsh/nbdinfo (libnbd, tls=allow) against nbdkit without TLS
# needs: nbdkit, libnbd-bin
. "$(dirname "$0")/lib.sh"
record
serve 10809 nbdkit -f --tls=off memory 1M
client nbdinfo --size "nbds://$sni:10809/"
client nbdinfo --size "nbd://$sni:10809/"
expect server=$S:10809 upgrade=nbd outcome=refused sni=
expect server=$S:10809 upgrade=nbd outcome=plaintext sni=
finish
