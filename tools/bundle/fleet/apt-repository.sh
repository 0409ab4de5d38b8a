#!/bin/sh
# An apt repository of bundles, a component for each board, so that no board is ever offered another's:
#   apt-repository.sh REPOSITORY OPENPGP-KEY SUITE BOARD masque-kiosk_….deb …
# REPOSITORY is a folder for any web server. On the boards, once (key.asc: gpg --armor --export OPENPGP-KEY):
#   deb [signed-by=/etc/apt/keyrings/masque.asc] https://HOST/REPOSITORY SUITE BOARD
# then apt upgrade, or unattended-upgrades, does the rest; a bundle that does not work there leaves the old one running.
# Needs apt-utils and gpg.
set -eu
[ $# -ge 5 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
repository=$1 key=$2 suite=$3 board=$4
shift 4
pool="pool/$suite/$board"
mkdir -p "$repository/$pool"
cp -- "$@" "$repository/$pool"
cd "$repository"
for architecture in arm64 amd64; do
    index="dists/$suite/$board/binary-$architecture"
    mkdir -p "$index"
    apt-ftparchive --arch "$architecture" packages "$pool" > "$index/Packages"
    gzip -9nkf "$index/Packages"
done
components=$(cd "dists/$suite" && find . -mindepth 1 -maxdepth 1 -type d -printf '%f ')
rm -f "dists/$suite/Release" "dists/$suite/InRelease"
apt-ftparchive -o "APT::FTPArchive::Release::Suite=$suite" -o "APT::FTPArchive::Release::Codename=$suite" \
    -o "APT::FTPArchive::Release::Components=$components" -o "APT::FTPArchive::Release::Architectures=arm64 amd64" \
    release "dists/$suite" > Release.new
mv Release.new "dists/$suite/Release"
gpg --batch --yes --local-user "$key" --clearsign --output "dists/$suite/InRelease" "dists/$suite/Release"
