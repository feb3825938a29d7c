//! A tar archive: ustar headers, with the extensions of GNU and of POSIX that packages use.

use std::io::Read;

use crate::error::{Error, Kind};
use crate::feed::{self, Feed};
use crate::limits::Limits;
use crate::package::member::{Member, Sort, Visit};
use crate::reader::{index, wide};

const BLOCK: usize = 512;
/// Bytes a name or a set of extended fields may have; a kernel takes 4096 of a path.
const LONGEST: u64 = 64 << 10;
const WHAT: &str = "tar header";

/// Fields that a member before this one gave for it.
#[derive(Default)]
struct Ahead {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Walks the archive to its end. `seen` counts members against the limit.
///
/// # Errors
/// Where a member cannot be read; earlier ones have been visited.
pub(super) fn walk(
    source: &mut dyn Read,
    limits: &Limits,
    seen: &mut usize,
    visit: &mut Visit<'_>,
) -> Result<(), Error> {
    let mut feed = Feed::new(source);
    let mut ahead = Ahead::default();
    loop {
        let at = feed.passed();
        let start = feed.peek(BLOCK).map_err(|e| feed::failed(WHAT, at, &e))?;
        if start.is_empty() || (start.len() == BLOCK && start.iter().all(|b| *b == 0)) {
            // Whatever follows is padding; reading it to the end checks the stream around it.
            let rest = std::io::copy(&mut feed, &mut std::io::sink());
            return rest.map(|_| ()).map_err(|e| feed::failed(WHAT, feed.passed(), &e));
        }
        let mut header = [0; BLOCK];
        feed::fill(&mut feed, &mut header, (WHAT, at))?;
        if !sum_fits(&header) {
            return Err(Error::new(WHAT, index(at), Kind::Corrupt));
        }
        *seen = seen.saturating_add(1);
        if *seen > limits.items {
            let kind = Kind::TooMany { limit: wide(limits.items) };
            return Err(Error::new("tar members", index(at), kind));
        }
        let own = number(header.get(124..136).unwrap_or_default()).ok_or(Error::new(
            "tar size",
            index(at),
            Kind::Corrupt,
        ))?;
        let kind = header.get(156).copied().unwrap_or_default();
        if matches!(kind, b'L' | b'K' | b'x' | b'g') {
            if own > LONGEST {
                return Err(Error::new("tar name", index(at), Kind::TooLarge { limit: LONGEST }));
            }
            let mut text = vec![0; index(own)];
            feed::fill(&mut feed, &mut text, (WHAT, at))?;
            pad(&mut feed, own)?;
            match kind {
                b'L' => ahead.path = Some(ended(&text).to_vec()),
                b'K' => ahead.target = Some(ended(&text).to_vec()),
                b'x' => extended(&text, &mut ahead),
                _ => {}
            }
            continue;
        }
        let Ahead { path, target, size } = std::mem::take(&mut ahead);
        let size = size.unwrap_or(own);
        let path = path.unwrap_or_else(|| name(&header));
        let target =
            target.unwrap_or_else(|| ended(header.get(157..257).unwrap_or_default()).to_vec());
        let sort = match kind {
            b'5' => Sort::Folder,
            b'2' => Sort::Link(&target),
            b'1' => Sort::HardLink(&target),
            b'0' | b'7' | 0 if path.ends_with(b"/") => Sort::Folder,
            b'0' | b'7' | 0 => Sort::File,
            _ => Sort::Other,
        };
        let member = Member { path: &path, sort, size };
        let begins = feed.passed();
        visit(&member, &mut (&mut feed).take(size));
        let left = size.saturating_sub(feed.passed().saturating_sub(begins));
        feed::skip(&mut feed, left, ("tar member", begins))?;
        pad(&mut feed, size)?;
    }
}

/// The name in a header; that of ustar may have a prefix.
fn name(header: &[u8; BLOCK]) -> Vec<u8> {
    let own = ended(header.get(..100).unwrap_or_default());
    let prefix = ended(header.get(345..500).unwrap_or_default());
    // GNU's own form has times where POSIX has the prefix.
    if header.get(257..263) != Some(b"ustar\0") || prefix.is_empty() {
        return own.to_vec();
    }
    [prefix, b"/", own].concat()
}

/// `path`, `linkpath` and `size` of POSIX's extended header: `LENGTH KEY=VALUE\n`.
fn extended(mut text: &[u8], ahead: &mut Ahead) {
    while let Some(space) = text.iter().position(|b| *b == b' ') {
        let (digits, _) = text.split_at(space);
        let length = str::from_utf8(digits).ok().and_then(|d| d.parse::<usize>().ok());
        let Some((record, rest)) = length.and_then(|length| text.split_at_checked(length)) else {
            return;
        };
        text = rest;
        let field = record.get(space.saturating_add(1)..).unwrap_or_default();
        let field = field.strip_suffix(b"\n").unwrap_or(field);
        let Some(equals) = field.iter().position(|b| *b == b'=') else { return };
        let (key, value) = field.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" => ahead.path = Some(value.to_vec()),
            b"linkpath" => ahead.target = Some(value.to_vec()),
            b"size" => ahead.size = str::from_utf8(value).ok().and_then(|v| v.parse().ok()),
            _ => {}
        }
    }
}

fn ended(text: &[u8]) -> &[u8] {
    text.split(|b| *b == 0).next().unwrap_or_default()
}

/// Octal digits, or, as GNU writes what is too large for them, a number of bytes behind a high bit.
fn number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        return rest.iter().try_fold(u64::from(first & 0x3f), |n, b| {
            n.checked_mul(256)?.checked_add(u64::from(*b))
        });
    }
    let digits = ended(field).trim_ascii();
    digits.iter().try_fold(0_u64, |n, b| {
        let digit = char::from(*b).to_digit(8)?;
        n.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

/// The sum of all bytes, those of the sum itself taken for spaces.
fn sum_fits(header: &[u8; BLOCK]) -> bool {
    let sum = header.iter().enumerate().fold(0_u64, |sum, (at, b)| {
        let b = if (148..156).contains(&at) { b' ' } else { *b };
        sum.saturating_add(u64::from(b))
    });
    number(header.get(148..156).unwrap_or_default()) == Some(sum)
}

fn pad(feed: &mut Feed<'_>, size: u64) -> Result<(), Error> {
    let at = feed.passed();
    feed::skip(feed, size.wrapping_neg() % 512, (WHAT, at))
}
