//! What `depmod` is configured to do.

use loadworthy_formats::kernel::depmod_d::DepmodConfig;
use loadworthy_formats::kernel::modprobe_d;

use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};

/// Folders of configuration (kmod 30, `tools/depmod.c`, `default_cfg_paths`).
const FOLDERS: [&str; 5] =
    ["etc/depmod.d", "run/depmod.d", "usr/local/lib/depmod.d", "usr/lib/depmod.d", "lib/depmod.d"];

/// The configuration; files of stronger folders hide those of the same name in weaker ones.
#[must_use]
pub fn configuration(looking: &Looking<'_>) -> DepmodConfig {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        for entry in looking.names(&Item::entries(folder)).unwrap_or_default() {
            paths.push(HostPath::new(folder).join(&entry.name).to_string());
        }
    }
    let mut config = DepmodConfig::default();
    for path in modprobe_d::order(paths.iter().map(String::as_str)) {
        if let Ok(bytes) = looking.bytes(&Item::file(path), looking.limits.text_bytes) {
            let _ = config.add(&bytes, looking.limits);
        }
    }
    config
}
