#!/bin/bash
# start.sh FOLDER STARTTLS-PORT TLS-PORT
#
# A Postfix of its own with Dovecot's SASL, all of it below FOLDER, listening on 127.0.0.1 alone. Says "ready" once it takes
# mail, and goes when its standard input ends (so it goes when its starter dies) or on a signal.
#
#   login       alice / wonder land, after TLS only: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
#   CA          FOLDER/ca.pem, for the names mail.test, localhost and 127.0.0.1
#   mail        to mail.test, example.com, example.org, example.net and no other domain, for logged-in senders only (with
#               WITHOUT_LOGIN=yes in the environment for all);
#               every recipient's in FOLDER/mail/all/new, with Delivered-To. Nothing leaves the machine.
#   bounce@…    is refused for good, later@… for now
#   logs        FOLDER/log
#
# Wants root, and Debian's packages postfix, dovecot-core and openssl.
set -euo pipefail

if [ $# -ne 3 ]; then
  echo "usage: start.sh FOLDER STARTTLS-PORT TLS-PORT" >&2
  exit 64
fi
starttls_port=$2
tls_port=$3

missing=()
[ -x /usr/lib/postfix/sbin/master ] || missing+=(postfix)
[ -x /usr/sbin/dovecot ] || missing+=(dovecot-core)
command -v openssl >/dev/null || missing+=(openssl)
if [ ${#missing[@]} -gt 0 ]; then
  echo "Cannot start Postfix: Debian packages are missing, run: apt-get install ${missing[*]}" >&2
  exit 69
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Cannot start Postfix: found user $(id -un), wanted root (its processes run as users of their own)" >&2
  exit 77
fi

. "$(dirname "$0")/../foreground.sh"
begin Postfix "$1"
mkdir -p "$folder"/{postfix,queue,data,dovecot}
chmod 755 "$folder/postfix" "$folder/queue" "$folder/dovecot"
chown postfix "$folder/data"
chown nobody "$folder/mail"
certificates ec || fail "Cannot start Postfix: no certificates"
rm "$folder"/{ca.key,server.csr}

# ---- Dovecot: nothing but its login service, on a socket in Postfix's queue
cat >"$folder/dovecot/users" <<'USERS'
alice:{PLAIN}wonder land::::::
USERS
cat >"$folder/dovecot/dovecot.conf" <<DOVECOT
base_dir = $folder/dovecot/run
state_dir = $folder/dovecot/state
instance_name = test-$starttls_port
log_path = $folder/log/dovecot
protocols =
ssl = no
disable_plaintext_auth = no
auth_verbose = yes
auth_failure_delay = 0
auth_username_chars =
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $folder/dovecot/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
# Failed logins would be answered ever later, and Postfix waits ten seconds.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener $folder/queue/private/auth {
    mode = 0600
    user = postfix
  }
}
DOVECOT
chmod 644 "$folder/dovecot/users"

# ---- Postfix
cat >"$folder/postfix/main.cf" <<MAIN
compatibility_level = 3.7
queue_directory = $folder/queue
data_directory = $folder/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
maillog_file = $folder/log/postfix
maillog_file_prefixes = $folder

myhostname = mail.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks =
alias_maps =
alias_database =
smtputf8_enable = yes
message_size_limit = 26214400
in_flow_delay = 0
smtpd_error_sleep_time = 0

smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = $folder/server.pem
smtpd_tls_key_file = $folder/server.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, $([ "${WITHOUT_LOGIN:-no}" = yes ] && echo reject_unauth_destination || echo reject)
smtpd_recipient_restrictions = check_recipient_access regexp:$folder/postfix/recipients, reject_unauth_destination

virtual_mailbox_domains = mail.test, example.com, example.org, example.net
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
default_transport = error:5.4.4 no mail leaves this machine
MAIN
cat >"$folder/postfix/recipients" <<'RECIPIENTS'
/^bounce@/  550 5.1.1 no such user
/^later@/   451 4.3.0 try again later
RECIPIENTS
cat >"$folder/postfix/master.cf" <<MASTER
127.0.0.1:$starttls_port inet n - n - 20 smtpd
127.0.0.1:$tls_port      inet n - n - 20 smtpd -o smtpd_tls_wrappermode=yes
cleanup  unix       n - n -     0 cleanup
qmgr     unix       n - n 300   1 qmgr
rewrite  unix       - - n -     - trivial-rewrite
virtual  unix       - n n -     - virtual
error    unix       - - n -     - error
retry    unix       - - n -     - error
bounce   unix       - - n -     0 bounce
defer    unix       - - n -     0 bounce
trace    unix       - - n -     0 bounce
verify   unix       - - n -     1 verify
proxymap unix       - - n -     - proxymap
tlsmgr   unix       - - n 1000? 1 tlsmgr
anvil    unix       - - n -     1 anvil
showq    unix       n - n -     - showq
flush    unix       n - n 1000? 0 flush
postlog  unix-dgram n - n -     1 postlogd
MASTER
/usr/sbin/postfix -c "$folder/postfix" check >"$folder/log/check" 2>&1 || fail "Cannot start Postfix: its settings are not in order"

in_background dovecot -F -c "$folder/dovecot/dovecot.conf"
in_background /usr/lib/postfix/sbin/master -c "$folder/postfix" -d
# Without Dovecot's socket Postfix would say that nobody can log in.
for _ in $(seq 200); do
  [ -S "$folder/queue/private/auth" ] && break
  sleep 0.05
done
serve "$starttls_port" "$tls_port"
