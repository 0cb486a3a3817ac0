#!/bin/bash
# npm's smtp-server under the node that is first in PATH: see foreground.sh. Each message is a file in FOLDER/mail with CRLF
# line ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../../../servers/foreground.sh"
begin smtp-server "$1"
module=$here/../../../../node_modules/smtp-server/package.json
need "$module"
certificates ec
echo "smtp-server $(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$module"), Node $(node --version)"
in_background node "$here/server.ts" "$folder/mail" "$2" "$3" "$folder/server.pem" "$folder/server.key"
serve "$2" "$3"
