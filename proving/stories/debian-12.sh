#!/bin/sh
# debian-12.sh DIR: a real Debian 12 below DIR, by the names of its packages: shim, GRUB, two kernels with
# their initramfs, and a driver that DKMS has built and signed for both. Needs root and debootstrap.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
[ ! -e "$root/built" ] || exit 0
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
leave() {
    for at in usr/sbin/grub-probe dev proc; do
        mountpoint -q "$root/$at" && umount "$root/$at" || true
    done
}
trap leave EXIT
leave
rm -rf "$root"
mkdir -p "$root"
debootstrap --variant=minbase \
    --include=ca-certificates,dkms,gcc,grub-efi-amd64-signed,grub2-common,initramfs-tools,libc6-dev,make,openssl,shim-signed \
    bookworm "$root"
# The security archive lies beside the one that debootstrap took.
sed -i 'p; s,/debian\(/*\) bookworm,/debian-security\1 bookworm-security,' "$root/etc/apt/sources.list"
mkdir -p "$root/usr/src/acmedisk-1.0"
cp "$here"/acmedisk/* "$root/usr/src/acmedisk-1.0/"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
chroot "$root" apt-get -q update
# The oldest and the newest 6.1 that are to be had.
kernels=$(chroot "$root" apt-cache search --names-only '^linux-image-6\.1\.0-[0-9]+-amd64$' |
    cut -d' ' -f1 | sort -V)
old=$(echo "$kernels" | head -n1 | sed 's/^linux-image-//')
new=$(echo "$kernels" | tail -n1 | sed 's/^linux-image-//')
# Where there is but one, its real-time sibling stands for the newer one: its name sorts behind.
[ "$old" != "$new" ] || new=${old%-amd64}-rt-amd64
for kernel in $old $new; do
    chroot "$root" apt-get -q -y --no-install-recommends install \
        "linux-headers-$kernel" "linux-image-$kernel"
    chroot "$root" dkms install acmedisk/1.0 -k "$kernel" 2>&1 | tail -n 3
done
mkdir -p "$root/boot/efi/EFI/debian"
cp "$root/usr/lib/shim/shimx64.efi.signed" "$root/boot/efi/EFI/debian/shimx64.efi"
cp "$root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$root/boot/efi/EFI/debian/grubx64.efi"
cat > "$root/etc/fstab" <<'TAB'
UUID=7c1b5c1e-0001-4a5e-9d1c-3f0e5d0c0001 / ext4 errors=remount-ro 0 1
TAB
mount --bind "$here/grub-probe" "$root/usr/sbin/grub-probe"
mount --bind /dev "$root/dev"
mkdir -p "$root/boot/grub"
chroot "$root" sh -c 'GRUB_DISABLE_OS_PROBER=true grub-mkconfig -o /boot/grub/grub.cfg'
chroot "$root" grub-editenv /boot/grub/grubenv create
leave
printf '%s\n%s\n' "$old" "$new" > "$root/built"
