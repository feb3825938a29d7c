#!/bin/sh
# inside.sh TREE STATE PROGRAM COMMAND…: runs a command in a tree as on a machine of its own.
# What it changes lies in STATE/upper; files in STATE/proc stand for those of the kernel; mounts and
# processes end with the command. Needs root.
set -eu
if [ -z "${INSIDE-}" ]; then
    INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi
tree=$1 state=$2 program=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
mount --make-rprivate /
mkdir -p "$state/upper/usr/bin" "$state/work" "$state/root" "$state/proc"
[ -e "$state/upper/usr/bin/loadworthy" ] || : > "$state/upper/usr/bin/loadworthy"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$state/upper,workdir=$state/work" "$state/root"
mount -t proc proc "$state/root/proc"
mount --bind /dev "$state/root/dev"
mount --bind "$here/grub-probe" "$state/root/usr/sbin/grub-probe"
mount --bind "$program" "$state/root/usr/bin/loadworthy"
(cd "$state/proc" && find . -type f) | while read -r file; do
    # A kernel without modules of its own has no file of them to stand in for.
    [ ! -e "$state/root/proc/$file" ] || mount --bind "$state/proc/$file" "$state/root/proc/$file"
done
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive NO_COLOR=1 chroot "$state/root" "$@"
