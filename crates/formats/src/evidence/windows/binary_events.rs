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
    /// Chunks and records that could not be read.
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
    let mut log = Log::default();
    let Ok(parser) = EvtxParser::from_buffer(bytes) else {
        log.damaged = 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_log_is_none_and_a_damaged_one_is_counted() {
        assert!(read(b"x".to_vec()).is_none());
        let log = read([MAGIC, &[0; 200]].concat()).unwrap();
        assert_eq!((log.records, log.damaged), (0, 1));
    }
}
