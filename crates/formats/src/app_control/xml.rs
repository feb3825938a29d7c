//! App Control policies as they are written and published: XML of the namespace `sipolicy`.
//!
//! What is read is what speaks of the kernel (signing scenario 131): what it denies and what it
//! allows. Microsoft's list of vulnerable drivers is such a policy.
//!
//! Sources: Microsoft, *Understand App Control for Business policy rules and file rules*,
//! *Microsoft recommended driver block rules*.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text::unhex;
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::BTreeMap;

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name, as it gives it; else its identifier.
    pub name: Option<String>,
    /// `VersionEx`.
    pub version: Option<String>,
    /// Its options: `Enabled:Audit Mode`.
    pub options: Vec<String>,
    /// What it denies to the kernel.
    pub denies: Vec<Rule>,
    /// What it allows to the kernel.
    pub allows: Vec<Rule>,
    /// Whether it speaks of the kernel at all.
    pub is_about_kernel: bool,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its identifier or name, for people.
    pub name: String,
    /// What it speaks of.
    pub what: What,
}

/// What a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A digest: of an image, of its first page, or of a whole file.
    Digest(Vec<u8>),
    /// A file by what its version resource says.
    File(File),
    /// A signer.
    Signer(Signer),
    /// Something that is not told here, such as a path.
    Other,
}

/// The text of a version resource that a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `OriginalFilename`.
    OriginalName,
    /// `InternalName`.
    InternalName,
    /// `FileDescription`.
    Description,
    /// `ProductName`.
    Product,
}

/// A file by what its version resource says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Which of its texts is asked for.
    pub field: Field,
    /// That text; `*` is any.
    pub name: String,
    /// The lowest version.
    pub least: Option<[u16; 4]>,
    /// The highest version.
    pub most: Option<[u16; 4]>,
}

/// A signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// A certificate of its chain.
    pub root: Root,
    /// Extended key usages its own certificate must name: DER of the identifiers' contents.
    pub usages: Vec<Vec<u8>>,
    /// The name of its own certificate.
    pub publisher: Option<String>,
    /// The program that the signature names (`CertOemID`, the portal's name of the submitter).
    pub program: Option<String>,
    /// The files it is about; empty: all.
    pub files: Vec<File>,
    /// Whether there are conditions that are not told here.
    pub is_open: bool,
}

/// A certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// By the digest of its signed part.
    SignedPart(Vec<u8>),
    /// A root by Microsoft's own number for it.
    WellKnown(u8),
    /// Anything else.
    Other,
}

/// `Value` of the signing scenario of the kernel.
const KERNEL: &str = "131";

/// Reads a policy.
///
/// # Errors
/// When the text is no XML, or another document.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Policy>, Error> {
    let wrong = |kind| Error::new("App Control policy (XML)", 0, kind);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = core::str::from_utf8(bytes).map_err(|_| wrong(Kind::Illegal { value: 0 }))?;
    let nodes_limit = u32::try_from(limits.items).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|_| wrong(Kind::Illegal { value: 0 }))?;
    let root = document.root_element();
    if !is(&root, "SiPolicy") {
        return Err(wrong(Kind::Missing));
    }
    Ok(Parsed::clean(policy(&root)))
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name
}

fn inside<'a, 'd>(node: &Node<'a, 'd>, name: &'static str) -> Option<Node<'a, 'd>> {
    node.children().find(|n| is(n, name))
}

fn all<'a, 'd: 'a>(
    node: Option<Node<'a, 'd>>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'd>> {
    node.into_iter().flat_map(|n| n.children()).filter(move |n| is(n, name))
}

fn value(node: &Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or_default().to_owned()
}

