#!/bin/bash
# install.sh FOLDER: installs the packages in FOLDER, uses them, purges them, and says what is left behind. All of it in an
# overlay over / that only this script's processes see: the machine stays as it is. Prints a line for each thing that
# works; whatever does not ends it.
set -eu

if [ "${INSIDE-}" = "" ]; then
    who=
    [ "$(id -u)" -eq 0 ] || who=--map-root-user
    INSIDE=yes exec unshare $who --mount --propagation private "$0" "$@"
fi

place=$(mktemp -d)
trap 'umount -R "$place"; rmdir "$place"' EXIT
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
for shared in proc dev sys; do
    mount --rbind "/$shared" "$place/root/$shared"
done
mount --bind "$1" "$place/root/mnt"

# inside COMMAND…: on the overlaid machine, with nothing of our environment.
inside() {
    chroot "$place/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt/home LC_ALL=C.UTF-8 \
        STRONG_DIR=/mnt/segments DEBIAN_FRONTEND=noninteractive "$@"
}

mkdir -p "$1/home"
inside sh -c 'dpkg -i /mnt/*.deb' >"$1/dpkg.log" 2>&1 || { cat "$1/dpkg.log" >&2; exit 1; }
echo "installed: $(inside dpkg-query -W -f '${Package} ${db:Status-Status}\n' libstrong strong-tools libstrong-dev | paste -sd,)"

inside strong-report run --name=packaged --output=/mnt/report -- /bin/true
echo "measured: $(head -n 1 "$1/report" | cut -d' ' -f1)"
preload=$(inside pkg-config --variable=preload libstrong)
inside sh -c "LD_PRELOAD=$preload STRONG_RUN=preloaded /bin/true"
echo "preloaded: $preload, $(inside strong-report list --json | jq 'map(select(.run == "preloaded")) | length') segment"

for page in strong-report libstrong strong-config strong.h; do
    echo "manual: $(inside man -w "$page")"
done
echo "bash: $(inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader strong-report
    complete -p strong-report')"
echo "zsh: $(inside zsh -fc 'autoload -Uz +X _strong-report; whence -v _strong-report' | sed 's/.* from //')"
echo "fish: $(inside fish -c 'complete -C"strong-report expo"' | cut -f1)"
echo "pkg-config: $(inside pkg-config --modversion libstrong)"

inside dpkg --purge strong-tools libstrong-dev libstrong >"$1/purge.log" 2>&1 || { cat "$1/purge.log" >&2; exit 1; }
echo "purged: $(inside sh -c 'dpkg-query -W libstrong strong-tools libstrong-dev 2>/dev/null' | wc -l) left"
# What dpkg and man-db write down about themselves is theirs.
(cd "$place/upper" && find . -mindepth 1 \( -path ./var/lib/dpkg -o -path ./var/cache/man -o -path ./var/log/dpkg.log \) -prune \
    -o \( ! -type d -o ! -exec test -d /{} \; \) -print) | sed 's/^/left behind: /'
