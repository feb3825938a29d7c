//! A module without the bytes that no fact is drawn from.
//!
//! Nothing is left out on a guess: the sketch is read back and looked over, and where anything but the
//! digests came out otherwise there is no sketch, and the whole file is recorded.

use std::borrow::Cow;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::facts::module::ModuleBytes;
use loadworthy_formats::bundle::sketch::{self, Sketch};
use loadworthy_formats::compress::{self, Packed};
use loadworthy_formats::elf::kept;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;

use crate::contents;

/// The sketch of the module file `stored`; `None` where only the whole file gives the same facts.
#[must_use]
pub fn of(stored: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let packed = Packed::module(stored);
    let module = match packed {
        None => stored,
        Some(Packed { by, .. }) => {
            compress::unpack(stored, by, limits.module_bytes, limits, &mut unpacked).ok()?;
            &unpacked
        }
    };
    // A kernel reads no empty file, and says so before it looks for a module.
    if stored.is_empty() {
        return None;
    }
    let whole = contents::bytes(module, limits);
    let sketch = Sketch {
        stored: u64::try_from(stored.len()).ok()?,
        sha256: match packed {
            None => hex(&whole.sha256),
            Some(_) => digest(DigestAlgorithm::Sha256, stored).to_string(),
        },
        length: whole.len,
        content_sha256: hex(&whole.sha256),
        digests: whole.digests.iter().map(|(of, d)| (of.name().into(), d.to_string())).collect(),
        packed,
        obstacle: whole.obstacles.usual,
        other_obstacle: whole.obstacles.other,
        pieces: kept::pieces(&whole.survey, &whole.appended, module.len()),
    };
    let masked = kept::without_locals(&whole.survey, module).map(Cow::Owned);
    masked.into_iter().chain([Cow::Borrowed(module)]).find_map(|kept| {
        let written = sketch::write(&sketch, &kept).ok()?;
        same(&whole, &written, limits).then_some(written)
    })
}

/// Whether the sketch gives the facts that the module gives.
fn same(whole: &ModuleBytes, written: &[u8], limits: &Limits) -> bool {
    let Ok((sketch, module)) = sketch::read(written, limits) else { return false };
    contents::sketched(&sketch, &module, limits).is_ok_and(|read| {
        read.len == whole.len
            && read.appended == whole.appended
            && read.message == whole.message
            && read.digests == whole.digests
            && read.sha256 == whole.sha256
            && read.survey == whole.survey
    })
}
