//! `pkcs11:` URIs: which token, which object, which module. Source: RFC 7512.

/// What a URI names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Uri {
    /// Label of the token.
    pub(super) token: Option<String>,
    /// Its serial number.
    pub(super) serial: Option<String>,
    /// Its maker.
    pub(super) manufacturer: Option<String>,
    /// Its model.
    pub(super) model: Option<String>,
    /// The slot's number.
    pub(super) slot: Option<u64>,
    /// Label of the object.
    pub(super) object: Option<String>,
    /// Identifier of the object.
    pub(super) id: Option<Vec<u8>>,
    /// The module, by its path.
    pub(super) module_path: Option<String>,
    /// The module, by its name.
    pub(super) module_name: Option<String>,
    /// A file with the PIN.
    pub(super) pin_source: Option<String>,
}

impl Uri {
    /// Takes a URI apart.
    ///
    /// # Errors
    /// A sentence, for what is no such URI, and for a PIN inside: a command line is for everybody to read.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("pkcs11:").ok_or("it does not begin with pkcs11:")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for (key, value) in pairs(path, ';')? {
            let words = String::from_utf8(value.clone()).ok();
            match key {
                "token" => uri.token = words,
                "serial" => uri.serial = words,
                "manufacturer" => uri.manufacturer = words,
                "model" => uri.model = words,
                "slot-id" => uri.slot = words.and_then(|words| words.parse().ok()),
                "object" => uri.object = words,
                "id" => uri.id = Some(value),
                "type"
                | "library-description"
                | "library-manufacturer"
                | "library-version"
                | "slot-description"
                | "slot-manufacturer" => {}
                other => return Err(format!("{other}= is not known in a pkcs11: URI")),
            }
        }
        for (key, value) in pairs(query, '&')? {
            let words = String::from_utf8(value).map_err(|_| format!("{key}= is no text"))?;
            match key {
                "module-path" => uri.module_path = Some(words),
                "module-name" => uri.module_name = Some(words),
                "pin-source" => {
                    let path = words.strip_prefix("file://").or(words.strip_prefix("file:"));
                    uri.pin_source = Some(path.unwrap_or(&words).to_owned());
                }
                "pin-value" => {
                    let hint = "use pin-source=FILE, --passphrase-file or --passphrase-env";
                    return Err(format!("a PIN on a command line is no secret: {hint}"));
                }
                other => return Err(format!("{other}= is not known in a pkcs11: URI")),
            }
        }
        Ok(uri)
    }
}

/// The URI without the PIN that should not be in it, so that nothing repeats it.
pub(super) fn without_pin(text: &str) -> String {
    let Some((before, rest)) = text.split_once("pin-value=") else { return text.to_owned() };
    let after = rest.find('&').map_or("", |at| &rest[at..]);
    format!("{before}pin-value={}", without_pin(after))
}

fn pairs(text: &str, between: char) -> Result<Vec<(&str, Vec<u8>)>, String> {
    text.split(between)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or(format!("{pair:?} has no value"))?;
            let value = unescaped(value).ok_or(format!("{key}= is not escaped rightly"))?;
            Ok((key, value))
        })
        .collect()
}

/// `%20` and the like as the bytes they stand for.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{Uri, without_pin};

    #[test]
    fn a_uri_names_token_object_and_module() {
        let read = Uri::read(
            "pkcs11:token=Kernel%20keys;object=mok;id=%01%ff;type=private?module-path=/a.so&pin-source=file:/pin",
        )
        .unwrap();
        assert_eq!(read.token.as_deref(), Some("Kernel keys"));
        assert_eq!(read.object.as_deref(), Some("mok"));
        assert_eq!(read.id.as_deref(), Some(&[1, 0xff][..]));
        assert_eq!(read.module_path.as_deref(), Some("/a.so"));
        assert_eq!(read.pin_source.as_deref(), Some("/pin"));
    }

    #[test]
    fn a_pin_on_the_command_line_is_refused() {
        assert!(Uri::read("pkcs11:token=a?pin-value=1234").unwrap_err().contains("no secret"));
        assert_eq!(without_pin("pkcs11:a?pin-value=1234&b=c"), "pkcs11:a?pin-value=&b=c");
        assert_eq!(
            without_pin("pkcs11:a?pin-value=12&pin-value=34"),
            "pkcs11:a?pin-value=&pin-value="
        );
        assert!(Uri::read("pkcs11:tokn=a").is_err());
        assert!(Uri::read("pkcs11:token=%4").is_err());
        assert!(Uri::read("file:x").is_err());
    }
}
