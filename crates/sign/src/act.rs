//! Signing: every file is signed beside its place, judged, written into the log, and released.

#[cfg(target_os = "linux")]
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use loadworthy_assess::request::Progress;
use loadworthy_collect::pool;
use loadworthy_core::answer::Kind;
use loadworthy_core::codes::SIGN_FILE;
use loadworthy_core::signed::{By, Fate, Receipt};

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::judged;
use crate::judged_on;
use crate::ledger::Ledger;
use crate::order::{Order, With};
#[cfg(target_os = "linux")]
use crate::part::settle;
use crate::part::settle_names;
use crate::prepared::Prepared;

/// Does what is asked. What one file lacks does not keep the others from being signed; the receipt
/// names each.
///
/// # Errors
/// Where the log cannot be written, or a target cannot be asked as it was meant to be: then nothing is
/// released.
pub fn sign(
    order: &Order<'_>,
    ledger: Option<&Ledger>,
    progress: Progress<'_>,
) -> Result<Receipt, SignError> {
    let by = |certificate: &Certificate, key: &str| By {
        key: key.to_owned(),
        subject: certificate.subject(),
        certificate: certificate.fingerprint(),
        digest: order.digest.name(),
    };
    let by = match order.with {
        With::Signer(signer) => Some(by(signer.certificate(), signer.named())),
        With::Made(made) => Some(by(&made.certificate, "made elsewhere")),
        With::Stamps(_) | With::Nothing => None,
    };
    let mut files =
        pool::each(&order.tasks, order.jobs, progress, || (), |(), task| Prepared::of(task, order));
    let mut receipt = Receipt {
        at: order.at.clone(),
        by,
        targets: Vec::new(),
        notes: Vec::new(),
        files: Vec::new(),
        log: ledger.map(|ledger| ledger.path.display().to_string()),
    };
    let is_signed = |file: &Prepared| file.part.is_some();
    // Platforms of Windows are named; only what Linux loads is judged by a host.
    if files.iter().any(|file| is_signed(file) && !is_for_windows(file)) {
        for (number, (name, request)) in order.targets.iter().enumerate() {
            receipt.targets.push(judged::ask(number, name, request, &mut files)?);
        }
    }
    if let Some(request) = &order.on
        && files.iter().any(|file| is_signed(file) && is_for_windows(file))
    {
        let from = receipt.targets.len();
        receipt.targets.extend(judged_on::ask(from, request, &order.tasks, &mut files));
    }
    for file in &mut files {
        if file.row.judged.iter().any(judged::stops) {
            file.row.fate = if order.force { Fate::Forced } else { Fate::Refused };
        }
    }
    #[cfg(target_os = "linux")]
    if order.settles_at_once() {
        settled(&mut files);
    }
    receipt.files = files.iter().map(|file| file.row.clone()).collect();
    if let Some(ledger) = ledger {
        ledger.append(&receipt).map_err(|e| SignError::file(&ledger.path, &e))?;
    }
    let mut folders = BTreeSet::new();
    for (file, row) in files.into_iter().zip(&mut receipt.files) {
        let Some(part) = file.part.filter(|_| row.fate != Fate::Refused) else { continue };
        match part.release() {
            Ok(()) => {
                folders.extend(file.place.parent().map(Path::to_owned));
            }
            Err(error) => row.fate = lost(error.to_string()),
        }
    }
    folders.iter().for_each(|folder| settle_names(folder));
    Ok(receipt)
}

/// A file that the system did not let into its place.
const fn lost(why: String) -> Fate {
    Fate::Failed { code: &SIGN_FILE, why }
}

fn is_for_windows(file: &Prepared) -> bool {
    matches!(file.row.kind, Some(Kind::WindowsDriver | Kind::WindowsProgram | Kind::Catalog))
}

/// Makes all parts durable, one call a file system. Where that fails, none of its files is released.
#[cfg(target_os = "linux")]
fn settled(files: &mut [Prepared]) {
    use std::os::unix::fs::MetadataExt;
    let mut devices: BTreeMap<u64, Result<(), String>> = BTreeMap::new();
    for file in files {
        let Some(folder) = file.part.as_ref().and_then(|part| part.path().parent()) else {
            continue;
        };
        let device = std::fs::metadata(folder).map_or(0, |folder| folder.dev());
        let settled = devices.entry(device);
        let done = settled.or_insert_with(|| settle(folder).map_err(|e| e.to_string()));
        if let Err(problem) = done {
            file.row.fate = lost(problem.clone());
            file.part = None;
        }
    }
}
