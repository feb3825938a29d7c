#!/bin/sh
# mkinitcpio.sh SOURCE DIR: mkinitcpio out of a checkout of its sources (archlinux/mkinitcpio), put below DIR as
# its package has it on Arch. Its own build asks for a newer meson than Debian 12 has, and only fills in places.
set -eu
source=$1 dir=$2
lib=$dir/usr/lib/initcpio
mkdir -p "$dir/usr/bin" "$dir/etc/mkinitcpio.conf.d" "$dir/etc/mkinitcpio.d" "$lib/post" \
    "$dir/etc/initcpio/hooks" "$dir/etc/initcpio/install" "$dir/etc/initcpio/post"
put() {
    sed -e 's,@VERSION@,of a checkout,g; s,@BINDIR@,/usr/bin,g; s,@SYSCONFDIR@,/etc,g' \
        -e 's,@INITCPIO_LIBDIR@,/usr/lib/initcpio,g; s,@INITCPIO_SYSCONFDIR@,/etc/initcpio,g' \
        -e 's,@UDEVD_PATH@,/usr/lib/systemd/systemd-udevd,g; s,@TMPFILES_PATH@,,g' \
        -e 's,@VCONSOLE_CONF@,/etc/vconsole.conf,g; s,@MKINITCPIO_HOOKS@,base,g' "$1" > "$2"
}
put "$source/mkinitcpio" "$dir/usr/bin/mkinitcpio"
chmod +x "$dir/usr/bin/mkinitcpio"
put "$source/mkinitcpio.conf" "$dir/etc/mkinitcpio.conf"
for file in functions init init_functions shutdown; do
    put "$source/$file" "$lib/$file"
done
for folder in hooks install udev; do
    mkdir -p "$lib/$folder"
    for file in "$source/$folder"/*; do
        put "$file" "$lib/$folder/${file##*/}"
    done
done
