//! What a page may look like: colour, line drawing, width. Decided by who owns the terminal.

use std::fmt::Write as _;

/// What may be used on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour, on terminals that want it.
    pub colour: bool,
    /// Line-drawing characters (a UTF-8 locale); else ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 80 }
    }
}

/// What colour says; the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Worth a look.
    Mind,
    /// It will not work.
    Bad,
    /// Beside the point.
    Quiet,
    /// The point.
    Strong,
    /// Like everything else.
    Plain,
}

impl Style {
    /// `text` in a tone.
    #[must_use]
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Mind => "33",
            Tone::Bad => "1;31",
            Tone::Quiet => "2",
            Tone::Strong => "1",
            Tone::Plain => return text.to_owned(),
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Text from outside, made harmless for a terminal: control characters are written out.
    #[must_use]
    pub fn plain(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_control() || (!self.unicode && !c.is_ascii()) {
                let _ = write!(out, "{}", c.escape_default());
            } else {
                out.push(c);
            }
        }
        out
    }
}

/// Breaks `text` at blanks into lines of at most `width` columns; longer words stay whole.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// How many columns `text` takes; one a character, which holds for what we print.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("lib/modules/very/long x", 5), ["lib/modules/very/long", "x"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let style = Style { unicode: false, ..Style::default() };
        assert_eq!(style.plain("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(style.plain("né"), "n\\u{e9}");
    }
}
