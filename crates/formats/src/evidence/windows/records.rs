//! Records that tools of Windows export: JSON of PowerShell and of event dumps, XML of the event
//! viewer, and the JSON of our own export script. What a record is, its fields say.
//!
//! Sources: Microsoft, Get-WinEvent, Get-PnpDevice, ConvertTo-Json; Event schema (win32_event XML).

use crate::evidence::windows::events::{Event, Events, hexadecimal};
use crate::evidence::windows::registry::state_of;
use crate::evidence::windows::statement::{Statement, file_name};
use crate::limits::Limits;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Lines of a text inside a record that are told.
const LINES: usize = 400;
/// Statements of one document.
const TOLD: usize = 20_000;
/// Depth to which records are looked for.
const DEPTH: usize = 24;

/// What a document of records says; `None`: it is none.
#[must_use]
pub fn read(text: &str, limits: &Limits) -> Option<Vec<Statement>> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.len() > limits.text_bytes {
        return None;
    }
    let mut found = Found::default();
    match text.as_bytes().first()? {
        b'{' | b'[' => match serde_json::from_str::<Value>(text) {
            Ok(value) => found.walk(&value, 0),
            Err(_) => {
                // A record a line, as event dumps write them.
                let mut any = false;
                for (line, record) in (0_u64..).zip(text.lines()) {
                    if let Ok(value) = serde_json::from_str::<Value>(record) {
                        any |= value.is_object();
                        found.line = line;
                        found.walk(&value, 0);
                    }
                }
                if !any {
                    return None;
                }
            }
        },
        b'<' if text.contains("<Event") => found.xml(text)?,
        _ => return None,
    }
    Some(found.statements())
}

/// What records in the form of a JSON value say.
#[must_use]
pub(super) fn of(value: &Value) -> Vec<Statement> {
    let mut found = Found::default();
    found.walk(value, 0);
    found.statements()
}

impl Found {
    fn statements(mut self) -> Vec<Statement> {
        let mut told = self.events.statements();
        let named: Vec<String> = told.iter().filter_map(|s| s.about.clone()).collect();
        for (mut device, service, inf) in self.devices {
            // Of a service whose file is not listed, an event may know it.
            let file = self.services.get(&service).cloned();
            let usual = format!("{service}.sys");
            device.about = file.or_else(|| named.contains(&usual).then_some(usual)).or(inf);
            told.push(device);
        }
        told.extend(self.told);
        told
    }
}

/// What an event in the form of a JSON value says.
#[must_use]
pub fn event_of(value: &Value, number: u64) -> Option<Event> {
    let value = value.as_object()?;
    let event = value.get("Event").and_then(Value::as_object).unwrap_or(value);
    match event.get("System").and_then(Value::as_object) {
        Some(system) => whole(event, system, number),
        None => flat(event, number),
    }
}

/// An event as the log itself keeps it.
fn whole(event: &Map<String, Value>, system: &Map<String, Value>, number: u64) -> Option<Event> {
    let attribute = |of: &str, name: &str| {
        let of = system.get(of)?;
        let inner = of.get("#attributes").unwrap_or(of);
        inner.get(name).and_then(word)
    };
    let id = system.get("EventID")?;
    let id = word(id.get("#text").or_else(|| id.get("Value")).unwrap_or(id))?.parse().ok()?;
    let mut fields = Vec::new();
    for data in ["EventData", "UserData"].iter().filter_map(|d| event.get(*d)) {
        gather(data, &mut fields, 0);
    }
    Some(Event {
        number,
        provider: attribute("Provider", "Name").unwrap_or_default(),
        id,
        activity: attribute("Correlation", "ActivityID"),
        stamp: attribute("TimeCreated", "SystemTime"),
        fields,
        message: None,
    })
}

/// An event as PowerShell shows it.
fn flat(event: &Map<String, Value>, number: u64) -> Option<Event> {
    let any = |names: &[&str]| first(event, names);
    let id = any(&["Id", "EventID", "EventId", "id"])?.parse().ok()?;
    let provider = any(&["ProviderName", "Provider", "Source", "LogName", "provider"]);
    let message = any(&["Message", "message"]);
    let mut fields = Vec::new();
    for data in ["EventData", "Data", "Fields", "fields"].iter().filter_map(|d| event.get(*d)) {
        gather(data, &mut fields, 0);
    }
    if provider.is_none() && message.is_none() && fields.is_empty() {
        return None;
    }
    Some(Event {
        number,
        provider: provider.unwrap_or_default(),
        id,
        activity: any(&["ActivityId", "ActivityID", "activity"]),
        stamp: any(&["TimeCreated", "time"]),
        fields,
        message,
    })
}

