//! dnf 4 and dnf 5: when a transaction has ended.

use super::{Hook, When};

pub(super) static HOOKS: &[Hook] = &[
    Hook {
        name: "dnf4",
        path: "etc/dnf/plugins/post-transaction-actions.d/loadworthy.action",
        mode: 0o644,
        when: When::Folder("etc/dnf/plugins/post-transaction-actions.d"),
        what: "judges when a transaction changed modules; what it answers changes nothing",
        source: "dnf-plugins-core, post-transaction-actions: FILTER:STATE:COMMAND",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               /lib/modules/*:any:@PROGRAM@ gate run --hook transaction\n\
               /usr/lib/modules/*:any:@PROGRAM@ gate run --hook transaction\n",
    },
    Hook {
        name: "dnf5",
        path: "etc/dnf/libdnf5-plugins/actions.d/loadworthy.actions",
        mode: 0o644,
        when: When::Folder("etc/dnf/libdnf5-plugins/actions.d"),
        what: "judges when a transaction has ended; what it answers changes nothing",
        source: "libdnf5-actions(8): CALLBACK:FILTER:DIRECTION:OPTIONS:COMMAND",
        text: "# Written by `loadworthy gate install`; see `loadworthy gate status`.\n\
               post_transaction::::@PROGRAM@ gate run --hook transaction\n",
    },
];
