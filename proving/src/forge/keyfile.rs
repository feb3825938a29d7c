//! Forges files that keys are kept in: PKCS #12 (RFC 7292) and PVK. The keys in them are zeros.

use crate::forge::der;

/// A PKCS #12 file: an encrypted part, a key that is encrypted on its own, and a certificate in the
/// open, under a code of SHA-256.
#[must_use]
pub fn pkcs12(certificate: &[u8]) -> Vec<u8> {
    const DATA: &str = "1.2.840.113549.1.7.1";
    let octets = |bytes: &[u8]| der::element(0x04, bytes);
    let explicit = |bytes: &[u8]| der::element(0xa0, bytes);
    let scheme = der::sequence(&[
        der::oid("1.2.840.113549.1.5.13"),
        der::sequence(&[
            der::sequence(&[
                der::oid("1.2.840.113549.1.5.12"),
                der::sequence(&[octets(&[1; 8]), der::integer(&[8, 0])]),
            ]),
            der::sequence(&[der::oid("2.16.840.1.101.3.4.1.42"), octets(&[2; 16])]),
        ]),
    ]);
    let old = der::sequence(&[
        der::oid("1.2.840.113549.1.12.1.3"),
        der::sequence(&[octets(&[3; 8]), der::integer(&[7, 208])]),
    ]);
    let encrypted = der::sequence(&[
        der::integer(&[0]),
        der::sequence(&[der::oid(DATA), scheme, der::element(0x80, &[0; 32])]),
    ]);
    let bag = |number: u8, value: Vec<u8>| {
        let kind = format!("1.2.840.113549.1.12.10.1.{number}");
        der::sequence(&[der::oid(&kind), explicit(&value)])
    };
    let bags = der::sequence(&[
        bag(2, der::sequence(&[old, octets(&[0; 16])])),
        bag(
            3,
            der::sequence(&[der::oid("1.2.840.113549.1.9.22.1"), explicit(&octets(certificate))]),
        ),
    ]);
    let safe = der::sequence(&[
        der::sequence(&[der::oid("1.2.840.113549.1.7.6"), explicit(&encrypted)]),
        der::sequence(&[der::oid(DATA), explicit(&octets(&bags))]),
    ]);
    let sha256 = der::sequence(&[der::oid("2.16.840.1.101.3.4.2.1"), der::null()]);
    der::sequence(&[
        der::integer(&[3]),
        der::sequence(&[der::oid(DATA), explicit(&octets(&safe))]),
        der::sequence(&[
            der::sequence(&[sha256, octets(&[4; 32])]),
            octets(&[5; 8]),
            der::integer(&[8, 0]),
        ]),
    ])
}

/// A PVK file with a key that is not encrypted, of 2048 bits.
#[must_use]
pub fn pvk() -> Vec<u8> {
    let mut out = b"\x1e\xf1\xb5\xb0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x94\x04\0\0".to_vec();
    out.extend(b"\x07\x02\0\0\0\x24\0\0RSA2\0\x08\0\0\x01\0\x01\0");
    out.resize(24 + 0x494, 0);
    out
}
