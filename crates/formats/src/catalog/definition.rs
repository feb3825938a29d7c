//! Catalog definition files (`.cdf`): what MakeCat makes a catalog of.
//!
//! Lines are read, and what belongs together is put together; whether a catalog can be made of it is for
//! others to say. Sources: Microsoft, *MakeCat* and *Using MakeCat*; `mscat.h` (`CRYPTCATCDF`,
//! `CRYPTCATMEMBER`).

use super::member::{BYTES, NameValue};
use crate::error::{Error, Kind, Parsed};
use crate::inf::encoding::decode;
use crate::inf::text::Span;
use crate::limits::Limits;
use base64ct::{Base64, Encoding};

/// A catalog definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// The options of `[CatalogHeader]` but attributes, in order: name, value, place.
    pub options: Vec<(String, String, Span)>,
    /// `CATATTR1`, `CATATTR2`, …, in the order of their numbers.
    pub attributes: Vec<Attribute>,
    /// The files of `[CatalogFiles]`, in order.
    pub files: Vec<File>,
    /// Lines that are neither a section, an option nor a comment.
    pub strays: Vec<(String, Span)>,
    /// Whether the last line has an end; MakeCat passes over one that has none.
    pub ended: bool,
}

/// One file of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The reference tag as it is written, `<HASH>` in front included.
    pub tag: String,
    /// Where the file is.
    pub path: String,
    /// `ALTSIPID`: the subject type that is taken in place of the file's own.
    pub subject_type: Option<String>,
    /// What is said of it.
    pub attributes: Vec<Attribute>,
    /// Where it is written.
    pub at: Span,
}

/// `TYPE:NAME:VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name, `CRYPTCAT_ATTR_…` bits and value, that of base 64 as a letter a byte; `None`: it has not three
    /// parts, no number first, or its base 64 is none.
    pub pair: Option<NameValue>,
    /// As it is written.
    pub text: String,
    /// Where.
    pub at: Span,
}

impl Definition {
    /// The value of an option of the header; nothing where it is empty.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<(&str, Span)> {
        let of = |(key, _, _): &&(String, String, Span)| key.eq_ignore_ascii_case(name);
        let (_, value, at) = self.options.iter().find(of)?;
        (!value.is_empty()).then_some((value.as_str(), *at))
    }
}

impl File {
    /// The tag where it is a text; `None`: the digest of the file is.
    #[must_use]
    pub fn text_tag(&self) -> Option<&str> {
        let head = self.tag.get(..HASH.len());
        let hashed = head.is_some_and(|head| head.eq_ignore_ascii_case(HASH));
        (!hashed).then_some(self.tag.as_str())
    }
}

/// What stands before a tag whose file's digest is the tag.
const HASH: &str = "<HASH>";

/// Reads a definition.
///
/// # Errors
/// When it is too large, or has neither section.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Definition>, Error> {
    if bytes.len() > limits.text_bytes {
        let limit = u64::try_from(limits.text_bytes).unwrap_or(u64::MAX);
        return Err(Error::new("CDF", limits.text_bytes, Kind::TooLarge { limit }));
    }
    let Parsed { value: (_, text), deviations } = decode(bytes);
    let mut made = Definition { ended: text.ends_with('\n'), ..Definition::default() };
    let (mut section, mut found) = (Section::Other, false);
    let (mut header, mut lines): (Vec<Entry<'_>>, Vec<Entry<'_>>) = (Vec::new(), Vec::new());
    for (number, whole) in text.lines().enumerate().take(limits.items) {
        let line = whole.trim();
        let at = Span {
            line: u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1),
            column: u32::try_from(whole.chars().take_while(|c| c.is_whitespace()).count())
                .unwrap_or(u32::MAX)
                .saturating_add(1),
        };
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = Section::named(name.trim());
            found |= section != Section::Other;
            continue;
        }
        match (section, line.split_once('=')) {
            (Section::Other, _) => {}
            (_, None) => made.strays.push((line.to_owned(), at)),
            (Section::Header, Some((key, value))) => header.push((key.trim(), value.trim(), at)),
            (Section::Files, Some((key, value))) => lines.push((key.trim(), value.trim(), at)),
        }
    }
    if !found {
        return Err(Error::new("CDF sections", 0, Kind::Missing));
    }
    let mut numbered = Vec::new();
    for (key, value, at) in header {
        match number_behind(key, "CATATTR") {
            Some(("", number)) => numbered.push((number, attribute(value, at))),
            _ => made.options.push((key.to_owned(), value.to_owned(), at)),
        }
    }
    made.attributes = in_order(numbered);
    made.files = files(&lines);
    Ok(Parsed { value: made, deviations })
}

/// Key, value, place.
type Entry<'t> = (&'t str, &'t str, Span);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Header,
    Files,
    Other,
}

impl Section {
    fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "catalogheader" => Self::Header,
            "catalogfiles" => Self::Files,
            _ => Self::Other,
        }
    }
}

