//! What the entries of a signature list can be.
//!
//! Source: UEFI 2.10, section 32.4.1; SM3 and external management from its errata and EDK II
//! `MdePkg/Include/Guid/ImageAuthentication.h`.

use crate::uefi::guid::Guid;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A DER certificate.
    X509,
    /// A SHA-1 digest of an image.
    Sha1,
    /// A SHA-224 digest of an image.
    Sha224,
    /// A SHA-256 digest of an image.
    Sha256,
    /// A SHA-384 digest of an image.
    Sha384,
    /// A SHA-512 digest of an image.
    Sha512,
    /// An SM3 digest of an image.
    Sm3,
    /// SHA-256 of a certificate's to-be-signed part, and the time from which it is revoked.
    X509Sha256,
    /// SHA-384 of a certificate's to-be-signed part, and the time from which it is revoked.
    X509Sha384,
    /// SHA-512 of a certificate's to-be-signed part, and the time from which it is revoked.
    X509Sha512,
    /// The modulus of an RSA-2048 key, most significant byte first; its exponent is 0x10001.
    Rsa2048,
    /// A SHA-1 digest signed with RSA-2048.
    Rsa2048Sha1,
    /// A SHA-256 digest signed with RSA-2048.
    Rsa2048Sha256,
    /// A PKCS#7 `SignedData`.
    Pkcs7,
    /// Kept by somebody outside the firmware.
    ExternalManagement,
    /// None of these.
    Other(Guid),
}

/// Type, GUID, name, bytes of data where they are fixed.
type Row = (Type, Guid, &'static str, Option<usize>);

const TYPES: [Row; 15] = [
    (Type::X509, guid(0xa5c0_59a1, 0x94e4, 0x4aa7, 0x87b5_ab15_5c2b_f072), "x509", None),
    (Type::Sha1, guid(0x826c_a512, 0xcf10, 0x4ac9, 0xb187_be01_4966_31bd), "sha1", Some(20)),
    (Type::Sha224, guid(0x0b6e_5233, 0xa65c, 0x44c9, 0x9407_d9ab_83bf_c8bd), "sha224", Some(28)),
    (Type::Sha256, guid(0xc1c4_1626, 0x504c, 0x4092, 0xaca9_41f9_3693_4328), "sha256", Some(32)),
    (Type::Sha384, guid(0xff3e_5307, 0x9fd0, 0x48c9, 0x85f1_8ad5_6c70_1e01), "sha384", Some(48)),
    (Type::Sha512, guid(0x093e_0fae, 0xa6c4, 0x4f50, 0x9f1b_d41e_2b89_c19a), "sha512", Some(64)),
    (Type::Sm3, guid(0x5734_7f87, 0x7a9b, 0x403a, 0xb93c_dc4a_fb7a_0ebc), "sm3", Some(32)),
    (
        Type::X509Sha256,
        guid(0x3bd2_a492, 0x96c0, 0x4079, 0xb420_fcf9_8ef1_03ed),
        "x509-sha256",
        Some(48),
    ),
    (
        Type::X509Sha384,
        guid(0x7076_876e, 0x80c2, 0x4ee6, 0xaad2_28b3_49a6_865b),
        "x509-sha384",
        Some(64),
    ),
    (
        Type::X509Sha512,
        guid(0x446d_bf63, 0x2502, 0x4cda, 0xbcfa_2465_d2b0_fe9d),
        "x509-sha512",
        Some(80),
    ),
    (Type::Rsa2048, guid(0x3c57_66e8, 0x269c, 0x4e34, 0xaa14_ed77_6e85_b3b6), "rsa2048", Some(256)),
    (
        Type::Rsa2048Sha1,
        guid(0x67f8_444f, 0x8743, 0x48f1, 0xa328_1eaa_b873_6080),
        "rsa2048-sha1",
        Some(256),
    ),
    (
        Type::Rsa2048Sha256,
        guid(0xe2b3_6190, 0x879b, 0x4a3d, 0xad8d_f2e7_bba3_2784),
        "rsa2048-sha256",
        Some(256),
    ),
    (Type::Pkcs7, guid(0x4aaf_d29d, 0x68df, 0x49ee, 0x8aa9_347d_3756_65a7), "pkcs7", None),
    (
        Type::ExternalManagement,
        guid(0x452e_8ced, 0xdfff, 0x4b8c, 0xae01_5118_862e_682c),
        "external-management",
        Some(1),
    ),
];

const fn guid(first: u32, second: u16, third: u16, last: u64) -> Guid {
    Guid::new(first, second, third, last.to_be_bytes())
}

impl Type {
    /// The type that `guid` names.
    #[must_use]
    pub fn of(guid: Guid) -> Self {
        TYPES.iter().find(|row| row.1 == guid).map_or(Self::Other(guid), |row| row.0)
    }

    /// The name of the type in a list's header.
    #[must_use]
    pub fn guid(self) -> Guid {
        match self {
            Self::Other(guid) => guid,
            _ => self.row().map_or(Guid::from_bytes([0; 16]), |row| row.1),
        }
    }

    /// A short word for the type (`x509`, `sha256`, `x509-sha256`); its GUID where there is none.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Other(guid) => guid.to_string(),
            _ => self.row().map_or("", |row| row.2).to_owned(),
        }
    }

    /// Bytes the data of an entry must have, where the specification fixes them.
    #[must_use]
    pub fn data_size(self) -> Option<usize> {
        self.row().and_then(|row| row.3)
    }

    /// Bytes of the digest at the start of the data of a revocation; `None` for other types.
    #[must_use]
    pub fn revocation_digest_size(self) -> Option<usize> {
        match self {
            Self::X509Sha256 => Some(32),
            Self::X509Sha384 => Some(48),
            Self::X509Sha512 => Some(64),
            _ => None,
        }
    }

    fn row(self) -> Option<&'static Row> {
        TYPES.iter().find(|row| row.0 == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_one_guid_and_one_name() {
        for (n, row) in TYPES.iter().enumerate() {
            assert_eq!(Type::of(row.0.guid()), row.0);
            assert!(TYPES[n + 1..].iter().all(|other| other.1 != row.1 && other.2 != row.2));
        }
        let other = Type::of(Guid::SHIM_LOCK);
        assert_eq!(other.name(), "605dab50-e046-4300-abb6-3dd810dd8b23");
        assert_eq!(other.guid(), Guid::SHIM_LOCK);
    }
}
