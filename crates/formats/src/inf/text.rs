//! The lines of an INF: section headers, keys, fields; quotes, comments and continued lines.
//!
//! `;` outside quotes begins a comment, `\` before the end of a line (blanks and a comment may stand
//! between) continues it, `""` inside quotes is one quote, and quotes end with their line.

use core::fmt;
use core::iter::Peekable;
use core::str::Chars;

/// A place in the text, both counted from one; columns are letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The physical line.
    pub line: u32,
    /// The letter in it.
    pub column: u32,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A piece of a line, without its quotes and with `%tokens%` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// What it says.
    pub text: String,
    /// Where it begins.
    pub at: Span,
}

/// A line of a section: `key = field, field` or `field, field`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What stands before `=`.
    pub key: Option<Field>,
    /// What stands between commas.
    pub fields: Vec<Field>,
}

impl Line {
    /// Where it begins.
    #[must_use]
    pub fn at(&self) -> Span {
        self.key.as_ref().or_else(|| self.fields.first()).map(|f| f.at).unwrap_or_default()
    }

    /// A field by its number, counted from zero; empty ones are as good as missing.
    #[must_use]
    pub fn field(&self, number: usize) -> Option<&Field> {
        self.fields.get(number).filter(|f| !f.text.is_empty())
    }
}

/// Something that setup would not understand, or would understand otherwise than it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Span,
    /// What.
    pub what: What,
}

/// The faults of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A line before the first section.
    OutsideSection,
    /// A section header without `]`.
    UnclosedHeader,
    /// Something behind a section header.
    BehindHeader,
    /// A quote that its line does not close.
    UnclosedQuote,
    /// The last line promises another one.
    ContinuedAtEnd,
    /// A line of more than 4096 letters.
    TooLong,
    /// A section name of more than 255 letters.
    NameTooLong,
    /// More lines and fields than are read.
    TooMany,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::OutsideSection => "a line before the first section",
            What::UnclosedHeader => "a section header without `]`",
            What::BehindHeader => "text behind a section header",
            What::UnclosedQuote => "a quote that its line does not close",
            What::ContinuedAtEnd => "the last line ends in `\\`",
            What::TooLong => "a line of more than 4096 letters",
            What::NameTooLong => "a section name of more than 255 letters",
            What::TooMany => "more lines and fields than are read",
        };
        write!(f, "{}: {what}", self.at)
    }
}

/// What a logical line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    Header(Field),
    Line(Line),
}

/// Takes a text apart.
pub(super) struct Lexer<'t> {
    physical: core::str::Split<'t, char>,
    number: u32,
    pub(super) faults: Vec<Fault>,
}

/// The line in hand.
#[derive(Default)]
struct Begun {
    line: Line,
    field: Field,
    /// Bytes of the field that stand in quotes or before them: blanks up to here belong to it.
    solid: usize,
    has_text: bool,
    has_comma: bool,
}

/// How a physical line ended.
#[derive(PartialEq, Eq)]
enum End {
    Line,
    Continued,
}

/// Letters of the longest entry (`MAX_INF_STRING_LENGTH`) and of the longest section name
/// (`MAX_INF_SECTION_NAME_LENGTH` of `setupapi.h`).
const LONGEST: usize = 4096;
const LONGEST_NAME: usize = 255;

impl<'t> Lexer<'t> {
    /// Takes `text` apart up to the first `^Z`, where setup stops.
    pub(super) fn new(text: &'t str) -> Self {
        let text = text.split('\u{1a}').next().unwrap_or_default();
        Self { physical: text.split('\n'), number: 0, faults: Vec::new() }
    }

    fn fault(&mut self, at: Span, what: What) {
        // A hostile text must not become many times its size in faults.
        if self.faults.len() < 256 {
            self.faults.push(Fault { at, what });
        }
    }

