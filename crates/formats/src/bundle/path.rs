//! Paths and names as they stand in an index: text, with `%XX` for what is no printable text.

/// `bytes` as text; every `%` in it begins an escape.
#[must_use]
pub fn written(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '%' {
                let mut room = [0; 4];
                c.encode_utf8(&mut room).bytes().for_each(|b| escape(b, DIGITS, &mut out));
            } else {
                out.push(c);
            }
        }
        chunk.invalid().iter().for_each(|b| escape(*b, DIGITS, &mut out));
    }
    out
}

fn escape(byte: u8, digits: &[u8; 16], out: &mut String) {
    out.push('%');
    for half in [byte >> 4, byte & 15] {
        out.extend(digits.get(usize::from(half)).map(|digit| char::from(*digit)));
    }
}

/// The bytes that `text` stands for; `None` where an escape is none.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = if *byte == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let number = str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
            out.push(u8::from_str_radix(number, 16).ok()?);
            after
        } else {
            out.push(*byte);
            after
        };
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for (name, text) in [
            (b"boot/config-6.1".as_slice(), "boot/config-6.1"),
            (b"100%\n", "100%25%0A"),
            ("gr\u{fc}n\u{85}".as_bytes(), "gr\u{fc}n%C2%85"),
            (b"\xff.ko", "%FF.ko"),
        ] {
            assert_eq!(written(name), text);
            assert_eq!(read(text).as_deref(), Some(name));
        }
        assert_eq!([read("%"), read("%+1"), read("%zz")], [None, None, None]);
    }
}
