#!/bin/sh
# dkms.sh TREE WORK PROGRAM OLD NEW [DKMS]: DKMS builds the driver of TREE for the kernel OLD and, when NEW is
# installed, for that one; PROGRAM is set up to sign. TREE stays as it is; DKMS names a folder with another
# version of DKMS. What each step answers goes into WORK. Needs root and overlayfs; to be run with
# `unshare --mount`, so that nothing stays mounted.
set -eu
tree=$1 work=$2 program=$3 old=$4 new=$5 dkms=${6:-}
root=$work/root
mkdir -p "$work/upper" "$work/inner" "$root"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/inner" "$root" || exit 99
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
if [ -n "$dkms" ]; then
    rm -rf "$root/etc/dkms" "$root/usr/lib/dkms" "$root/usr/sbin/dkms"
    cp -a "$dkms/." "$root/"
fi
cp "$program" "$root/usr/bin/loadworthy"
run() { chroot "$root" env LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
config() { (cd "$root/etc/dkms" && find . -type f -exec sha256sum {} + | sort); }
# What the program says of the machine, booted with Secure Boot and the key enrolled.
status() {
    "$program" dkms status --root "$root" --json --assume secure-boot=on \
        --assume "enroll=$root/etc/keys/MOK.der" > "$work/$1.json" || true
}
rm -rf "$root"/var/lib/dkms/acmedisk "$root"/lib/modules/*/updates/dkms
config > "$work/before"
mkdir -p "$root/etc/keys"
run loadworthy key new --name 'Example modules' --kind rsa-2048 \
    --key /etc/keys/MOK.priv --cert /etc/keys/MOK.der > "$work/said"
run loadworthy dkms setup --key /etc/keys/MOK.priv --cert /etc/keys/MOK.der --json > "$work/setup.json"
run dkms --version >> "$work/said"
run dkms add -m acmedisk -v 1.0 >> "$work/said" 2>&1
run dkms install -m acmedisk -v 1.0 -k "$old" >> "$work/said" 2>&1
status first
# The kernel is upgraded: its package calls this hook.
run env DEB_MAINT_PARAMS=configure sh /etc/kernel/postinst.d/dkms "$new" >> "$work/said" 2>&1
status upgraded
[ -n "$dkms" ] || "$program" collect -o "$work/host.lwb" --root "$root" > /dev/null
[ -n "$dkms" ] || "$program" dkms status --bundle "$work/host.lwb" --json --assume secure-boot=on \
    --assume "enroll=$root/etc/keys/MOK.der" > "$work/bundle.json" || true
# Everybody may read the key: nothing is signed with it, and DKMS says that all is well.
chmod 644 "$root/etc/keys/MOK.priv"
run dkms remove -m acmedisk -v 1.0 -k "$new" >> "$work/said" 2>&1
run dkms install -m acmedisk -v 1.0 -k "$new" >> "$work/said" 2>&1 && code=0 || code=$?
echo "$code" > "$work/code"
status failed
chmod 600 "$root/etc/keys/MOK.priv"
"$program" dkms sign --root "$root" --key "$root/etc/keys/MOK.priv" --cert "$root/etc/keys/MOK.der" \
    --assume secure-boot=on --assume "enroll=$root/etc/keys/MOK.der" --log "$work/again.log" >> "$work/said" 2>&1 && code=0 || code=$?
echo "$code" >> "$work/code"
status again
run loadworthy dkms undo --json > "$work/undo.json"
config > "$work/after"
cp "$root/var/lib/loadworthy/sign.log" "$work/sign.log"
cp "$root/etc/keys/MOK.der" "$work/MOK.der"
