#!/bin/bash
# Haraka 3 under the node that is first in PATH: see foreground.sh. Each message is a file in FOLDER/mail with CRLF line ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../../../servers/foreground.sh"
begin Haraka "$1"
haraka=$cache/haraka/node_modules/Haraka
need "$haraka/bin/haraka"
certificates ec
cd "$folder"
mkdir -p config plugins queue
# Haraka takes no defaults of its own beside those in the folder it is given.
cp -r "$haraka/config/." config/
cat >config/smtp.ini <<HARAKA
listen=127.0.0.1:$2,127.0.0.1:$3
smtps_port=$3
nodes=0
daemonize=false
HARAKA
# By default it folds lines of more than 992 octets. 1,000 are allowed, and a dot of transparency more (RFC 5321 section 4.5.3.1.6).
sed -i 's/^data_line_length=.*/data_line_length=1001/' config/connection.ini
echo mail.test >config/me
echo mail.test >config/host_list
echo 26214400 >config/databytes
printf 'key=%s/server.key\ncert=%s/server.pem\n' "$folder" "$folder" >config/tls.ini
printf '[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\n[users]\nalice=wonder land\n' >config/auth_flat_file.ini
printf 'tls\nauth/flat_file\nkeep\n' >config/plugins
cp "$here/keep.js" plugins/
export KEEP_IN=$folder/mail HARAKA_DIR=1
echo "Haraka $(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$haraka/package.json"), Node $(node --version)"
in_background node "$haraka/bin/haraka" -c "$folder"
serve "$2" "$3"
