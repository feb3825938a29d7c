//! The password that MokManager asks for, and what it checks it with.
//!
//! As `mokutil --import` makes it: SHA-crypt with SHA-512, 5000 rounds and a salt of its own
//! (mokutil, `generate_pw_crypt`; shim, `PasswordCrypt.c`).

use aws_lc_rs::rand;
use loadworthy_formats::uefi::write::PasswordCrypt;
use sha_crypt::{Params, sha512_crypt};

/// Rounds of `crypt(3)` where nothing else is said.
const ROUNDS: u32 = 5000;
/// MokManager reads so many characters at most (`MokManager.c`, `PASSWORD_MAX`).
const LONGEST: usize = 256;
/// The characters of a salt (`crypt(5)`).
const SALT: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters that lie on the same keys of the layouts most people have: firmware knows only one.
const LETTERS: &[u8] = b"bcdefghijklnoprstuvx";
/// Letters of a password that is made here: 2^43 of them, for three tries before a reboot.
const LENGTH: usize = 10;

/// A password for one enrolment.
#[expect(missing_debug_implementations, reason = "it is not shown by accident")]
pub struct Password(String);

impl Password {
    /// Takes what somebody chose.
    ///
    /// # Errors
    /// A sentence, where it could not be typed at MokManager.
    pub fn chosen(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            0 => Err("the password is empty".to_owned()),
            n if n > LONGEST => Err(format!("the password is longer than {LONGEST} characters")),
            _ if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) => Err(
                "the password has characters that cannot be typed before an operating system runs: \
                 letters, digits and signs of ASCII can"
                    .to_owned(),
            ),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Makes one that lies on the same keys of most layouts.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn made() -> Result<Self, String> {
        Ok(Self(drawn(LETTERS, LENGTH)?))
    }

    /// What is to be typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether another layout than that of the United States would type something else.
    #[must_use]
    pub fn hangs_on_layout(&self) -> bool {
        let same = |b: u8| LETTERS.contains(&b.to_ascii_lowercase()) || b.is_ascii_digit();
        !self.0.bytes().all(same)
    }

    /// The value of `MokAuth`, with a salt of its own.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn auth(&self) -> Result<Vec<u8>, String> {
        self.auth_with(&drawn(SALT, 16)?)
    }

    fn auth_with(&self, salt: &str) -> Result<Vec<u8>, String> {
        let params = Params::new(ROUNDS).map_err(|e| e.to_string())?;
        let hash = sha512_crypt(self.0.as_bytes(), salt.as_bytes(), params);
        PasswordCrypt { rounds: ROUNDS.into(), salt: salt.as_bytes(), hash }
            .bytes()
            .ok_or_else(|| "the salt is too long".to_owned())
    }
}

/// So many of `letters`, each as likely as the other.
fn drawn(letters: &[u8], count: usize) -> Result<String, String> {
    let mut text = String::new();
    let mut bytes = [0; 32];
    // Bytes above the last whole multiple would favour the first letters.
    let fair = 256 - 256 % letters.len();
    while text.len() < count {
        rand::fill(&mut bytes).map_err(|_| "the system gives no random numbers".to_owned())?;
        let fit = bytes.iter().filter(|b| usize::from(**b) < fair);
        text.extend(fit.map(|b| char::from(letters[usize::from(*b) % letters.len()])));
    }
    text.truncate(count);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_crypt() {
        // `crypt("loadworthy1", "$6$abcdefgh12345678")` of glibc, its letters put back into bytes.
        let auth = Password::chosen("loadworthy1").unwrap().auth_with("abcdefgh12345678").unwrap();
        let hex: String = auth[44..108].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "c2d2084f82da8955317c62d3140faa66a39dbff358c1224c0cd2ea130b544626\
             eac7a6b5f226c88ccfe82b848912e3c430714b1a95dd2904e24e470e63dd2101"
        );
        assert_eq!(auth.len(), 172);
    }

    #[test]
    fn what_cannot_be_typed_is_refused() {
        for wrong in ["", "p\u{e4}ss", "a\tb", &"x".repeat(257)] {
            assert!(Password::chosen(wrong).is_err(), "{wrong}");
        }
        assert!(Password::chosen("zebra").unwrap().hangs_on_layout());
        let made = Password::made().unwrap();
        assert!(!made.hangs_on_layout() && made.text().len() == LENGTH);
    }
}
