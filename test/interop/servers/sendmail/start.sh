#!/bin/bash
# sendmail 8.17 with Cyrus SASL: see foreground.sh. Each message is a file in FOLDER/mail, as keep.sh got it, with LF line ends.
set -euo pipefail
source "$(dirname "$0")/../../../servers/foreground.sh"
begin sendmail "$1"
need "$cache/sendmail/usr/libexec/sendmail/sendmail"
certificates rsa
# A mailer program gets the message and nothing else: no "From " line (flag n) and no quoting of such (E is not there), lines of
# any length (L), 8-bit as it is (flag 8). `l` says that it delivers for good, as success notifications want it. One whose
# arguments have no $u would be spoken to by SMTP.
cat >"$folder/sendmail.mc" <<SENDMAIL
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(\`debian')dnl
DOMAIN(\`debian-mta')dnl
undefine(\`confHOST_STATUS_DIRECTORY')dnl
define(\`confDOMAIN_NAME', \`mail.test')dnl
define(\`confCACERT', \`/etc/mail/tls/ca.pem')dnl
define(\`confCACERT_PATH', \`/etc/mail/tls')dnl
define(\`confSERVER_CERT', \`/etc/mail/tls/server.pem')dnl
define(\`confSERVER_KEY', \`/etc/mail/tls/server.key')dnl
define(\`confAUTH_MECHANISMS', \`PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256')dnl
define(\`confAUTH_OPTIONS', \`A p')dnl
TRUST_AUTH_MECH(\`PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256')dnl
define(\`confPRIVACY_FLAGS', \`')dnl
define(\`confDONT_BLAME_SENDMAIL', \`GroupReadableSASLDBFile,GroupReadableKeyFile')dnl
define(\`confQUEUE_LA', \`1000')dnl
define(\`confREFUSE_LA', \`1000')dnl
define(\`confDELAY_LA', \`0')dnl
define(\`confMAX_MESSAGE_SIZE', \`26214400')dnl
define(\`confMAX_DAEMON_CHILDREN', \`0')dnl
define(\`confCONNECTION_RATE_THROTTLE', \`0')dnl
define(\`confSAFE_QUEUE', \`False')dnl
define(\`confTO_IDENT', \`0s')dnl
define(\`confBIND_OPTS', \`-DNSRCH -DEFNAMES')dnl
FEATURE(\`no_default_msa')dnl
FEATURE(\`nocanonify')dnl
FEATURE(\`accept_unresolvable_domains')dnl
FEATURE(\`access_db', \`hash -T<TMPF> -o /etc/mail/access')dnl
FEATURE(\`blocklist_recipients')dnl
DAEMON_OPTIONS(\`Family=inet, Name=plain, Addr=127.0.0.1, Port=$2')dnl
DAEMON_OPTIONS(\`Family=inet, Name=tls, Addr=127.0.0.1, Port=$3, M=s')dnl
MAILER(\`local')dnl
MAILER(\`smtp')dnl
MAILER_DEFINITIONS
Mkeep, P=$folder/keep.sh, F=lnsDFMu8, S=EnvFromL/HdrFromL, R=EnvToL/HdrToL, T=DNS/RFC822/X-Unix, L=0, U=mail:mail,
  A=keep.sh $folder/mail \$u
LOCAL_RULE_0
R\$* < @ mail.test. > \$*	\$#keep \$: \$1
R\$* < @ mail.test > \$*	\$#keep \$: \$1
SENDMAIL
cat >"$folder/keep.sh" <<'KEEP'
#!/bin/sh
set -e
file=$(mktemp "$1/.arriving.XXXXXXXX")
cat >"$file"
mv "$file" "$1/${file##*.}.eml"
KEEP
chmod 755 "$folder/keep.sh"
in_layer sendmail bash -c '
  set -e
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  folder=$1
  # Without these two it waits a minute for the name of this machine.
  printf "127.0.0.1 vm.mail.test %s localhost mail.test\n" "$(hostname)" >/etc/hosts
  rm -f /etc/resolv.conf
  printf "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n" >/etc/resolv.conf
  useradd --system --no-create-home smmta
  useradd --system --no-create-home smmsp
  mkdir -p /etc/mail/tls /etc/mail/sasl /var/spool/mqueue /run/sendmail/mta /var/lib/sendmail
  cp "$folder"/ca.pem "$folder"/server.pem "$folder"/server.key /etc/mail/tls/
  chmod 600 /etc/mail/tls/server.key
  chmod 700 /var/spool/mqueue
  m4 "$folder/sendmail.mc" >/etc/mail/sendmail.cf
  printf "To:bounce@mail.test\tERROR:5.1.1:550 no such user\nTo:later@mail.test\tERROR:4.3.0:451 try again later\n" |
    makemap hash /etc/mail/access
  echo "wonder land" | saslpasswd2 -p -c -u mail.test alice
  chmod 640 /etc/sasldb2
  for file in /usr/lib/sasl2/Sendmail.conf /etc/mail/sasl/Sendmail.conf.2; do
    mkdir -p "$(dirname "$file")"
    printf "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n" >"$file"
  done
  exec /usr/libexec/sendmail/sendmail -bD' sendmail "$folder"
echo "sendmail $(version sendmail sendmail-bin), Cyrus SASL $(version sendmail sasl2-bin)"
serve "$2" "$3"
