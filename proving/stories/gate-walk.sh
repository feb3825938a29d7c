#!/bin/sh
# gate-walk.sh: what is tried inside the machine, by a systemd that is really started. A line an answer,
# `walk NAME ANSWER`, on the second serial port. Twice: before a reboot that is refused and then
# forced, and after it.
exec > /dev/ttyS1 2>&1 < /dev/null
export NO_COLOR=1 LC_ALL=C.UTF-8 HOME=/root
say() { echo "walk $*"; }
# Up to a minute, until something is so; a machine without hardware virtualisation is slow.
until_so() {
    for _ in $(seq 60); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 1
    done
    return 1
}
if [ ! -e /root/second ]; then
    : > /root/second
    loadworthy gate install > /root/install
    say install $?
    loadworthy gate run > /root/first
    say run $?
    for unit in loadworthy-confirm.service loadworthy-gate.timer loadworthy-inhibit.path; do
        say enabled "$(systemctl is-enabled $unit)"
    done
    systemctl start loadworthy-gate.timer loadworthy-inhibit.path
    say started $?
    # Nothing of ours is wanted by what ends a machine.
    for unit in reboot.target systemd-reboot.service shutdown.target final.target umount.target; do
        all=$(systemctl show -p Requires -p Requisite -p BindsTo -p Wants -p PartOf $unit)
        say "required-by-$unit" "$(echo "$all" | grep -c loadworthy)"
    done
    # A driver under fs-verity: the kernel's own digest of it is what is compared, and another file in
    # its place is noticed.
    driver=$(modinfo -n dummy)
    fsverity enable "$driver"
    say verity $?
    sleep 4
    loadworthy gate run --no-cache
    digest=$(fsverity measure "$driver" | cut -d' ' -f1)
    say measured "$(grep -l "verity $digest" /var/lib/loadworthy/cache/verdict-*.json | wc -l)"
    loadworthy gate run --json > /root/cached
    say cached "$(grep -o '"how": *"[a-z]*"' /root/cached | tail -c 8) $(grep -c '"fs-verity": *1' /root/cached)"
    cp "$driver" "$driver.new" && mv "$driver.new" "$driver"
    loadworthy gate run --json > /root/replaced
    say replaced "$(grep -o '"how": *"[a-z]*"' /root/replaced | tail -c 6)"
    # No kernel has this driver: every way to ask for a reboot.
    cp /etc/loadworthy/manifest.toml /root/manifest
    printf '[[require]]\nmodule = "nosuch"\n' >> /etc/loadworthy/manifest.toml
    loadworthy gate run > /root/blocked
    say blocked $?
    until_so sh -c 'systemd-inhibit --list | grep -q loadworthy'
    say inhibited $?
    systemctl reboot --check-inhibitors=yes > /root/refused
    say check-inhibitors $?
    reboot > /root/guarded
    say molly-guard $?
    say reason "$(grep -c nosuch /root/guarded)"
    # The package manager is not disturbed by a gate that refuses.
    run-parts --report --exit-on-error --arg="$(uname -r)" --arg="/boot/vmlinuz-$(uname -r)" \
        --regex='^zz-loadworthy$' /etc/kernel/postinst.d > /root/hook
    say postinst $?
    say audit "$(dpkg --audit | wc -l)"
    cp /root/manifest /etc/loadworthy/manifest.toml
    loadworthy gate run > /root/again
    say again $?
    printf '[[require]]\nmodule = "nosuch"\n' >> /etc/loadworthy/manifest.toml
    loadworthy gate run > /root/blocked
    loadworthy collect -o /root/before.lwb > /root/collected
    say collect $?
    cp /root/manifest /etc/loadworthy/manifest.toml
    say block "$(test -e /run/loadworthy/block && echo there)"
    say forced
    sync
    # The lock is still held; whoever means it is not stopped half-way.
    systemctl start --no-block reboot.target
    exit 0
fi
say boots "$(loadworthy gate status --json)"
until_so sh -c 'systemctl show -p ActiveState loadworthy-confirm.service | grep -qE "inactive|failed"'
say unit "$(systemctl show -p Result loadworthy-confirm.service)"
loadworthy gate confirm --json > /root/confirm
say confirm $?
say compared "$(cat /root/confirm)"
loadworthy check --health --json --since /root/before.lwb > /root/health
say health $?
say checks "$(cat /root/health)"
say failed "$(systemctl --failed --plain --no-legend | cut -d' ' -f1 | tr '\n' ' ')"
say end
sync
systemctl poweroff --force --force
