#!/bin/sh
# builders.sh TREE DIR: images that real builders make for the newest kernel of the Debian 12 below TREE, which
# stays as it is: dracut, its module squash, kdump-tools, Debian 13's ukify, and mkinitcpio where LOADWORTHY_MKINITCPIO names a
# checkout of its sources. Needs root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tree=$1 out=$2
[ ! -e "$out/built" ] || exit 0
rm -rf "$out"
mkdir -p "$out/state/upper/root"
[ -z "${LOADWORTHY_MKINITCPIO-}" ] || "$here/mkinitcpio.sh" "$LOADWORTHY_MKINITCPIO" "$out/state/upper"
tail -n1 "$tree/built" > "$out/state/upper/root/release"
cat > "$out/state/upper/root/build" <<'BUILD'
set -eu
new=$(cat /root/release)
modules=/usr/lib/modules/$new
drivers="acmedisk ahci ext4 sd_mod"
# The image of the tree is not made again.
echo update_initramfs=no > /etc/initramfs-tools/update-initramfs.conf
apt-get -q update
apt-get -q -y --no-install-recommends install dracut-core dracut-squash kdump-tools python3-pefile \
    systemd systemd-boot-efi squashfs-tools udev
[ ! -e /usr/bin/mkinitcpio ] ||
    apt-get -q -y --no-install-recommends install busybox-static file gawk libarchive-tools
# Debian 12 has no ukify; a later one needs nothing else of its own release.
sed 's/ bookworm / trixie /; /security/d' /etc/apt/sources.list > /etc/apt/sources.list.d/later.list
apt-get -q update
cd /root
apt-get -q download systemd-ukify
dpkg -x systemd-ukify_*.deb /
by_dracut() {
    dracut --force --no-hostonly --kver "$new" -m "base kernel-modules" --drivers "$drivers" "$1"
}
# As Red Hat has it for crashes: all but the first steps in a squashfs.
squashed_by_dracut() {
    dracut --force --no-hostonly --kver "$new" -m "base kernel-modules systemd-initrd squash" \
        --squash-compressor zstd --drivers "$drivers" "$1"
}
by_dracut /root/dracut.img
squashed_by_dracut /root/squashed.img
ukify build --linux "/boot/vmlinuz-$new" --initrd /root/dracut.img --uname "$new" \
    --cmdline "root=/dev/sda1 ro quiet" --os-release @/etc/os-release \
    --stub /usr/lib/systemd/boot/efi/linuxx64.efi.stub --output /root/uki.efi
# Without sysfs nobody can tell which modules this machine depends on.
echo MODULES=list > /etc/initramfs-tools/conf.d/list
printf '%s\n' $drivers >> /etc/initramfs-tools/modules
/etc/kernel/postinst.d/kdump-tools "$new"
cp "/var/lib/kdump/initrd.img-$new" /root/kdump.img
cp /boot/grub/grub.cfg /root/
if [ -e /usr/bin/mkinitcpio ]; then
    cp /bin/busybox /usr/lib/initcpio/busybox
    printf 'MODULES=(%s)\nHOOKS=(base strip)\n' "$drivers" > /etc/mkinitcpio.conf
    # It looks for programs where Arch has all of them.
    for program in /usr/sbin/*; do
        [ -e "/usr/bin/${program##*/}" ] || ln -s "$program" /usr/bin/
    done
    mkinitcpio -k "$new" -g /root/mkinitcpio.img
fi
# A hook that strips signed modules, and a driver that is not signed yet.
strip -g "$modules/kernel/drivers/ata/ahci.ko"
acme=$modules/updates/dkms/acmedisk.ko
length=$(tail -c 32 "$acme" | head -c 4 | od -An -tu4 --endian=big | tr -d ' ')
head -c -"$((length + 12 + 28))" "$acme" > /root/unsigned.ko
mv /root/unsigned.ko "$acme"
by_dracut /root/dracut-stripped.img
squashed_by_dracut /root/squashed-stripped.img
BUILD
"$here/inside.sh" "$tree" "$out/state" /bin/true sh /root/build
for made in dracut.img dracut-stripped.img squashed.img squashed-stripped.img uki.efi kdump.img grub.cfg \
    mkinitcpio.img; do
    [ ! -e "$out/state/upper/root/$made" ] || mv "$out/state/upper/root/$made" "$out/"
done
rm -rf "$out/state"
: > "$out/built"
