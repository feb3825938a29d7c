//! *What is behind it, and what is the way back?* Patterns of lines, reasons, causes.

use super::{Common, TableError, read};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use loadworthy_formats::evidence::recogniser::Row;
use serde::Deserialize;

/// What a line that a pattern meets shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// Something did not load or start.
    Refusal,
    /// Something is loaded.
    Loaded,
    /// How the machine is.
    State,
    /// Harmless by itself.
    Notice,
    /// Something was installed or altered.
    Change,
    /// Something is missing because of it.
    Consequence,
}

/// A pattern of lines.
#[derive(Clone, Debug, Deserialize)]
pub struct Pattern {
    /// Name, source and range of kernel versions.
    #[serde(flatten)]
    pub common: Common,
    /// What reasons call it; the row's own name where there is none.
    pub sign: Option<String>,
    /// What it shows.
    pub shows: Shows,
    /// Where it belongs: `linux`, `efi`, `windows`; `any` for words of any machine. Where the row
    /// does not say, its table does.
    #[serde(default)]
    pub platform: String,
    /// `short`: for short texts only; `report`: for those that hold no whole log; `words`: for what
    /// people wrote in them; `each`: one line may say it several times.
    pub kind: Option<String>,
    /// Whether people say it of any system alike.
    #[serde(default)]
    pub plain: bool,
    /// Literals of which one must stand in the line.
    pub anchors: Vec<String>,
    /// Literals of which none may stand in the line, without regard to case: the rest of an event
    /// may say that it refused nothing.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Numbers of 32 bits, hexadecimal. `{codes}` in the expression stands for all forms in which
    /// tools write them; the anchors for them need not be given.
    #[serde(default)]
    pub codes: Vec<String>,
    /// The expression.
    #[serde(rename = "match")]
    pub expression: String,
}

impl Pattern {
    /// Puts the forms of the codes where they belong: with and without `0x`, and as numbers with
    /// and without a sign.
    fn spell(&mut self) -> Result<(), String> {
        let mut forms = Vec::new();
        for code in &self.codes {
            let hex = code.trim_start_matches("0x").to_ascii_lowercase();
            let number = u32::from_str_radix(&hex, 16).map_err(|e| format!("{code}: {e}"))?;
            let signed = number.cast_signed().unsigned_abs().to_string();
            let unsigned = number.to_string();
            forms.push(format!(r"\b(?:0x)?{hex}l?\b|\b{unsigned}\b|-{signed}\b"));
            self.anchors.extend([hex.to_ascii_uppercase(), hex, unsigned, signed]);
        }
        self.expression = self.expression.replace("{codes}", &forms.join("|"));
        Ok(())
    }

    /// What reasons call it.
    #[must_use]
    pub fn sign(&self) -> &str {
        self.sign.as_deref().unwrap_or(&self.common.id)
    }

    /// Whether it is of Windows.
    #[must_use]
    pub fn of_windows(&self) -> bool {
        self.platform == "windows"
    }

    /// Whether it is about words that people wrote.
    #[must_use]
    pub fn words_only(&self) -> bool {
        self.kind.as_deref() == Some("words")
    }
}

/// A sign that stands for any of several others.
#[derive(Clone, Debug, Deserialize)]
pub struct Sign {
    /// Its name.
    pub id: String,
    /// The others.
    pub any: Vec<String>,
}

/// Signs that speak for a cause.
#[derive(Clone, Debug, Deserialize)]
pub struct Reason {
    /// Name and source.
    #[serde(flatten)]
    pub common: Common,
    /// The cause.
    pub cause: String,
    /// What must hold: a sign, several with `|`, or one with `!` that must not be there.
    pub when: Vec<String>,
    /// How strongly, 0 to 100.
    pub weight: u8,
    /// For people.
    pub because: String,
    /// A finer name of the cause.
    pub detail: Option<String>,
}

/// A cause and the way back.
#[derive(Clone, Debug, Deserialize)]
pub struct Cause {
    /// Its name; part of the contract.
    pub id: String,
    /// Causes that one symptom often cannot separate.
    pub family: String,
    /// Where it belongs.
    pub platform: String,
    /// The page, where there is one.
    pub code: Option<String>,
    /// The offence in a sentence.
    pub title: String,
    /// What it means.
    pub means: String,
    /// The recovery path to take first.
    pub path: Option<String>,
    /// All acceptable ones.
    pub paths: Vec<String>,
    /// Whether it comes back at the next boot: `yes`, `no`, `unknown`.
    pub recurs: String,
    /// Whether something needs repair.
    pub fault: bool,
    /// What to do, in order.
    #[serde(default)]
    pub steps: Vec<String>,
    /// With which commands; `{module}` stands for the module.
    #[serde(default)]
    pub commands: Vec<String>,
    /// What not to do.
    #[serde(default)]
    pub avoid: Vec<String>,
    /// The one command that tells it from the others.
    pub next: Option<String>,
    /// How to read its answer.
    pub tells: Option<String>,
    /// Where it is written.
    pub source: String,
}

