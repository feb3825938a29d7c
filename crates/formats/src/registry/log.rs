//! What stands in the logs of a hive (`.LOG1`, `.LOG2`, `.LOG`) and not in the hive yet, put in.
//!
//! Sources: M. Suhanov, *Windows registry file format specification*, Format of transaction log files,
//! Dirty state of a hive, Multiple transaction log files.

use crate::reader::index;

/// Bytes of the base block.
const BASE: usize = 4096;
/// Bytes of a sector: logs are written in such.
const SECTOR: usize = 512;
/// The most that a hive takes here, in bytes: longer ones are not read either.
const LONGEST: usize = 256 << 20;

/// Whether bytes begin as the log of a hive does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"regf") && matches!(kind(bytes), Some(1 | 2 | NEW))
}

/// A hive with what its logs hold put in; `None` where nothing in them belongs to it.
///
/// A hive that was written completely is as it should be, whatever its logs hold. Bins that are not sound
/// afterwards are read as they are, as everywhere.
#[must_use]
pub fn recovered(hive: &[u8], logs: &[&[u8]]) -> Option<Vec<u8>> {
    let (first, second) = sequence(hive)?;
    if first == second && is_summed(hive) {
        return None;
    }
    let mut logs: Vec<&[u8]> = logs.iter().copied().filter(|log| is_log(log)).collect();
    logs.sort_by_key(|log| sequence(log).map(|(first, _)| first));
    let mut bytes = hive.to_vec();
    if !is_summed(hive) {
        // Its base block is that of the log that was begun last, and nothing older counts.
        logs = logs.pop().into_iter().collect();
        let block = logs.first()?.get(..SECTOR)?;
        bytes.get_mut(..SECTOR)?.copy_from_slice(block);
    }
    let mut put = put_new(&mut bytes, &logs, second, is_summed(hive));
    if put.is_none() {
        let stamp = |from: &[u8]| from.get(12..20).map(<[u8]>::to_vec);
        let own = stamp(&bytes);
        let old = logs.iter().find(|log| kind(log) != Some(NEW) && stamp(log) == own)?;
        put = put_old(&mut bytes, old);
    }
    let done = put?.to_le_bytes();
    bytes.get_mut(4..8)?.copy_from_slice(&done);
    bytes.get_mut(8..12)?.copy_from_slice(&done);
    Some(bytes)
}

/// The kind of a log that holds entries, since Windows 8.1.
const NEW: u32 = 6;

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// The two sequence numbers of a base block.
fn sequence(block: &[u8]) -> Option<(u32, u32)> {
    Some((u32_at(block, 4)?, u32_at(block, 8)?))
}

fn kind(log: &[u8]) -> Option<u32> {
    u32_at(log, 28)
}

/// Whether the sum of a base block is right.
fn is_summed(block: &[u8]) -> bool {
    let Some(head) = block.get(..508) else { return false };
    let words =
        head.chunks_exact(4).filter_map(|w| w.first_chunk().map(|w| u32::from_le_bytes(*w)));
    let sum = match words.fold(0, |sum, word| sum ^ word) {
        0 => 1,
        u32::MAX => u32::MAX ^ 1,
        sum => sum,
    };
    u32_at(block, 508) == Some(sum)
}

fn is_log(log: &[u8]) -> bool {
    let is_whole = sequence(log).is_some_and(|(first, second)| first == second);
    begins(log) && is_whole && is_summed(log)
}

/// Puts in the entries that follow one another from `since` on; the number of the last one.
fn put_new(bytes: &mut Vec<u8>, logs: &[&[u8]], since: u32, has_base: bool) -> Option<u32> {
    let mut last: Option<u32> = None;
    for log in logs.iter().filter(|log| kind(log) == Some(NEW)) {
        let (begun, _) = sequence(log)?;
        // The first entry has the number of the log itself.
        if has_base && begun < since {
            continue;
        }
        let expected = last.map_or(Some(begun), |last| last.checked_add(1));
        let mut expected = expected.filter(|n| last.is_none() || *n == begun);
        for entry in entries(log) {
            if Some(entry.number) != expected || entry.put(bytes).is_none() {
                break;
            }
            last = expected;
            expected = entry.number.checked_add(1);
        }
    }
    last
}

