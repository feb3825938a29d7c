//! `cargo x block-rules …`: the published list of vulnerable drivers, made into the table of `core`.
//!
//! It takes policies as XML, each with the day by which it was there: lists that were published, the
//! newest first, and after `--machine` lists that were found on machines. What is not a rule of the
//! kernel's scenario is left out, as Code Integrity does.

use roxmltree::{Document, Node, ParsingOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// Where the table lies below the root.
pub const TABLE: &str = "crates/core/knowledge/windows/block_rules.tsv";

/// What stands above the rules.
const HEAD: &str = "\
# Microsoft's recommended driver block rules (\"Microsoft Windows Driver Policy\"): every rule of the
# kernel's scenario, by name, by digest (Authenticode digests and those of the first page) and by signer.
# Made by `cargo x block-rules` from the policies named in docs/windows.md, I3. Not to be edited.
#
# The list that comes with Windows is another, smaller and older one (CVE-2022-50238). `since` is the day by
# which a rule was on the list of a machine; \"-\": only published.
#
# Columns, apart by tabs; versions are the highest (the lowest is 0.0.0.0), a range, or nothing: all.
# file, product, internal, description  key  OriginalFilename, ProductName, …  versions
# issuer  key  digest of the signed part of a certificate of the chain  its name
# name    since  OriginalFilename  versions        digest  since  digest  what it is
# signer  since  issuer  publisher, *: any  files, none: all
# oem     since  issuer  program named in the signature  files, none: all
";

/// A rule, without what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    /// A file by its name.
    Name(File),
    /// A digest.
    Digest(String),
    /// A signer and one kind of files.
    Signer { part: String, who: Who, file: Option<File> },
}

/// Whom of those below a certificate a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    All,
    Publisher(String),
    Program(String),
}

/// A text of the version resource, and versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct File {
    kind: &'static str,
    name: String,
    versions: String,
}

/// A policy: its number, and its rules with what each is called.
struct Policy {
    number: String,
    rules: BTreeMap<Rule, String>,
}

/// Writes the table.
///
/// # Errors
/// When a policy cannot be read, or holds what the table has no words for.
pub fn run(root: &Path, arguments: &[String], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let mut lists = Vec::new();
    let mut of_machine = false;
    for argument in arguments {
        if argument == "--machine" {
            of_machine = true;
            continue;
        }
        let (path, day) = argument.split_once('@').ok_or("POLICY.xml@YYYY-MM-DD")?;
        let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
        let text = String::from_utf8_lossy(&bytes);
        let policy =
            read(text.trim_start_matches('\u{feff}')).map_err(|e| format!("{path}: {e}"))?;
        say(&format!("{day} {}: {} rules", policy.number, policy.rules.len()));
        lists.push((policy, day.to_owned(), of_machine));
    }
    let text = table(&lists)?;
    std::fs::write(root.join(TABLE), text).map_err(|e| format!("{TABLE}: {e}"))?;
    say(&format!("wrote {TABLE}"));
    Ok(true)
}

fn read(text: &str) -> Result<Policy, String> {
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|e| e.to_string())?;
    let root = document.root_element();
    let all = |name: &'static str| root.descendants().filter(move |n| n.has_tag_name(of(name)));
    let number = all("VersionEx").find_map(|n| n.text()).ok_or("no VersionEx")?.trim().to_owned();
    let rules = root.descendants().find(|n| n.has_tag_name(of("FileRules"))).ok_or("no rules")?;
    let files: BTreeMap<&str, Node<'_, '_>> =
        rules.children().filter_map(|n| Some((n.attribute("ID")?, n))).collect();
    let signers: BTreeMap<&str, Node<'_, '_>> =
        all("Signer").filter_map(|n| Some((n.attribute("ID")?, n))).collect();
    let mut policy = Policy { number, rules: BTreeMap::new() };
    let kernel = all("SigningScenario").filter(|s| s.attribute("Value") == Some("131"));
    for rule in kernel.flat_map(|scenario| scenario.descendants()) {
        if rule.has_tag_name(of("DeniedSigner")) {
            if rule.has_children() && rule.children().any(|c| c.is_element()) {
                return Err("a signer with exceptions".to_owned());
            }
            let id = rule.attribute("SignerId").unwrap_or_default();
            signer(signers.get(id).ok_or_else(|| format!("no signer {id}"))?, &files, &mut policy)?;
        } else if rule.has_tag_name(of("FileRuleRef")) {
            let id = rule.attribute("RuleID").unwrap_or_default();
            let node = files.get(id).ok_or_else(|| format!("no rule {id}"))?;
            // What allows everything beside is no rule of the table.
            if !node.has_tag_name(of("Deny")) {
                continue;
            }
            let rule = match node.attribute("Hash") {
                Some(digest) => Rule::Digest(digest.to_lowercase()),
                None => Rule::Name(file(node)?),
            };
            policy.rules.insert(rule, called(node));
        }
    }
    Ok(policy)
}

