//! The signing log: one line a file, appended and never changed.
//!
//! A line is a JSON object. Each holds the SHA-256 of the line before it, so that a line that was
//! changed or taken out is seen. What is released is in the log first.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::signed::{Receipt, Signed};
use serde_json::{Value, json};

/// A log, and who writes to it.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The file.
    pub path: PathBuf,
    /// Who signs.
    pub who: String,
}

/// What the first line says of the line before it.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Ledger {
    /// Appends the rows of `receipt` that were signed, or refused after they were.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, receipt: &Receipt) -> io::Result<()> {
        let rows: Vec<&Signed> = receipt.files.iter().filter(|row| row.after.is_some()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut options = File::options();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let mut file = options.open(&self.path)?;
        // Two programs that sign at once write one after the other.
        file.lock()?;
        let mut previous = last_line(&mut file)?.map_or_else(|| FIRST.to_owned(), |l| sha256(&l));
        let mut text = String::new();
        for row in rows {
            let line = self.line(receipt, row, &previous).to_string();
            previous = sha256(line.as_bytes());
            text.push_str(&line);
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    fn line(&self, receipt: &Receipt, row: &Signed, previous: &str) -> Value {
        let judged: Vec<Value> = row
            .judged
            .iter()
            .map(|judged| {
                json!({
                    "target": receipt.targets.get(judged.target).map(|t| &t.name),
                    "outcome": judged.answered.judgement.verdict.name(),
                    "accepts": judged.accepts,
                })
            })
            .collect();
        json!({
            "at": receipt.at,
            "who": self.who,
            "fate": row.fate.name(),
            "file": absolute(row.to.as_deref().unwrap_or(&row.path)),
            "kind": row.kind.map(|kind| kind.name()),
            "before": row.before,
            "after": row.after,
            "digest": receipt.by.as_ref().map(|by| by.digest),
            "key": receipt.by.as_ref().map(|by| &by.key),
            "subject": receipt.by.as_ref().map(|by| &by.subject),
            "certificate": receipt.by.as_ref().map(|by| &by.certificate),
            "judged": judged,
            "previous": previous,
        })
    }
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |p| p.display().to_string())
}

fn sha256(line: &[u8]) -> String {
    digest(DigestAlgorithm::Sha256, line).to_string()
}

/// The last line without its end; `None`: there is none.
fn last_line(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut reach: u64 = 4096;
    loop {
        let from = length.saturating_sub(reach);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        Read::take(&mut *file, length - from).read_to_end(&mut end)?;
        let line = end.strip_suffix(b"\n").unwrap_or(&end);
        match line.iter().rposition(|b| *b == b'\n') {
            Some(at) => return Ok(Some(line[at + 1..].to_vec())),
            None if from == 0 => return Ok((!line.is_empty()).then(|| line.to_vec())),
            None => reach *= 8,
        }
    }
}

/// Whether every line follows from the one before it: the number of lines, or the number of the first
/// that does not.
///
/// # Errors
/// When the log cannot be read.
pub fn verify(path: &Path) -> io::Result<Result<usize, usize>> {
    let text = fs::read_to_string(path)?;
    let mut previous = FIRST.to_owned();
    for (at, line) in text.lines().enumerate() {
        let said: Value = serde_json::from_str(line).unwrap_or_default();
        if said.get("previous").and_then(Value::as_str) != Some(&previous) {
            return Ok(Err(at + 1));
        }
        previous = sha256(line.as_bytes());
    }
    Ok(Ok(text.lines().count()))
}
