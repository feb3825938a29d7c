//! Variables while a script runs, where some values cannot be told.

use super::words::{Piece, Word};
use std::collections::BTreeMap;

/// The longest value that is kept; a script that doubles a variable over and over ends here.
const LONGEST: usize = 64 << 10;

/// A word after its variables were put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// Its text; a value that is not known stands as `${name}`.
    pub(super) text: String,
    /// Whether all of it is known.
    pub(super) known: bool,
}

impl Filled {
    pub(super) fn value(&self) -> Option<&str> {
        self.known.then_some(self.text.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    value: Option<String>,
    exported: bool,
}

/// The variables of a scope. One that is not in it is unset, which reads as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variables {
    held: BTreeMap<String, Held>,
}

impl Variables {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// The value; `None`: it cannot be told.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.held.get(name).map_or(Some(""), |held| held.value.as_deref())
    }

    pub(super) fn set(&mut self, name: &str, value: Option<String>) {
        let value = value.filter(|v| v.len() <= LONGEST);
        let exported = self.held.get(name).is_some_and(|held| held.exported);
        self.held.insert(name.to_owned(), Held { value, exported });
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.held.remove(name);
    }

    pub(super) fn export(&mut self, name: &str) {
        let empty = Held { value: Some(String::new()), exported: true };
        self.held.entry(name.to_owned()).or_insert(empty).exported = true;
    }

    /// What a submenu sees.
    pub(super) fn exported(&self) -> Self {
        let held = self.held.iter().filter(|(_, held)| held.exported);
        Self { held: held.map(|(name, held)| (name.clone(), held.clone())).collect() }
    }

    /// What holds where either of two ways was gone.
    pub(super) fn or(&mut self, other: &Self) {
        let names: Vec<String> = self.held.keys().chain(other.held.keys()).cloned().collect();
        for name in names {
            if self.get(&name) != other.get(&name) {
                self.set(&name, None);
            }
        }
    }
}

/// Puts variables into words, as GRUB does it (`script/argv.c`, `script/execute.c`): what stands
/// outside of quotes is split at blanks, and words that come out empty are dropped.
pub(super) fn fill<'w>(
    words: impl IntoIterator<Item = &'w Word>,
    value: impl Fn(&str) -> Option<String>,
) -> Vec<Filled> {
    let mut filled = Vec::new();
    for word in words {
        let mut open = word.quoted.then(whole);
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => add(&mut open, text, true),
                Piece::Variable { name, quoted } => match value(name) {
                    None => add(&mut open, &format!("${{{name}}}"), false),
                    Some(value) if *quoted => add(&mut open, &value, true),
                    Some(value) => {
                        if value.starts_with(char::is_whitespace) {
                            filled.extend(open.take());
                        }
                        for (n, part) in value.split_whitespace().enumerate() {
                            if n > 0 {
                                filled.extend(open.take());
                            }
                            add(&mut open, part, true);
                        }
                        if value.ends_with(char::is_whitespace) {
                            filled.extend(open.take());
                        }
                    }
                },
            }
        }
        filled.extend(open);
    }
    filled
}

const fn whole() -> Filled {
    Filled { text: String::new(), known: true }
}

fn add(open: &mut Option<Filled>, text: &str, known: bool) {
    let word = open.get_or_insert_with(whole);
    if word.text.len().saturating_add(text.len()) <= LONGEST {
        word.text.push_str(text);
    } else {
        word.known = false;
    }
    word.known &= known;
}
