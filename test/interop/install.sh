#!/bin/bash
# install.sh: brings the servers of this suite onto a Debian machine, once. Wants root.
#
# Postfix, Dovecot and Python are installed as packages. Debian lets one mail server stand on a machine, so Exim, sendmail and
# OpenSMTPD are downloaded with what they need and unpacked into a folder each; `servers/overlay.sh` lays it over the root
# file system for the one process that is to see it. aiosmtpd is unpacked likewise. Haraka is installed by npm into a folder
# of its own from the lock file in servers/haraka; no install script runs, nothing is compiled. smtp-server is a dependency
# of the project.
#
# All of it goes to $INTEROP_CACHE, by default /var/tmp/cartero-interop. What is there is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${INTEROP_CACHE:-/var/tmp/cartero-interop}
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$cache"

# up_to_five_times COMMAND…
up_to_five_times() {
  local try
  for try in 1 2 3 4 5; do
    "$@" && return 0
    echo "install.sh: \"$*\" failed, try $try of 5" >&2
    sleep $((try * 3))
  done
  return 1
}

fresh=no
# The lists may be older than the packages that they name.
update_lists() {
  [ "$fresh" = yes ] || apt-get update -q
  fresh=yes
}

# packages NAME…: installed on this machine
packages() {
  local missing=() name
  for name in "$@"; do dpkg -s "$name" >/dev/null 2>&1 || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  install_missing() {
    update_lists && apt-get install -qy -o DPkg::Lock::Timeout=120 --no-install-recommends "${missing[@]}" >/dev/null ||
      { fresh=no; return 1; }
  }
  up_to_five_times install_missing
}

# layer NAME PACKAGE…: the packages and those that they need and this machine has not, unpacked into $cache/NAME
layer() {
  local name=$1 into=$cache/$1 work deb folder
  shift
  [ -e "$into.complete" ] && return 0
  work=$(mktemp -d "$cache/$name.XXXXXX")
  mkdir -p "$work/archives/partial" "$work/root"
  download() {
    update_lists && apt-get install -qy --no-install-recommends --download-only --reinstall \
      -o Dir::Cache::archives="$work/archives" -o APT::Sandbox::User=root "$@" >/dev/null || { fresh=no; return 1; }
  }
  up_to_five_times download "$@"
  for deb in "$work"/archives/*.deb; do
    dpkg -x "$deb" "$work/root"
    dpkg-deb --show "$deb" | tr '\t' ' ' >>"$work/versions"
  done
  # Where /lib is a link to /usr/lib, a folder of that name would hide all that is in it.
  for folder in bin sbin lib lib64; do
    [ -d "$work/root/$folder" ] || continue
    mkdir -p "$work/root/usr/$folder"
    cp -a "$work/root/$folder/." "$work/root/usr/$folder/"
    rm -r "${work:?}/root/$folder"
  done
  rm -rf "$into"
  mv "$work/root" "$into"
  mv "$work/versions" "$into.complete"
  rm -rf "$work"
}

haraka() {
  local into=$cache/haraka
  cmp -s "$here/servers/haraka/package-lock.json" "$into.complete" && return 0
  rm -rf "$into"
  mkdir -p "$into"
  cp "$here"/servers/haraka/package{,-lock}.json "$into/"
  up_to_five_times npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund --loglevel=error
  cp "$here/servers/haraka/package-lock.json" "$into.complete"
}

if [ "$(id -u)" -ne 0 ]; then
  echo "Cannot install the servers: found user $(id -un), wanted root" >&2
  exit 77
fi
packages postfix dovecot-core openssl python3 util-linux
layer exim exim4-daemon-heavy
layer sendmail sendmail-bin sasl2-bin libsasl2-modules
layer opensmtpd opensmtpd
layer aiosmtpd python3-aiosmtpd
haraka
echo "All servers are in $cache"
