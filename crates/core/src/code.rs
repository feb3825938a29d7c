//! Codes: the names of what we tell people, each with its page.

use core::fmt;

/// A code such as `LW1003`, and the page that explains it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `LW` and four digits; never reused.
    pub id: &'static str,
    /// The offence in a few hyphenated words.
    pub name: &'static str,
    /// The page: Markdown with front matter.
    pub page: &'static str,
}

/// A [`Code`] whose page `codes/ID-NAME.md` is built in. No page, no build.
#[macro_export]
macro_rules! code {
    ($id:literal, $name:literal) => {
        $crate::code::Code {
            id: $id,
            name: $name,
            page: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/codes/",
                $id,
                "-",
                $name,
                ".md"
            )),
        }
    };
}

impl Code {
    /// One field of the page's front matter; empty where there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &'static str {
        let mut lines = self.page.lines();
        if lines.next() != Some("---") {
            return "";
        }
        lines
            .take_while(|line| *line != "---")
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
            .unwrap_or("")
    }

    /// The page's title: the offence in a short sentence.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.field("title")
    }

    /// Which kind of trouble it is.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        match self.field("bucket") {
            "never-signed" => Bucket::NeverSigned,
            "not-acceptable" => Bucket::NotAcceptable,
            "not-matched" => Bucket::NotMatched,
            _ => Bucket::NotSignature,
        }
    }

    /// The page without its front matter.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.page
            .strip_prefix("---\n")
            .and_then(|p| p.split_once("\n---\n"))
            .map_or(self.page, |(_, t)| t)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// The four kinds of trouble that look like broken hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Nobody ever signed it.
    NeverSigned,
    /// Signed, and not by anybody or in any way this platform accepts.
    NotAcceptable,
    /// Signed, and the signature is not for these bytes.
    NotMatched,
    /// Not about signatures at all.
    NotSignature,
}

impl Bucket {
    /// The word used in documents and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverSigned => "never-signed",
            Self::NotAcceptable => "not-acceptable",
            Self::NotMatched => "not-matched",
            Self::NotSignature => "not-signature",
        }
    }
}
