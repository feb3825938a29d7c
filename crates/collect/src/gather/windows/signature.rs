//! A signature as it was read → a signature as rules ask about it.

use std::sync::Arc;

use loadworthy_core::codesigning::certificate::Certificate;
use loadworthy_core::codesigning::signature::{Broken, Signature};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::facts::driver::{Anchor, DriverSignature, Holds};
use loadworthy_core::proof::text;
use loadworthy_core::proof::windows::NoTime;
use loadworthy_core::tables::authorities::Kind;

/// What rules ask about a signature that stands in `place`; `member` is the digest by which a
/// catalog names the file.
#[must_use]
pub fn of(
    signature: &Signature,
    place: &Arc<str>,
    altered_page: Option<Arc<str>>,
    member: Option<DigestAlgorithm>,
) -> DriverSignature {
    let own = signature.signer.as_ref();
    let holds = match (signature.verifies, signature.broken, altered_page) {
        (Some(true), None, None) => Holds::Yes,
        (Some(true), None, Some(section)) => Holds::PageAltered(section),
        (_, Some(Broken::ImageDiffers), _) => Holds::ImageAltered,
        (None, None, _) => Holds::Unsupported,
        _ => Holds::Broken,
    };
    let named = signature.digest_algorithm.unwrap_or(DigestAlgorithm::Sha512);
    DriverSignature {
        signer: signature.signer_name.clone(),
        program: signature.opus.program.as_deref().filter(|p| !p.is_empty()).map(text),
        place: place.clone(),
        first: signature.index == 0,
        entry: signature.table_entry,
        holds,
        // Old systems must understand both the signature and the digest in the list.
        digest: member.map_or(named, |by| named.max(by)),
        anchor: anchor(signature),
        root: root(signature),
        usages: own.map(|c| c.usages.clone()).unwrap_or_default(),
        not_before: own.and_then(|c| c.not_before).unwrap_or_default(),
        not_after: own.and_then(|c| c.not_after).unwrap_or_default(),
        lifetime: signature.ends_with_certificate(),
        stamp: stamp(signature),
        signed_parts: signature.path.iter().flat_map(signed_parts).collect(),
        well_known: signature.authorities.iter().filter_map(|a| a.well_known).collect(),
        thumbprint: own.map(|c| twenty(&c.sha1)).unwrap_or_default(),
        inside: signature.inside.iter().map(twenty).collect(),
        chain_whole: signature.is_chain_whole(),
        tops: tops(&signature.path),
    }
}

/// What is on top: certificates that none of the others issued.
fn tops(path: &[Certificate]) -> Vec<Arc<[u8]>> {
    let open = path.iter().filter(|c| !path.iter().any(|above| above.name == c.issuer));
    open.map(|c| c.der.clone()).collect()
}

fn signed_parts(certificate: &Certificate) -> Vec<(DigestAlgorithm, Digest)> {
    let mut parts = vec![
        (DigestAlgorithm::Sha1, certificate.signed_part_sha1),
        (DigestAlgorithm::Sha256, certificate.signed_part_sha256),
    ];
    parts.extend(certificate.signed_part.filter(|part| !parts.contains(part)));
    parts
}

fn twenty(digest: &Digest) -> [u8; 20] {
    digest.as_bytes().try_into().unwrap_or_default()
}

/// Where the chain ends, by keys and not by names: the most that a path inside reaches.
fn anchor(signature: &Signature) -> Anchor {
    let order = [
        (Kind::Product, Anchor::Product),
        (Kind::CodeVerification, Anchor::CodeVerification),
        (Kind::Microsoft, Anchor::OtherMicrosoft),
        (Kind::UefiCa, Anchor::OtherMicrosoft),
        (Kind::Test, Anchor::TestRoot),
        (Kind::Flight, Anchor::FlightRoot),
        (Kind::Public, Anchor::Public),
    ];
    let known = order.into_iter().find(|(kind, _)| signature.reaches(*kind));
    known.map_or_else(
        || if signature.is_chain_whole() { Anchor::Private } else { Anchor::Open },
        |(_, anchor)| anchor,
    )
}

fn root(signature: &Signature) -> Arc<str> {
    let order = [Kind::Product, Kind::CodeVerification, Kind::Microsoft, Kind::Public];
    let known =
        order.into_iter().find_map(|kind| signature.authorities.iter().find(|a| a.kind == kind));
    known.map_or_else(|| signature.chain.root.clone(), |authority| authority.name.clone())
}

fn stamp(signature: &Signature) -> Result<i64, NoTime> {
    if let Some(time) = signature.stamp().and_then(|s| s.time) {
        return Ok(time);
    }
    Err(if signature.timestamps.is_empty() {
        NoTime::NoStamp
    } else if signature.timestamps.iter().any(|t| t.verifies == Some(true) && !t.is_public) {
        NoTime::PrivateStamp
    } else {
        NoTime::BrokenStamp
    })
}