const fn of(name: &str) -> (&str, &str) {
    ("urn:schemas-microsoft-com:sipolicy", name)
}

/// What a digest is of: its friendly name without the digests in it.
fn called(node: &Node<'_, '_>) -> String {
    let name = node.attribute("FriendlyName").unwrap_or_default();
    let name = name.split(['\\', '/']).next().unwrap_or_default();
    let name = name.split(" Hash").next().unwrap_or_default().trim();
    name.to_owned()
}

fn file(node: &Node<'_, '_>) -> Result<File, String> {
    let fields = [
        ("file", "FileName"),
        ("product", "ProductName"),
        ("internal", "InternalName"),
        ("description", "FileDescription"),
    ];
    let mut said =
        fields.into_iter().filter_map(|(kind, field)| Some((kind, node.attribute(field)?)));
    let (Some((kind, name)), None) = (said.next(), said.next()) else {
        return Err(format!("{:?} names not one text", node.attribute("ID")));
    };
    let least = node.attribute("MinimumFileVersion").filter(|v| *v != "0.0.0.0");
    let most = node.attribute("MaximumFileVersion");
    let versions = match (least, most) {
        (None, Some("65535.65535.65535.65535") | None) => String::new(),
        (None, Some(most)) => most.to_owned(),
        (Some(least), most) => format!("{least}-{}", most.unwrap_or_default()),
    };
    Ok(File { kind, name: name.to_owned(), versions })
}

fn signer(
    node: &Node<'_, '_>,
    files: &BTreeMap<&str, Node<'_, '_>>,
    policy: &mut Policy,
) -> Result<(), String> {
    let id = node.attribute("ID").unwrap_or_default();
    let (mut part, mut who, mut about) = (None, Who::All, BTreeSet::new());
    for child in node.children().filter(Node::is_element) {
        let value = child.attribute("Value").unwrap_or_default();
        match (child.tag_name().name(), child.attribute("Type")) {
            ("CertRoot", Some("TBS")) => part = Some(value.to_lowercase()),
            ("CertPublisher", _) => who = Who::Publisher(value.to_owned()),
            ("CertOemID", _) => who = Who::Program(value.to_owned()),
            ("FileAttribRef", _) => {
                let rule = child.attribute("RuleID").unwrap_or_default();
                let rule = files.get(rule).ok_or_else(|| format!("{id}: no rule {rule}"))?;
                about.insert(Some(file(rule)?));
            }
            (other, _) => return Err(format!("{id}: {other} is not understood")),
        }
    }
    let part = part.ok_or_else(|| format!("{id}: no certificate"))?;
    if about.is_empty() {
        about.insert(None);
    }
    for file in about {
        let rule = Rule::Signer { part: part.clone(), who: who.clone(), file };
        policy.rules.insert(rule, node.attribute("Name").unwrap_or_default().to_owned());
    }
    Ok(())
}

