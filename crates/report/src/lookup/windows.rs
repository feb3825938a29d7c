//! Numbers of Windows, as screens, logs and scripts write them.

use crate::lookup::Topic;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::windows_codes::{Problem, Rank, RankPart, is_tail};

/// What is known of each way in which `State` can be missing. First-hand reports of 2010 on Windows
/// Server 2003; nothing is published of later versions.
pub(crate) const NO_VALUE: &str = "The value is missing, which is not the same as zero. Reported to make correctly signed driver packages fail with 0x800B0109 on Windows Server 2003; untested on later versions";
/// See [`NO_VALUE`].
pub(crate) const NO_KEY: &str = "The whole key is missing, as in a damaged profile. Reported to make correctly signed driver packages fail with 0x800B0109 on Windows Server 2003; untested on later versions";
/// Whose value counts.
pub(crate) const ACCOUNT: &str = "The value is kept for each account, and that of the account which installs counts: services and the elevated half of Windows Installer run as LocalSystem, HKU\\.DEFAULT (S-1-5-18)";

/// What a cross-certificate is for.
pub(crate) const CROSS: &str = "Issued by the Microsoft Code Verification Root: a driver whose signature holds it is cross-signed. It has expired, and no new ones are made; what was signed and time-stamped before keeps its standing under the rules for cross-signed drivers";

/// What was read of WinTrust's `State`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its value.
    Value(u32),
    /// The key is there and the value is not.
    NoValue,
    /// The key is not there.
    NoKey,
}

/// What `asked` means to Windows: a number in any of its forms, a name, or a word and a number.
pub(super) fn find<'t>(asked: &str, tables: &'t Tables) -> Vec<Topic<'t>> {
    let codes = &tables.windows_codes;
    if let Some(found) = codes.named(asked) {
        return vec![Topic::Windows(found)];
    }
    let problem = |p: &&Problem| p.name.eq_ignore_ascii_case(asked) || is_tail(&p.name, asked);
    if let Some(row) = codes.problems.iter().find(problem) {
        return vec![Topic::Problem(row)];
    }
    let oid = strip(asked, "oid").or_else(|| strip(asked, "eku")).unwrap_or(asked);
    if let Some(row) = codes.oids.iter().find(|o| o.oid == oid) {
        return vec![Topic::Oid(row)];
    }
    let guid = strip(asked, "policy").unwrap_or(asked).trim_matches(['{', '}', ' ']);
    if let Some(row) = codes.policies.iter().find(|p| p.guid.eq_ignore_ascii_case(guid)) {
        return vec![Topic::Policy(row)];
    }
    if let Some(row) = codes.state.iter().find(|bit| bit.name.eq_ignore_ascii_case(asked)) {
        return vec![Topic::State(State::Value(row.mask), tables)];
    }
    let thumbprint: String = asked.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    if let Some(row) = codes.cross_certificate(&thumbprint) {
        return vec![Topic::Cross(row)];
    }
    if let Some(number) = number(asked) {
        let found = bare(number, tables);
        let known = codes.state.iter().fold(0, |all, bit| all | bit.mask);
        // Written as registries show it, and made of bits of `State` only.
        let state = asked.starts_with("0x") && number != 0 && number & !known == 0;
        if found.is_empty() && state {
            return vec![Topic::State(State::Value(number), tables)];
        }
        return found;
    }
    let (word, rest) = worded(asked);
    match word.as_str() {
        "state" => state(rest).map(|state| Topic::State(state, tables)).into_iter().collect(),
        "rank" | "driverrank" => {
            let rank = u32::from_str_radix(without_0x(rest), 16).ok();
            rank.map(|rank| Topic::Rank(rank, Rank::of(rank), tables)).into_iter().collect()
        }
        "signerscore" | "score" => {
            let score = u32::from_str_radix(without_0x(rest), 16).ok();
            let mut rows = codes.ranks.iter().filter(|row| row.part == "signer-score");
            rows.find(|row| Some(row.value) == score).map(Topic::Score).into_iter().collect()
        }
        "infverif" | "inf" | "lint" => {
            let asked = number(rest).and_then(|n| u16::try_from(n).ok());
            asked.and_then(|n| tables.inf_lints.of(n)).map(Topic::InfLint).into_iter().collect()
        }
        "event" | "eventid" | "id" => {
            let id = number(rest);
            let rows = codes.events.iter().filter(|event| Some(u32::from(event.number)) == id);
            rows.map(Topic::Event).collect()
        }
        "code" | "problem" | "problemcode" | "cmprob" => match number(rest) {
            Some(number) => {
                let rows = codes.problems.iter().filter(|row| u32::from(row.number) == number);
                let found: Vec<_> = rows.map(Topic::Problem).collect();
                if found.is_empty() { bare(number, tables) } else { found }
            }
            None => Vec::new(),
        },
        "error" | "hresult" | "ntstatus" | "status" | "win32" | "exitcode" | "result" => {
            number(rest).map(|number| bare(number, tables)).unwrap_or_default()
        }
        "verificationerror" | "signaturetype" | "signinglevel" | "policyoption" | "cioption"
        | "loglevel" => {
            let number = number(rest);
            let mut rows = codes.values.iter().filter(|row| row.kind.replace('-', "") == word);
            rows.find(|row| Some(row.number) == number).map(Topic::EventValue).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What stands somewhere inside a line: names first, then numbers in hexadecimal, each once.
pub(super) fn inside<'t>(line: &str, tables: &'t Tables) -> Vec<Topic<'t>> {
    let codes = &tables.windows_codes;
    let words = || line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut names: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for word in words() {
        if let Some(row) = codes.problems.iter().find(|row| row.name == word)
            && !names.contains(&row.name.as_str())
        {
            names.push(&row.name);
            found.push(Topic::Problem(row));
        }
    }
    for word in words().filter(|word| word.len() == 10 && word.starts_with("0x")) {
        let Some(number) = number(word) else { continue };
        for code in codes.of_number(number) {
            if !names.contains(&code.row.name.as_str()) {
                names.push(&code.row.name);
                found.push(Topic::Windows(code));
            }
        }
    }
    found
}

