//! Plug-ins of systemd's `kernel-install`.

use super::{Hook, When};

pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "kernel-install-entry",
        path: "etc/kernel/install.d/85-loadworthy.install",
        mode: 0o755,
        when: When::File("usr/lib/kernel/install.d/90-loaderentry.install"),
        what: "keeps the entry of a kernel that is not loadworthy from being written (77)",
        source: "kernel-install(8), EXIT STATUS: 77 ends with success and starts no later plug-in",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ \"$1\" = add ] || exit 0\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               # Where GRUB's entries are written by an earlier plug-in, nothing is kept back here.\n\
               [ ! -e /usr/lib/kernel/install.d/20-grub.install ] || exit 0\n\
               timeout -k 5 120 @PROGRAM@ gate run --kernel-install -- \"$@\" </dev/null\n\
               [ $? -ne 77 ] || exit 77\nexit 0\n",
    },
    Hook {
        name: "kernel-install-default",
        path: "etc/kernel/install.d/96-loadworthy.install",
        mode: 0o755,
        when: When::Folder("usr/lib/kernel/install.d"),
        what: "judges a kernel when its entry is written, after the default was chosen (95)",
        source: "kernel-install(8); Fedora, 20-grub.install and 95-set-boot-entry.install",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               case \"$1\" in\n\
               add) timeout -k 5 120 @PROGRAM@ gate run --hook kernel-installed -- \"$2\" \"$4\" </dev/null ;;\n\
               remove) timeout -k 5 120 @PROGRAM@ gate run --hook kernel-removed </dev/null ;;\n\
               esac\nexit 0\n",
    },
];
