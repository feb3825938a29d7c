//! What a registry says of how drivers are judged: exported texts (`.reg`) and hives.
//!
//! Sources: Windows SDK, wintrust.h (`State`); Microsoft, Kernel-mode code signing policy, Enable
//! virtualization-based protection of code integrity, Configure trusted roots and disallowed
//! certificates; G. Chappell, notes on CI Policy.

use crate::evidence::windows::statement::Statement;
use crate::limits::Limits;
use crate::registry::value::Value;
use crate::registry::{hive, reg};

/// Below an account: who may vouch for software.
const PUBLISHING: &str =
    "software\\microsoft\\windows\\currentversion\\wintrust\\trust providers\\software publishing";
const PROVIDERS: &str = "software\\microsoft\\windows\\currentversion\\wintrust\\trust providers";
/// Only publishers of the trust database are accepted.
const ONLY_TRUSTED: u32 = 0x0004_0000;
/// What Windows sets.
const DEFAULT: u32 = 0x0002_3c00;

/// Keys of a machine's hives that are asked for, below their roots.
const ASKED: [&str; 8] = [
    PUBLISHING,
    "microsoft\\windows nt\\currentversion",
    "policies\\microsoft\\systemcertificates\\authroot",
    "control\\ci\\policy",
    "control\\ci\\config",
    "control\\secureboot\\state",
    "control\\deviceguard\\scenarios\\hypervisorenforcedcodeintegrity",
    "software\\policies\\microsoft\\systemcertificates\\authroot",
];

/// What an exported text says; `None`: it is none.
#[must_use]
pub fn text(text: &str, limits: &Limits) -> Option<Vec<Statement>> {
    if !reg::begins(text.as_bytes()) {
        return None;
    }
    let parsed = reg::read(text.as_bytes(), limits).ok()?;
    let mut told = Vec::new();
    let keys = parsed.value.keys.iter().filter(|key| !key.is_removed);
    for key in keys.clone() {
        let path = key.path.to_ascii_lowercase();
        let line = text.lines().position(|l| l.trim().trim_matches(['[', ']']) == key.path);
        let line = line.and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        let account = account(&key.path);
        let mut say = |said| told.push(Statement { line, said, ..Statement::default() });
        say_of(&path, &account, &key.values, &mut say);
        // The parent was exported with what is below it: the key itself is not there.
        let below = format!("{path}\\");
        let inside = keys.clone().any(|k| k.path.to_ascii_lowercase().starts_with(&below));
        if path.ends_with(PROVIDERS) && !inside {
            say(format!(
                "WinTrust\\Trust Providers\\Software Publishing State of {account}: missing with its key"
            ));
        }
    }
    Some(told)
}

/// What a hive says; `None`: it is none. `name` is the file's: `DEFAULT`, `SYSTEM`, `NTUSER.DAT`.
#[must_use]
pub fn hive(bytes: &[u8], name: &str, limits: &Limits) -> Option<Vec<Statement>> {
    let hive = hive::read(bytes, limits).ok()?.value;
    let mut told = Vec::new();
    let mut say = |said| told.push(Statement { said, ..Statement::default() });
    let account = match name.to_ascii_uppercase().as_str() {
        "DEFAULT" => ".DEFAULT".to_owned(),
        _ => format!("the account of {name}"),
    };
    let current = hive.key("Select").and_then(|key| key.value("Current")?.dword()).unwrap_or(1);
    let control = format!("ControlSet{current:03}\\");
    for asked in ASKED {
        for root in ["", control.as_str()] {
            let Some(key) = hive.key(&format!("{root}{asked}")) else { continue };
            let values: Vec<Value> = key.values().collect();
            say_of(asked, &account, &values, &mut say);
        }
    }
    if hive.key(PROVIDERS).is_some() && hive.key(PUBLISHING).is_none() {
        say(format!(
            "WinTrust\\Trust Providers\\Software Publishing State of {account}: missing with its key"
        ));
    }
    Some(told)
}

/// The account a path below `HKEY_USERS` belongs to.
fn account(path: &str) -> String {
    let mut parts = path.split('\\');
    match parts.next().map(str::to_ascii_uppercase).as_deref() {
        Some("HKEY_USERS" | "HKU") => parts.next().unwrap_or_default().to_owned(),
        _ => "the account that exported".to_owned(),
    }
}

