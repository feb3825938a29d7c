//! dpkg, apt and initramfs-tools.

use super::{Hook, When};

const HANDBOOK: &str = "Debian kernel handbook, maintainer hooks; run-parts(8)";

/// The program is started with a time limit, and only `1` comes through: that is what it answers when
/// the owner wants transactions to fail. A hook that fails for another reason would leave the package
/// half configured.
pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "kernel-postinst",
        path: "etc/kernel/postinst.d/zz-loadworthy",
        mode: 0o755,
        when: When::Folder("etc/kernel/postinst.d"),
        what: "judges a kernel while its package is configured, before its boot entry is written",
        source: HANDBOOK,
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               timeout -k 5 120 @PROGRAM@ gate run --hook kernel-installed -- \"$@\" </dev/null\n\
               [ $? -ne 1 ] || exit 1\nexit 0\n",
    },
    Hook {
        name: "kernel-postrm",
        path: "etc/kernel/postrm.d/zz-loadworthy",
        mode: 0o755,
        when: When::Folder("etc/kernel/postrm.d"),
        what: "judges again when a kernel is gone: it may have been the way back",
        source: HANDBOOK,
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               timeout -k 5 120 @PROGRAM@ gate run --hook kernel-removed </dev/null\nexit 0\n",
    },
    Hook {
        name: "headers-postinst",
        path: "etc/kernel/header_postinst.d/zz-loadworthy",
        mode: 0o755,
        when: When::Folder("etc/kernel/header_postinst.d"),
        what: "judges again when headers came and DKMS has built",
        source: HANDBOOK,
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               timeout -k 5 120 @PROGRAM@ gate run --hook built </dev/null\nexit 0\n",
    },
    Hook {
        name: "apt",
        path: "etc/apt/apt.conf.d/90loadworthy",
        mode: 0o644,
        when: When::Folder("etc/apt/apt.conf.d"),
        what: "judges packages before they are unpacked, and the host when all of them are configured",
        source: "apt.conf(5), DPkg::Pre-Install-Pkgs and DPkg::Post-Invoke",
        text: "// Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               DPkg::Pre-Install-Pkgs { \"test ! -x @PROGRAM@ || timeout -k 5 120 @PROGRAM@ gate run --apt; test $? -ne 1\"; };\n\
               DPkg::Post-Invoke { \"test ! -x @PROGRAM@ || timeout -k 5 120 @PROGRAM@ gate run --hook transaction </dev/null || true\"; };\n",
    },
    Hook {
        name: "initramfs",
        path: "etc/initramfs/post-update.d/loadworthy",
        mode: 0o755,
        when: When::Folder("etc/initramfs-tools"),
        what: "judges again when an initramfs was built",
        source: "update-initramfs(8), /etc/initramfs/post-update.d",
        text: "#!/bin/sh\n# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [ -x @PROGRAM@ ] || exit 0\n\
               # While a kernel's package is configured its own hook judges, when all is in place.\n\
               [ -z \"$DEB_MAINT_PARAMS\" ] || exit 0\n\
               timeout -k 5 120 @PROGRAM@ gate run --hook initramfs </dev/null\nexit 0\n",
    },
];
