//! Events of Code Integrity and of what notices drivers that do not load, put together by their
//! correlation: 3077 says which file and policy, 3089 how each signature of it failed.
//!
//! Sources: Microsoft, App Control event IDs and event tags; Code Integrity Event Log Messages.

use crate::evidence::windows::statement::{Statement, file_name};
use std::collections::BTreeMap;

/// Events that are kept; what a log says ten thousand times it says.
const KEPT: usize = 20_000;
/// Fields of one event that are told.
const FIELDS: usize = 24;
/// Characters of a field or message that are told.
const WIDE: usize = 400;

/// An event, whatever it was exported as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its place: record, or line.
    pub number: u64,
    /// Who said it: `Microsoft-Windows-CodeIntegrity`.
    pub provider: String,
    /// Which event of theirs.
    pub id: u32,
    /// What belongs together has the same.
    pub activity: Option<String>,
    /// When, as written.
    pub stamp: Option<String>,
    /// Names and values.
    pub fields: Vec<(String, String)>,
    /// The text, where the export has it.
    pub message: Option<String>,
}

impl Event {
    /// The value of a field, by name without regard to case and blanks.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let plain = |s: &str| s.replace([' ', '_'], "").to_ascii_lowercase();
        let wanted = plain(name);
        self.fields.iter().find(|(n, _)| plain(n) == wanted).map(|(_, v)| v.as_str())
    }

    /// The file it is about.
    #[must_use]
    pub fn file(&self) -> Option<String> {
        let named = ["FileName", "FileNameBuffer", "ImageName", "DriverName", "param1"];
        let of = named.iter().find_map(|name| self.field(name)).filter(|f| has_ending(f));
        of.map(str::to_owned).or_else(|| {
            let message = self.message.as_deref()?;
            let words = message.split([' ', '\t', '\r', '\n', '\'', '"', '(', ')']);
            words
                .map(|w| w.trim_end_matches(['.', ',']))
                .rfind(|w| has_ending(w))
                .map(str::to_owned)
        })
    }
}

fn has_ending(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    [".sys", ".dll", ".exe", ".efi"].iter().any(|e| file.ends_with(e))
}

/// Where an event belongs; `None`: it tells nothing of drivers.
fn sort(event: &Event) -> Option<&'static str> {
    let provider = event.provider.to_ascii_lowercase();
    let says = |part: &str| provider.contains(part) || provider.is_empty();
    match event.id {
        3001..=3012
        | 3021..=3037
        | 3063..=3068
        | 3072..=3087
        | 3089
        | 3095..=3105
        | 3111..=3112
            if says("codeintegrity") || says("code integrity") =>
        {
            Some("CodeIntegrity")
        }
        5038 | 6281 if says("security") => Some("Security"),
        7000 | 7026 if says("service control manager") => Some("Service Control Manager"),
        219 if says("kernel-pnp") => Some("Kernel-PnP"),
        _ => None,
    }
}

/// Statuses that a refused image has.
const REFUSALS: [&str; 7] =
    ["c0000428", "c0000603", "c0000605", "c0e90002", "c000036b", "c000036c", "c0e90001"];

/// Events put together.
#[derive(Debug, Default)]
pub struct Events {
    kept: Vec<Event>,
    files: BTreeMap<String, String>,
    /// Events that were read.
    pub read: u64,
    /// Events that were not kept.
    pub left_off: u64,
}

impl Events {
    /// Takes an event.
    pub fn add(&mut self, event: Event) {
        self.read = self.read.saturating_add(1);
        if sort(&event).is_none() {
            return;
        }
        if self.kept.len() >= KEPT {
            self.left_off = self.left_off.saturating_add(1);
            return;
        }
        if let (Some(activity), Some(file)) = (&event.activity, event.file())
            && event.id != 3089
        {
            self.files.insert(activity.clone(), file);
        }
        self.kept.push(event);
    }

    /// What they say, in order; what is not about a driver's load is left out.
    #[must_use]
    pub fn statements(&mut self) -> Vec<Statement> {
        let files = std::mem::take(&mut self.files);
        let of =
            |event: &Event| event.file().or_else(|| files.get(event.activity.as_ref()?).cloned());
        std::mem::take(&mut self.kept).iter().filter_map(|e| told(e, of(e).as_deref())).collect()
    }
}

