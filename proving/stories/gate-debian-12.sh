#!/bin/sh
# gate-debian-12.sh DIR FROM: a Debian 12 with those who reboot it, from the tree of debian-12.sh: one
# kernel, the package that names the newest one as it was at the last point release, DKMS,
# unattended-upgrades, molly-guard, needrestart, dnf, promtool, fsverity, systemd. Needs root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 from=$2
[ ! -e "$root/built" ] || exit 0
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
leave() {
    for at in usr/sbin/grub-probe proc; do
        mountpoint -q "$root/$at" && umount "$root/$at" || true
    done
}
trap leave EXIT
leave
rm -rf "$root"
cp -a "$from" "$root"
rm "$root/built"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
mount --bind "$here/grub-probe" "$root/usr/sbin/grub-probe"
# The tests lay an overlay over the tree, and that is its root file system then.
echo overlay >> "$root/etc/initramfs-tools/modules"
chroot "$root" apt-get -q update
# Of the two archives the older one names the older kernel.
older=$(chroot "$root" apt-cache madison linux-image-amd64 | awk '{ print $3 }' | sort -V | head -n1)
chroot "$root" apt-get -q -y --no-install-recommends install \
    "linux-image-amd64=$older" "linux-headers-amd64=$older" systemd-sysv systemd-boot udev dbus \
    unattended-upgrades molly-guard needrestart prometheus dnf dnf-plugins-core iproute2 fsverity
kernel=$(chroot "$root" dpkg-query -W -f '${Depends}' linux-image-amd64 | sed 's/^linux-image-//; s/ .*//')
others=$(grep -vx "$kernel" "$from/built" | sed 's/.*/linux-image-& linux-headers-&/')
# shellcheck disable=SC2086
chroot "$root" apt-get -q -y --purge autoremove $others
chroot "$root" apt-get clean
leave
echo "$kernel" > "$root/built"
