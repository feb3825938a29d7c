//! Where an element of indefinite length ends, when nobody looks into it (X.690 8.1.3.6).

use super::fault::{Fault, What};

const CONSTRUCTED: u8 = 0x20;
const LONG_FORM_TAG: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;

/// Bytes from `from` to and including the end-of-contents octets that close this level; all of it
/// lies before `end`.
pub(super) fn length(data: &[u8], from: usize, end: usize) -> Result<usize, Fault> {
    let mut at = from;
    let mut level = 1_u32;
    let fault = |at, what| Err(Fault { at, what });
    let get = |at: usize| data.get(at).copied().unwrap_or(0);
    loop {
        if end.saturating_sub(at) < 2 {
            let what = if at == end { What::EndOfContents } else { What::Overrun };
            return fault(at, what);
        }
        let tag = get(at);
        at = at.saturating_add(1);
        if tag == 0 {
            if get(at) != 0 {
                return fault(at, What::EndOfContents);
            }
            at = at.saturating_add(1);
            level = level.saturating_sub(1);
            if level == 0 {
                return Ok(at.saturating_sub(from));
            }
            continue;
        }
        if tag & LONG_FORM_TAG == LONG_FORM_TAG {
            loop {
                if end.saturating_sub(at) < 2 {
                    return fault(at, What::Overrun);
                }
                let more = get(at);
                at = at.saturating_add(1);
                if more & 0x80 == 0 {
                    break;
                }
            }
        }
        let first = get(at);
        at = at.saturating_add(1);
        let mut length = u64::from(first);
        if first == INDEFINITE {
            if tag & CONSTRUCTED == 0 {
                return fault(at, What::IndefinitePrimitive);
            }
            level = level.saturating_add(1);
            continue;
        }
        if first > INDEFINITE {
            let octets = usize::from(first.wrapping_sub(INDEFINITE));
            if octets > 7 {
                return fault(at, What::LongLength);
            }
            if octets > end.saturating_sub(at) {
                return fault(at, What::Overrun);
            }
            length = 0;
            for _ in 0..octets {
                length = length.wrapping_shl(8) | u64::from(get(at));
                at = at.saturating_add(1);
            }
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > end.saturating_sub(at) {
            return fault(at, What::Overrun);
        }
        at = at.saturating_add(length);
    }
}
