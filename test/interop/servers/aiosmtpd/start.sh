#!/bin/bash
# Python's aiosmtpd, a server with few extensions: see foreground.sh. Each message is a file in FOLDER/mail with CRLF line ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../../../servers/foreground.sh"
begin aiosmtpd "$1"
export PYTHONPATH=$cache/aiosmtpd/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
need "$PYTHONPATH/aiosmtpd"
certificates ec
/usr/bin/python3 -c 'import sys, aiosmtpd; print("aiosmtpd", aiosmtpd.__version__, "Python", sys.version.split()[0])'
in_background /usr/bin/python3 "$here/server.py" "$folder/mail" "$2" "$3" "$folder/server.pem" "$folder/server.key"
serve "$2" "$3"
