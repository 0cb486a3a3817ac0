#!/bin/bash
# OpenSMTPD 6.8, in clear only: with the OpenSSL 3 that Debian built it for it fails every TLS handshake, and it offers AUTH
# under TLS alone. TLS-PORT is not used. See foreground.sh. A Maildir with LF line ends.
set -euo pipefail
source "$(dirname "$0")/../../../servers/foreground.sh"
begin OpenSMTPD "$1"
need "$cache/opensmtpd/usr/sbin/smtpd"
cat >"$folder/smtpd.conf" <<SMTPD
table anyone { "@" = "keeper" }
table domains { "mail.test" }
table refused { "bounce@mail.test" }
smtp max-message-size "25M"
listen on 127.0.0.1 port $2 hostname mail.test
action "keep" maildir "$folder/mail" virtual <anyone>
match from any for rcpt-to <refused> reject
match from any for domain <domains> action "keep"
SMTPD
in_layer opensmtpd bash -c '
  set -e
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  for user in opensmtpd opensmtpq; do useradd --system --no-create-home --home-dir /var/empty "$user"; done
  mkdir -p /var/empty /var/spool/smtpd
  chmod 711 /var/spool/smtpd
  useradd --create-home keeper
  chown keeper "$1/mail"
  mount -t tmpfs tmpfs /run
  exec smtpd -d -f "$1/smtpd.conf"' opensmtpd "$folder"
echo "OpenSMTPD $(version opensmtpd opensmtpd)"
serve "$2"
