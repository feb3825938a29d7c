//! `.evtx`: the event log as Windows keeps it. The format itself is read by the crate `evtx`; a
//! damaged chunk or record is left out and counted.
//!
//! Source: omerbenamram/evtx; Microsoft, MS-EVEN6, BinXml.

use crate::evidence::windows::events::Events;
use crate::evidence::windows::records::event_of;
use crate::evidence::windows::statement::Statement;
use evtx::{EvtxParser, ParserSettings};

/// How the file begins.
pub const MAGIC: &[u8] = b"ElfFile\0";

/// What a log says.
#[derive(Debug, Default)]
pub struct Log {
    /// What events say.
    pub told: Vec<Statement>,
    /// Records that were read.
    pub records: u64,
    /// Chunks and records that could not be read, or were cut off.
    pub damaged: u64,
    /// Events that were not kept.
    pub left_off: u64,
}

/// Records and damages that are looked at; a log of Windows' greatest common size (64 MiB) has fewer.
const MOST: u64 = 2_000_000;

/// Reads a log; `None`: it is none.
#[must_use]
pub fn read(bytes: Vec<u8>) -> Option<Log> {
    if !bytes.starts_with(MAGIC) {
        return None;
    }
    let mut log = Log { damaged: cut_off(&bytes), ..Log::default() };
    let Ok(parser) = EvtxParser::from_buffer(bytes) else {
        log.damaged = log.damaged.max(1);
        return Some(log);
    };
    let mut parser = parser.with_configuration(ParserSettings::new().num_threads(1));
    let mut events = Events::default();
    for record in parser.records_json_value() {
        match record {
            Ok(record) => {
                log.records = log.records.saturating_add(1);
                if let Some(event) = event_of(&record.data, record.event_record_id) {
                    events.add(event);
                }
            }
            Err(_) => log.damaged = log.damaged.saturating_add(1),
        }
        if log.records.saturating_add(log.damaged) >= MOST {
            break;
        }
    }
    log.told = events.statements();
    log.left_off = events.left_off;
    Some(log)
}

/// Bytes of the header, and of a chunk.
const HEADER: usize = 4096;
const CHUNK: usize = 1 << 16;

/// Chunks that the header counts and a file that was cut short does not have.
fn cut_off(bytes: &[u8]) -> u64 {
    let counted =
        bytes.get(42..).and_then(|rest| rest.first_chunk()).map(|b| u16::from_le_bytes(*b));
    let whole = bytes.len().saturating_sub(HEADER).checked_div(CHUNK).unwrap_or_default();
    let missing = usize::from(counted.unwrap_or_default()).saturating_sub(whole);
    u64::try_from(missing).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_were_cut_off_are_counted() {
        let mut bytes = [MAGIC, &[0; HEADER - 8], &[0; CHUNK], &[0; CHUNK - 1]].concat();
        for (counted, missing) in [(0, 0), (1, 0), (2, 1), (16, 15)] {
            bytes[42] = counted;
            assert_eq!(cut_off(&bytes), missing);
        }
    }

    #[test]
    fn what_is_no_log_is_none_and_a_damaged_one_is_counted() {
        assert!(read(b"x".to_vec()).is_none());
        let log = read([MAGIC, &[0; 200]].concat()).unwrap();
        assert_eq!((log.records, log.damaged), (0, 1));
    }
}