/// A line whose key is that of another with `ALTSIPID` or `ATTRn` behind it belongs to that one.
fn files(lines: &[Entry<'_>]) -> Vec<File> {
    let is_file = |tag: &str| lines.iter().any(|(key, _, _)| key.eq_ignore_ascii_case(tag));
    let part = |key: &str| -> Option<(usize, Part)> {
        let sip = key.len().checked_sub(SIP.len()).filter(|at| *at > 0);
        if let Some(at) = sip
            && key.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(SIP))
        {
            return key.get(..at).filter(|tag| is_file(tag)).map(|_| (at, Part::SubjectType));
        }
        let (tag, number) = number_behind(key, "ATTR").filter(|(tag, _)| is_file(tag))?;
        Some((tag.len(), Part::Attribute(number)))
    };
    let mut files: Vec<File> = Vec::new();
    let mut parts = Vec::new();
    for (key, value, at) in lines {
        match part(key) {
            Some((end, what)) => parts.push((key.get(..end).unwrap_or(key), what, value, at)),
            None => files.push(File {
                tag: (*key).to_owned(),
                path: (*value).to_owned(),
                subject_type: None,
                attributes: Vec::new(),
                at: *at,
            }),
        }
    }
    for file in &mut files {
        let mut numbered = Vec::new();
        for (_, what, value, at) in
            parts.iter().filter(|(tag, ..)| tag.eq_ignore_ascii_case(&file.tag))
        {
            match what {
                Part::SubjectType => file.subject_type = Some((**value).to_owned()),
                Part::Attribute(number) => numbered.push((*number, attribute(value, **at))),
            }
        }
        file.attributes = in_order(numbered);
    }
    files
}

const SIP: &str = "ALTSIPID";

#[derive(Clone, Copy, Debug)]
enum Part {
    SubjectType,
    Attribute(u32),
}

/// `KEYn` behind something: what stands before, and the number.
fn number_behind<'t>(text: &'t str, key: &str) -> Option<(&'t str, u32)> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text.get(rest.len()..)?.parse().ok()?;
    let at = rest.len().checked_sub(key.len())?;
    let (before, own) = (rest.get(..at)?, rest.get(at..)?);
    own.eq_ignore_ascii_case(key).then_some((before, number))
}

fn attribute(text: &str, at: Span) -> Attribute {
    let mut parts = text.splitn(3, ':');
    let mut pair = || {
        let flags = parts.next()?.trim();
        let digits = flags.strip_prefix("0x").or_else(|| flags.strip_prefix("0X"));
        let flags = match digits {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => flags.parse().ok()?,
        };
        let (name, value) = (parts.next()?.trim().to_owned(), parts.next()?);
        let value = match flags & BYTES {
            0 => value.to_owned(),
            _ => Base64::decode_vec(value.trim()).ok()?.into_iter().map(char::from).collect(),
        };
        Some(NameValue { name, flags, value })
    };
    Attribute { pair: pair(), text: text.to_owned(), at }
}

fn in_order(mut numbered: Vec<(u32, Attribute)>) -> Vec<Attribute> {
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, attribute)| attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Microsoft's *Using MakeCat*, with the parts that *MakeCat* names beside.
    const CDF: &[u8] = b"[CatalogHeader]\r\nName=Good.cat\r\nResultDir=.\\\r\nPublicVersion=0x00000001\r\n\
        EncodingType=\r\nCATATTR2=0x10010001:Movie2:SecondMovie\r\nCATATTR1=0x10010001:Movie1:First:Movie\r\n\
        \r\n[CatalogFiles]\r\nUnsignedPE=.\\UnsignedPE.EXE\r\n; a comment\r\n\
        <HASH>UnsignedCAB=.\\Unsigned.CAB\r\n\
        <hash>unsignedcabALTSIPID={DE351A42-8E59-11D0-8C47-00C04FC295EE}\r\n\
        <HASH>UnsignedCABATTR1=0x10010001:File:a.cab\r\nATTR1=b\r\nUnsignedPEATTR1=10:x\r\nalone";

    #[test]
    fn parts_are_put_with_their_files() {
        let made = read(CDF, &Limits::DEFAULT).unwrap().value;
        assert_eq!(made.option("NAME").map(|(name, _)| name), Some("Good.cat"));
        assert_eq!(made.option("EncodingType"), None);
        let names: Vec<_> = made.attributes.iter().filter_map(|a| a.pair.as_ref()).collect();
        assert_eq!(names[0].name, "Movie1");
        assert_eq!(names[0].value, "First:Movie");
        assert_eq!(names[1].flags, 0x1001_0001);
        let tags: Vec<_> = made.files.iter().map(|f| (f.tag.as_str(), f.text_tag())).collect();
        let expected = [
            ("UnsignedPE", Some("UnsignedPE")),
            ("<HASH>UnsignedCAB", None),
            ("ATTR1", Some("ATTR1")),
        ];
        assert_eq!(tags, expected);
        assert_eq!(made.files[0].attributes[0].pair, None);
        assert_eq!(
            made.files[1].subject_type.as_deref(),
            Some("{DE351A42-8E59-11D0-8C47-00C04FC295EE}")
        );
        assert_eq!(made.files[1].at.line, 12);
        assert_eq!(made.strays.len(), 1);
        assert!(!made.ended);
        assert!(read(b"Name=x", &Limits::DEFAULT).is_err());
    }
}
