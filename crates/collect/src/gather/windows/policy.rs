//! An App Control policy as it is written → what it denies and allows to the kernel.

use std::sync::Arc;

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::facts::windows::{AppControl, Demanded, Denied, Deny, FileField, SignerRoot};
use loadworthy_core::proof::text;
use loadworthy_formats::app_control::policy::{self, Action, FileRule};
use loadworthy_formats::app_control::xml::{self, Field, File, Root, Rule, What};
use loadworthy_formats::der::oid;
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;

/// A policy, and what it demands of every driver beside its rules.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it denies and allows.
    pub policy: AppControl,
    /// `Required:WHQL`, `Required:EV Signers`.
    pub demanded: Option<Demanded>,
}

/// Reads a policy, as XML or as Windows loads it.
///
/// # Errors
/// When it is none.
pub fn read(bytes: &[u8]) -> Result<Read, Error> {
    let limits = &Limits::DEFAULT;
    if policy::begins(bytes) {
        return Ok(binary(&policy::read(bytes, limits)?.value));
    }
    let policy = xml::read(bytes, limits)?.value;
    let option = |name: &str| policy.options.iter().any(|o| o == name);
    let audit = option("Enabled:Audit Mode");
    Ok(Read {
        demanded: demanded(option("Required:WHQL"), option("Required:EV Signers"), audit),
        policy: one(policy.name, audit, &policy.denies, &policy.allows, policy.is_about_kernel),
    })
}

fn demanded(tested: bool, extended: bool, audit: bool) -> Option<Demanded> {
    (tested || extended).then_some(Demanded { extended, audit })
}

fn one(
    name: Option<String>,
    audit: bool,
    denies: &[Rule],
    allows: &[Rule],
    is_about_kernel: bool,
) -> AppControl {
    let allowed: Vec<Deny> = allows.iter().filter_map(|rule| entry(rule, false)).collect();
    AppControl {
        name: text(name.unwrap_or_else(|| "an App Control policy".to_owned())),
        audit,
        denies: denies.iter().filter_map(|rule| entry(rule, true)).collect(),
        open: allowed.len() < allows.len(),
        allows: is_about_kernel.then_some(allowed),
    }
}

/// Number of the scenario of the kernel.
const KERNEL: u32 = 131;

/// A policy as Windows loads it.
fn binary(policy: &policy::Policy) -> Read {
    let (mut denies, mut allows) = (Vec::new(), Vec::new());
    let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let mut is_about_kernel = false;
    for scenario in policy.scenarios.iter().filter(|s| s.number == KERNEL) {
        is_about_kernel = true;
        let group = &scenario.product;
        let signer = |(n, except): &(u32, Vec<u32>)| {
            Some(signer(policy, policy.signers.get(at(*n))?, !except.is_empty()))
        };
        denies.extend(group.denied.iter().filter_map(signer));
        allows.extend(group.allowed.iter().filter_map(signer));
        for rule in group.files.iter().filter_map(|n| policy.files.get(at(*n))) {
            let name = rule.file_name.clone().unwrap_or_else(|| "a digest".to_owned());
            let what = if rule.hash.is_empty() {
                plain(rule).map_or(What::Other, What::File)
            } else {
                What::Digest(rule.hash.clone())
            };
            match rule.action {
                Action::Deny => denies.push(Rule { name, what }),
                Action::Allow => allows.push(Rule { name, what }),
                Action::Attribute | Action::Other(_) => {}
            }
        }
    }
    let bit = |n: u32| policy.options & 1 << n != 0;
    let name = policy.information("Name").or_else(|| policy.information("Id"));
    Read {
        demanded: demanded(bit(7), bit(21), policy.is_audit()),
        policy: one(
            name.map(ToOwned::to_owned),
            policy.is_audit(),
            &denies,
            &allows,
            is_about_kernel,
        ),
    }
}

/// A file by one text of its version resource; zero versions are not said, save below one that is.
fn plain(rule: &FileRule) -> Option<File> {
    let fields = [
        (Field::OriginalName, &rule.file_name),
        (Field::InternalName, &rule.internal_name),
        (Field::Description, &rule.description),
        (Field::Product, &rule.product),
    ];
    let mut named = fields.into_iter().filter_map(|(field, name)| Some((field, name.clone()?)));
    let (field, name) = named.next()?;
    if named.next().is_some() || rule.path.is_some() || rule.package_family.is_some() {
        return None;
    }
    // What denies every version has the greatest number where others have the lowest.
    let is_all = rule.action == Action::Deny && rule.least == [u16::MAX; 4];
    let said = |version: [u16; 4]| Some(version).filter(|v| *v != [0; 4] && !is_all);
    let most = said(rule.greatest);
    Some(File {
        field,
        name,
        least: if most.is_some() { Some(rule.least) } else { said(rule.least) },
        most,
    })
}

