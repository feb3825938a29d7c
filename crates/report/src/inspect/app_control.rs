//! `app_control_policy`: what an App Control policy says. Whether anything is let through by it is
//! judged elsewhere.

use loadworthy_formats::app_control::policy::{self, FileRule, Group, Policy, Root, Version};
use loadworthy_formats::der::oid;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use serde::Serialize;

use crate::inspect::noticed;
use crate::inspect::page::Page;
use crate::time::timestamp;

/// A policy.
#[derive(Clone, Debug, Serialize)]
pub struct AppControlPolicy {
    /// The number of its format.
    pub format: u32,
    /// Whether it stands inside a signed message; not whether that signature holds.
    pub signed: bool,
    /// `Name` of its settings.
    pub name: Option<String>,
    /// `Id` of its settings.
    pub info_id: Option<String>,
    /// Its version.
    pub version: String,
    /// Its type, a GUID.
    pub policy_type: String,
    /// Its platform, a GUID.
    pub platform: String,
    /// Its own id, from format 6.
    pub policy_id: Option<String>,
    /// The id of its base policy, from format 6.
    pub base_policy_id: Option<String>,
    /// Its options by name; bits without one as `bit N`.
    pub options: Vec<String>,
    /// Whether it only tells what it would refuse.
    pub audit: bool,
    /// Memory integrity: 1 enabled, 2 strict, 4 debug mode allowed, 8 disabling allowed.
    pub hvci: u32,
    /// Extended key usages that signers name.
    pub ekus: Vec<String>,
    /// File rules, in order.
    pub file_rules: Vec<Rule>,
    /// Signers, in order.
    pub signers: Vec<PolicySigner>,
    /// Signers, by number, who may sign an update.
    pub update_signers: Vec<u32>,
    /// Signers, by number, who may sign supplements.
    pub supplemental_signers: Vec<u32>,
    /// What holds for the kernel and for user mode.
    pub scenarios: Vec<PolicyScenario>,
}

/// A file rule; what does not restrict is `null`.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// `deny`, `allow`, `attribute`, `other`.
    pub action: &'static str,
    /// `OriginalFilename`.
    pub file_name: Option<String>,
    /// The least version.
    pub minimum_version: Option<String>,
    /// The greatest version.
    pub maximum_version: Option<String>,
    /// A digest.
    pub hash: Option<String>,
    /// `InternalName`.
    pub internal_name: Option<String>,
    /// `FileDescription`.
    pub description: Option<String>,
    /// `ProductName`.
    pub product: Option<String>,
    /// The package family.
    pub package_family: Option<String>,
    /// A path.
    pub path: Option<String>,
}

/// A signer.
#[derive(Clone, Debug, Serialize)]
pub struct PolicySigner {
    /// The digest of the signed part of a certificate of the chain.
    pub tbs: Option<String>,
    /// One of Microsoft's roots, by number.
    pub well_known_root: Option<u32>,
    /// Extended key usages of the signer's certificate.
    pub ekus: Vec<String>,
    /// The issuer's common name.
    pub issuer: Option<String>,
    /// The signer's common name.
    pub publisher: Option<String>,
    /// The OEM.
    pub oem: Option<String>,
    /// File rules, by number, of which one must hold too.
    pub file_attributes: Vec<u32>,
    /// Signatures must be younger.
    pub signed_after: Option<String>,
}

/// A scenario.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyScenario {
    /// 131 kernel, 12 user mode.
    pub number: u32,
    /// The word for it.
    pub name: &'static str,
    /// Rules for signatures that count as products'.
    pub product: Rules,
    /// Rules for test signatures.
    pub test: Rules,
    /// Rules while test signing is on.
    pub test_signing: Rules,
}

/// Who is let through and who is not, by number of signer.
#[derive(Clone, Debug, Serialize)]
pub struct Rules {
    /// Signers that are let through.
    pub allowed_signers: Vec<SignerRef>,
    /// Signers that are refused.
    pub denied_signers: Vec<SignerRef>,
    /// File rules that hold, by number.
    pub file_rules: Vec<u32>,
}

/// A signer by its number, and the file rules that are excepted.
#[derive(Clone, Debug, Serialize)]
pub struct SignerRef {
    /// The signer's number.
    pub signer: u32,
    /// Numbers of file rules.
    pub except: Vec<u32>,
}

/// Seconds between 1601 and 1970.
const EPOCHS: i64 = 11_644_473_600;

/// Reads a policy; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<AppControlPolicy> {
    if !policy::begins(bytes) {
        return None;
    }
    let read = policy::read(bytes, limits).ok()?;
    noticed::tell(&read.deviations, errors, deviations);
    Some(AppControlPolicy::of(&read.value))
}

fn version(version: Version) -> String {
    version.map(|n| n.to_string()).join(".")
}

fn bound(bound: Version) -> Option<String> {
    (bound != [0; 4]).then(|| version(bound))
}

