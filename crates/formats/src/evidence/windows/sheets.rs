//! Tables with commas: what Process Monitor, `driverquery` and `Export-Csv` write. What a table is,
//! its first line says.
//!
//! Sources: Process Monitor (Sysinternals); Microsoft, driverquery, Export-Csv, pnputil.

use crate::evidence::windows::records;
use crate::evidence::windows::registry::state_of;
use crate::evidence::windows::statement::{Statement, file_name};
use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

/// Rows of one table that are looked at.
const ROWS: usize = 4_000_000;
/// Statements of one table.
const TOLD: usize = 2000;

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// Process Monitor.
    Operations,
    /// `driverquery /si`.
    Signed,
    /// Devices or drivers, as records.
    Records,
}

/// What the first line of a table says that it is.
fn sort(header: &StringRecord) -> Option<Sort> {
    let has = |name: &str| header.iter().any(|h| h.trim().eq_ignore_ascii_case(name));
    if has("Operation") && has("Path") && has("Result") {
        return Some(Sort::Operations);
    }
    if has("InfName") && has("IsSigned") {
        return Some(Sort::Signed);
    }
    let device = (has("InstanceId") || has("DeviceID") || has("PNPDeviceID"))
        && ["Problem", "ProblemCode", "ConfigManagerErrorCode"].iter().any(|n| has(n));
    (device || has("PathName") && has("StartMode")).then_some(Sort::Records)
}

/// Whether a text begins as one of these tables does.
#[must_use]
pub fn begins(text: &str) -> bool {
    let (head, _) = text.split_once("\r\n").or_else(|| text.split_once('\n')).unwrap_or((text, ""));
    let line =
        if head.starts_with("#TYPE") { text.lines().nth(1).unwrap_or_default() } else { head };
    let header: StringRecord =
        line.split([',', ';', '\t']).map(|name| name.trim_matches('"')).collect();
    header.len() > 2 && sort(&header).is_some()
}

/// What a table says; `None`: it is none of these.
#[must_use]
pub fn read(text: &str) -> Option<Vec<Statement>> {
    let text = text.trim_start_matches('\u{feff}');
    let text = match text.strip_prefix("#TYPE") {
        Some(rest) => rest.split_once('\n')?.1,
        None => text,
    };
    let first = text.lines().next()?;
    let delimiter =
        [b',', b';', b'\t'].into_iter().max_by_key(|d| first.bytes().filter(|b| b == d).count())?;
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().ok()?.clone();
    let sort = sort(&header)?;
    let at = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
    let mut told = Vec::new();
    let mut maps: Vec<Map<String, Value>> = Vec::new();
    let mut record = StringRecord::new();
    for _ in 0..ROWS {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => continue,
        }
        let line = record.position().map_or(0, |p| p.line().saturating_sub(1));
        let of = |name: &str| at(name).and_then(|n| record.get(n)).unwrap_or_default();
        let said = match sort {
            Sort::Operations => operation(&of),
            Sort::Signed => (of("IsSigned").trim().eq_ignore_ascii_case("false")).then(|| {
                format!("driverquery: {} ({}) is not signed", of("DeviceName"), of("InfName"))
            }),
            Sort::Records => {
                let row = header.iter().zip(&record);
                let row = row.map(|(h, v)| (h.trim().to_owned(), Value::String(v.to_owned())));
                if maps.len() < TOLD {
                    maps.push(row.collect());
                }
                None
            }
        };
        if let Some(said) = said.filter(|_| told.len() < TOLD) {
            let about = (sort == Sort::Signed).then(|| file_name(of("InfName")));
            let stamp = (sort == Sort::Operations).then(|| of("Time of Day").to_owned());
            told.push(Statement { line, said, about, stamp });
        }
    }
    if sort == Sort::Records {
        told = records::of(&Value::Array(maps.into_iter().map(Value::Object).collect()));
    }
    Some(told)
}

