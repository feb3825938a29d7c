//! *What does this error number mean when a module is loaded?*

use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// One error number and what it can mean.
#[derive(Clone, Debug, Deserialize)]
pub struct Meaning {
    /// The symbolic name: `EKEYREJECTED`.
    pub name: String,
    /// The number on x86-64 and arm64, without the minus sign of log lines.
    pub number: u16,
    /// The words of the C library, which most programs print.
    pub words: String,
    /// What `insmod` prints.
    pub insmod: String,
    /// What `modprobe` prints; empty: it succeeds in silence.
    pub modprobe: String,
    /// What it can mean, the most frequent first; a sentence each.
    pub means: Vec<String>,
    /// How the meanings are told apart.
    pub tell: String,
    /// The codes whose pages go on.
    pub codes: Vec<String>,
    /// Where it is written.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
pub struct Errors {
    errno: Vec<Meaning>,
}

impl Errors {
    /// All rows, by number.
    #[must_use]
    pub fn rows(&self) -> &[Meaning] {
        &self.errno
    }

    /// The row asked for by name (`EPERM`), number (`129`, `-129`) or the words a program printed
    /// (`Key was rejected by service`).
    #[must_use]
    pub fn find(&self, asked: &str) -> Option<&Meaning> {
        if asked.is_empty() {
            return None;
        }
        let number: Option<u16> = asked.strip_prefix('-').unwrap_or(asked).parse().ok();
        self.errno
            .iter()
            .find(|row| row.name.eq_ignore_ascii_case(asked) || number == Some(row.number))
            .or_else(|| {
                let by = |said: fn(&Meaning) -> &str| {
                    self.errno.iter().find(|row| said(row).eq_ignore_ascii_case(asked))
                };
                by(|r| &r.words).or_else(|| by(|r| &r.insmod)).or_else(|| by(|r| &r.modprobe))
            })
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::Tables;

    #[test]
    fn a_row_is_found_by_name_number_and_words() {
        let errors = Tables::built_in().unwrap().errors;
        for asked in ["EKEYREJECTED", "ekeyrejected", "129", "-129", "Key was rejected by service"]
        {
            assert_eq!(
                errors.find(asked).map(|r| r.name.as_str()),
                Some("EKEYREJECTED"),
                "{asked}"
            );
        }
        assert_eq!(errors.find("Invalid module format").unwrap().name, "ENOEXEC");
        assert!(errors.find("").is_none());
        assert!(errors.rows().is_sorted_by_key(|r| r.number));
    }
}
