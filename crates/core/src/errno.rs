//! Error numbers as system calls return them, by name.

use core::fmt;

/// An error number of Linux on x86-64 and arm64 (`include/uapi/asm-generic/errno*.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Errno {
    /// Operation not permitted.
    EPERM = 1,
    /// No such file or directory; for modules: a symbol that nobody exports.
    ENOENT = 2,
    /// Exec format error.
    ENOEXEC = 8,
    /// Out of memory.
    ENOMEM = 12,
    /// Permission denied; for modules: IMA appraisal.
    EACCES = 13,
    /// Device or resource busy.
    EBUSY = 16,
    /// File exists.
    EEXIST = 17,
    /// No such device.
    ENODEV = 19,
    /// Invalid argument.
    EINVAL = 22,
    /// File too large.
    EFBIG = 27,
    /// Function not implemented.
    ENOSYS = 38,
    /// No data available; inside the kernel: no signature.
    ENODATA = 61,
    /// Package not installed; inside the kernel: unsupported cryptography.
    ENOPKG = 65,
    /// Bad message.
    EBADMSG = 74,
    /// Message too long.
    EMSGSIZE = 90,
    /// Operation not supported.
    EOPNOTSUPP = 95,
    /// Required key not available.
    ENOKEY = 126,
    /// Key has expired.
    EKEYEXPIRED = 127,
    /// Key has been revoked.
    EKEYREVOKED = 128,
    /// Key was rejected by service.
    EKEYREJECTED = 129,
}

impl Errno {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::EPERM,
        Self::ENOENT,
        Self::ENOEXEC,
        Self::ENOMEM,
        Self::EACCES,
        Self::EBUSY,
        Self::EEXIST,
        Self::ENODEV,
        Self::EINVAL,
        Self::EFBIG,
        Self::ENOSYS,
        Self::ENODATA,
        Self::ENOPKG,
        Self::EBADMSG,
        Self::EMSGSIZE,
        Self::EOPNOTSUPP,
        Self::ENOKEY,
        Self::EKEYEXPIRED,
        Self::EKEYREVOKED,
        Self::EKEYREJECTED,
    ];

    /// The symbolic name, as manual pages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EPERM => "EPERM",
            Self::ENOENT => "ENOENT",
            Self::ENOEXEC => "ENOEXEC",
            Self::ENOMEM => "ENOMEM",
            Self::EACCES => "EACCES",
            Self::EBUSY => "EBUSY",
            Self::EEXIST => "EEXIST",
            Self::ENODEV => "ENODEV",
            Self::EINVAL => "EINVAL",
            Self::EFBIG => "EFBIG",
            Self::ENOSYS => "ENOSYS",
            Self::ENODATA => "ENODATA",
            Self::ENOPKG => "ENOPKG",
            Self::EBADMSG => "EBADMSG",
            Self::EMSGSIZE => "EMSGSIZE",
            Self::EOPNOTSUPP => "EOPNOTSUPP",
            Self::ENOKEY => "ENOKEY",
            Self::EKEYEXPIRED => "EKEYEXPIRED",
            Self::EKEYREVOKED => "EKEYREVOKED",
            Self::EKEYREJECTED => "EKEYREJECTED",
        }
    }

    /// The number, as kernel log lines print it (without the minus sign).
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the discriminant of a repr(i32) enum")]
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
