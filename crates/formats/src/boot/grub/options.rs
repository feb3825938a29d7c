//! The options of `menuentry`, and arguments put back into a line.

use super::values::Filled;

/// What stands between `menuentry` and its block.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) id: Option<String>,
    /// The title and what follows it.
    pub(super) positional: Vec<Filled>,
    /// Whether title and identifier are known.
    pub(super) known: bool,
}

/// Options that take a word (`commands/menuentry.c`).
const WITH_VALUE: [&str; 5] = ["--class", "--users", "--hotkey", "--source", "--id"];

pub(super) fn of_entry(words: &[Filled]) -> Head {
    let mut head = Head { id: None, positional: Vec::new(), known: true };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, value) = match word.text.split_once('=') {
            Some((option, value)) if WITH_VALUE.contains(&option) => (option, Some(value)),
            _ => (word.text.as_str(), None),
        };
        match option {
            option if WITH_VALUE.contains(&option) => {
                let next = match value {
                    Some(value) => Filled { text: value.to_owned(), known: word.known },
                    None => words.next().cloned().unwrap_or_default(),
                };
                if option == "--id" {
                    head.known &= next.known;
                    head.id = Some(next.text);
                }
            }
            option if option.starts_with("--") => {}
            _ => head.positional.push(word.clone()),
        }
    }
    head.known &= head.positional.first().is_some_and(|title| title.known);
    head
}

/// Arguments as one command line; GRUB quotes one that holds blanks (`lib/cmdline.c`).
pub(super) fn joined(words: &[Filled]) -> String {
    let quoted = |word: &Filled| match word.text.contains(' ') {
        true => format!("\"{}\"", word.text),
        false => word.text.clone(),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
