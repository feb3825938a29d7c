//! A record of the journal as `journalctl -o json` writes it, one a line, and the one field that
//! matters of `-o export`.
//!
//! Source: systemd, docs/JOURNAL_EXPORT_FORMATS.md: `MESSAGE` is a string, a list of bytes where it
//! is no UTF-8, or null where it is too long.

use serde::Deserialize;
use serde_json::Value;

/// What is kept of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What was said.
    pub message: String,
    /// The host.
    pub host: Option<String>,
    /// Who said it.
    pub by: Option<String>,
    /// The start of the machine it was said in.
    pub boot: Option<String>,
    /// Microseconds since 1970, as written.
    pub time: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "MESSAGE", default)]
    message: Value,
    #[serde(rename = "_HOSTNAME", default)]
    host: Value,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    by: Value,
    #[serde(rename = "_BOOT_ID", default)]
    boot: Value,
    #[serde(rename = "__REALTIME_TIMESTAMP", default)]
    time: Value,
}

/// Reads a line; `None` where it is no record with a message.
#[must_use]
pub fn read(line: &str) -> Option<Record> {
    let line = line.trim_start_matches(['\x1e', ' ', ',', '[']).trim_end_matches([',', ']', ' ']);
    let line = line.strip_prefix("data: ").unwrap_or(line);
    if !line.starts_with('{') || !line.contains("\"MESSAGE\"") {
        return None;
    }
    let fields: Fields = serde_json::from_str(line).ok()?;
    Some(Record {
        message: text(&fields.message)?,
        host: text(&fields.host),
        by: text(&fields.by),
        boot: text(&fields.boot),
        time: text(&fields.time),
    })
}

/// The message of a line of the export format; any other line is itself.
#[must_use]
pub fn exported(line: &str) -> &str {
    line.strip_prefix("MESSAGE=").unwrap_or(line)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(bytes) => {
            let byte = |b: &Value| b.as_u64().and_then(|b| u8::try_from(b).ok());
            let bytes: Option<Vec<u8>> = bytes.iter().map(byte).collect();
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_message() {
        let line = r#"{"_HOSTNAME":"san-7","MESSAGE":"lpfc: it's \"so\"","_BOOT_ID":"b1","__REALTIME_TIMESTAMP":"1768961642123456"}"#;
        let got = read(line).unwrap();
        assert_eq!(
            (got.message.as_str(), got.host.as_deref()),
            ("lpfc: it's \"so\"", Some("san-7"))
        );
        assert_eq!(read(r#"{"MESSAGE":[72,105,255]}"#).unwrap().message, "Hi\u{fffd}");
        assert_eq!(read(r#"{"MESSAGE":null}"#), None);
        assert_eq!(read("not json"), None);
        assert_eq!(exported("MESSAGE=Hi"), "Hi");
    }
}