/// What a number without a word is.
fn bare(number: u32, tables: &Tables) -> Vec<Topic<'_>> {
    let codes = &tables.windows_codes;
    let mut found: Vec<_> = codes.of_number(number).into_iter().map(Topic::Windows).collect();
    if found.is_empty() {
        let events = codes.events.iter().filter(|event| u32::from(event.number) == number);
        found.extend(events.map(Topic::Event));
    }
    let problems = codes.problems.iter().filter(|row| u32::from(row.number) == number);
    found.extend(problems.map(Topic::Problem));
    let lint = u16::try_from(number).ok().and_then(|n| tables.inf_lints.of(n));
    found.extend(lint.map(Topic::InfLint));
    found
}

/// The words before a number, put together in lower case, and what is behind them: `Event ID 219`,
/// `code52`, `State=0x23c00`.
fn worded(asked: &str) -> (String, &str) {
    let is_word = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '_' | '-' | '.');
    let mut at = asked.find(|c| !is_word(c)).unwrap_or(asked.len());
    if let Some(equals) = asked.find(['=', ':']) {
        at = at.min(equals);
    }
    // A rank and an answer such as `absent` begin with letters themselves.
    if let Some(space) = asked.get(..at).and_then(|words| words.rfind(' '))
        && asked.get(at..).is_some_and(|rest| !rest.starts_with(['=', ':']))
    {
        at = space;
    }
    let (words, rest) = asked.split_at(at);
    let word = words.chars().filter(char::is_ascii_alphabetic).collect::<String>();
    let rest = rest.trim_start_matches(['=', ':', ' ', '#']).trim();
    (word.to_ascii_lowercase(), rest)
}

fn state(text: &str) -> Option<State> {
    match text.to_ascii_lowercase().as_str() {
        "absent" | "missing" | "no-value" | "none" => Some(State::NoValue),
        "no-key" | "key-missing" | "key-absent" => Some(State::NoKey),
        other => number(other.trim_start_matches("dword:")).map(State::Value),
    }
}

/// A number as it is written anywhere: `0x…`, eight hexadecimal digits with a letter among them,
/// decimal, and decimal with a minus sign for what is above 2^31.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits.trim_end_matches(['L', 'l']), 16).ok();
    }
    if text.len() == 8 && text.contains(|c: char| c.is_ascii_alphabetic()) {
        return u32::from_str_radix(text, 16).ok();
    }
    if text.starts_with('-') {
        return text.parse::<i32>().ok().map(i32::cast_unsigned);
    }
    text.parse().ok()
}

fn without_0x(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

fn strip<'a>(asked: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = asked.split_at_checked(word.len())?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start_matches(['=', ':', ' ']))
}

/// What a part of a rank means; the parts that Microsoft names.
pub(crate) fn part<'t>(tables: &'t Tables, of: &str, value: u32) -> Option<&'t RankPart> {
    tables.windows_codes.ranks.iter().find(|row| row.part == of && row.value == value)
}