/// What an operation on WinTrust's `State` shows: who looks, what is found, who writes.
fn operation<'r>(of: &impl Fn(&str) -> &'r str) -> Option<String> {
    let path = of("Path");
    let lower = path.to_ascii_lowercase();
    let at = lower.find("\\wintrust\\trust providers\\software publishing")?;
    let account = path.get(..at)?.split('\\').nth(1).unwrap_or("the account of the process");
    let (process, result, detail) = (of("Process Name"), of("Result"), of("Detail"));
    let value = lower.ends_with("\\state");
    let missing = result.eq_ignore_ascii_case("NAME NOT FOUND");
    let number = detail.split(&[',', ' '][..]).filter_map(number).next_back();
    let is = |name: &str| of("Operation").eq_ignore_ascii_case(name);
    match () {
        () if is("RegSetValue") && value => Some(format!(
            "{process} wrote State{} of {account}: WinTrust's State changed by {process}",
            number.map_or_else(String::new, |n| format!(" 0x{n:x}"))
        )),
        () if is("RegDeleteValue") && value || is("RegDeleteKey") => {
            Some(format!("{process} removed State of {account}: WinTrust's State missing"))
        }
        () if value && missing => Some(format!(
            "WinTrust\\Trust Providers\\Software Publishing State of {account}: missing, read by {process}"
        )),
        () if !value && missing => Some(format!(
            "WinTrust\\Trust Providers\\Software Publishing State of {account}: missing with its key, read by {process}"
        )),
        () if value => number.map(|n| state_of(account, n)),
        () => None,
    }
}

fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        read(text).unwrap().into_iter().map(|s| s.said).collect()
    }

    #[test]
    fn process_monitor_shows_what_was_read_and_who_wrote() {
        let all = said(
            "\"Time of Day\",\"Process Name\",\"PID\",\"Operation\",\"Path\",\"Result\",\"Detail\"\r\n\
             \"10:00:00\",\"msiexec.exe\",\"4\",\"RegQueryValue\",\"HKU\\.DEFAULT\\Software\\Microsoft\\Windows\\CurrentVersion\\WinTrust\\Trust Providers\\Software Publishing\\State\",\"SUCCESS\",\"Type: REG_DWORD, Length: 4, Data: 262144\"\r\n\
             \"10:00:01\",\"setreg.exe\",\"5\",\"RegSetValue\",\"HKU\\.DEFAULT\\Software\\Microsoft\\Windows\\CurrentVersion\\WinTrust\\Trust Providers\\Software Publishing\\State\",\"SUCCESS\",\"Type: REG_DWORD, Length: 4, Data: 262144\"\r\n\
             \"10:00:02\",\"msiexec.exe\",\"4\",\"ReadFile\",\"C:\\a.cat\",\"SUCCESS\",\"Offset: 0\"\r\n",
        );
        assert_eq!(all.len(), 2, "{all:#?}");
        assert!(all[0].contains("State 0x40000 of .DEFAULT (WTPF_ALLOWONLYPERTRUST"));
        assert!(all[1].starts_with("setreg.exe wrote State 0x40000 of .DEFAULT"));
    }

    #[test]
    fn devices_and_signed_drivers_are_told() {
        let all = said(
            "#TYPE Selected\n\"FriendlyName\",\"InstanceId\",\"ProblemCode\"\n\"Acme NIC\",\"PCI\\1\",\"52\"\n\"ok\",\"PCI\\2\",\"0\"\n",
        );
        assert_eq!(all, ["device Acme NIC: problem code 52"]);
        let all = said(
            "\"DeviceName\",\"InfName\",\"IsSigned\",\"Manufacturer\"\n\"Acme\",\"oem3.inf\",\"FALSE\",\"Acme\"\n\"B\",\"b.inf\",\"TRUE\",\"M\"\n",
        );
        assert_eq!(all, ["driverquery: Acme (oem3.inf) is not signed"]);
        assert!(read("a,b,c\n1,2,3\n").is_none());
    }
}
