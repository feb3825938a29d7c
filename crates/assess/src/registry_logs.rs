//! A hive of the registry with what its logs beside it hold.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use loadworthy_formats::registry::log;

/// Bytes of a log that are read.
const LONGEST: u64 = 256 << 20;

/// The hive that lies at `path`; with what `.LOG1`, `.LOG2` and `.LOG` beside it hold, where it was not
/// written completely.
pub(crate) fn put_in<'h>(hive: &'h [u8], path: &Path) -> Cow<'h, [u8]> {
    let Some(name) = path.file_name().map(|n| n.to_string_lossy().to_lowercase()) else {
        return Cow::Borrowed(hive);
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut logs = Vec::new();
    for entry in beside {
        let other = entry.file_name().to_string_lossy().to_lowercase();
        let is_log =
            other.strip_prefix(&*name).is_some_and(|end| matches!(end, ".log" | ".log1" | ".log2"));
        let is_file = is_log && entry.path().is_file();
        if let Some(file) = is_file.then(|| File::open(entry.path()).ok()).flatten() {
            let mut bytes = Vec::new();
            if file.take(LONGEST).read_to_end(&mut bytes).is_ok() {
                logs.push(bytes);
            }
        }
    }
    let logs: Vec<&[u8]> = logs.iter().map(Vec::as_slice).collect();
    log::recovered(hive, &logs).map_or(Cow::Borrowed(hive), Cow::Owned)
}