    fn physical(&mut self) -> Option<&'t str> {
        let line = self.physical.next()?;
        self.number = self.number.saturating_add(1);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn header(&mut self, line: &str) -> Logical {
        let at = Span { line: self.number, column: column_of(line, '[') };
        let (_, rest) = line.split_once('[').unwrap_or_default();
        let name = match rest.split_once(']') {
            Some((name, behind)) => {
                let behind = behind.trim();
                if !behind.is_empty() && !behind.starts_with(';') {
                    self.fault(at, What::BehindHeader);
                }
                name
            }
            None => {
                self.fault(at, What::UnclosedHeader);
                rest.split(';').next().unwrap_or_default()
            }
        };
        let name = name.trim().trim_matches('"');
        if name.chars().nth(LONGEST_NAME).is_some() {
            self.fault(at, What::NameTooLong);
        }
        Logical::Header(Field { text: name.to_owned(), at })
    }

    /// Reads one physical line into the line in hand.
    fn scan(&mut self, line: &str, begun: &mut Begun) -> End {
        let mut letters = line.chars().peekable();
        let mut column = 0_u32;
        let mut quoted = false;
        let mut quote_at = Span::default();
        while let Some(c) = letters.next() {
            column = column.saturating_add(1);
            let at = Span { line: self.number, column };
            if quoted {
                if c != '"' {
                    begun.push(c, at);
                    begun.solid = begun.field.text.len();
                } else if letters.next_if_eq(&'"').is_some() {
                    column = column.saturating_add(1);
                    begun.push('"', at);
                    begun.solid = begun.field.text.len();
                } else {
                    quoted = false;
                }
                continue;
            }
            match c {
                ';' => return End::Line,
                '"' => {
                    (quoted, quote_at) = (true, at);
                    begun.touch(at);
                    begun.solid = begun.field.text.len();
                }
                '\\' if ends_here(&letters) => return End::Continued,
                '=' if begun.line.key.is_none() && !begun.has_comma => {
                    begun.touch(at);
                    begun.line.key = Some(begun.take());
                }
                ',' => {
                    begun.touch(at);
                    let field = begun.take();
                    begun.line.fields.push(field);
                    begun.has_comma = true;
                }
                c if is_blank(c) => {
                    if begun.has_text {
                        begun.field.text.push(c);
                    }
                }
                c => begun.push(c, at),
            }
        }
        if quoted {
            self.fault(quote_at, What::UnclosedQuote);
        }
        End::Line
    }
}

impl Begun {
    fn touch(&mut self, at: Span) {
        if !self.has_text {
            self.field.at = at;
            self.has_text = true;
        }
    }

    fn push(&mut self, c: char, at: Span) {
        self.touch(at);
        self.field.text.push(c);
    }

    /// The field in hand, without the blanks behind it.
    fn take(&mut self) -> Field {
        let mut field = core::mem::take(&mut self.field);
        let kept = field.text.trim_end_matches(is_blank).len().max(self.solid);
        field.text.truncate(kept);
        (self.solid, self.has_text) = (0, false);
        field
    }

    fn finish(mut self) -> Option<Line> {
        if self.has_text || self.has_comma {
            let field = self.take();
            self.line.fields.push(field);
        }
        (self.line.key.is_some() || !self.line.fields.is_empty()).then_some(self.line)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Logical;

    fn next(&mut self) -> Option<Logical> {
        loop {
            let mut line = self.physical()?;
            if line.trim_start_matches(is_blank).starts_with('[') {
                return Some(self.header(line));
            }
            let at = Span { line: self.number, column: 1 };
            let mut begun = Begun::default();
            let mut length = line.len();
            while self.scan(line, &mut begun) == End::Continued {
                let Some(next) = self.physical() else {
                    self.fault(at, What::ContinuedAtEnd);
                    break;
                };
                line = next;
                length = length.saturating_add(line.len());
            }
            if length > LONGEST && line.chars().nth(LONGEST).is_some() {
                self.fault(at, What::TooLong);
            }
            if let Some(line) = begun.finish() {
                return Some(Logical::Line(line));
            }
        }
    }
}

/// Whether nothing but blanks and a comment follows.
fn ends_here(letters: &Peekable<Chars<'_>>) -> bool {
    letters.clone().find(|c| !is_blank(*c)).is_none_or(|c| c == ';')
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

fn column_of(line: &str, letter: char) -> u32 {
    let before = line.chars().take_while(|c| *c != letter).count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}
