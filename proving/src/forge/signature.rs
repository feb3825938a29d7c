//! Appends a signature to a module, as `scripts/sign-file` does, and in ways it does not.

use crate::forge::der;
use crate::forge::key::{DIGESTS, Key};
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest as hash};

/// The text at the very end of a signed module (`include/linux/module_signature.h`).
pub const MARKER: &[u8] = b"~Module signature appended~\n";

/// The shape of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Detached, without signed attributes: what the kernel takes.
    Detached,
    /// With the module inside.
    Attached,
    /// With signed attributes.
    SignedAttributes,
}

/// The module with its signature, the length block and the marker.
///
/// # Errors
/// For a digest that cannot be forged.
pub fn append(module: &[u8], key: &Key, digest: &str, form: Form) -> Result<Vec<u8>, String> {
    let message = message(module, key, digest, form)?;
    // struct module_signature: algo, hash, id_type (2: PKCS#7), lengths of signer and key id,
    // three bytes of nothing, the length of the message.
    let mut block = vec![0, 0, 2, 0, 0, 0, 0, 0];
    block.extend((message.len() as u32).to_be_bytes());
    Ok([module, &message, &block, MARKER].concat())
}

/// The PKCS#7 message (RFC 2315, RFC 5652) for `content`.
///
/// # Errors
/// For a digest that cannot be forged.
pub fn message(content: &[u8], key: &Key, digest: &str, form: Form) -> Result<Vec<u8>, String> {
    let (_, oid) = DIGESTS
        .iter()
        .find(|(name, _)| *name == digest)
        .ok_or_else(|| format!("no digest {digest:?}"))?;
    // 1. Signed attributes: content type and message digest; signed as a SET.
    let attributes = match form {
        Form::SignedAttributes => Some(attributes(content, digest)?),
        Form::Detached | Form::Attached => None,
    };
    let signed = attributes.as_ref().map_or(content, Vec::as_slice);
    let signature = match digest {
        // Nobody verifies these: the kernel refuses the algorithm itself.
        "md5" | "sm3" => key.sign("sha256", signed),
        digest => key.sign(digest, signed),
    };
    let signature = signature.ok_or_else(|| format!("cannot sign with {digest}"))?;
    // 2. The signer, named by issuer and serial number.
    let mut signer = vec![
        der::integer(&[1]),
        der::sequence(&[key.subject.clone(), der::integer(&key.serial)]),
        der::sequence(&[der::oid(oid)]),
    ];
    if let Some(mut attributes) = attributes {
        attributes[0] = 0xa0;
        signer.push(attributes);
    }
    signer.push(der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]));
    signer.push(der::element(0x04, &signature));
    // 3. The content: named only, or there.
    let mut inner = vec![der::oid("1.2.840.113549.1.7.1")];
    if form == Form::Attached {
        inner.push(der::element(0xa0, &der::element(0x04, content)));
    }
    let data = der::sequence(&[
        der::integer(&[1]),
        der::set(&[der::sequence(&[der::oid(oid)])]),
        der::sequence(&inner),
        der::set(&[der::sequence(&signer)]),
    ]);
    Ok(der::sequence(&[der::oid("1.2.840.113549.1.7.2"), der::element(0xa0, &data)]))
}

fn attributes(content: &[u8], digest: &str) -> Result<Vec<u8>, String> {
    let algorithm = match digest {
        "sha256" => &SHA256,
        "sha384" => &SHA384,
        "sha512" => &SHA512,
        other => return Err(format!("no signed attributes over {other}")),
    };
    let value = der::element(0x04, hash(algorithm, content).as_ref());
    Ok(der::set(&[
        der::sequence(&[
            der::oid("1.2.840.113549.1.9.3"),
            der::set(&[der::oid("1.2.840.113549.1.7.1")]),
        ]),
        der::sequence(&[der::oid("1.2.840.113549.1.9.4"), der::set(&[value])]),
    ]))
}
