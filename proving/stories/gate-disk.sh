#!/bin/sh
# gate-disk.sh TREE WORK PROGRAM: WORK/disk.img, WORK/vmlinuz, WORK/initrd.img and WORK/cmdline: the tree of
# gate-debian-12.sh as a machine that starts, with a program. Needs root and mke2fs.
set -eu
if [ -z "${INSIDE-}" ]; then
    INSIDE=1 exec unshare --mount "$0" "$@"
fi
tree=$1 work=$2 program=$3
here=$(cd "$(dirname "$0")" && pwd)
mount --make-rprivate /
rm -rf "$work"
mkdir -p "$work/upper" "$work/overlay" "$work/root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/overlay" "$work/root"
cd "$work/root"
release=$(cat built)
# What is only needed to build drivers, and to read.
rm -rf usr/src usr/lib/gcc usr/libexec/gcc usr/share/doc usr/share/locale usr/share/man usr/share/fonts \
    var/cache/apt var/lib/apt/lists usr/lib/python3 usr/bin/prometheus usr/bin/promtool
find usr/lib/modules -mindepth 1 -maxdepth 1 ! -name "$release" -exec rm -rf {} +
# An emulated processor takes its time: of the drivers only those that are needed here.
find "usr/lib/modules/$release/kernel" -name '*.ko' ! -path '*/fs/ext4/*' ! -path '*/fs/jbd2/*' \
    ! -path '*/fs/mbcache.ko' ! -path '*/lib/*' ! -path '*/crypto/*' ! -path '*/drivers/virtio/*' \
    ! -path '*/drivers/block/*' ! -path '*/drivers/net/dummy.ko' -delete
chroot . depmod "$release"
install -m 755 "$program" usr/bin/loadworthy
install -m 755 "$here/gate-walk.sh" root/walk.sh
line="root=/dev/vda rw quiet console=ttyS0 panic=-1 module.sig_enforce=1"
echo "$line" > "$work/cmdline"
cat > boot/grub/grub.cfg <<END
set default="0"
menuentry 'Debian' {
    linux /boot/vmlinuz-$release $line
    initrd /boot/initrd.img-$release
}
END
echo '/dev/vda / ext4 defaults 0 0' > etc/fstab
mkdir -p etc/loadworthy etc/modules-load.d
# One driver that the kernel's own key vouches for, one that DKMS signed with a key nobody enrolled.
cat > etc/loadworthy/manifest.toml <<'END'
[gate]
enforce = "gate"
[[require]]
module = "dummy"
[[require]]
module = "acmedisk"
optional = true
[health]
units = ["dbus.service", "systemd-journald.service"]
mounts = ["/"]
END
printf 'dummy\nacmedisk\n' > etc/modules-load.d/walk.conf
cat > etc/systemd/system/walk.service <<'END'
[Unit]
After=multi-user.target dbus.service
[Service]
Type=oneshot
ExecStart=/root/walk.sh
TimeoutStartSec=infinity
[Install]
WantedBy=walk.target
END
printf '[Unit]\nRequires=multi-user.target\nAfter=multi-user.target\n' > etc/systemd/system/walk.target
mkdir -p etc/systemd/system/walk.target.wants
ln -sf ../walk.service etc/systemd/system/walk.target.wants/walk.service
ln -sf walk.target etc/systemd/system/default.target
for unit in prometheus.service apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service \
    dnf-makecache.timer e2scrub_reap.service grub-common.service; do
    ln -sf /dev/null "etc/systemd/system/$unit"
done
rm -f usr/sbin/policy-rc.d
cp "boot/vmlinuz-$release" "$work/vmlinuz"
cp "boot/initrd.img-$release" "$work/initrd.img"
mke2fs -q -t ext4 -O verity -E lazy_itable_init=1 -d . "$work/disk.img" 3G
