//! What was sent, beside what came back.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use loadworthy_collect::gather::windows::driver::digested;
use loadworthy_collect::gather::windows::files::{At, Bytes, Files, has_extension};
use loadworthy_collect::sighting::Outcome;
use loadworthy_collect::views::caller;
use loadworthy_core::codesigning::catalog;
use loadworthy_core::codesigning::image;
use loadworthy_core::crypt::digest::{DigestAlgorithm, DigestSet};
use loadworthy_core::package::contents::base;
use loadworthy_core::submitted::{Became, Compared, Returned};
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::authorities::Authorities;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use zip::ZipArchive;

use crate::request::Trouble;
use crate::windows::{self, OnRequest};

/// Holds what came back against what was sent; both may be a cabinet, an archive (`.zip`) or a folder.
///
/// # Errors
/// When one of them cannot be read, or a platform is not known.
pub fn compare(sent: &Path, came: &Path, on: &OnRequest) -> Result<Compared, Trouble> {
    let authorities = Tables::authorities().map_err(|e| Trouble::Table(e.to_string()))?;
    let (sent, returned) = (opened(sent)?, opened(came)?);
    let mut left: Vec<usize> = (0..returned.all.len()).collect();
    let mut files = Vec::new();
    for (n, at) in sent.all.iter().enumerate() {
        let best = left
            .iter()
            .copied()
            .filter(|m| base(&returned.all[*m].path).eq_ignore_ascii_case(base(&at.path)))
            .max_by_key(|m| (alike(&at.path, &returned.all[*m].path), usize::MAX - m));
        let came = best.map(|m| returned.all[m].path.clone());
        left.retain(|m| Some(*m) != best);
        let became = became(&sent, n, &returned, best, &authorities);
        files.push(Returned { sent: Some(at.path.clone()), came, became });
    }
    for m in left {
        let path = returned.all[m].path.clone();
        let became = match has_extension(&path, "cat") {
            true => Became::Catalog(signers_of_catalog(&returned, m, &authorities)),
            false => Became::Added,
        };
        files.push(Returned { sent: None, came: Some(path), became });
    }
    let answers = match on.on.is_empty() {
        true => None,
        false => Some(windows::check_files(&came.display().to_string(), returned, on)?),
    };
    Ok(Compared { files, answers })
}

/// How many names at the ends of two paths are the same.
fn alike(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    one.rsplit('/').zip(other.rsplit('/')).take_while(|(a, b)| a == b).count()
}

fn became(
    sent: &Files,
    n: usize,
    returned: &Files,
    m: Option<usize>,
    authorities: &Authorities,
) -> Became {
    let limits = &Limits::DEFAULT;
    let path = &sent.all[n].path;
    let Some(m) = m else {
        return match () {
            () if has_extension(path, "pdb") => Became::Kept,
            // A catalog of another name is the portal's own.
            () if has_extension(path, "cat") => Became::Catalog(Vec::new()),
            () => Became::Missing,
        };
    };
    let (Ok(before), Ok(after)) = (sent.bytes(n, limits), returned.bytes(m, limits)) else {
        return Became::Missing;
    };
    if before == after {
        return Became::Same;
    }
    if has_extension(path, "cat") {
        return Became::Catalog(signers_of_catalog(returned, m, authorities));
    }
    let (old, new) = (digested(&before, limits), digested(&after, limits));
    if let (Some(old), Some(new)) = (&old.image, &new.image)
        && old == new
    {
        let read = header::read(&after, limits).ok();
        let by = DigestSet::of(DigestAlgorithm::Sha256);
        let read = read.map(|read| image::read(&read.value, by, authorities, limits));
        let signers = read.map(|read| read.signatures);
        let name = |s: &loadworthy_core::codesigning::signature::Signature| {
            s.signer.as_ref().map_or_else(|| "?".to_owned(), |c| c.name.to_string())
        };
        return Became::Signed(signers.iter().flatten().map(name).collect());
    }
    let folded =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| *b != b'\r').collect() };
    let ends = folded(&before) == folded(&after);
    Became::Changed(ends.then(|| "line ends".to_owned()))
}

fn signers_of_catalog(files: &Files, n: usize, authorities: &Authorities) -> Vec<String> {
    let limits = &Limits::DEFAULT;
    let bytes = files.bytes(n, limits).unwrap_or_default();
    let read = catalog::read(&bytes, authorities, limits);
    let signatures = read.map(|c| c.signatures).unwrap_or_default();
    let name = |c: Option<String>| c.unwrap_or_else(|| "?".to_owned());
    signatures.iter().map(|s| name(s.signer.as_ref().map(|c| c.name.to_string()))).collect()
}

fn opened(path: &Path) -> Result<Files, Trouble> {
    let limits = &Limits::DEFAULT;
    let trouble = |problem: String| Trouble::Open { path: path.display().to_string(), problem };
    if path.is_dir() {
        return Ok(Files::below(path, limits));
    }
    let mut bytes = Vec::new();
    match caller::look_into(path, limits.package_bytes, &mut bytes) {
        Outcome::Bytes { .. } => {}
        Outcome::Absent => return Err(trouble("no such file".to_owned())),
        _ => return Err(trouble("cannot be read".to_owned())),
    }
    if bytes.starts_with(b"PK") {
        return unzipped(&bytes, limits).map_err(trouble);
    }
    match Files::inside(&bytes, limits) {
        Some(files) => files.map_err(|e| trouble(e.to_string())),
        None => Err(trouble("neither a cabinet nor an archive".to_owned())),
    }
}

/// The files of an archive. Names that lead out of it are left out.
fn unzipped(bytes: &[u8], limits: &Limits) -> Result<Files, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut left = u64::try_from(limits.package_bytes).unwrap_or(u64::MAX);
    let mut all = Vec::new();
    for n in 0..archive.len().min(limits.items) {
        let entry = archive.by_index(n).map_err(|e| e.to_string())?;
        let Some(name) = entry.enclosed_name().filter(|_| entry.is_file()) else { continue };
        let path = name.to_string_lossy().replace('\\', "/");
        let mut unpacked = Vec::new();
        entry.take(left.saturating_add(1)).read_to_end(&mut unpacked).map_err(|e| e.to_string())?;
        let size = u64::try_from(unpacked.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(size).ok_or("it unpacks into too much")?;
        all.push(At { path, bytes: Bytes::Memory(Arc::from(unpacked)) });
    }
    Ok(Files::of(all, limits))
}