fn say_of(path: &str, account: &str, values: &[Value], say: &mut dyn FnMut(String)) {
    let value = |name: &str| values.iter().find(|v| v.name.eq_ignore_ascii_case(name));
    let number = |name: &str| value(name).and_then(Value::dword);
    let is = |end: &str| path.ends_with(end);
    if is(PUBLISHING) {
        say(match number("State") {
            Some(state) => state_of(account, state),
            None => format!(
                "WinTrust\\Trust Providers\\Software Publishing State of {account}: missing"
            ),
        });
    }
    if is("\\authroot") && number("DisableRootAutoUpdate") == Some(1) {
        say("DisableRootAutoUpdate 1: Windows may not fetch roots by itself".to_owned());
    }
    if is("control\\ci\\config") && number("VulnerableDriverBlocklistEnable") == Some(0) {
        say("VulnerableDriverBlocklistEnable 0: the list of vulnerable drivers is switched off"
            .to_owned());
    }
    if is("control\\ci\\policy") && number("WhqlSettings").is_some_and(|set| set & 2 != 0) {
        say("WhqlSettings bit 2: the portal's signature is required".to_owned());
    }
    if is("control\\secureboot\\state")
        && let Some(on) = number("UEFISecureBootEnabled")
    {
        say(format!("Confirm-SecureBootUEFI {}", on == 1));
    }
    if is("hypervisorenforcedcodeintegrity") && number("Enabled") == Some(1) {
        say("memory integrity (HVCI) is switched on".to_owned());
    }
    if is("windows nt\\currentversion") {
        let text = |name: &str| value(name).and_then(Value::text);
        if let Some(build) = text("CurrentBuildNumber").or_else(|| text("CurrentBuild")) {
            let major = number("CurrentMajorVersionNumber");
            let version = major.map(|m| format!("{m}.0")).or_else(|| text("CurrentVersion"));
            let version = version.unwrap_or_else(|| "10.0".to_owned());
            say(format!("OS Version = {version}.{build}"));
        }
    }
}

/// `State` of an account, and what of it matters.
#[must_use]
pub fn state_of(account: &str, state: u32) -> String {
    let note = match state {
        DEFAULT => " (the default)",
        _ if state & ONLY_TRUSTED != 0 => " (WTPF_ALLOWONLYPERTRUST: trusted publishers only)",
        _ => "",
    };
    format!("WinTrust\\Trust Providers\\Software Publishing State 0x{state:x} of {account}{note}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Vec<String> {
        let whole = format!("Windows Registry Editor Version 5.00\r\n\r\n{body}");
        let told = text(&whole, &Limits::DEFAULT).unwrap();
        told.into_iter().map(|s| s.said).collect()
    }

    const KEY: &str = "HKEY_USERS\\.DEFAULT\\Software\\Microsoft\\Windows\\CurrentVersion\\WinTrust\\Trust Providers";

    #[test]
    fn a_value_no_value_and_no_key_are_three_things() {
        let publishing = format!("[{KEY}\\Software Publishing]\r\n");
        let all = said(&format!("{publishing}\"State\"=dword:00040000\r\n"));
        assert!(all[0].contains("State 0x40000 of .DEFAULT (WTPF_ALLOWONLYPERTRUST"), "{all:?}");
        let all = said(&format!("{publishing}\"State\"=dword:00023c00\r\n"));
        assert!(all[0].ends_with("State 0x23c00 of .DEFAULT (the default)"));
        assert!(said(&publishing)[0].ends_with("State of .DEFAULT: missing"));
        assert!(said(&format!("[{KEY}]\r\n"))[0].ends_with("missing with its key"));
        assert_eq!(said(&format!("[{KEY}]\r\n{publishing}\"State\"=dword:00023c00\r\n")).len(), 1);
    }

    #[test]
    fn settings_of_code_integrity_are_told() {
        let all = said(
            "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State]\r\n\"UEFISecureBootEnabled\"=dword:00000001\r\n\
             [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\AuthRoot]\r\n\"DisableRootAutoUpdate\"=dword:00000001\r\n",
        );
        assert_eq!(all[0], "Confirm-SecureBootUEFI true");
        assert!(all[1].starts_with("DisableRootAutoUpdate 1"));
        assert!(text("no export", &Limits::DEFAULT).is_none());
    }
}
