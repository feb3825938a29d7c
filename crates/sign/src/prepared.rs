//! One file on its way: read, signed, written beside its place, read back.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use loadworthy_core::answer::Kind;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, digest};
use loadworthy_core::signed::{Fate, Signed};
use loadworthy_formats::limits::Limits;

use crate::authenticode::Code;
use crate::elsewhere::NOTHING;
use crate::error::SignError;
use crate::images::EfiImage;
use crate::modules::Module;
use crate::order::{Order, Task, With};
use crate::part::Part;
use crate::stamps::Stamps;
use crate::strip;

/// A file and how far it came.
pub(crate) struct Prepared {
    /// Its row in the receipt.
    pub(crate) row: Signed,
    /// What is written beside its place; `None`: it failed.
    pub(crate) part: Option<Part>,
    /// The kernel a module was built for.
    pub(crate) release: Option<String>,
    /// Where it goes.
    pub(crate) place: PathBuf,
}

impl Prepared {
    /// Signs one file into a part beside its place.
    pub(crate) fn of(task: &Task, order: &Order<'_>) -> Self {
        let mut prepared = Self {
            row: Signed {
                path: task.from.display().to_string(),
                to: task.to.as_ref().map(|to| to.display().to_string()),
                kind: None,
                compression: None,
                fate: Fate::Signed,
                before: None,
                after: None,
                replaced: 0,
                kept: 0,
                stamp: None,
                judged: Vec::new(),
            },
            part: None,
            release: None,
            place: PathBuf::new(),
        };
        if let Err(why) = prepared.sign(task, order) {
            prepared.row.fate = Fate::Failed { code: why.code(), why: told(&why, &task.from) };
            prepared.part = None;
        }
        prepared
    }

    fn sign(&mut self, task: &Task, order: &Order<'_>) -> Result<(), SignError> {
        let file = |path: &Path, e: &std::io::Error| SignError::file(path, e);
        let (from, old) = behind(&task.from).map_err(|e| file(&task.from, &e))?;
        if !old.is_file() {
            return Err(SignError::Input("not a regular file".to_owned()));
        }
        let bytes = fs::read(&from).map_err(|e| file(&task.from, &e))?;
        let signed = match order.with {
            With::Signer(_) | With::Made(_) => self.bytes(bytes, order)?,
            With::Stamps(stamps) => self.stamped(&bytes, stamps, order.now)?,
            With::Nothing => self.stripped(&bytes)?,
        };
        if matches!(self.row.fate, Fate::Unsigned | Fate::Unchanged) && task.to.is_none() {
            return Ok(());
        }
        self.row.after.get_or_insert_with(|| sha256(&signed).to_string());
        self.place = match &task.to {
            None => from,
            Some(to) => behind(to).map_or_else(|_| to.clone(), |(place, _)| place),
        };
        let part = Part::write(&self.place, &old, &signed, !order.settles_at_once())
            .map_err(|e| file(&self.place, &e))?;
        let back = fs::read(part.path()).map_err(|e| file(part.path(), &e))?;
        if back != signed {
            let said = "what was written reads back otherwise: the disk is not to be trusted";
            return Err(SignError::Input(said.to_owned()));
        }
        self.part = Some(part);
        Ok(())
    }

    fn stamped(&mut self, bytes: &[u8], stamps: &Stamps, now: i64) -> Result<Vec<u8>, SignError> {
        let wrong = || SignError::Input("only code of Windows has time-stamps".to_owned());
        let code = Code::read(bytes, &Limits::DEFAULT)?.ok_or_else(wrong)?;
        self.row.kind = Some(code.kind());
        self.row.before = Some(sha256(bytes).to_string());
        self.row.kept = code.signatures;
        let made = code.stamped(stamps, now)?;
        self.row.fate = if made.stamp.is_some() { Fate::Stamped } else { Fate::Unchanged };
        self.row.stamp = made.stamp;
        Ok(made.bytes)
    }

    fn stripped(&mut self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        let bare = strip::bare(bytes)?;
        self.row.kind = Some(bare.kind);
        self.row.before = Some(sha256(bytes).to_string());
        self.row.replaced = bare.signatures;
        self.row.fate = if bare.signatures > 0 { Fate::Stripped } else { Fate::Unsigned };
        Ok(bare.bytes)
    }

    fn code(
        &mut self,
        code: &Code,
        before: Digest,
        order: &Order<'_>,
    ) -> Result<Vec<u8>, SignError> {
        let manner = &order.manner;
        self.row.kind = Some(code.kind());
        self.row.before = Some(before.to_string());
        let counts = if manner.append { &mut self.row.kept } else { &mut self.row.replaced };
        *counts = code.signatures;
        let made = match order.with {
            With::Signer(signer) => code.signed(signer, order.digest, manner, order.now),
            With::Made(made) => made.into_code(code, order.digest, manner, order.now),
            With::Stamps(_) | With::Nothing => Err(nothing()),
        }?;
        self.row.stamp = made.stamp;
        self.row.after = Some(sha256(&made.bytes).to_string());
        Ok(made.bytes)
    }

    fn bytes(&mut self, bytes: Vec<u8>, order: &Order<'_>) -> Result<Vec<u8>, SignError> {
        let limits = &Limits::DEFAULT;
        if let Some(code) = Code::read(&bytes, limits)? {
            return self.code(&code, sha256(&bytes), order);
        }
        if bytes.starts_with(b"MZ") {
            let before = sha256(&bytes);
            let Some(image) = EfiImage::read(bytes, limits)? else { return Err(nothing()) };
            self.row.kind = Some(Kind::BootImage);
            self.row.kept = image.signatures;
            self.row.before = Some(before.to_string());
            let signed = match order.with {
                With::Signer(signer) => image.signed(signer, order.digest, Some(&order.at)),
                With::Made(made) => made.into_image(&image, order.digest),
                With::Stamps(_) | With::Nothing => Err(nothing()),
            }?;
            self.row.after = Some(sha256(&signed).to_string());
            return Ok(signed);
        }
        let Some(module) = Module::read(bytes, limits)? else { return Err(nothing()) };
        self.row.kind = Some(Kind::LinuxModule);
        self.row.compression = module.compression.map(|c| c.name());
        self.row.replaced = module.replaced;
        self.row.before = Some(module.before.to_string());
        self.release = module.release();
        let signed = match order.with {
            With::Signer(signer) => module.signed(signer, order.digest, order.naming),
            With::Made(made) => made.into_module(&module, order.digest, order.naming),
            With::Stamps(_) | With::Nothing => Err(nothing()),
        }?;
        self.row.after = Some(module.after(&signed).to_string());
        Ok(signed)
    }
}

/// The file itself, where `path` is a link to it: that is replaced, not the link.
fn behind(path: &Path) -> std::io::Result<(PathBuf, Metadata)> {
    let there = fs::symlink_metadata(path)?;
    if !there.is_symlink() {
        return Ok((path.to_owned(), there));
    }
    let file = fs::canonicalize(path)?;
    let there = fs::metadata(&file)?;
    Ok((file, there))
}

fn nothing() -> SignError {
    SignError::Input(NOTHING.to_owned())
}

fn sha256(bytes: &[u8]) -> Digest {
    digest(DigestAlgorithm::Sha256, bytes)
}

/// Why, without the path that the row has anyway.
fn told(why: &SignError, path: &Path) -> String {
    match why {
        SignError::File { path: own, problem } if own == path => problem.clone(),
        why => why.to_string(),
    }
}
