//! A request to MokManager: what `mokutil --import` leaves in the firmware's variables.

use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_list;
use loadworthy_formats::uefi::write::certificate_list;

use crate::password::Password;

/// The two variables of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `MokNew`: the new key, then what was asked for before.
    pub new: Vec<u8>,
    /// `MokAuth`: what the password is checked with.
    pub auth: Vec<u8>,
    /// How many keys MokManager will show.
    pub keys: usize,
}

/// `NV+BS+RT`: what mokutil gives both.
pub const ATTRIBUTES: u32 = 7;
/// Their names.
pub const NEW: &str = "MokNew";
/// See [`NEW`].
pub const AUTH: &str = "MokAuth";
/// So many bytes the kernel keeps free and refuses to write into (`EFI_MIN_RESERVE`,
/// `arch/x86/platform/efi/quirks.c`): firmware that is full may not start again.
const RESERVE: u64 = 5120;
/// Bytes that firmware needs beside a variable's name and value (EDK II, `VariableFormat.h`).
const HEADER: usize = 60;

impl Request {
    /// A request for `certificate`, added to `before`, the value of `MokNew` so far.
    ///
    /// # Errors
    /// Where the certificate is too long, or the system gives no random numbers.
    pub fn of(certificate: &[u8], before: &[u8], password: &Password) -> Result<Self, String> {
        let mut new = certificate_list(Guid::SHIM_LOCK, certificate)
            .ok_or_else(|| "the certificate is too long".to_owned())?;
        new.extend(before);
        let keys = signature_list::read(&new, &Limits::DEFAULT).value.entries().count();
        Ok(Self { new, auth: password.auth()?, keys })
    }

    /// Whether the firmware has room for it beside what the kernel keeps free; where that is not told,
    /// the kernel refuses what does not fit.
    #[must_use]
    pub fn fits(&self, free: Option<u64>) -> bool {
        free.is_none_or(|free| free >= self.needs().saturating_add(RESERVE))
    }

    /// Bytes of the firmware's memory that it takes, with the list that grows when it is confirmed.
    #[must_use]
    pub fn needs(&self) -> u64 {
        let name = |name: &str| 2 * (name.len() + 1) + HEADER;
        let all = 2 * self.new.len() + self.auth.len() + name(NEW) + name(AUTH) + name("MokList");
        all as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_wants_room_for_itself_for_the_list_and_what_the_kernel_keeps() {
        let password = Password::chosen("bdfhjlnprt").unwrap();
        let request = Request::of(&[0x30; 800], &[], &password).unwrap();
        // MokNew, and the same again for the list that grows: 28 + 16 + 800 bytes; MokAuth: 172.
        assert!(request.needs() > 2 * 844 + 172);
        let enough = request.needs() + 5120;
        for (free, fits) in [(Some(0), false), (Some(enough - 1), false), (Some(enough), true)] {
            assert_eq!(request.fits(free), fits);
        }
        assert!(request.fits(None));
    }
}