impl Cause {
    /// Whether it is about signatures, keys or revocation at all.
    #[must_use]
    pub fn is_signature(&self) -> bool {
        self.family != "not-signature" && self.family != "unknown"
    }
}

/// Everything a diagnosis knows.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Patterns, in order.
    pub patterns: Vec<Pattern>,
    /// Signs that stand for others; one stands below those it names.
    pub signs: Vec<Sign>,
    /// Reasons.
    pub reasons: Vec<Reason>,
    /// Causes.
    pub causes: Vec<Cause>,
    /// What words of reports speak for, by `linux` (with firmware) and `windows`.
    pub likeness: BTreeMap<String, Words>,
}

/// How much a word speaks for causes, in tenths of a natural logarithm; the empty word is what they
/// begin with.
pub type Words = BTreeMap<String, BTreeMap<String, i16>>;

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    pattern: Vec<Pattern>,
    #[serde(default)]
    sign: Vec<Sign>,
    #[serde(default)]
    reason: Vec<Reason>,
    #[serde(default)]
    cause: Vec<Cause>,
    #[serde(default)]
    likeness: BTreeMap<String, Words>,
}

/// The built-in tables: name and text.
pub static BUILT_IN: [(&str, &str); 12] = [
    ("diagnose/linux.toml", include_str!("../../knowledge/diagnose/linux.toml")),
    ("diagnose/linux_tongues.toml", include_str!("../../knowledge/diagnose/linux_tongues.toml")),
    ("diagnose/firmware.toml", include_str!("../../knowledge/diagnose/firmware.toml")),
    ("diagnose/words.toml", include_str!("../../knowledge/diagnose/words.toml")),
    ("diagnose/reasons.toml", include_str!("../../knowledge/diagnose/reasons.toml")),
    ("diagnose/causes.toml", include_str!("../../knowledge/diagnose/causes.toml")),
    ("diagnose/windows.toml", include_str!("../../knowledge/diagnose/windows.toml")),
    (
        "diagnose/windows_tongues.toml",
        include_str!("../../knowledge/diagnose/windows_tongues.toml"),
    ),
    ("diagnose/windows_words.toml", include_str!("../../knowledge/diagnose/windows_words.toml")),
    (
        "diagnose/windows_reasons.toml",
        include_str!("../../knowledge/diagnose/windows_reasons.toml"),
    ),
    ("diagnose/windows_causes.toml", include_str!("../../knowledge/diagnose/windows_causes.toml")),
    ("diagnose/likeness.toml", include_str!("../../knowledge/diagnose/likeness.toml")),
];

impl Knowledge {
    /// The tables built into this program.
    ///
    /// # Errors
    /// When one is not in order; a test makes sure that this cannot happen.
    pub fn built_in() -> Result<Self, TableError> {
        let mut all = Self::default();
        BUILT_IN.iter().try_for_each(|(name, text)| all.add(name, text))?;
        all.sound("diagnose")?;
        Ok(all)
    }

