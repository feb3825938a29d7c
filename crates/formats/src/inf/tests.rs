//! The rules of the documentation, each on a few lines.

use crate::inf::decoration::Architecture;
use crate::inf::document::{self, Inf};
use crate::inf::install::{self, Install};
use crate::limits::Limits;

fn read(text: &str) -> Inf {
    document::read(text.as_bytes(), &Limits::DEFAULT).unwrap().value
}

fn line(text: &str) -> (Option<String>, Vec<String>) {
    let inf = read(&format!("[s]\n{text}\n"));
    let line = inf.sections[0].lines[0].clone();
    (line.key.map(|k| k.text), line.fields.into_iter().map(|f| f.text).collect())
}

fn installed(text: &str, base: &str) -> Install {
    let inf = read(text);
    install::read(&[("demo.inf", &inf)], base, Architecture::Amd64, &mut 10_000, &Limits::DEFAULT)
        .unwrap()
}

#[test]
fn quotes_commas_comments_and_continued_lines() {
    let fields = |text: &str| line(text).1;
    assert_eq!(fields("a = b, c ; d"), ["b", "c"]);
    assert_eq!(line("a = b").0.as_deref(), Some("a"));
    assert_eq!(line("x.sys,,,2"), (None, ["x.sys", "", "", "2"].map(str::to_owned).to_vec()));
    assert_eq!(fields(r#"a = " b, ""c"" ; d ", e"#), [r#" b, "c" ; d "#, "e"]);
    assert_eq!(fields("a = b, \\ ; why\n  c"), ["b", "c"]);
    assert_eq!(fields("a = b,\\\n\\\nc"), ["b", "c"]);
    assert_eq!(fields(r"a = C:\x\y"), [r"C:\x\y"]);
    assert_eq!(fields(r#"a = "C:\x\"#), [r"C:\x\"]);
    assert_eq!(fields("a = b=c"), ["b=c"]);
    assert_eq!(line(r#""a = b" = c"#).0.as_deref(), Some("a = b"));
    assert_eq!(fields("a ="), Vec::<String>::new());
    assert_eq!(fields("a = b,"), ["b", ""]);
}

#[test]
fn sections_of_one_name_are_one_and_places_are_kept() {
    let inf = read("; top\r\n[One] ; c\r\na=1\r\n[TWO]\r\n[one]\r\n  b = x, \"y\"\r\n");
    assert_eq!(inf.sections.len(), 2);
    let one = inf.section("ONE").unwrap();
    assert_eq!(one.lines.len(), 2);
    assert_eq!(one.lines[1].fields[1].at.to_string(), "6:10");
    assert_eq!(inf.faults, []);
    let inf = read("stray\n[a\nb = \"c\n[d] e\nf=\\");
    let faults: Vec<_> = inf.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "1:1: a line before the first section",
            "2:1: a section header without `]`",
            "3:5: a quote that its line does not close",
            "4:1: text behind a section header",
            "5:1: the last line ends in `\\`",
        ]
    );
}

#[test]
fn tokens_are_replaced_by_language() {
    let inf = read(
        "[Strings]\na=\"plain\"\nb=both\n[Strings.0407]\nA=deutsch\n[Strings.0009]\nb=english\n",
    );
    assert_eq!(inf.expand("x%a%y"), "xplainy");
    assert_eq!(inf.expand("100%% %nobody% %12%\\x.sys 5%"), "100% %nobody% %12%\\x.sys 5%");
    assert_eq!(inf.expand_for("%a% %B%", Some(0x0407)), "deutsch both");
    assert_eq!(inf.expand_for("%b%", Some(0x0409)), "english");
    let only = read("[Strings.0409]\na=x\n");
    assert_eq!(only.expand("%A%"), "x");
}

#[test]
fn the_version_section() {
    let inf = read(
        "[Version]\nSignature=\"$Windows NT$\"\nClassGUID={4D36E97D-E325-11CE-BFC1-08002BE10318}\n\
         CatalogFile=%n%.cat\nCatalogFile.NTamd64=b.cat\nDriverVer = 02/29/2024 , 1.2.3\n\
         PnpLockdown=1\n[Strings]\nn=a\n",
    );
    let version = inf.version();
    assert_eq!(version.signature.as_deref(), Some("$Windows NT$"));
    assert_eq!(version.class_guid.as_deref(), Some("{4d36e97d-e325-11ce-bfc1-08002be10318}"));
    let catalogs = [("", "a.cat"), ("ntamd64", "b.cat")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(version.catalog_files, catalogs);
    assert_eq!(version.pnp_lockdown, Some(true));
    let driver = version.driver.unwrap();
    assert_eq!((driver.date.as_str(), driver.version.as_deref()), ("02/29/2024", Some("1.2.3")));
    assert_eq!(driver.day(), Some((2024, 2, 29)));
    assert_eq!(driver.numbers(), Some([1, 2, 3, 0]));
}

#[test]
fn what_an_install_section_copies_and_starts() {
    let text = r#"
[Version]
Signature = "$Windows NT$"
[Manufacturer]
%M% = Models, NTamd64, NTamd64.10.0...16299
[Models.NTamd64]
"A, device" = Demo, PCI\VEN_1&DEV_2, PCI\CC_0200
[SourceDisksNames]
1 = %M%,,,\bin
[SourceDisksNames.amd64]
1 = %M%,,,\bin64
[SourceDisksFiles]
%F%.sys = 1,sub
other.dll = 1
[DestinationDirs]
DefaultDestDir = 11
Demo.Files = 12
[Demo.NT]
CopyFiles = Demo.Files, @other.dll, Nothing
Include = usb.inf
Needs = Shared, Usb.Section
FeatureScore = 0x40
[Demo.Files]
new.sys, %F%.sys,, 0x4000
[Shared]
CopyFiles = @unlisted.bin
Needs = Shared
[Demo.NT.Services]
AddService = demo, 0x00000002, Service
[Service]
ServiceType = 1
StartType = 0x3
ErrorControl = 1
ServiceBinary = %12%\new.sys
LoadOrderGroup = Extended Base
[Strings]
M = Maker
F = demo
"#;
    let inf = read(text);
    let made = &inf.manufacturers()[0];
    assert_eq!(
        (made.name.as_str(), made.models.as_str(), made.targets.len()),
        ("Maker", "Models", 2)
    );
    let model = &inf.models("models.ntAMD64").unwrap()[0];
    assert_eq!(model.description, "A, device");
    assert_eq!(model.ids, ["PCI\\VEN_1&DEV_2", "PCI\\CC_0200"]);
    let install = installed(text, "Demo");
    assert_eq!(install.section, "Demo.NT");
    let copies: Vec<_> = install
        .copies
        .iter()
        .map(|c| {
            let path = c.source.as_ref().map_or("-", |s| s.path.as_str());
            (c.name.as_str(), path, c.destination.as_ref().map(|d| d.directory))
        })
        .collect();
    assert_eq!(
        copies,
        [
            ("new.sys", "bin64/sub/demo.sys", Some(12)),
            ("other.dll", "bin64/other.dll", Some(11)),
            ("unlisted.bin", "-", Some(11)),
        ]
    );
    assert_eq!(install.missing[0].0, "Nothing");
    assert_eq!(install.missing[0].1.to_string(), "19:37");
    assert_eq!(
        (install.included, install.outside),
        (vec!["usb.inf".to_owned()], vec!["Usb.Section".to_owned()])
    );
    assert_eq!(install.feature_score, Some(0x40));
    let service = &install.services[0];
    assert_eq!((service.start, service.kind, service.of_device), (Some(3), Some(1), true));
    assert_eq!(service.file(), Some("new.sys"));
    assert_eq!(service.load_order_group.as_deref(), Some("Extended Base"));
}

#[test]
fn a_text_made_to_grow_stays_small() {
    let mut text = String::from("[Strings]\na=");
    text.push_str(&"x".repeat(4000));
    text.push_str("\n[s]\nk=");
    text.push_str(&"%a%".repeat(100_000));
    let inf = read(&text);
    let section = inf.section("s").unwrap();
    assert!(inf.value_of(section, "k").unwrap().len() <= 16384);
    let many = ",".repeat(3 << 20);
    assert!(!read(&format!("[s]\n{many}\n")).faults.is_empty());
}