fn told(event: &Event, file: Option<&str>) -> Option<Statement> {
    let by = sort(event)?;
    let name = file.map(file_name);
    let driver = name.as_deref().is_some_and(|n| n.ends_with(".sys"));
    let status = event.field("Status").map(hexadecimal);
    match event.id {
        // A library that a protected process did not take is no driver.
        3004 | 3033..=3037 | 3063..=3068 | 3089 | 5038 if name.is_some() && !driver => return None,
        // Loads that fail for other reasons are told by the device itself.
        219 if !status
            .as_deref()
            .is_some_and(|s| REFUSALS.iter().any(|r| s.to_ascii_lowercase().contains(r))) =>
        {
            return None;
        }
        _ => {}
    }
    let said = match event.id {
        7000 => {
            let error =
                event.field("param2").unwrap_or_default().trim_start_matches('%').to_owned();
            format!("the {} service failed to start: error {error}", event.field("param1")?)
        }
        _ => {
            let mut said = format!("event {} {by}:", event.id);
            if let Some(file) = file {
                said.push(' ');
                said.push_str(&short(file));
            }
            let status = status.map(|s| ("Status".to_owned(), s));
            let told = event.fields.iter().filter(|(n, _)| tells(n)).cloned();
            for (name, value) in status.into_iter().chain(told).take(FIELDS) {
                said.push_str(&format!(" {name}={}", short(&value)));
            }
            if event.fields.is_empty() {
                said.push(' ');
                said.push_str(&short(event.message.as_deref().unwrap_or_default()));
            }
            said
        }
    };
    Some(Statement { line: event.number, said, about: name, stamp: event.stamp.clone() })
}

/// Fields that say why.
fn tells(name: &str) -> bool {
    let plain = name.replace([' ', '_'], "").to_ascii_lowercase();
    [
        "policyname",
        "policyguid",
        "policyid",
        "verificationerror",
        "signaturetype",
        "totalsignaturecount",
        "publishername",
        "issuername",
        "sisigningscenario",
        "settings",
        "exemption",
        "originalfilename",
        "fileversion",
        "sha256hash",
        "failurename",
        "options",
        "processname",
    ]
    .contains(&plain.as_str())
}

/// A status as Windows writes it: `0xC0000428`.
#[must_use]
pub fn hexadecimal(status: &str) -> String {
    let plain = status.trim();
    if plain.starts_with("0x") || plain.starts_with("0X") {
        return plain.to_owned();
    }
    match plain.parse::<i64>() {
        Ok(number) => format!("0x{:08X}", number & 0xffff_ffff),
        Err(_) => plain.to_owned(),
    }
}

fn short(text: &str) -> String {
    text.chars().take(WIDE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u32, activity: &str, fields: &[(&str, &str)]) -> Event {
        Event {
            id,
            provider: "Microsoft-Windows-CodeIntegrity".to_owned(),
            activity: Some(activity.to_owned()),
            fields: fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            ..Event::default()
        }
    }

    #[test]
    fn signatures_are_told_of_the_file_with_the_same_correlation() {
        let mut events = Events::default();
        events.add(event(3089, "a", &[("TotalSignatureCount", "1"), ("VerificationError", "7")]));
        events.add(event(
            3077,
            "a",
            &[("File Name", "\\Device\\x\\acme.sys"), ("Status", "-1058471934")],
        ));
        events.add(event(3089, "b", &[("TotalSignatureCount", "0")]));
        let all = events.statements();
        assert_eq!(
            all[0].said,
            "event 3089 CodeIntegrity: \\Device\\x\\acme.sys TotalSignatureCount=1 VerificationError=7"
        );
        assert_eq!(all[0].about.as_deref(), Some("acme.sys"));
        assert_eq!(
            all[1].said,
            "event 3077 CodeIntegrity: \\Device\\x\\acme.sys Status=0xC0E90002"
        );
        assert_eq!(all[2].about, None);
    }

    #[test]
    fn libraries_and_loads_that_fail_otherwise_are_left_out() {
        let mut events = Events::default();
        events.add(event(3033, "a", &[("FileNameBuffer", "\\x\\mdnsNSP.dll")]));
        let mut pnp =
            event(219, "b", &[("DriverName", "\\Driver\\WudfRd"), ("Status", "3221226341")]);
        pnp.provider = "Microsoft-Windows-Kernel-PnP".to_owned();
        events.add(pnp);
        assert_eq!(events.statements(), []);
    }
}
