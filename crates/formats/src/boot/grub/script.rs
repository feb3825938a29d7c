//! A GRUB script as a tree of commands.

pub use super::words::{Piece, Word};
use super::words::{Token, split};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// Commands, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The commands.
    pub commands: Vec<Command>,
}

impl Script {
    /// Whether a command of the script, at any depth, reads this variable.
    #[must_use]
    pub fn reads(&self, variable: &str) -> bool {
        let named = |word: &Word| {
            word.pieces
                .iter()
                .any(|p| matches!(p, Piece::Variable { name, .. } if name == variable))
        };
        self.commands.iter().any(|command| match command {
            Command::Simple { words, block } => {
                words.iter().any(named) || block.as_ref().is_some_and(|b| b.reads(variable))
            }
            Command::If { arms, otherwise } => {
                otherwise.reads(variable)
                    || arms.iter().any(|(c, body)| c.reads(variable) || body.reads(variable))
            }
            Command::For { over, body, .. } => over.iter().any(named) || body.reads(variable),
            Command::While { condition, body, .. } => {
                condition.reads(variable) || body.reads(variable)
            }
            Command::Function { body, .. } => body.reads(variable),
        })
    }
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Words, and for a menu entry or submenu what it runs.
    Simple {
        /// The name and what follows it.
        words: Vec<Word>,
        /// `{ … }` behind them.
        block: Option<Script>,
    },
    /// `if … then … elif … else … fi`
    If {
        /// Conditions, each with what it guards.
        arms: Vec<(Script, Script)>,
        /// What stands behind `else`.
        otherwise: Script,
    },
    /// `for NAME in …; do … done`
    For {
        /// The variable.
        variable: String,
        /// What it runs over.
        over: Vec<Word>,
        /// What is repeated.
        body: Script,
    },
    /// `while …; do … done`, or `until`
    While {
        /// Whether it is `until`.
        until: bool,
        /// The condition.
        condition: Script,
        /// What is repeated.
        body: Script,
    },
    /// `function NAME { … }`
    Function {
        /// Its name.
        name: String,
        /// What it runs.
        body: Script,
    },
}

/// Reads a script. What GRUB would call a syntax error is a deviation; the rest is read on.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Script>, Error> {
    text::bounded("grub script", bytes, limits)?;
    let text = String::from_utf8_lossy(bytes);
    let (tokens, deviations) = split(&text);
    let mut reader = Reader { tokens: &tokens, next: 0, depth: limits.depth, odd: deviations };
    let mut script = Script::default();
    loop {
        script.commands.extend(reader.list(&[]).commands);
        if reader.peek().is_none() {
            break;
        }
        // Something stands here that closes nothing.
        reader.wrong("grub script: word");
        reader.step();
    }
    Ok(Parsed { value: script, deviations: reader.odd })
}

struct Reader<'t> {
    tokens: &'t [(usize, Token)],
    next: usize,
    depth: usize,
    odd: Vec<Deviation>,
}