/// Names and values below `data`, in all the forms that exports give them.
fn gather(data: &Value, fields: &mut Vec<(String, String)>, depth: usize) {
    if depth > 4 || fields.len() > 64 {
        return;
    }
    let deeper = depth.saturating_add(1);
    match data {
        Value::Object(map) => {
            let name =
                map.get("#attributes").and_then(|a| a.get("Name")).or_else(|| map.get("Name"));
            let value = map.get("#text").or_else(|| map.get("Value")).or_else(|| map.get("value"));
            if let (Some(name), Some(value)) = (name.and_then(word), value.and_then(word)) {
                fields.push((name, value));
                return;
            }
            for (name, value) in map.iter().filter(|(n, _)| *n != "#attributes") {
                match word(value) {
                    Some(value) => fields.push((name.clone(), value)),
                    None => gather(value, fields, deeper),
                }
            }
        }
        Value::Array(all) => {
            for (n, value) in (1_u32..).zip(all) {
                match word(value) {
                    Some(value) => fields.push((format!("param{n}"), value)),
                    None => gather(value, fields, deeper),
                }
            }
        }
        _ => {}
    }
}

/// The first of `names` that has a value: PowerShell writes null and nothing for what an object
/// lacks, as the name of an unknown device.
fn first(map: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().filter_map(|n| map.get(*n)).filter_map(word).find(|w| !w.is_empty())
}

/// A value as text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Found {
    events: Events,
    told: Vec<Statement>,
    /// Devices with a problem: what is said, the service, the INF.
    devices: Vec<(Statement, String, Option<String>)>,
    /// Files of services.
    services: BTreeMap<String, String>,
    line: u64,
}

impl Found {
    fn say(&mut self, said: String, about: Option<String>) {
        if self.told.len() < TOLD {
            self.told.push(Statement { line: self.line, said, about, stamp: None });
        }
    }