fn signer(policy: &policy::Policy, from: &policy::Signer, excepts: bool) -> Rule {
    let at = |n: &u32| usize::try_from(*n).unwrap_or(usize::MAX);
    let files: Vec<_> =
        from.attributes.iter().filter_map(|n| policy.files.get(at(n))).map(plain).collect();
    let is_open = excepts
        || from.issuer.is_some()
        || from.signed_after != 0
        || files.iter().any(Option::is_none);
    Rule {
        name: from.publisher.clone().unwrap_or_else(|| "a signer".to_owned()),
        what: What::Signer(xml::Signer {
            root: match &from.root {
                policy::Root::ToBeSigned(part) => Root::SignedPart(part.clone()),
                policy::Root::WellKnown(n) => u8::try_from(*n).map_or(Root::Other, Root::WellKnown),
            },
            usages: from
                .ekus
                .iter()
                .filter_map(|n| policy.ekus.get(at(n)))
                .map(|eku| xml::usage(eku))
                .collect(),
            publisher: from.publisher.clone(),
            program: from.oem.clone(),
            files: files.into_iter().flatten().collect(),
            is_open,
        }),
    }
}

/// A rule as checks ask about it; `None`: it is about something else than kernel images, such as a
/// path, or cannot be told.
fn entry(rule: &Rule, denies: bool) -> Option<Deny> {
    let mut certain = true;
    let what = match &rule.what {
        What::Digest(bytes) => {
            let by = match bytes.len() {
                20 => DigestAlgorithm::Sha1,
                32 => DigestAlgorithm::Sha256,
                48 => DigestAlgorithm::Sha384,
                64 => DigestAlgorithm::Sha512,
                _ => return None,
            };
            Denied::Digest(by, Digest::from_bytes(bytes)?)
        }
        What::File(named) => file(named, denies, &mut certain),
        What::Signer(signer) => {
            certain &= !signer.is_open;
            Denied::Signer {
                root: match &signer.root {
                    Root::SignedPart(part) => SignerRoot::SignedPart(Arc::from(part.as_slice())),
                    Root::WellKnown(number) => SignerRoot::WellKnown(*number),
                    Root::Other => return None,
                },
                usages: signer.usages.iter().map(|u| text(oid::to_dotted(u))).collect(),
                publisher: signer.publisher.as_deref().map(text),
                program: signer.program.as_deref().map(text),
                files: signer.files.iter().map(|f| file(f, denies, &mut certain)).collect(),
            }
        }
        What::Other => return None,
    };
    Some(Deny { name: text(rule.name.as_str()), what, certain })
}

/// A file by a text of its version resource. In what allows, the lowest version stands alone as a
/// rule; one bound alone in what denies is read in two ways, so it decides nothing.
fn file(named: &File, denies: bool, certain: &mut bool) -> Denied {
    if named.name == "*" && named.least.is_none() && named.most.is_none() {
        return Denied::Everything;
    }
    let one_sided = denies && named.least.is_some() != named.most.is_some();
    *certain &= !one_sided;
    Denied::File {
        field: match named.field {
            Field::OriginalName => FileField::OriginalName,
            Field::InternalName => FileField::InternalName,
            Field::Description => FileField::Description,
            Field::Product => FileField::Product,
        },
        name: if named.name == "*" { text("") } else { text(named.name.as_str()) },
        least: named.least.filter(|_| !one_sided).unwrap_or_default(),
        most: named.most.filter(|_| !one_sided).unwrap_or([u16::MAX; 4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(action: Action, least: [u16; 4], greatest: [u16; 4]) -> FileRule {
        FileRule {
            action,
            file_name: Some("demo.sys".to_owned()),
            least,
            greatest,
            hash: Vec::new(),
            internal_name: None,
            description: None,
            product: None,
            package_family: None,
            package_version: [0; 4],
            path: None,
        }
    }

    fn denied(rule: &FileRule) -> Deny {
        let what = plain(rule).map_or(What::Other, What::File);
        entry(&Rule { name: "demo".to_owned(), what }, true).unwrap()
    }

    #[test]
    fn a_rule_that_denies_all_versions_has_the_greatest_as_its_lowest() {
        // ConvertFrom-CIPolicy writes so where the XML names no version; WDACTools reads it so.
        let all = denied(&rule(Action::Deny, [u16::MAX; 4], [0; 4]));
        assert!(all.certain);
        assert!(
            matches!(all.what, Denied::File { least: [0, 0, 0, 0], most, .. } if most == [u16::MAX; 4])
        );
        let both = denied(&rule(Action::Deny, [0, 0, 0, 1], [1, 2, 3, 4]));
        assert!(both.certain);
        assert!(matches!(both.what, Denied::File { least: [0, 0, 0, 1], most: [1, 2, 3, 4], .. }));
    }

    #[test]
    fn one_bound_alone_decides_nothing_in_what_denies_and_holds_in_what_allows() {
        let lowest = rule(Action::Attribute, [7, 0, 0, 32], [0; 4]);
        assert!(!denied(&lowest).certain);
        let what = plain(&lowest).map_or(What::Other, What::File);
        let allowed = entry(&Rule { name: "demo".to_owned(), what }, false).unwrap();
        assert!(allowed.certain);
        assert!(matches!(allowed.what, Denied::File { least: [7, 0, 0, 32], .. }));
    }
}