fn policy(root: &Node<'_, '_>) -> Policy {
    let said = |name| inside(root, name).and_then(|n| n.text().map(|t| t.trim().to_owned()));
    let mut files = BTreeMap::new();
    for node in inside(root, "FileRules").into_iter().flat_map(|n| n.children()) {
        if node.is_element() {
            files.insert(value(&node, "ID"), node);
        }
    }
    let usages: BTreeMap<String, Vec<u8>> = all(inside(root, "EKUs"), "EKU")
        .map(|eku| (value(&eku, "ID"), usage(&unhex(&value(&eku, "Value")).unwrap_or_default())))
        .collect();
    let signers: BTreeMap<String, Rule> = all(inside(root, "Signers"), "Signer")
        .map(|signer| (value(&signer, "ID"), signed(&signer, &files, &usages)))
        .collect();
    let mut policy = Policy {
        name: named(root).or_else(|| said("PolicyID")).or_else(|| said("PolicyTypeID")),
        version: said("VersionEx"),
        options: all(inside(root, "Rules"), "Rule")
            .filter_map(|rule| inside(&rule, "Option")?.text().map(|t| t.trim().to_owned()))
            .collect(),
        ..Policy::default()
    };
    let scenarios = all(inside(root, "SigningScenarios"), "SigningScenario");
    for scenario in scenarios.filter(|s| s.attribute("Value") == Some(KERNEL)) {
        policy.is_about_kernel = true;
        for product in all(Some(scenario), "ProductSigners") {
            let allowed = all(inside(&product, "AllowedSigners"), "AllowedSigner");
            policy.allows.extend(allowed.filter_map(|n| {
                let mut rule = signers.get(n.attribute("SignerId")?)?.clone();
                if let What::Signer(signer) = &mut rule.what {
                    signer.is_open |= n.has_children();
                }
                Some(rule)
            }));
            let denied = all(inside(&product, "DeniedSigners"), "DeniedSigner");
            let of = |n: Node<'_, '_>| signers.get(n.attribute("SignerId")?).cloned();
            policy.denies.extend(denied.filter_map(of));
            for reference in all(inside(&product, "FileRulesRef"), "FileRuleRef") {
                let Some(node) = files.get(&value(&reference, "RuleID")) else { continue };
                let rule = Rule { name: called(node), what: what(node) };
                if is(node, "Deny") {
                    policy.denies.push(rule);
                } else if is(node, "Allow") {
                    policy.allows.push(rule);
                }
            }
        }
    }
    policy
}

