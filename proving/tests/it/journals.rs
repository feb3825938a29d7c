//! Files of the journal as systemd writes them.

use crate::skipped::{ask, tool};
use libtest_mimic::Failed;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A plain file and a compact one with these entries, in the export format; `None`: nobody writes them here.
pub(crate) fn written(entries: &[u8], folder: &Path) -> Result<Option<[PathBuf; 2]>, Failed> {
    let named = ["/usr/lib/systemd", "/lib/systemd"].map(|f| format!("{f}/systemd-journal-remote"));
    let there = named.into_iter().map(PathBuf::from).find(|path| path.is_file());
    let Some(writer) = there.or_else(|| tool("systemd-journal-remote")) else {
        return Ok(None);
    };
    let export = folder.join("export");
    fs::write(&export, entries)?;
    let files = ["0", "1"].map(|compact| (compact, folder.join(format!("{compact}.journal"))));
    for (compact, file) in &files {
        let mut write = Command::new(&writer);
        write.env("SYSTEMD_JOURNAL_COMPACT", compact).arg("-o").arg(file).arg(&export);
        ask(&mut write)?;
    }
    Ok(Some(files.map(|(_, file)| file)))
}
