#!/bin/bash
# Postfix with Dovecot's SASL: test/servers/postfix/start.sh, with mail taken without login too, as foreground.sh says of
# all servers here. A Maildir, FOLDER/mail/all, with LF line ends.
set -euo pipefail
echo "Postfix $(/usr/sbin/postconf -h mail_version), Dovecot $(/usr/sbin/dovecot --version | cut -d' ' -f1)"
exec env WITHOUT_LOGIN=yes bash "$(dirname "$0")/../../../servers/postfix/start.sh" "$@"
