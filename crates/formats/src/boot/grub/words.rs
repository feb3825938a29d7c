//! Tokens of a GRUB script: words made of pieces, and what stands between them.

use crate::error::{Deviation, Error, Kind};
use core::iter::Peekable;
use core::str::CharIndices;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// The value of a variable.
    Variable {
        /// Its name.
        name: String,
        /// Whether it stands in double quotes: then its value is not split into words.
        quoted: bool,
    },
}

/// A word before its variables are put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// Whether a part of it was quoted; such a word is there even when it is empty.
    pub quoted: bool,
}

impl Word {
    /// The word, where it is plain: no quotes, no variables.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] if !self.quoted => Some(text),
            _ => None,
        }
    }

    fn push(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.pieces.push(Piece::Text(c.into())),
        }
    }
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// A line end or a semicolon.
    End,
    Open,
    Close,
}

/// The tokens of a script with their offsets, and what GRUB would not read.
pub(super) fn split(text: &str) -> (Vec<(usize, Token)>, Vec<Deviation>) {
    let mut lexer = Lexer { rest: text.char_indices().peekable(), odd: Vec::new(), at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push((lexer.at, token));
    }
    (tokens, lexer.odd)
}

struct Lexer<'t> {
    rest: Peekable<CharIndices<'t>>,
    odd: Vec<Deviation>,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        let (at, c) = self.rest.next()?;
        self.at = at;
        Some(c)
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            match self.peek()? {
                ' ' | '\t' | '\r' => {
                    self.next();
                }
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                '\n' | ';' => {
                    self.next();
                    return Some(Token::End);
                }
                '{' => {
                    self.next();
                    return Some(Token::Open);
                }
                '}' => {
                    self.next();
                    return Some(Token::Close);
                }
                _ => {
                    let word = self.word();
                    // A backslash before a line end joins lines and leaves nothing.
                    if word.quoted || !word.pieces.is_empty() {
                        return Some(Token::Word(word));
                    }
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '{' | '}' => break,
                '\'' => self.single(&mut word),
                '"' => self.double(&mut word),
                '$' => self.variable(&mut word, false),
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(c) => word.push(c),
                    }
                }
                c => {
                    self.next();
                    word.push(c);
                }
            }
        }
        word
    }

    fn single(&mut self, word: &mut Word) {
        word.quoted = true;
        let from = self.rest.peek().map_or(0, |(at, _)| *at);
        self.next();
        loop {
            match self.next() {
                Some('\'') => return,
                Some(c) => word.push(c),
                None => return self.open(from),
            }
        }
    }

    fn double(&mut self, word: &mut Word) {
        word.quoted = true;
        let from = self.rest.peek().map_or(0, |(at, _)| *at);
        self.next();
        loop {
            match self.peek() {
                Some('"') => {
                    self.next();
                    return;
                }
                Some('$') => self.variable(word, true),
                Some('\\') => {
                    self.next();
                    match self.next() {
                        Some('\n') | None => {}
                        Some(c @ ('"' | '$' | '\\')) => word.push(c),
                        Some(c) => {
                            word.push('\\');
                            word.push(c);
                        }
                    }
                }
                Some(c) => {
                    self.next();
                    word.push(c);
                }
                None => return self.open(from),
            }
        }
    }

    fn open(&mut self, from: usize) {
        self.odd.push(Error::new("grub script: quote", from, Kind::Missing));
    }

    fn variable(&mut self, word: &mut Word, quoted: bool) {
        self.next();
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut name = String::new();
        match self.peek() {
            Some('{') => {
                let from = self.at;
                self.next();
                loop {
                    match self.next() {
                        Some('}') => break,
                        Some(c) if named(c) || matches!(c, '@' | '#' | '*' | '?') => name.push(c),
                        _ => {
                            self.odd.push(Error::new("grub script: variable", from, Kind::Missing));
                            break;
                        }
                    }
                }
            }
            Some(c @ ('@' | '#' | '*' | '?' | '0'..='9')) => {
                self.next();
                name.push(c);
            }
            Some(c) if named(c) => {
                while let Some(c) = self.peek().filter(|c| named(*c)) {
                    self.next();
                    name.push(c);
                }
            }
            _ => return word.push('$'),
        }
        word.pieces.push(Piece::Variable { name, quoted });
    }
}
