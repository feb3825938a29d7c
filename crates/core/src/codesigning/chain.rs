//! From the signer's certificate upwards, over certificates that the signature carries.

use crate::authenticode::{key, may_issue, public_key, signed_with};
use crate::crypt::key::{PublicKey, Verified};
use crate::tables::authorities::{Authorities, Authority, Kind};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::OnceCell;
use loadworthy_formats::x509::certificate::{self as x509, Certificate};
use loadworthy_formats::x509::key as spki;

/// Links that are tried for one signature; real ones need fewer than ten.
const MOST_LINKS: usize = 256;
/// Steps that the search for the longest path may take.
const MOST_STEPS: usize = 1 << 14;

/// The certificates that a signature carries.
pub(super) struct Inside<'a> {
    pub(super) certificates: Vec<Certificate<'a>>,
    keys: Vec<OnceCell<Option<PublicKey>>>,
}

/// Where a chain leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Climb {
    /// Numbers of the certificates of the longest path, the signer's first.
    pub(super) path: Vec<usize>,
    /// Known authorities that some path reaches, over certificates that may issue others.
    pub(super) reached: Vec<Reached>,
    /// Numbers of all certificates on such paths.
    pub(super) on_the_way: Vec<usize>,
}

/// An authority that a path reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// Which.
    pub(super) authority: Authority,
    /// The certificate that is its own, or that it issued.
    pub(super) at: usize,
}

/// One certificate issued by another of the set.
#[derive(Clone, Copy)]
struct Link {
    issuer: usize,
    /// The signature verifies and the issuer may issue certificates.
    counts: bool,
}

impl<'a> Inside<'a> {
    /// The certificates among `all` that can be read.
    pub(super) fn new(all: &[&'a [u8]]) -> Self {
        let mut certificates: Vec<Certificate<'a>> = Vec::new();
        for der in all.iter().take(MOST_LINKS) {
            if let Ok(read) = x509::read(der) {
                certificates.push(read.value);
            }
        }
        let keys = certificates.iter().map(|_| OnceCell::new()).collect();
        Self { certificates, keys }
    }

    /// The certificate that a signer names.
    pub(super) fn named(
        &self,
        issuer: &[u8],
        serial: &[u8],
        key_id: Option<&[u8]>,
    ) -> Option<usize> {
        self.certificates.iter().position(|c| match key_id {
            Some(id) => c.subject_key_id == Some(id),
            None => c.issuer.raw == issuer && c.serial == serial,
        })
    }

    /// The key of a certificate.
    pub(super) fn key(&self, number: usize) -> Option<&PublicKey> {
        let certificate = self.certificates.get(number)?;
        self.keys.get(number)?.get_or_init(|| key(certificate)).as_ref()
    }

    /// Everything that can be reached from one certificate.
    pub(super) fn climb(&self, from: usize, authorities: &Authorities) -> Climb {
        let mut links: BTreeMap<usize, Vec<Link>> = BTreeMap::new();
        let mut waiting = Vec::from([from]);
        let mut tried = 0_usize;
        while let Some(number) = waiting.pop() {
            if links.contains_key(&number) {
                continue;
            }
            let above = self.above(number, &mut tried);
            waiting.extend(above.iter().map(|link| link.issuer));
            links.insert(number, above);
        }
        let on_the_way = counting(from, &links);
        let mut reached = Vec::new();
        for number in &on_the_way {
            self.known(*number, authorities, &mut reached);
        }
        let mut longest = Longest { links: &links, best: Vec::new(), steps: 0 };
        longest.follow(&mut Vec::from([from]));
        Climb { path: longest.best, reached, on_the_way }
    }

    /// The certificates that issued one, whether they may or not.
    fn above(&self, number: usize, tried: &mut usize) -> Vec<Link> {
        let Some(below) = self.certificates.get(number) else { return Vec::new() };
        if below.issuer == below.subject {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (issuer, above) in self.certificates.iter().enumerate() {
            if issuer == number || above.subject != below.issuer || *tried >= MOST_LINKS {
                continue;
            }
            *tried = tried.saturating_add(1);
            let verified = match self.key(issuer) {
                Some(key) => signed_with(below, key),
                None => Verified::Unsupported,
            };
            match verified {
                Verified::Yes => found.push(Link { issuer, counts: may_issue(above) }),
                // Arithmetic that is not known here: the names are shown, and nothing follows.
                Verified::Unsupported => found.push(Link { issuer, counts: false }),
                Verified::No(_) => {}
            }
        }
        found
    }

    /// Adds the authorities that one certificate belongs to, or was issued by.
    fn known(&self, number: usize, authorities: &Authorities, reached: &mut Vec<Reached>) {
        let Some(certificate) = self.certificates.get(number) else { return };
        let mut add = |authority: Authority| {
            if !reached.iter().any(|r: &Reached| r.authority == authority) {
                reached.push(Reached { authority, at: number });
            }
        };
        for authority in authorities.named(&certificate.subject.short()) {
            let same = spki::read(&authority.key).is_some_and(|info| {
                info.key == certificate.key && info.algorithm == certificate.key_algorithm
            });
            if same {
                add(authority);
            }
        }
        if certificate.issuer == certificate.subject {
            return;
        }
        for authority in authorities.named(&certificate.issuer.short()) {
            let key = spki::read(&authority.key).and_then(public_key);
            if key.is_some_and(|key| signed_with(certificate, &key) == Verified::Yes) {
                add(authority);
            }
        }
    }
}

/// What is reached over links that count.
fn counting(from: usize, links: &BTreeMap<usize, Vec<Link>>) -> Vec<usize> {
    let mut reached = Vec::from([from]);
    let mut next = 0_usize;
    while let Some(number) = reached.get(next).copied() {
        for link in links.get(&number).into_iter().flatten() {
            if link.counts && !reached.contains(&link.issuer) {
                reached.push(link.issuer);
            }
        }
        next = next.saturating_add(1);
    }
    reached
}

struct Longest<'l> {
    links: &'l BTreeMap<usize, Vec<Link>>,
    best: Vec<usize>,
    steps: usize,
}

impl Longest<'_> {
    fn follow(&mut self, path: &mut Vec<usize>) {
        self.steps = self.steps.saturating_add(1);
        if path.len() > self.best.len() {
            self.best.clone_from(path);
        }
        let Some(last) = path.last() else { return };
        for link in self.links.get(last).into_iter().flatten() {
            if self.steps < MOST_STEPS && !path.contains(&link.issuer) {
                path.push(link.issuer);
                self.follow(path);
                path.pop();
            }
        }
    }
}

/// The chain that a signature tells, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Names from the signer upwards: the longest path inside.
    pub names: Vec<Arc<str>>,
    /// Who issued the topmost.
    pub root: Arc<str>,
}

impl Climb {
    /// The path in words.
    pub(super) fn told(&self, inside: &Inside<'_>) -> Chain {
        let on_path = self.path.iter().filter_map(|number| inside.certificates.get(*number));
        let root = on_path.clone().next_back().map_or_else(String::new, |c| c.issuer.short());
        Chain { names: on_path.map(|c| c.subject.short().into()).collect(), root: root.into() }
    }

    /// Whether an authority of this kind is reached.
    pub(super) fn reaches(&self, kind: Kind) -> bool {
        self.reached.iter().any(|r| r.authority.kind == kind)
    }
}