/// The name in the settings.
fn named(root: &Node<'_, '_>) -> Option<String> {
    let mut settings = all(inside(root, "Settings"), "Setting");
    let name = settings.find(|s| s.attribute("ValueName") == Some("Name"))?;
    let text = name.descendants().find(|n| is(n, "String"))?.text()?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// What a rule is called: its friendly name without what it is by, else its identifier.
fn called(node: &Node<'_, '_>) -> String {
    let friendly = value(node, "FriendlyName");
    if friendly.is_empty() { value(node, "ID") } else { friendly }
}

fn what(node: &Node<'_, '_>) -> What {
    if let Some(hash) = node.attribute("Hash") {
        return unhex(hash).map_or(What::Other, What::Digest);
    }
    file(node).map_or(What::Other, What::File)
}

/// A file that is named by one text of its version resource and by versions alone.
fn file(node: &Node<'_, '_>) -> Option<File> {
    let fields = [
        ("FileName", Field::OriginalName),
        ("InternalName", Field::InternalName),
        ("FileDescription", Field::Description),
        ("ProductName", Field::Product),
    ];
    let has = |name: &str| node.attribute(name).is_some();
    let mut named = fields.into_iter().filter(|(name, _)| has(name));
    let (name, field) = named.next()?;
    let is_alone = named.next().is_none() && !has("FilePath") && !has("PackageFamilyName");
    is_alone.then(|| File {
        field,
        name: value(node, name),
        least: node.attribute("MinimumFileVersion").and_then(version),
        most: node.attribute("MaximumFileVersion").and_then(version),
    })
}

fn signed(
    node: &Node<'_, '_>,
    files: &BTreeMap<String, Node<'_, '_>>,
    usages: &BTreeMap<String, Vec<u8>>,
) -> Rule {
    let root = inside(node, "CertRoot").map_or(Root::Other, |root| {
        let text = value(&root, "Value");
        match root.attribute("Type") {
            Some("TBS") => unhex(&text).map_or(Root::Other, Root::SignedPart),
            Some("Wellknown" | "WellKnown") => {
                u8::from_str_radix(&text, 16).map_or(Root::Other, Root::WellKnown)
            }
            _ => Root::Other,
        }
    });
    let about: Vec<_> =
        all(Some(*node), "FileAttribRef").filter_map(|r| files.get(&value(&r, "RuleID"))).collect();
    let named: Vec<Option<File>> = about.into_iter().map(|n| file(n)).collect();
    let is_open = inside(node, "CertIssuer").is_some() || named.iter().any(Option::is_none);
    let name = value(node, "Name");
    Rule {
        name: if name.is_empty() { value(node, "ID") } else { name },
        what: What::Signer(Signer {
            root,
            usages: all(Some(*node), "CertEKU")
                .filter_map(|eku| usages.get(&value(&eku, "ID")).cloned())
                .collect(),
            publisher: inside(node, "CertPublisher").map(|p| value(&p, "Value")),
            program: inside(node, "CertOemID").map(|p| value(&p, "Value")),
            files: named.into_iter().flatten().collect(),
            is_open,
        }),
    }
}

/// The contents of an identifier: policies put its length before it, and another tag.
#[must_use]
pub fn usage(bytes: &[u8]) -> Vec<u8> {
    match bytes.split_at_checked(2) {
        Some((head, rest)) if head.get(1).copied().map(usize::from) == Some(rest.len()) => {
            rest.to_vec()
        }
        _ => bytes.to_vec(),
    }
}

fn version(text: &str) -> Option<[u16; 4]> {
    let mut parts = text.split('.').map(|n| n.parse::<u16>().ok());
    let mut next = || parts.next().unwrap_or(Some(0));
    Some([next()?, next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy">
  <VersionEx>10.0.1.0</VersionEx>
  <Rules><Rule><Option>Enabled:Audit Mode</Option></Rule></Rules>
  <EKUs><EKU ID="ID_EKU_WHQL" Value="010A2B0601040182370A0305" /></EKUs>
  <FileRules>
    <Allow ID="ID_ALLOW" FileName="*" />
    <Deny ID="ID_DENY_HASH" FriendlyName="bad.sys Hash Sha1" Hash="00FF" />
    <Deny ID="ID_DENY_FILE" FileName="bad.sys" MinimumFileVersion="0.0.0.0" MaximumFileVersion="1.2.3.4" />
    <FileAttrib ID="ID_ATTR" FileName="worse.sys" MaximumFileVersion="65535.65535.65535.65535" MinimumFileVersion="0.0.0.0" />
    <FileAttrib ID="ID_PRODUCT" ProductName="Worst" MaximumFileVersion="1.0.0.0" MinimumFileVersion="0.0.0.0" />
  </FileRules>
  <Signers>
    <Signer ID="ID_SIGNER" Name="Authority">
      <CertRoot Type="TBS" Value="AB01" />
      <CertPublisher Value="Maker" />
      <CertOemID Value="Own devices" />
      <FileAttribRef RuleID="ID_ATTR" />
      <FileAttribRef RuleID="ID_PRODUCT" />
    </Signer>
    <Signer ID="ID_PORTAL" Name="Portal">
      <CertRoot Type="Wellknown" Value="06" /><CertEKU ID="ID_EKU_WHQL" />
    </Signer>
  </Signers>
  <SigningScenarios>
    <SigningScenario Value="12" ID="USER"><ProductSigners /></SigningScenario>
    <SigningScenario Value="131" ID="KERNEL"><ProductSigners>
      <AllowedSigners><AllowedSigner SignerId="ID_PORTAL" /></AllowedSigners>
      <DeniedSigners><DeniedSigner SignerId="ID_SIGNER" /></DeniedSigners>
      <FileRulesRef><FileRuleRef RuleID="ID_ALLOW" /><FileRuleRef RuleID="ID_DENY_HASH" /><FileRuleRef RuleID="ID_DENY_FILE" /></FileRulesRef>
    </ProductSigners></SigningScenario>
  </SigningScenarios>
  <Settings><Setting Provider="PolicyInfo" Key="Information" ValueName="Name"><Value><String>Own policy</String></Value></Setting></Settings>
</SiPolicy>"#;

    #[test]
    fn rules_of_the_kernel_are_found_by_reference() {
        let policy = read(POLICY.as_bytes(), &Limits::DEFAULT).unwrap().value;
        assert_eq!(policy.name.as_deref(), Some("Own policy"));
        assert_eq!(policy.options, ["Enabled:Audit Mode"]);
        assert!(policy.is_about_kernel);
        let [signer, hash, file] = policy.denies.as_slice() else { panic!("{policy:?}") };
        assert_eq!(hash.what, What::Digest(vec![0, 0xff]));
        let named = |name: &str, most| File {
            field: Field::OriginalName,
            name: name.into(),
            least: Some([0; 4]),
            most,
        };
        assert_eq!(file.what, What::File(named("bad.sys", Some([1, 2, 3, 4]))));
        let What::Signer(signer) = &signer.what else { panic!("{signer:?}") };
        assert_eq!(signer.root, Root::SignedPart(vec![0xab, 1]));
        assert_eq!(signer.publisher.as_deref(), Some("Maker"));
        assert_eq!(signer.program.as_deref(), Some("Own devices"));
        let product = File { field: Field::Product, ..named("Worst", Some([1, 0, 0, 0])) };
        assert_eq!(signer.files, [named("worse.sys", Some([u16::MAX; 4])), product]);
        assert!(!signer.is_open);
        let What::Signer(portal) = &policy.allows[0].what else { panic!("{:?}", policy.allows) };
        assert_eq!(portal.root, Root::WellKnown(6));
        // 1.3.6.1.4.1.311.10.3.5
        assert_eq!(portal.usages, [[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 5]]);
    }

    #[test]
    fn other_documents_are_told_apart() {
        assert!(read(b"<a/>", &Limits::DEFAULT).is_err());
        assert!(read(b"\0\0", &Limits::DEFAULT).is_err());
    }
}
