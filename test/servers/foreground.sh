# foreground.sh, sourced by each start.sh here and in test/interop/servers. All of them are called alike:
#
#   start.sh FOLDER PORT TLS-PORT
#
# They print what they run, then "ready" once it takes mail, and go when their standard input ends (so they go when their
# starter dies) or on a signal; all that they started goes first. PORT speaks in clear and by STARTTLS, TLS-PORT has TLS from
# the first octet. FOLDER/ca.pem is the CA, good for the names mail.test, localhost and 127.0.0.1. The login is alice, the
# password "wonder land". Mail for mail.test is taken without login; every message is a file in FOLDER/mail (or its "new").
# bounce@… is refused for good, later@… for now. FOLDER/log has the logs.

cache=${INTEROP_CACHE:-/var/tmp/cartero-interop}
children=()
# What unshare started dies with it; unshare itself dies by nothing less.
signal=TERM

# fail WORDS…: ends with them, and with what the server has said
fail() {
  echo "$*" >&2
  cat "$folder"/log/* >&2 2>/dev/null || true
  exit 70
}

# begin NAME FOLDER: sets $folder, and has all children ended with this script
begin() {
  name=$1
  mkdir -p "$2"/{mail,log}
  folder=$(cd "$2" && pwd)
  chmod 755 "$folder"
  chmod 777 "$folder/mail"
  trap finish EXIT
  trap 'exit 0' TERM INT HUP
}

finish() {
  trap - EXIT TERM INT HUP
  [ ${#children[@]} -eq 0 ] && return
  kill -s "$signal" "${children[@]}" 2>/dev/null || true
  wait "${children[@]}" 2>/dev/null || true
}

# need FILE: of what install.sh brings
need() {
  [ -e "$1" ] && return 0
  echo "Cannot start $name: $1 is missing, run: bash test/interop/install.sh" >&2
  exit 69
}

# certificates KIND: a CA that lives as long as the folder, and server.pem, server.key of KIND ec or rsa
certificates() (
  cd "$folder"
  exec 2>log/openssl
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${key[@]}" -days 30 -keyout ca.key -out ca.pem -subj '/CN=Test servers' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  [ "$1" = rsa ] && key=(-newkey rsa:2048 -nodes)
  openssl req "${key[@]}" -keyout server.key -out server.csr -subj '/CN=mail.test'
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out server.pem -extfile <(
    echo 'subjectAltName=DNS:mail.test,DNS:localhost,IP:127.0.0.1'
    echo 'basicConstraints=CA:FALSE'
    echo 'extendedKeyUsage=serverAuth'
  )
  cat ca.pem >>server.pem
  chmod 644 server.key
)

# in_background COMMAND…: its words go to FOLDER/log/out
in_background() {
  setsid "$@" </dev/null >>"$folder/log/out" 2>&1 &
  children+=($!)
}

# in_layer LAYER COMMAND…: the same, in a view of this machine's root file system with what install.sh unpacked for LAYER laid
# over it. What is written there goes to memory and is gone with the process, except below FOLDER, which is the machine's own.
# The process has mounts and process ids of its own, so that all that it starts dies with it; the network is the machine's.
in_layer() {
  local layer=$cache/$1
  shift
  signal=KILL
  mkdir -p "$folder/view"
  in_background unshare --mount --pid --fork --kill-child --propagation private bash -c '
    set -e
    layer=$1 folder=$2
    shift 2
    mount -t tmpfs tmpfs "$folder/view"
    cd "$folder/view"
    mkdir work root
    # Two lower layers may not lie inside each other, so this one is copied on top.
    cp -a "$layer" upper
    mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root
    mount --rbind /dev root/dev
    mount -t proc proc root/proc
    mkdir -p "root$folder"
    mount --bind "$folder" "root$folder"
    # Not by exec: a set-user-ID server would forget to die with unshare, and nothing else would take the rest along.
    chroot root "$@"
    exit' in_layer "$layer" "$folder" "$@"
}

# version LAYER PACKAGE: which one install.sh brought
version() { sed -n "s/^$2 //p" "$cache/$1.complete"; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# serve PORT…: says "ready" once all of them answer, and stays until the end of standard input
serve() {
  local child port try open
  for try in $(seq 600); do
    for child in "${children[@]}"; do
      kill -0 "$child" 2>/dev/null || fail "Cannot start $name: it has ended"
    done
    open=yes
    for port in "$@"; do answers "$port" || open=no; done
    if [ "$open" = yes ]; then
      echo ready
      # Waiting for a child, unlike reading, is interrupted by a signal.
      cat <&0 >/dev/null &
      children+=($!)
      wait $! || true
      exit 0
    fi
    sleep 0.05
  done
  fail "Cannot start $name: ports $* do not answer"
}
