#!/usr/bin/env bash
# Builds an OCI image of a built program without a registry and without an engine: the libraries come from Debian's packages
# (mmdebstrap), the image is written by umoci.
#
#     deploy/docker/build-image.sh build/release/winnow winnow.tar [--models DIR] [--suite SUITE] [--mirror LINE]
#     podman load -i winnow.tar        (or: skopeo copy oci-archive:winnow.tar docker-daemon:winnow:latest)
#     podman run --rm --read-only --tmpfs /tmp -p 8080:8080 -v "$PWD/models:/models:ro" winnow
#
# The image has the program, the libraries that it loads, converters of character sets, certificate authorities, and the licenses
# of all of them: no shell, no package manager, no user but 65532. --models adds a second layer with the bundles of DIR, without
# checkpoints. SOURCE_DATE_EPOCH is the time of all files (else that of the program).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "$here/../.." && pwd)

die() { printf 'build-image.sh: %s\n' "$*" >&2; exit 1; }

suite=bookworm models='' mirror=()
positional=()
while (($#)); do
  case $1 in
    --models) models=${2:?--models needs a directory}; shift 2 ;;
    --suite) suite=${2:?--suite needs a name}; shift 2 ;;
    --mirror) mirror=("${2:?--mirror needs a line of sources.list}"); shift 2 ;;
    -*) die "unknown option $1" ;;
    *) positional+=("$1"); shift ;;
  esac
