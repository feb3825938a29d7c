//! Those who reboot, or tell people to: molly-guard, needrestart, greenboot, kured, Ansible.

use super::{Hook, When};

pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "molly-guard",
        path: "etc/molly-guard/run.d/50-loadworthy",
        mode: 0o755,
        when: When::Folder("etc/molly-guard/run.d"),
        what: "refuses an interactive reboot with the reason",
        source: "molly-guard(8): a script that does not answer 0 stops the command",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               timeout -k 5 60 @PROGRAM@ gate run --molly-guard </dev/null\n\
               [ $? -ne 1 ] || exit 1\nexit 0\n",
    },
    Hook {
        name: "needrestart",
        path: "etc/needrestart/conf.d/loadworthy.conf",
        mode: 0o644,
        when: When::Folder("etc/needrestart/conf.d"),
        what: "no advice to reboot into a kernel that is held back",
        source: "needrestart, ex/needrestart.conf: kernelhints (0 disables), conf.d is Perl",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               if (-e '/run/loadworthy/held' || -e '/run/loadworthy/block') {\n    $nrconf{kernelhints} = 0;\n}\n",
    },
    Hook {
        name: "greenboot",
        path: "etc/greenboot/check/wanted.d/50-loadworthy.sh",
        mode: 0o755,
        when: When::Folder("etc/greenboot/check/wanted.d"),
        what: "tells greenboot whether a boot went as foretold; never causes a fallback",
        source: "greenboot, README: scripts in wanted.d warn, those in required.d fall back",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               exec timeout -k 5 120 @PROGRAM@ gate confirm\n",
    },
    Hook {
        name: "ansible-fact",
        path: "etc/ansible/facts.d/loadworthy.fact",
        mode: 0o755,
        when: When::Folder("etc/ansible/facts.d"),
        what: "ansible_local.loadworthy: the verdict file",
        source: "Ansible, facts.d: an executable prints JSON",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               cat /run/loadworthy/verdict.json 2>/dev/null || echo '{}'\n",
    },
    Hook {
        name: "kured",
        path: "usr/local/bin/loadworthy-kured",
        mode: 0o755,
        when: When::Asked,
        what: "for --reboot-sentinel-command: 0 when a reboot is wanted and allowed, else 1",
        source: "kured, --reboot-sentinel-command; asked before a node is drained",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               if ! [ -x @PROGRAM@ ]; then test -e /run/reboot-required; exit; fi\n\
               # [ -x @PROGRAM@ ] || exit 0 would mean: reboot.\n\
               timeout -k 5 60 @PROGRAM@ gate run --kured </dev/null || exit 1\n",
    },
];