    /// Adds a table. A row takes the place of an earlier one of the same name, so that tables beside
    /// the built-in ones may correct them.
    ///
    /// # Errors
    /// When the text is no table of this kind.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TableError> {
        let mut table: Table = read(name, text)?;
        if name.ends_with("words.toml") {
            let words = |p: &mut Pattern| p.kind = Some("words".to_owned());
            table.pattern.iter_mut().for_each(words);
        }
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let platform = if file.starts_with("windows") { "windows" } else { "linux" };
        for pattern in &mut table.pattern {
            if pattern.platform.is_empty() {
                pattern.platform = platform.to_owned();
            }
            let wrong = |problem| TableError { table: name.to_owned(), problem };
            pattern.spell().map_err(wrong)?;
        }
        merge(&mut self.patterns, table.pattern, |p| (&p.common.id, false));
        merge(&mut self.signs, table.sign, |s| (&s.id, false));
        merge(&mut self.reasons, table.reason, |r| (&r.common.id, false));
        for (system, words) in table.likeness {
            self.likeness.entry(system).or_default().extend(words);
        }
        merge(&mut self.causes, table.cause, |c| (&c.id, c.platform == "windows"));
        Ok(())
    }

    /// Whether every name that a row uses is there.
    ///
    /// # Errors
    /// With the first that is not.
    pub fn sound(&self, table: &str) -> Result<(), TableError> {
        let wrong = |problem: String| Err(TableError { table: table.to_owned(), problem });
        let spoken = self.likeness.values().flat_map(|words| words.values()).flatten();
        if let Some((cause, _)) = spoken.into_iter().find(|(cause, _)| self.cause(cause).is_none())
        {
            return wrong(format!("likeness: no cause {cause}"));
        }
        for reason in &self.reasons {
            if self.cause(&reason.cause).is_none() {
                return wrong(format!("{}: no cause {}", reason.common.id, reason.cause));
            }
            for word in reason.when.iter().flat_map(|w| w.trim_start_matches('!').split('|')) {
                if !self.is_sign(word) {
                    return wrong(format!("{}: no sign {word}", reason.common.id));
                }
            }
        }
        Ok(())
    }

    fn is_sign(&self, word: &str) -> bool {
        DERIVED.contains(&word)
            || self.patterns.iter().any(|p| p.sign() == word || p.common.id == word)
            || self.signs.iter().any(|s| s.id == word)
    }

    /// The cause of this name.
    #[must_use]
    pub fn cause(&self, id: &str) -> Option<&Cause> {
        self.causes.iter().find(|c| c.id == id)
    }

    /// The cause of this name in the form that it takes on Windows, or elsewhere; `None`: it does
    /// not occur there.
    #[must_use]
    pub fn cause_on(&self, id: &str, windows: bool) -> Option<&Cause> {
        let mut rows = self.causes.iter().filter(|c| c.id == id);
        let own = rows.clone().find(|c| (c.platform == "windows") == windows);
        own.or_else(|| rows.find(|c| c.platform == "any"))
    }

    /// Every cause once, in the form that its first table gives it.
    pub fn listed(&self) -> impl Iterator<Item = &Cause> {
        let first = |c: &&Cause| self.cause(&c.id).is_some_and(|f| f.platform == c.platform);
        self.causes.iter().filter(first)
    }

    /// The patterns as a recogniser takes them.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        self.patterns
            .iter()
            .map(|p| Row {
                anchors: &p.anchors,
                unless: &p.unless,
                expression: &p.expression,
                short_only: p.kind.as_deref().is_some_and(|kind| kind != EACH),
                report: p.kind.as_deref() == Some("report"),
                prose: p.words_only(),
                each: p.kind.as_deref() == Some(EACH),
            })
            .collect()
    }
}

/// The kind of rows that one line may meet several times.
const EACH: &str = "each";

/// Signs that are not of a line but of several together.
pub const DERIVED: [&str; 5] = [
    "modinfo-unsigned",
    "loaded-after-refusal",
    "signer-enrolled",
    "signer-not-listed",
    "device-unbound",
];

fn merge<T>(into: &mut Vec<T>, rows: Vec<T>, name: impl Fn(&T) -> (&str, bool)) {
    for row in rows {
        match into.iter_mut().find(|r| name(r) == name(&row)) {
            Some(old) => *old = row,
            None => into.push(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadworthy_formats::evidence::recogniser::Recogniser;

    #[test]
    fn every_expression_is_one_and_every_name_is_there() {
        let knowledge = Knowledge::built_in().unwrap();
        let recogniser = Recogniser::new(&knowledge.rows()).unwrap();
        let bad: Vec<_> = recogniser
            .unusable()
            .iter()
            .map(|u| format!("{}: {}", knowledge.patterns[u.row].common.id, u.problem))
            .collect();
        assert_eq!(bad, [""; 0]);
    }

    #[test]
    fn causes_keep_their_families_and_paths() {
        let knowledge = Knowledge::built_in().unwrap();
        for cause in &knowledge.causes {
            let first = cause.path.as_deref().unwrap_or("none");
            assert!(cause.paths.iter().any(|p| p == first), "{}", cause.id);
            assert_eq!(
                cause.is_signature(),
                !["not-signature", "unknown"].contains(&cause.family.as_str())
            );
            assert!(["yes", "no", "unknown"].contains(&cause.recurs.as_str()), "{}", cause.id);
        }
    }
}
