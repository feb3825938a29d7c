//! Lines for people: a headline, then aligned fields, at most eighty columns wide.

/// Columns of a line.
const WIDTH: usize = 80;
/// Column where values begin; a SHA-256 digest just fits behind it.
const COLUMN: usize = 16;

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// The first line: what, of which kind, and what it is.
    pub(super) fn headline(&mut self, path: &str, kind: &str, what: &str) {
        let what = if what.is_empty() { String::new() } else { format!(", {}", safe(what)) };
        self.0.push_str(&format!("{}: {kind}{what}\n", safe(path)));
    }

    /// A field. Words that do not fit go to the next line, below the first.
    pub(super) fn field(&mut self, label: &str, value: impl Into<String>) {
        let mut line = format!("  {:<1$}", safe(label), COLUMN - 3);
        line.push(' ');
        let mut begun = false;
        for word in safe(&value.into()).split(' ') {
            let width = line.chars().count() + usize::from(begun) + word.chars().count();
            if begun && width > WIDTH {
                self.0.push_str(line.trim_end());
                self.0.push('\n');
                line = " ".repeat(COLUMN);
                begun = false;
            }
            if begun {
                line.push(' ');
            }
            line.push_str(word);
            begun = true;
        }
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    /// A field that is only shown where there is a value.
    pub(super) fn maybe(&mut self, label: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.field(label, value);
        }
    }

    /// Values below one label, of which at most `most` are shown; the rest is counted.
    pub(super) fn several(&mut self, label: &str, values: &[impl AsRef<str>], most: usize) {
        for (n, value) in values.iter().take(most).enumerate() {
            self.field(if n == 0 { label } else { "" }, value.as_ref());
        }
        if let Some(more @ 1..) = values.len().checked_sub(most) {
            self.field("", format!("… and {more} more (all of them with --json)"));
        }
    }

    /// A line that begins a group of fields.
    pub(super) fn group(&mut self, title: &str) {
        self.0.push_str(&format!("  {}\n", safe(title)));
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Text that cannot move the cursor: control characters become `\xNN`.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Beside controls: marks that turn the direction of writing around.
        if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_wrapped_below_themselves() {
        let mut page = Page::default();
        page.headline("a\x1b[31m", "unknown", "");
        page.field("sha256", "0".repeat(64));
        page.field("words", "word ".repeat(30));
        page.several("few", &["a", "b", "c"], 2);
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.starts_with("a\\u{1b}[31m: unknown\n  sha256        0000"), "{text}");
        assert!(text.contains(&format!("\n{}word", " ".repeat(COLUMN))), "{text}");
        assert!(text.ends_with("  few           a\n                b\n                … and 1 more (all of them with --json)\n"));
    }
}