    fn walk(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::Array(all) => all.iter().for_each(|v| self.walk(v, deeper)),
            Value::Object(map) => {
                let number = self.events.read;
                if let Some(event) = event_of(value, number) {
                    self.events.add(event);
                    return;
                }
                self.device(map);
                self.service(map);
                self.state(map);
                self.settings(map);
                self.missing(map);
                for (_, value) in map.iter().filter(|(name, _)| *name != "missing") {
                    self.walk(value, deeper);
                }
            }
            Value::String(text) if text.contains('\n') => {
                for line in text.lines().take(LINES).filter(|l| !l.trim().is_empty()) {
                    self.say(line.trim().to_owned(), None);
                }
            }
            _ => {}
        }
    }

    /// A device with a problem.
    fn device(&mut self, map: &Map<String, Value>) {
        let any = |names: &[&str]| first(map, names);
        let problem = any(&[
            "ProblemCode",
            "Problem",
            "ConfigManagerErrorCode",
            "DEVPKEY_Device_ProblemCode",
            "problem",
        ]);
        let name = any(&[
            "FriendlyName",
            "Name",
            "DeviceName",
            "Description",
            "InstanceId",
            "DeviceID",
            "name",
        ]);
        let (Some(problem), Some(name)) = (problem, name) else { return };
        if ["0", "CM_PROB_NONE", ""].contains(&problem.as_str()) {
            return;
        }
        let status = any(&["ProblemStatus", "DEVPKEY_Device_ProblemStatus", "status"]);
        let status = status.filter(|s| s != "0").map(|s| format!(" status {}", hexadecimal(&s)));
        let inf = any(&["DriverInfPath", "DEVPKEY_Device_DriverInfPath", "InfName", "inf"]);
        let said = format!("device {name}: problem code {problem}{}", status.unwrap_or_default());
        let service = any(&["Service", "DEVPKEY_Device_Service"]).unwrap_or_default();
        let inf = inf.map(|i| file_name(&i)).filter(|i| i.ends_with(".inf"));
        if self.devices.len() < TOLD {
            let device = Statement { line: self.line, said, ..Statement::default() };
            self.devices.push((device, service.to_ascii_lowercase(), inf));
        }
    }

    /// The file of a service, as `Win32_SystemDriver` lists it.
    fn service(&mut self, map: &Map<String, Value>) {
        let text = |name: &str| map.get(name).and_then(word);
        let (Some(name), Some(path)) = (text("Name"), text("PathName")) else { return };
        let file = file_name(&path);
        if file.ends_with(".sys") && self.services.len() < TOLD {
            self.services.insert(name.to_ascii_lowercase(), file);
        }
    }

    /// WinTrust's `State` of an account. That the key or value is missing counts for the account
    /// of services and installers.
    fn state(&mut self, map: &Map<String, Value>) {
        let any = |names: &[&str]| names.iter().find_map(|n| map.get(*n));
        let (Some(sid), Some(state)) =
            (any(&["sid", "Sid", "SID"]).and_then(word), any(&["state", "State"]))
        else {
            return;
        };
        let of = "WinTrust\\Trust Providers\\Software Publishing";
        let account = ["S-1-5-18", ".DEFAULT"].contains(&sid.as_str());
        match word(state).and_then(|s| s.parse::<u32>().ok()) {
            Some(value) => self.say(state_of(&sid, value), None),
            None if account => self.say(format!("{of} State of {sid}: missing"), None),
            None => {}
        }
    }

    /// The parts that our export could not read, by name: what was said of each is no evidence.
    fn missing(&mut self, map: &Map<String, Value>) {
        let all = map.get("missing").and_then(Value::as_array).into_iter().flatten();
        for (part, _) in all.filter_map(Value::as_str).filter_map(|m| m.split_once(": ")) {
            self.say(format!("the export could not read {part}"), None);
        }
    }

    fn settings(&mut self, map: &Map<String, Value>) {
        let any = |names: &[&str]| names.iter().find_map(|n| map.get(*n));
        if let Some(on) = any(&["secureBoot", "SecureBoot"]).and_then(Value::as_bool) {
            self.say(format!("Confirm-SecureBootUEFI {on}"), None);
        }
        if let (Some(_), Some(build)) = (any(&["caption"]), any(&["build"]).and_then(word)) {
            self.say(format!("OS Version = 10.0.{build}"), None);
        }
        if let Some(options) = any(&["ciOptions"]).and_then(Value::as_u64) {
            let set = |bit: u64| options & bit != 0;
            self.say(format!("testsigning {}", if set(0x2) { "Yes" } else { "No" }), None);
            if set(0x400) {
                self.say("memory integrity (HVCI) runs".to_owned(), None);
            }
        }
        // Win32_DeviceGuard: service 2 is memory integrity.
        let runs = map.get("SecurityServicesRunning").and_then(Value::as_array);
        if runs.is_some_and(|all| all.iter().any(|s| s.as_u64() == Some(2))) {
            self.say("memory integrity (HVCI) runs".to_owned(), None);
        }
        let number = |name: &str| map.get(name).and_then(Value::as_u64);
        if number("VulnerableDriverBlocklistEnable") == Some(0) {
            self.say("VulnerableDriverBlocklistEnable 0".to_owned(), None);
        }
        if number("WhqlSettings").is_some_and(|set| set & 2 != 0) {
            self.say("WhqlSettings bit 2: the portal's signature is required".to_owned(), None);
        }
        // citool: a policy of the machine's owner.
        let is = |name: &str| map.get(name).and_then(Value::as_bool);
        if let Some(name) = map.get("FriendlyName").and_then(word)
            && is("IsEnforced") == Some(true)
            && is("IsSystemPolicy") == Some(false)
        {
            self.say(format!("App Control policy in force: {name}"), None);
        }
    }

    fn xml(&mut self, text: &str) -> Option<()> {
        let body = match text.strip_prefix("<?xml") {
            Some(rest) => rest.split_once("?>").map_or(text, |(_, body)| body),
            None => text,
        };
        // An export may hold several events and no root.
        let rooted = format!("<Events>{body}</Events>");
        let options = roxmltree::ParsingOptions { nodes_limit: 4_000_000, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&rooted, options).ok()?;
        let named = |n: &roxmltree::Node<'_, '_>, name: &str| n.tag_name().name() == name;
        for (number, event) in (0_u64..).zip(document.descendants().filter(|n| named(n, "Event"))) {
            let system = event.children().find(|n| named(n, "System"));
            let of = |name: &str| system?.children().find(|n| named(n, name));
            let Some(id) = of("EventID").and_then(|n| n.text()).and_then(|t| t.trim().parse().ok())
            else {
                continue;
            };
            let attribute = |node: &str, name: &str| of(node)?.attribute(name).map(str::to_owned);
            let data = event.children().filter(|n| named(n, "EventData") || named(n, "UserData"));
            let leaves = data.flat_map(|d| d.descendants()).filter(|n| {
                n.is_element() && n.children().all(|c| !c.is_element()) && n.text().is_some()
            });
            let fields = (1_u32..).zip(leaves).take(64).map(|(n, leaf)| {
                let own = leaf.tag_name().name();
                let unnamed = if own == "Data" { format!("param{n}") } else { own.to_owned() };
                let name = leaf.attribute("Name").map_or(unnamed, str::to_owned);
                (name, leaf.text().unwrap_or_default().to_owned())
            });
            let message = event.descendants().find(|n| named(n, "Message"));
            self.events.add(Event {
                number,
                provider: attribute("Provider", "Name").unwrap_or_default(),
                id,
                activity: attribute("Correlation", "ActivityID"),
                stamp: attribute("TimeCreated", "SystemTime"),
                fields: fields.collect(),
                message: message.and_then(|m| m.text()).map(str::to_owned),
            });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let all = read(text, &Limits::DEFAULT).unwrap();
        all.into_iter().map(|s| s.said).collect()
    }

    #[test]
    fn the_same_event_reads_alike_in_every_form() {
        let whole = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-CodeIntegrity"}},"EventID":3077},"EventData":{"File Name":"\\Device\\a\\x.sys","Status":3236495362}}}"##;
        let xml = r#"<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-CodeIntegrity"/><EventID>3077</EventID></System><EventData><Data Name="File Name">\Device\a\x.sys</Data><Data Name="Status">0xC0E90002</Data></EventData></Event>"#;
        let want = ["event 3077 CodeIntegrity: \\Device\\a\\x.sys Status=0xC0E90002"];
        assert_eq!(said(whole), want);
        assert_eq!(said(&format!("{whole}\n{whole}")).len(), 2);
        assert_eq!(said(xml), want);
        assert_eq!(said(&format!("{xml}{xml}")).len(), 2);
        let shown = r#"[{"Id":3004,"ProviderName":"Microsoft-Windows-CodeIntegrity","Message":"Windows is unable to verify the image integrity of the file \\Device\\a\\x.sys because file hash could not be found on the system."}]"#;
        assert!(
            said(shown)[0].starts_with("event 3004 CodeIntegrity: \\Device\\a\\x.sys"),
            "{shown}"
        );
    }

    #[test]
    fn devices_settings_and_accounts_are_told() {
        let all = said(
            r#"{"secureBoot":true,"ciOptions":1025,"devices":[{"FriendlyName":"Acme NIC","Problem":52,"ProblemStatus":-1073740760,"DriverInfPath":"oem7.inf"},{"FriendlyName":"ok","Problem":0}],
              "wintrust":[{"sid":"S-1-5-18","key":true,"state":262144},{"sid":".DEFAULT","key":false,"state":null}],"bcd":"identifier {current}\ntestsigning Yes"}"#,
        );
        assert_eq!(all[0], "device Acme NIC: problem code 52 status 0xC0000428");
        assert_eq!(all[1], "Confirm-SecureBootUEFI true");
        assert_eq!(all[2], "testsigning No");
        assert!(all.iter().any(|s| s.contains("State 0x40000 of S-1-5-18")));
        assert!(all.iter().any(|s| s.ends_with("State of .DEFAULT: missing")));
        assert_eq!(all.last().unwrap(), "testsigning Yes");
    }

    #[test]
    fn a_device_is_told_with_the_file_of_its_service() {
        let text = r#"{"devices":[{"FriendlyName":"NIC","ProblemCode":52,"Service":"acme"}],
            "drivers":[{"Name":"acme","PathName":"\\SystemRoot\\System32\\drivers\\acme64.sys"}]}"#;
        let all = read(text, &Limits::DEFAULT).unwrap();
        assert_eq!(all[0].about.as_deref(), Some("acme64.sys"));
    }

    /// What Windows PowerShell 5.1 writes: a scalar for a list of one, `{}` for nothing, dates its
    /// own way, and null for the name of a device without a driver.
    #[test]
    fn what_powershell_makes_of_lists_and_nothing_is_read() {
        let text = r#"{"secureBoot":{},"policies":null,"stores":{"CA":{}},"wintrust":{},
            "devices":{"FriendlyName":null,"InstanceId":"ROOT\\ACME\\0000","ProblemCode":28,"ProblemStatus":null,"Service":null},
            "events":[null,{"Id":3004,"ProviderName":"Microsoft-Windows-CodeIntegrity","TimeCreated":"\/Date(1763632800000)\/","ActivityId":null,"EventData":{"FileNameBuffer":"\\Device\\a\\x.sys"},"Message":null}],
            "missing":["bcd: exit code 1: The store could not be opened.\nAccess is denied."]}"#;
        assert_eq!(
            said(text),
            [
                "event 3004 CodeIntegrity: \\Device\\a\\x.sys",
                "device ROOT\\ACME\\0000: problem code 28",
                "the export could not read bcd"
            ]
        );
    }

    #[test]
    fn anything_else_is_no_document() {
        for text in ["", "x", "{", "<html></html>", "[    3.4] kernel"] {
            assert!(read(text, &Limits::DEFAULT).is_none(), "{text}");
        }
    }
}