done
((${#positional[@]} == 2)) || die "usage: build-image.sh PROGRAM OUTPUT.tar [--models DIR] [--suite SUITE] [--mirror LINE]"
program=$(realpath -e "${positional[0]}")
output=$(realpath -m "${positional[1]}")
for tool in mmdebstrap umoci strip python3; do
  command -v "$tool" >/dev/null || { printf 'build-image.sh: %s is not installed\n' "$tool" >&2; exit 77; }
done
[[ -z $models || -d $models ]] || die "$models is not a directory"
((EUID == 0)) || die "run it as root, or with fakeroot: files of the image belong to root"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
epoch=${SOURCE_DATE_EPOCH:-$(stat -c %Y "$program")}
version=$("$program" version --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])')

# The packages with the libraries, unpacked, and their archives for what they say about themselves.
packages=$(python3 "$sources/tools/sbom.py" "$program" --packages | paste -sd,)
debian=$work/debian
mmdebstrap --quiet --variant=extract --skip=essential/unlink,download/unlink,cleanup/apt/cache \
  --include="$packages,ca-certificates" "$suite" "$debian" "${mirror[@]}"

root=$work/root
libraries=usr/lib/$(gcc -dumpmachine 2>/dev/null || uname -m | sed 's/$/-linux-gnu/')
mkdir -p "$root"/{etc/ssl/certs,tmp,models,proc,sys,dev} "$root/usr/bin" "$root/$libraries" "$root/usr/share/doc" "$root/var/lib/dpkg/status.d"
ln -s usr/lib "$root/lib"
ln -s usr/lib "$root/lib64"
chmod 1777 "$root/tmp"
strip -o "$root/usr/bin/winnow" "$program"
cp -r "$sources/share" "$root/usr/"

# What Debian's own loader maps for the program, and for what it loads by name; nothing of this machine.
loader=$(find "$debian/usr/lib" "$debian/lib" -name 'ld-linux-*.so.*' -type f -print -quit)
[[ -n $loader ]] || die "no loader in the packages"
search=$debian/usr/lib/${libraries##*/}:$debian/lib/${libraries##*/}
curl=$(find "$debian/$libraries" -name 'libcurl.so.4' -print -quit)
for object in "$program" "$curl"; do
  "$loader" --inhibit-cache --library-path "$search" --list "$object" >"$work/list"
  ! grep 'not found' "$work/list" || die "a library is in no package of $suite"
  awk '$2 == "=>" { print $3 }' "$work/list" >>"$work/needed"
done
printf '%s\n' "$curl" >>"$work/needed"
# The loader looks nowhere else, unless a library is missing from the packages.
! grep -v "^$debian/" "$work/needed" || die "a library is not from the packages of $suite"
sort -u "$work/needed" | while read -r library; do cp -L "$library" "$root/$libraries/"; done
cp -L "$loader" "$root/$libraries/"
ln -s "${libraries##*/}/${loader##*/}" "$root/usr/lib/${loader##*/}"
# Converters of character sets, which iconv loads for mail.
cp -r "$debian/$libraries/gconv" "$root/$libraries/"
# As update-ca-certificates does.
find "$debian/usr/share/ca-certificates/mozilla" -name '*.crt' | sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
printf 'winnow:x:65532:65532::/nonexistent:/nonexistent\n' >"$root/etc/passwd"
printf 'winnow:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp "$debian/etc/os-release" "$root/etc/" 2>/dev/null ||
  printf 'ID=debian\nVERSION_CODENAME=%s\nPRETTY_NAME="Debian packages of %s"\n' "$suite" "$suite" >"$root/etc/os-release"

# Licenses, and the packages in the form that scanners of images read.
for archive in "$debian"/var/cache/apt/archives/*.deb; do
  package=$(dpkg-deb -f "$archive" Package)
  if [[ ,$packages,ca-certificates, == *",$package,"* ]]; then
    dpkg-deb -f "$archive" >"$root/var/lib/dpkg/status.d/$package"
    mkdir -p "$root/usr/share/doc/$package"
    cp -L "$debian/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
  fi
done
mkdir -p "$root/usr/share/doc/winnow"
cp "$sources/LICENSE" "$sources/NOTICE" "$root/usr/share/doc/winnow/"
if [[ -d $sources/web/node_modules ]]; then
  python3 "$sources/tools/sbom.py" "$program" --licenses "$root/usr/share/doc/winnow/THIRD_PARTY_LICENSES"
else
  echo "build-image.sh: warning: the licenses of the web page's parts are left out: run web/build.sh first" >&2
fi
find "$root" -exec touch -h -d "@$epoch" {} +

layout=$work/oci
date=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
umoci init --layout "$layout"
umoci new --image "$layout:latest"
umoci insert --image "$layout:latest" --history.created "$date" --history.created_by build-image.sh "$root" /
if [[ -n $models ]]; then
  # Without checkpoints, which are several times as large as their models and have the optimizer's state.
  mkdir "$work/models"
  tar -C "$models" --exclude='checkpoint-*' -cf - . | tar -C "$work/models" --no-same-owner -xf -
  chmod -R u=rwX,go=rX "$work/models"
  find "$work/models" -exec touch -h -d "@$epoch" {} +
  umoci insert --image "$layout:latest" --history.created "$date" --history.created_by 'build-image.sh --models' "$work/models" /models
fi
umoci config --image "$layout:latest" --created "$date" --history.created "$date" --os linux \
  --architecture "$(dpkg --print-architecture)" --config.user 65532:65532 --config.workingdir / \
  --config.env WINNOW_HOST=0.0.0.0 --config.env WINNOW_PORT=8080 --config.env PATH=/usr/bin --config.exposedports 8080/tcp \
  --config.volume /tmp --config.stopsignal SIGTERM --config.entrypoint winnow --config.cmd serve --config.cmd /models \
  --config.label org.opencontainers.image.title=winnow --config.label "org.opencontainers.image.version=$version" \
  --config.label org.opencontainers.image.licenses=Apache-2.0 \
  --config.label "org.opencontainers.image.description=Trains, checks and serves small text classifiers" \
  --config.label "org.opencontainers.image.base.name=debian:$suite, libraries alone"
umoci gc --layout "$layout"
tar -C "$layout" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -cf "$output.new" .
mv "$output.new" "$output"

mb() { awk -v bytes="$1" 'BEGIN { printf "%6.1f MB", bytes / 1e6 }'; }
printf '%s  %s, as it is transferred\n' "$(mb "$(stat -c %s "$output")")" "${output##*/}"
printf '%s  unpacked, without models\n' "$(mb "$(du -sb "$root" | cut -f1)")"
find "$root" -type f -size +2M -printf '%s %P\n' | sort -rn | while read -r size path; do printf '%s    %s\n' "$(mb "$size")" "$path"; done
