//! Bytes that nobody else may see: wiped when dropped, never printed, never copied.

use zeroize::{Zeroize, Zeroizing};

/// A passphrase, a PIN or a private key.
#[expect(missing_debug_implementations, reason = "it is never shown")]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The first line of `bytes`, as a passphrase is kept in a file.
    #[must_use]
    pub fn line(bytes: Vec<u8>) -> Self {
        let mut whole = Zeroizing::new(bytes);
        if let Some(end) = whole.iter().position(|b| *b == b'\n') {
            let end = if whole[..end].ends_with(b"\r") { end - 1 } else { end };
            whole.truncate(end);
        }
        Self(whole)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Does what leaves parts of a secret on the stack, as ciphers do that work on many blocks at once, and
/// writes over that.
pub(crate) fn wiped<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    write_over();
    done
}

/// Has a frame of its own, which [`write_over`] then has.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn write_over() {
    // Ciphers reach some kilobytes down; without optimisation more.
    let mut left = [0_u8; 1 << 16];
    left.zeroize();
    std::hint::black_box(&left);
}

/// Gives the passphrase or PIN of what is named, where there is one to give: from a file, the
/// environment or a terminal, never from the command line.
pub type Ask<'a> = &'a (dyn Fn(&str) -> std::io::Result<Option<Secret>> + Sync);

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_passphrase_is_a_line() {
        for (file, is) in [("a b\n", "a b"), ("x\r\ny", "x"), ("", ""), ("z", "z"), ("\n", "")] {
            assert_eq!(Secret::line(file.into()).bytes(), is.as_bytes());
        }
    }
}
