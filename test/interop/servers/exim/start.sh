#!/bin/bash
# Exim 4.96 (exim4-daemon-heavy): see foreground.sh. A Maildir with LF line ends.
set -euo pipefail
source "$(dirname "$0")/../../../servers/foreground.sh"
begin Exim "$1"
need "$cache/exim/usr/sbin/exim4"
certificates ec
cat >"$folder/exim.conf" <<EXIM
primary_hostname = mail.test
domainlist local_domains = mail.test
exim_path = /usr/sbin/exim4
spool_directory = /var/spool/exim-test
log_file_path = $folder/log/%s
pid_file_path = /run/exim-test.pid
daemon_smtp_ports = $2 : $3
local_interfaces = 127.0.0.1
tls_on_connect_ports = $3
tls_advertise_hosts = *
tls_certificate = $folder/server.pem
tls_privatekey = $folder/server.key
# RFC 4954 section 4: nothing is offered that would show a password in clear.
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
dsn_advertise_hosts = *
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
prdr_enable = true
message_size_limit = 25M
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
queue_run_max = 2
acl_smtp_rcpt = recipients
acl_smtp_data = accept
keep_environment =
never_users =
timezone = UTC

begin acl
recipients:
  deny    message = 5.1.1 no such user
          local_parts = bounce
  defer   message = 4.3.0 try again later
          local_parts = later
  accept  domains = +local_domains
  deny    message = 5.7.1 no mail leaves this machine

begin routers
all:
  driver = accept
  domains = +local_domains
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = $folder/mail
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
  user = mail
  group = mail

begin retry
*  *  F,1h,15m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{alice}}{eq{\$auth3}{wonder land}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{\$auth1}{alice}}{eq{\$auth2}{wonder land}}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${if eq{\$auth1}{alice}{wonder land}fail}
  server_set_id = \$auth1
EXIM
chmod 777 "$folder/log"
in_layer exim bash -c '
  set -e
  useradd --system --no-create-home Debian-exim
  mkdir -p /etc/exim4
  install -m 644 "$1/exim.conf" /etc/exim4/exim4.conf
  exec /usr/sbin/exim4 -bdf' exim "$folder"
echo "Exim $(version exim exim4-daemon-heavy)"
serve "$2" "$3"