/// Words that end a list of commands.
const CLOSING: [&str; 6] = ["then", "elif", "else", "fi", "do", "done"];

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    const fn step(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    fn wrong(&mut self, what: &'static str) {
        let at = self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |(at, _)| *at);
        // One is enough to know that GRUB would stop; a damaged file must not be told line by line.
        if self.odd.len() < 16 {
            self.odd.push(Error::new(what, at, Kind::Missing));
        }
    }

    fn plain(&self) -> Option<&'t str> {
        match self.peek() {
            Some(Token::Word(word)) => word.plain(),
            _ => None,
        }
    }

    /// Takes the keyword that must stand here.
    fn keyword(&mut self, word: &str) -> bool {
        while self.peek() == Some(&Token::End) {
            self.step();
        }
        let there = self.plain() == Some(word);
        if there {
            self.step()
        } else {
            self.wrong("grub script: keyword")
        }
        there
    }

    /// Commands up to one of `until` or a closing brace, which stays.
    fn list(&mut self, until: &[&str]) -> Script {
        let mut commands = Vec::new();
        loop {
            match self.peek() {
                None | Some(Token::Close) => break,
                Some(Token::End) => self.step(),
                Some(Token::Open) => {
                    self.wrong("grub script: {");
                    self.step();
                }
                Some(Token::Word(word)) => {
                    let plain = word.plain();
                    if plain.is_some_and(|w| until.contains(&w) || CLOSING.contains(&w)) {
                        break;
                    }
                    commands.extend(self.command());
                }
            }
        }
        Script { commands }
    }

    fn command(&mut self) -> Option<Command> {
        if self.depth == 0 {
            self.odd.push(Error::new("grub script", self.next, Kind::TooDeep { limit: 32 }));
            self.next = self.tokens.len();
            return None;
        }
        self.depth = self.depth.saturating_sub(1);
        let command = match self.plain() {
            Some("if") => self.conditional(),
            Some("for") => self.counted(),
            Some(word @ ("while" | "until")) => {
                self.step();
                let condition = self.list(&["do"]);
                let body = self.body();
                Some(Command::While { until: word == "until", condition, body })
            }
            Some("function") => self.function(),
            _ => Some(self.simple()),
        };
        self.depth = self.depth.saturating_add(1);
        command
    }

    fn conditional(&mut self) -> Option<Command> {
        let mut arms = Vec::new();
        let mut otherwise = Script::default();
        self.step();
        loop {
            let condition = self.list(&["then"]);
            self.keyword("then");
            arms.push((condition, self.list(&["elif", "else", "fi"])));
            match self.plain() {
                Some("elif") => self.step(),
                Some("else") => {
                    self.step();
                    otherwise = self.list(&["fi"]);
                    self.keyword("fi");
                    break;
                }
                _ => {
                    self.keyword("fi");
                    break;
                }
            }
        }
        Some(Command::If { arms, otherwise })
    }

    fn counted(&mut self) -> Option<Command> {
        self.step();
        let Some(variable) = self.plain() else {
            self.wrong("grub script: for");
            return None;
        };
        self.step();
        self.keyword("in");
        let mut over = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            over.push(word.clone());
            self.step();
        }
        let body = self.body();
        Some(Command::For { variable: variable.to_owned(), over, body })
    }

    /// `do … done`
    fn body(&mut self) -> Script {
        self.keyword("do");
        let body = self.list(&["done"]);
        self.keyword("done");
        body
    }

    fn function(&mut self) -> Option<Command> {
        self.step();
        let Some(name) = self.plain() else {
            self.wrong("grub script: function");
            return None;
        };
        self.step();
        while self.peek() == Some(&Token::End) {
            self.step();
        }
        let body = self.block().unwrap_or_else(|| {
            self.wrong("grub script: function");
            Script::default()
        });
        Some(Command::Function { name: name.to_owned(), body })
    }

    /// `{ … }`, where one begins here.
    fn block(&mut self) -> Option<Script> {
        if self.peek() != Some(&Token::Open) {
            return None;
        }
        self.step();
        let mut body = self.list(&[]);
        while self.peek().is_some() && self.peek() != Some(&Token::Close) {
            self.wrong("grub script: word");
            self.step();
            body.commands.extend(self.list(&[]).commands);
        }
        if self.peek() == Some(&Token::Close) {
            self.step()
        } else {
            self.wrong("grub script: }")
        }
        Some(body)
    }

    fn simple(&mut self) -> Command {
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            words.push(word.clone());
            self.step();
        }
        let block = self.block();
        Command::Simple { words, block }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Parsed<Script> {
        read(text.as_bytes(), &Limits::DEFAULT).unwrap()
    }

    fn texts(command: &Command) -> Vec<String> {
        let Command::Simple { words, .. } = command else { return Vec::new() };
        let piece = |p: &Piece| match p {
            Piece::Text(text) => text.clone(),
            Piece::Variable { name, quoted } => {
                format!("<{name}{}>", if *quoted { "!" } else { "" })
            }
        };
        words.iter().map(|w| w.pieces.iter().map(piece).collect()).collect()
    }

    #[test]
    fn words_are_quoted_as_in_a_shell() {
        // GRUB manual, *Quoting*.
        let read = script("set a='$x y' \"b $c ${d}e \\$ \\\" \\z\" f\\ g $h'i'\\\nj # no\nk;l");
        let lines: Vec<_> = read.value.commands.iter().map(texts).collect();
        let first = ["set", "a=$x y", "b <c!> <d!>e $ \" \\z", "f g", "<h>ij"];
        assert_eq!(lines, [first.as_slice(), &["k"], &["l"]]);
        assert!(read.deviations.is_empty());
    }

    #[test]
    fn what_grub_mkconfig_writes_is_a_tree() {
        let read = script(
            "function savedefault {\n  if [ -z \"${boot_once}\" ]; then\n    saved_entry=\"${chosen}\"\n  fi\n}\n\
             if [ x$a = xy ] ; then\n set b=1\nelif true; then c\nelse\n if d; then e; fi\nfi\n\
             submenu 'Advanced' $menuentry_id_option 'x' {\n\tmenuentry 'y' --class z {\n\t\tlinux /k\n\t}\n}\n",
        );
        assert_eq!(read.deviations, []);
        let [
            Command::Function { .. },
            Command::If { arms, otherwise },
            Command::Simple { block, .. },
        ] = read.value.commands.as_slice()
        else {
            panic!("{:?}", read.value)
        };
        assert_eq!((arms.len(), otherwise.commands.len()), (2, 1));
        assert!(matches!(
            block.as_ref().unwrap().commands.as_slice(),
            [Command::Simple { block: Some(_), .. }]
        ));
    }

    #[test]
    fn what_is_left_open_is_told() {
        for broken in
            ["if a; then b", "menuentry 'x' {", "echo 'x", "fi", "}", "for x", "function {"]
        {
            assert!(!script(broken).deviations.is_empty(), "{broken}");
        }
        let deep = "if a; then ".repeat(100_000);
        assert!(!script(&deep).deviations.is_empty());
    }
}