/// The policy writes the tag of an identifier as 1.
fn usage(der: &[u8]) -> String {
    match der {
        [1 | 6, length, rest @ ..] if usize::from(*length) == rest.len() => oid::to_dotted(rest),
        other => hex(other),
    }
}

impl AppControlPolicy {
    fn of(policy: &Policy) -> Self {
        let ekus: Vec<_> = policy.ekus.iter().map(|der| usage(der)).collect();
        let options = (0..32).filter(|bit| policy.options >> bit & 1 != 0).filter_map(|bit| {
            // The uppermost bit marks the field as valid.
            let unnamed = (bit != 31).then(|| format!("bit {bit}"));
            policy::option_name(bit).map(str::to_owned).or(unnamed)
        });
        let signers = policy.signers.iter().map(|signer| {
            let (tbs, well_known_root) = match &signer.root {
                Root::ToBeSigned(digest) => (Some(hex(digest)), None),
                Root::WellKnown(number) => (None, Some(*number)),
            };
            let of =
                |number: &u32| usize::try_from(*number).ok().and_then(|n| ekus.get(n)).cloned();
            let seconds = i64::try_from(signer.signed_after / 10_000_000).unwrap_or(0) - EPOCHS;
            PolicySigner {
                tbs,
                well_known_root,
                ekus: signer.ekus.iter().filter_map(of).collect(),
                issuer: signer.issuer.clone(),
                publisher: signer.publisher.clone(),
                oem: signer.oem.clone(),
                file_attributes: signer.attributes.clone(),
                signed_after: (signer.signed_after != 0).then(|| timestamp(seconds)),
            }
        });
        let scenarios = policy.scenarios.iter().map(|scenario| PolicyScenario {
            number: scenario.number,
            name: match scenario.number {
                131 => "kernel",
                12 => "user mode",
                _ => "other",
            },
            product: Rules::of(&scenario.product),
            test: Rules::of(&scenario.test),
            test_signing: Rules::of(&scenario.test_signing),
        });
        let info_id = policy.information("Id").map(str::to_owned);
        Self {
            format: policy.format,
            signed: policy.is_signed,
            name: policy.information("Name").map(str::to_owned),
            info_id,
            version: version(policy.version),
            policy_type: policy.policy_type.to_string(),
            platform: policy.platform.to_string(),
            policy_id: policy.id.map(|id| id.to_string()),
            base_policy_id: policy.base_id.map(|id| id.to_string()),
            options: options.collect(),
            audit: policy.is_audit(),
            hvci: policy.hvci,
            file_rules: policy.files.iter().map(Rule::of).collect(),
            signers: signers.collect(),
            update_signers: policy.update_signers.clone(),
            supplemental_signers: policy.supplemental_signers.clone(),
            scenarios: scenarios.collect(),
            ekus,
        }
    }

    pub(super) fn headline(&self) -> String {
        let name = self.name.as_deref().unwrap_or("App Control policy");
        format!("{name} {}", self.version)
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("name", self.name.as_ref());
        page.maybe("id", self.policy_id.as_ref());
        page.maybe("base id", self.base_policy_id.as_ref());
        page.field("type", &self.policy_type);
        page.field("signed", if self.signed { "yes" } else { "no" });
        page.field("mode", if self.audit { "audit: refuses nothing" } else { "enforced" });
        page.several("options", &self.options, 24);
        let denials = self.file_rules.iter().filter(|rule| rule.action == "deny").count();
        let files = self.file_rules.len();
        page.field("file rules", format!("{files}, of which {denials} refuse"));
        page.field("signers", self.signers.len().to_string());
        for scenario in &self.scenarios {
            let rules = &scenario.product;
            page.field(
                scenario.name,
                format!(
                    "{} signers let through, {} refused, {} file rules",
                    rules.allowed_signers.len(),
                    rules.denied_signers.len(),
                    rules.file_rules.len()
                ),
            );
        }
    }
}

impl Rule {
    fn of(rule: &FileRule) -> Self {
        Self {
            action: rule.action.name(),
            file_name: rule.file_name.clone(),
            minimum_version: bound(rule.least),
            maximum_version: bound(rule.greatest),
            hash: (!rule.hash.is_empty()).then(|| hex(&rule.hash)),
            internal_name: rule.internal_name.clone(),
            description: rule.description.clone(),
            product: rule.product.clone(),
            package_family: rule.package_family.clone(),
            path: rule.path.clone(),
        }
    }
}

impl Rules {
    fn of(group: &Group) -> Self {
        let named = |all: &[(u32, Vec<u32>)]| {
            let all = all.iter();
            all.map(|(signer, except)| SignerRef { signer: *signer, except: except.clone() })
                .collect()
        };
        Self {
            allowed_signers: named(&group.allowed),
            denied_signers: named(&group.denied),
            file_rules: group.files.clone(),
        }
    }
}
