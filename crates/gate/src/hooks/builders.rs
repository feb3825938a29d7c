//! What builds modules: DKMS and akmods.

use super::{Hook, When};

pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "dkms",
        path: "etc/dkms/framework.conf.d/loadworthy.conf",
        mode: 0o644,
        when: When::Holds("usr/sbin/dkms", "post_transaction"),
        what: "judges again when DKMS has built or removed modules",
        source: "dkms(8), framework.conf, post_transaction",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               post_transaction=\"@PROGRAM@ gate run --hook built\"\n",
    },
    Hook {
        name: "akmods",
        path: "etc/systemd/system/akmods@.service.d/loadworthy.conf",
        mode: 0o644,
        when: When::File("usr/lib/systemd/system/akmods@.service"),
        what: "judges again when akmods has built for a kernel",
        source: "akmods, akmods@.service; systemd.service(5), ExecStartPost with `-`",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               [Service]\nExecStartPost=-@PROGRAM@ gate run --hook built\n",
    },
];