/// One write to the hive.
struct Entry<'a> {
    number: u32,
    bins: usize,
    /// Where each page belongs, and its length: four bytes each.
    pages: &'a [u8],
    data: &'a [u8],
}

/// The entries of a log, up to the first one that is not whole.
fn entries(log: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = log.get(SECTOR..).unwrap_or_default();
    std::iter::from_fn(move || {
        let size = size_at(rest, 4).filter(|size| size % SECTOR == 0)?;
        let (entry, behind) = rest.split_at_checked(size)?;
        rest = behind;
        Entry::of(entry)
    })
}

impl<'a> Entry<'a> {
    fn of(entry: &'a [u8]) -> Option<Self> {
        let (head, body) = entry.split_at_checked(40)?;
        let sum = |at: usize| head.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b));
        let is_sound = head.starts_with(b"HvLE")
            && sum(24) == Some(marvin(body))
            && sum(32) == Some(marvin(head.get(..32)?));
        let bins = size_at(head, 16).filter(|bins| bins % BASE == 0 && *bins <= LONGEST)?;
        let pages = size_at(head, 20)?.checked_mul(8)?;
        let (pages, data) = body.split_at_checked(pages)?;
        is_sound.then_some(Self { number: u32_at(head, 12)?, bins, pages, data })
    }

    /// Puts its pages in; `None` where one has no place, and nothing is changed then.
    fn put(&self, bytes: &mut Vec<u8>) -> Option<()> {
        let mut data = self.data;
        let mut all = Vec::new();
        for page in self.pages.chunks_exact(8) {
            let (at, length) = (size_at(page, 0)?, size_at(page, 4)?);
            let (page, behind) = data.split_at_checked(length)?;
            if at.checked_add(length)? > self.bins {
                return None;
            }
            data = behind;
            all.push((BASE.checked_add(at)?, page));
        }
        let end = all.iter().map(|(at, page)| at.saturating_add(page.len())).max()?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        for (at, page) in all {
            put(bytes, at, page);
        }
        Some(())
    }
}

fn put(bytes: &mut [u8], at: usize, page: &[u8]) {
    let place = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..page.len()));
    if let Some(place) = place {
        place.copy_from_slice(page);
    }
}

/// Puts in the sectors of a log of old: a bit for each sector of the bins, then those whose bit is set.
fn put_old(bytes: &mut Vec<u8>, log: &[u8]) -> Option<u32> {
    let (number, _) = sequence(log)?;
    let bits = size_at(log, 40)?.checked_div(SECTOR)?.checked_div(8)?;
    let vector = log.get(SECTOR..)?.strip_prefix(b"DIRT")?.get(..bits)?;
    let begin = bits.checked_add(SECTOR)?.checked_add(4)?.checked_next_multiple_of(SECTOR)?;
    let mut sectors = log.get(begin..)?.chunks_exact(SECTOR);
    let dirty = (0_u64..).zip(vector).flat_map(|(n, byte)| {
        let bit =
            move |bit: u64| (byte >> bit & 1 == 1).then(|| n.saturating_mul(8).saturating_add(bit));
        (0_u64..8).filter_map(bit)
    });
    for n in dirty {
        let at = index(n).checked_mul(SECTOR)?.checked_add(BASE)?;
        let sector = sectors.next()?;
        let end = at.checked_add(SECTOR).filter(|end| *end <= LONGEST)?;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        put(bytes, at, sector);
    }
    Some(number)
}

/// Marvin32 of N. Ferguson with the registry's own seed, both halves.
pub(super) fn marvin(bytes: &[u8]) -> u64 {
    let (mut low, mut high) = (0x7a4e_55c5_u32, 0x82ef_4d88_u32);
    let mut add = |word: u32| {
        low = low.wrapping_add(word);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
        u64::from(high) << 32 | u64::from(low)
    };
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        add(word.first_chunk().map_or(0, |w| u32::from_le_bytes(*w)));
    }
    let mut end = [0; 4];
    for (to, from) in end.iter_mut().zip(rest.iter().chain(&[0x80])) {
        *to = *from;
    }
    add(u32::from_le_bytes(end));
    add(0)
}
