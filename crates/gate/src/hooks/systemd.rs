//! Units: after the boot, now and then, and a lock against reboots while one is not safe.
//!
//! Nothing here stands in the way of a shutdown: no unit is required by `reboot.target` or
//! `systemd-reboot.service`. A requirement there that fails leaves a machine half shut down.

use super::{Hook, When};

const SYSTEMD: When = When::Folder("usr/lib/systemd/system");

pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "confirm",
        path: "etc/systemd/system/loadworthy-confirm.service",
        mode: 0o644,
        when: SYSTEMD,
        what: "compares a boot with what was foretold",
        source: "systemd.service(5)",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=Compare this boot with what loadworthy foretold\n\
               After=local-fs.target systemd-udev-settle.service systemd-modules-load.service\n\
               ConditionFileIsExecutable=@PROGRAM@\n\n\
               [Service]\nType=oneshot\nExecStart=-@PROGRAM@ gate confirm\n\
               ExecStart=-@PROGRAM@ gate run --hook boot\nTimeoutStartSec=5min\n\n\
               [Install]\nWantedBy=multi-user.target\n",
    },
    Hook {
        name: "health",
        path: "etc/systemd/system/loadworthy-health.service",
        mode: 0o644,
        when: When::File("usr/lib/systemd/system/boot-complete.target"),
        what: "a boot that systemd-boot counts is good only when what the manifest names is up",
        source: "systemd, AUTOMATIC_BOOT_ASSESSMENT: boot-complete.target requires the check",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=Is everything up that this machine needs?\n\
               After=multi-user.target loadworthy-confirm.service\nBefore=boot-complete.target\n\
               ConditionFileIsExecutable=@PROGRAM@\n\n\
               [Service]\nType=oneshot\nRemainAfterExit=yes\n\
               # 3: nothing is named, or it cannot be told; 2: our own work failed. Neither falls back.\n\
               SuccessExitStatus=2 3\n\
               ExecStart=@PROGRAM@ check --health\nTimeoutStartSec=5min\n\n\
               [Install]\nRequiredBy=boot-complete.target\n",
    },
    Hook {
        name: "timer-service",
        path: "etc/systemd/system/loadworthy-gate.service",
        mode: 0o644,
        when: SYSTEMD,
        what: "judges now and then, so that overrides end in time",
        source: "systemd.service(5)",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=Judge the next boot\nConditionFileIsExecutable=@PROGRAM@\n\n\
               [Service]\nType=oneshot\nExecStart=-@PROGRAM@ gate run --hook timer\nNice=10\n",
    },
    Hook {
        name: "timer",
        path: "etc/systemd/system/loadworthy-gate.timer",
        mode: 0o644,
        when: SYSTEMD,
        what: "starts it",
        source: "systemd.timer(5)",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=Judge the next boot now and then\n\n\
               [Timer]\nOnBootSec=15min\nOnUnitActiveSec=1h\nRandomizedDelaySec=5min\n\n\
               [Install]\nWantedBy=timers.target\n",
    },
    Hook {
        name: "inhibit",
        path: "etc/systemd/system/loadworthy-inhibit.service",
        mode: 0o644,
        when: SYSTEMD,
        what: "holds a lock against reboots while one would not bring the machine back",
        source: "systemd-inhibit(1); binds `systemctl reboot` from systemd 257 on, only who asks before",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=A reboot would not bring this machine back\n\
               ConditionPathExists=/run/loadworthy/block\n\n\
               [Service]\n\
               ExecStart=systemd-inhibit --what=shutdown --mode=block --who=loadworthy \
               \"--why=A reboot would not bring this machine back: loadworthy gate status\" \
               sh -c \"while [ -e /run/loadworthy/block ]; do sleep 5; done\"\n",
    },
    Hook {
        name: "inhibit-path",
        path: "etc/systemd/system/loadworthy-inhibit.path",
        mode: 0o644,
        when: SYSTEMD,
        what: "starts it when the mark appears",
        source: "systemd.path(5)",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Unit]\nDescription=Watch whether a reboot would bring this machine back\n\n\
               [Path]\nPathExists=/run/loadworthy/block\n\n\
               [Install]\nWantedBy=paths.target\n",
    },
];
