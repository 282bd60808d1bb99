#!/bin/sh
# shows: IPP in clear text where the upgrade was possible
# origin: lpstat and cupsd 2.4
# needs: cups, cups-client
. "$(dirname "$0")/lib.sh"
record
cups_server
client lpstat -h "$sni:631" -p
finish
