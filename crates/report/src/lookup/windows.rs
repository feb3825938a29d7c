//! Numbers of Windows, as screens, logs and scripts write them.

use crate::lookup::Topic;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::windows_codes::{EventValue, Problem, Rank, RankPart, is_tail};

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
        "cioption" | "cioptions" | "codeintegrityoptions" => bits("ci-option", rest, tables),
        "policyoptions" | "options" => bits("policy-option", rest, tables),
        "devicestatus" | "devnodestatus" | "devicestatusflags" => {
            bits("device-status", rest, tables)
        }
        "verificationerror" | "signaturetype" | "signinglevel" | "policyoption" | "loglevel" => {
            let number = number(rest);
            let mut rows = codes.values.iter().filter(|row| row.kind.replace('-', "") == word);
            rows.find(|row| Some(row.number) == number).map(Topic::EventValue).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What a number made of bits means: the row of its bit, where it is one.
fn bits<'t>(kind: &'static str, text: &str, tables: &'t Tables) -> Vec<Topic<'t>> {
    let of = |number| match of_kind(kind, tables).find(|row| row.mask() == Some(number)) {
        Some(row) => Topic::EventValue(row),
        None => Topic::Bits(kind, number, tables),
    };
    number(text).map(of).into_iter().collect()
}

fn of_kind<'t>(kind: &str, tables: &'t Tables) -> impl Iterator<Item = &'t EventValue> {
    tables.windows_codes.values.iter().filter(move |row| row.kind == kind)
}

/// The bits that are set and known, each with its row, and those that are set and not known.
pub(crate) fn set<'t>(
    kind: &str,
    number: u32,
    tables: &'t Tables,
) -> (Vec<(u32, &'t EventValue)>, u32) {
    let set: Vec<_> = of_kind(kind, tables)
        .filter_map(|row| row.mask().map(|mask| (mask, row)))
        .filter(|(mask, _)| number & mask != 0)
        .collect();
    let known = set.iter().fold(0, |all, (mask, _)| all | mask);
    (set, number & !known)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup;

    /// What evidence of drivers that do not install or load names, by what is asked for it: device
    /// problems, statuses, results, setup's codes, events, and the numbers in them.
    const NAMED: [(&str, &str); 11] = [
        ("code ", "1 10 18 28 31 32 37 38 39 40 48 49 50 52 53"),
        (
            "",
            "0xC0000428 577 0xC0000490 0xC0000491 0xC0000492 0xC0000494 0xC0000603 0xC0000604 1655 \
             0xC0000605 0xC000036B 0xC000036C 1275 0xC000007B 193 0xC0000262 0xC0000263 0xC000026C \
             0xC000038E 654 0xC000021A 2148204812",
        ),
        (
            "",
            "0xC0E90001 0xC0E90002 0xC0E90003 0xC0E90004 0xC0E90005 0xC0E90006 0xC0E90007 \
             0xC0E90008 0xC0E90009 0xC0E9000A 0xC0E9000B 0xC0E9000C 0xC0E9000D 4550 4551 4552 4553 \
             4554 4555 4556 4557 4558 4559 4580 4581 4582",
        ),
        (
            "",
            "0xC0430001 0xC0430002 0xC0430003 0xC0430004 0xC0430005 0xC0430007 0xC0430008 \
             0xC0430009 0xC043000A 0xC043000B 0xC043000C 0xC043000D 0xC043000E 0xC043000F \
             0xC0430010 4420 4421 4422 4423 4424 4425 4426 4427 4428 4429 4430 4431 4432 4433 4434 \
             4435",
        ),
        (
            "",
            "0x800B0003 0x800B0004 0x800B0100 0x800B0101 0x800B0102 0x800B0104 0x800B0105 \
             0x800B0109 0x800B010A 0x800B010B 0x800B010C 0x800B010D 0x800B010E 0x800B0110 \
             0x800B0111 0x80096001 0x80096002 0x80096003 0x80096004 0x80096005 0x80096010 \
             0x80096011 0x80096019 0x80092003 0x80092009 0x80092013 0x80092026",
        ),
        ("0xE0000", "202 203 228 22F 234 23F 240 241 242 243 244 245 247 248 249 24A 24B 24C"),
        ("0x800F0", "22F 241 242 243 244 245 246 247 24B"),
        (
            "event ",
            "3001 3002 3003 3004 3005 3010 3011 3012 3021 3022 3023 3024 3025 3026 3027 3028 3029 \
             3030 3032 3033 3034 3035 3036 3037 3063 3066 3067 3068 3069 3070 3071 3072 3073 3074 \
             3076 3077 3082 3083 3084 3085 3087 3089 3095 3096 3097 3099 3100 3101 3102 3103 3104 \
             3105 3109 3111 3112 3113 3115 3116 5038 6281 219 400 410 411 7000 7026 7045",
        ),
        (
            "VerificationError ",
            "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25",
        ),
        ("policy option ", "2 3 4 5 7 10 11 13 16 17 18 19 20 21 22 23 24 25 27 28"),
        ("ci-option ", "1 2 4 8 16 32 64 128 256 512 1024 2048 4096 8192 16384 32768"),
    ];

    #[test]
    fn every_code_that_evidence_names_is_explained() {
        let tables = Tables::explaining().unwrap();
        let asked = NAMED.iter().flat_map(|(before, numbers)| {
            numbers.split(' ').map(move |number| format!("{before}{number}"))
        });
        let silent: Vec<String> =
            asked.filter(|asked| lookup::find(asked, &tables).is_empty()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    #[test]
    fn a_mask_is_taken_apart() {
        let tables = Tables::explaining().unwrap();
        let masks = |kind: &str, number| {
            let (set, unknown) = set(kind, number, &tables);
            (set.iter().map(|(mask, _)| *mask).collect::<Vec<_>>(), unknown)
        };
        // Test signing and memory integrity: System Informer, CODEINTEGRITY_OPTION_*.
        assert_eq!(masks("ci-option", 0x402), (vec![0x2, 0x400], 0));
        assert_eq!(masks("ci-option", 0x8001_0000), (vec![], 0x8001_0000));
        // Audit mode is option 16 of a policy: Microsoft, App Control event tags.
        assert_eq!(masks("policy-option", 0x0001_0001), (vec![0x0001_0000], 1));
        // Driver loaded and a problem: cfg.h, DN_DRIVER_LOADED and DN_HAS_PROBLEM.
        assert_eq!(masks("device-status", 0x402), (vec![0x2, 0x400], 0));
    }
}