/// The table of lists, the newest published one first.
fn table(lists: &[(Policy, String, bool)]) -> Result<String, String> {
    let published = || lists.iter().filter(|(_, _, of_machine)| !of_machine);
    let (newest, day, _) = published().next().ok_or("no published list")?;
    let mut text = format!("{HEAD}published\t{day}\t{}\n", newest.number);
    let mut rules: BTreeMap<&Rule, (&str, &str)> = BTreeMap::new();
    for (policy, day, of_machine) in lists {
        for (rule, name) in &policy.rules {
            let (since, called) = rules.entry(rule).or_insert(("-", name));
            // Lists of machines were made of binary ones and name nothing.
            if called.is_empty() {
                *called = name;
            }
            if *of_machine && (*since == "-" || day.as_str() < *since) {
                *since = day;
            }
        }
    }
    let mut files: BTreeMap<&File, usize> = BTreeMap::new();
    let mut issuers: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (rule, (_, called)) in &rules {
        if let Rule::Signer { part, file, .. } = rule {
            let n = issuers.len();
            issuers.entry(part).or_insert((n, called));
            if let Some(file) = file {
                let n = files.len();
                files.entry(file).or_insert(n);
            }
        }
    }
    let mut line = |parts: &[&str]| {
        if parts.iter().any(|p| p.contains(['\t', '\n'])) {
            return Err(format!("{parts:?} has a tab inside"));
        }
        writeln!(text, "{}", parts.join("\t").trim_end_matches('\t')).map_err(|e| e.to_string())
    };
    for (file, n) in &files {
        line(&[file.kind, &format!("f{n}"), &file.name, &file.versions])?;
    }
    for (part, (n, called)) in &issuers {
        line(&["issuer", &format!("i{n}"), part, called])?;
    }
    // Files of one signer that came on one day stand in one line.
    let mut of_signers: BTreeMap<(&str, &str, &Who, bool), Vec<String>> = BTreeMap::new();
    for (rule, (since, called)) in &rules {
        match rule {
            Rule::Name(file) if file.kind == "file" => {
                line(&["name", since, &file.name, &file.versions])?;
            }
            Rule::Name(file) => return Err(format!("{file:?} is denied by itself")),
            Rule::Digest(digest) => line(&["digest", since, digest, called])?,
            Rule::Signer { part, who, file } => {
                let all = of_signers.entry((part, since, who, file.is_none())).or_default();
                all.extend(file.as_ref().and_then(|f| files.get(f)).map(|n| format!("f{n}")));
            }
        }
    }
    for ((part, since, who, _), about) in &of_signers {
        let issuer = issuers.get(part).map(|(n, _)| format!("i{n}")).unwrap_or_default();
        let (kind, who) = match who {
            Who::All => ("signer", "*"),
            Who::Publisher(name) => ("signer", name.as_str()),
            Who::Program(name) => ("oem", name.as_str()),
        };
        line(&[kind, since, &issuer, who, &about.join(" ")])?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy">
      <VersionEx>10.0.1.0</VersionEx>
      <FileRules>
        <Deny ID="D1" FriendlyName="demo.sys\0a Hash Sha1" Hash="00FF" />
        <Deny ID="D2" FriendlyName="left out" Hash="11" />
        <Deny ID="D3" FileName="old.sys" MinimumFileVersion="0.0.0.0" MaximumFileVersion="1.2.3.4" />
        <FileAttrib ID="F1" ProductName="Thing" MinimumFileVersion="1.0.0.0" />
        <Allow ID="A1" FileName="*" />
      </FileRules>
      <Signers><Signer ID="S1" Name="An authority">
        <CertRoot Type="TBS" Value="AB" /><CertPublisher Value="Somebody" />
        <FileAttribRef RuleID="F1" />
      </Signer></Signers>
      <SigningScenarios><SigningScenario Value="131"><ProductSigners>
        <DeniedSigners><DeniedSigner SignerId="S1" /></DeniedSigners>
        <FileRulesRef><FileRuleRef RuleID="A1" /><FileRuleRef RuleID="D1" />
          <FileRuleRef RuleID="D3" /></FileRulesRef>
      </ProductSigners></SigningScenario></SigningScenarios>
    </SiPolicy>"#;

    #[test]
    fn rules_of_the_kernel_are_kept_with_the_day_on_which_a_machine_had_them() {
        let list = |of_machine| (read(POLICY).unwrap(), "2026-01-02".to_owned(), of_machine);
        let text = table(&[list(false), list(true)]).unwrap();
        let rows: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(
            rows,
            [
                "published\t2026-01-02\t10.0.1.0",
                "product\tf0\tThing\t1.0.0.0-",
                "issuer\ti0\tab\tAn authority",
                "name\t2026-01-02\told.sys\t1.2.3.4",
                "digest\t2026-01-02\t00ff\tdemo.sys",
                "signer\t2026-01-02\ti0\tSomebody\tf0",
            ]
        );
        assert!(table(&[list(false)]).unwrap().contains("name\t-\told.sys"));
        assert!(table(&[list(true)]).is_err());
    }
}
