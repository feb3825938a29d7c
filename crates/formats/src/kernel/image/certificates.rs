//! The certificates compiled into a kernel.
//!
//! The kernel keeps them end to end in `system_certificate_list`; behind it stand the length of the
//! whole list and that of the part made for this build. The two numbers tell the list from other
//! certificates in the image, such as those of the wireless rules or of the revocation list. Each stands at
//! `.align 8`, which is eight bytes to some assemblers and two to the eighth to others.
//! Sources: `certs/system_certificates.S`, `certs/revocation_certificates.S`, `certs/common.c`
//! (`x509_load_certificate_list`), RFC 5280 4.1.

use super::layout::Layout;
use memchr::memmem;

/// Certificates found in an image, as DER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    /// The built-in keyring, in its order.
    pub(super) trusted: Vec<Vec<u8>>,
    /// Whether the list was found by its lengths. If not, `trusted` is every certificate in sight.
    pub(super) delimited: bool,
    /// The compiled-in revocation list.
    pub(super) revoked: Vec<Vec<u8>>,
}

/// Certificates that lie end to end.
struct Run<'a> {
    certificates: Vec<&'a [u8]>,
    /// Whether the length of the run stands behind it.
    sized: bool,
    /// Whether the length of its first certificate follows that.
    own_key: bool,
}

/// What `.align 8` comes to.
const ALIGNMENTS: [usize; 2] = [8, 256];
/// Version 3, the beginning of every signed part since 1996.
const VERSION_3: &[u8] = &[0xa0, 3, 2, 1, 2];
/// How far behind the list its lengths are looked for: room reserved for an extra certificate lies
/// between (`SYSTEM_EXTRA_CERTIFICATE_SIZE`).
const EXTRA: usize = 64 << 10;

/// More certificates than any kernel carries.
const MOST: usize = 4096;

/// Finds the certificates.
pub(super) fn find(layout: &Layout<'_>) -> Certificates {
    let mut runs = Vec::new();
    for stretch in layout.initial() {
        let mut passed = 0_usize;
        for at in memmem::find_iter(stretch, VERSION_3).take(MOST) {
            // The two headers before the version take seven or eight bytes.
            for back in [8_usize, 7] {
                let Some(start) = at.checked_sub(back).filter(|start| *start >= passed) else {
                    continue;
                };
                if let Some((run, end)) = run(layout, stretch, start) {
                    passed = end;
                    runs.push(run);
                    break;
                }
            }
        }
    }
    let list =
        runs.iter().position(|run| run.own_key).or_else(|| runs.iter().position(|run| run.sized));
    let own = |run: Run<'_>| run.certificates.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
    let mut found = Certificates { delimited: list.is_some(), ..Default::default() };
    for (at, run) in runs.into_iter().enumerate() {
        match list {
            Some(list) if list == at => found.trusted = own(run),
            Some(_) if run.sized => found.revoked.extend(own(run)),
            Some(_) => {}
            None => found.trusted.extend(own(run)),
        }
    }
    found
}

fn run<'a>(layout: &Layout<'_>, stretch: &'a [u8], start: usize) -> Option<(Run<'a>, usize)> {
    let mut end = start;
    let mut certificates = Vec::new();
    while let Some(certificate) = stretch.get(end..).and_then(certificate) {
        if certificates.len() >= MOST {
            break;
        }
        end = end.checked_add(certificate.len())?;
        certificates.push(certificate);
    }
    let first = certificates.first()?.len();
    let total = end.checked_sub(start)?;
    // Alignment counts from the list's own beginning, which is aligned like the rest.
    let behind = start.checked_add(total.checked_next_multiple_of(ALIGNMENTS[0])?)?;
    let rest = stretch.get(behind..).unwrap_or_default();
    let is = |at: usize, length: usize| {
        let word = rest.get(at..).and_then(|rest| layout.word(rest));
        word.is_some_and(|word| u64::try_from(length) == Ok(word))
    };
    let own_key = (0..EXTRA).step_by(8).take_while(|at| *at < rest.len()).any(|at| {
        let next = |by| at.checked_add(by).is_some_and(|next| is(next, first));
        is(at, total) && ALIGNMENTS.into_iter().any(next)
    });
    let next_to_it = ALIGNMENTS.into_iter().any(|by| {
        let length = total.checked_next_multiple_of(by).and_then(|to| start.checked_add(to));
        length.and_then(|to| to.checked_sub(behind)).is_some_and(|at| is(at, total))
    });
    Some((Run { certificates, sized: own_key || next_to_it, own_key }, end))
}

/// A certificate at the beginning of `bytes`, if the shape is that of one.
fn certificate(bytes: &[u8]) -> Option<&[u8]> {
    let (whole, outer, _) = element(bytes, 0x30)?;
    let (_, signed, rest) = element(outer, 0x30)?;
    let (_, _, rest) = element(rest, 0x30)?; // signatureAlgorithm
    let (_, _, rest) = element(rest, 0x03)?; // signatureValue
    rest.is_empty().then_some(())?;
    let signed = element(signed, 0xa0).map_or(signed, |(_, _, rest)| rest);
    let (_, _, mut signed) = element(signed, 0x02)?; // serialNumber
    // signature, issuer, validity, subject, subjectPublicKeyInfo
    for _ in 0..5 {
        (_, _, signed) = element(signed, 0x30)?;
    }
    Some(whole)
}

/// The element at the beginning: all of it, its contents, and what follows.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8], &[u8])> {
    let (header, length) = match *bytes {
        [found, length, ..] if found == tag && length < 0x80 => (2_usize, usize::from(length)),
        [found, 0x81, length, ..] if found == tag => (3, usize::from(length)),
        [found, 0x82, high, low, ..] if found == tag => {
            (4, usize::from(u16::from_be_bytes([high, low])))
        }
        _ => return None,
    };
    let (whole, rest) = bytes.split_at_checked(header.checked_add(length)?)?;
    Some((whole, whole.get(header..)?, rest))
}
