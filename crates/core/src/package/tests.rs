//! The examples of the documentation, and packages of a few lines.

use crate::crypt::digest::{DigestAlgorithm, digest};
use crate::package::contents::{Contents, File};
use crate::package::plan::{Found, Plan, hardware_ids};
use crate::package::target::{Target, choose};
use crate::package::transform::{self, Change};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::inf::document::{self, Inf};
use loadworthy_formats::limits::Limits;

const SEVEN: Target =
    Target { architecture: Architecture::Amd64, version: (6, 1), build: 7601, server: false };
const ELEVEN: Target =
    Target { architecture: Architecture::Amd64, version: (10, 0), build: 26100, server: false };
const OLD_TEN: Target = Target { build: 10240, ..ELEVEN };
const XP: Target =
    Target { architecture: Architecture::X86, version: (5, 1), build: 2600, server: false };
const SERVER: Target = Target { build: 17763, server: true, ..ELEVEN };

fn read(text: &str) -> Inf {
    document::read(text.as_bytes(), &Limits::DEFAULT).unwrap().value
}

/// The section chosen for each system, with a manufacturer line and the sections it names.
fn chosen(targets: &str, on: &Target) -> Option<String> {
    let mut text = String::from("[Manufacturer]\nM = Models");
    for target in targets.split_whitespace() {
        text.push(',');
        text.push_str(target);
    }
    text.push_str("\n[Models]\n");
    for target in targets.split_whitespace() {
        text.push_str("[Models.");
        text.push_str(target);
        text.push_str("]\n");
    }
    let inf = read(&text);
    choose(&inf, &inf.manufacturers()[0], on)
}

#[test]
fn the_nearest_decoration_wins() {
    let of = |targets, on| chosen(targets, on);
    assert_eq!(
        of("NTamd64 NTamd64.6.1 NTamd64.10.0", &SEVEN).as_deref(),
        Some("Models.NTamd64.6.1")
    );
    assert_eq!(
        of("NTamd64 NTamd64.6.1 NTamd64.10.0", &ELEVEN).as_deref(),
        Some("Models.NTamd64.10.0")
    );
    assert_eq!(of("NTamd64.6.2", &SEVEN), None);
    assert_eq!(of("NTarm64", &ELEVEN), None);
    // Without a processor a section is for x86 alone.
    assert_eq!(of("", &ELEVEN), None);
    assert_eq!(of("NT.5.1", &ELEVEN), None);
    assert_eq!(of("", &XP).as_deref(), Some("Models"));
    assert_eq!(of("NTx86.5.1 NT.6.0", &XP).as_deref(), Some("Models.NTx86.5.1"));
    assert_eq!(of("NTamd64.10.0...16299", &ELEVEN).as_deref(), Some("Models.NTamd64.10.0...16299"));
    assert_eq!(of("NTamd64.10.0...16299", &OLD_TEN), None);
    assert_eq!(
        of("NTamd64.10.0.3 NTamd64.10.0.1", &ELEVEN).as_deref(),
        Some("Models.NTamd64.10.0.1")
    );
    assert_eq!(
        of("NTamd64.10.0 NTamd64.10.0.3", &SERVER).as_deref(),
        Some("Models.NTamd64.10.0.3")
    );
}

const PACKAGE: &str = "\
[Version]
Signature = \"$Windows NT$\"
CatalogFile = plain.cat
CatalogFile.NTamd64 = Demo.cat
[Manufacturer]
Maker = Models, NTamd64, NTarm64
[Models.NTamd64]
Device = Demo, PCI\\VEN_1&DEV_2, pci\\cc_02
Other = Gone, PCI\\VEN_1&DEV_3
[Models.NTarm64]
Device = Demo, pci\\ven_1&dev_2, PCI\\VEN_9
[SourceDisksNames]
1 = disk
2 = disk, files.cab
[SourceDisksFiles]
demo.sys = 1, bin
small.dll = 1
packed.dll = 2
lost.dll = 1
[DestinationDirs]
DefaultDestDir = 12
[Demo.NTamd64]
CopyFiles = @demo.sys, @small.dll, @packed.dll, @lost.dll, @unlisted.dll
[Demo.NTamd64.Services]
AddService = demo, 2, Service
[Service]
StartType = 0
ServiceBinary = %12%\\demo.sys
";

fn planned(on: &Target) -> Plan {
    let files = [
        ("x64/Demo.INF", PACKAGE),
        ("x64/BIN/demo.sys", ""),
        ("x64/small.dl_", ""),
        ("x64/files.cab", ""),
        ("x64/DEMO.cat", ""),
        ("lost.dll", ""),
    ]
    .map(|(path, text)| File { path, bytes: text.as_bytes() });
    let contents = Contents::of(&files, &Limits::DEFAULT);
    contents.plan(0, on, &Limits::DEFAULT)
}

#[test]
fn a_package_is_held_against_its_inf() {
    let plan = planned(&ELEVEN);
    assert!(plan.applies());
    assert_eq!(plan.models, ["Models.NTamd64"]);
    assert_eq!(plan.missing_installs[0].0, "Gone");
    let found: Vec<_> = plan.files.iter().map(|f| (f.path.as_str(), f.found)).collect();
    assert_eq!(
        found,
        [
            ("bin/demo.sys", Found::There(1)),
            ("small.dll", Found::Compressed(2)),
            ("packed.dll", Found::InCabinet(3)),
            ("lost.dll", Found::Elsewhere(5)),
            ("unlisted.dll", Found::Missing),
        ]
    );
    let catalog = plan.catalog.as_ref().unwrap();
    assert_eq!((catalog.name.as_str(), catalog.file), ("Demo.cat", Some(4)));
    assert_eq!(plan.services_of("DEMO.SYS").next().unwrap().start, Some(0));
    let arm = planned(&Target { architecture: Architecture::Arm64, ..ELEVEN });
    assert!(arm.applies());
    assert_eq!(arm.catalog.unwrap().name, "plain.cat");
    assert!(!planned(&XP).applies());
}

#[test]
fn ids_are_numbered_as_catalogs_number_them() {
    let ids = hardware_ids(&read(PACKAGE));
    assert_eq!(ids, ["pci\\ven_1&dev_2", "pci\\cc_02", "pci\\ven_1&dev_3", "pci\\ven_9"]);
}

/// The changes that lead from `now` to `before`.
fn changes(now: &[u8], before: &[u8]) -> Option<Vec<Change>> {
    let known = digest(DigestAlgorithm::Sha256, before);
    let found = transform::find(now, &Limits::DEFAULT, &|d| *d == known)?;
    Some(found.changes)
}

#[test]
fn what_happened_to_a_text_is_found() {
    assert_eq!(changes(b"a\nb\n", b"a\r\nb\r\n"), Some(vec![Change::CrLf]));
    assert_eq!(changes(b"a\r\nb\r\n", b"a\nb\n"), Some(vec![Change::Lf]));
    assert_eq!(changes(b"a\r\nb\n", b"a\r\nb\r\n"), Some(vec![Change::CrLf]));
    assert_eq!(changes(b"\xef\xbb\xbfa\n", b"a\n"), Some(vec![Change::WithoutMark]));
    assert_eq!(changes(b"a\n", b"\xff\xfea\0\r\0\n\0"), Some(vec![Change::CrLf, Change::Utf16]));
    assert_eq!(changes(b"\xff\xfea\0\n\0", b"\xff\xfea\0\r\0\n\0"), Some(vec![Change::CrLf]));
    assert_eq!(changes(b"\xff\xfea\0\n\0", b"a\n"), Some(vec![Change::Narrow]));
    assert_eq!(changes(b"a\r\nb", b"a\r\nb\r\n"), Some(vec![Change::LastLineEnded]));
    assert_eq!(changes(b"a\nb\n", b"a\r\nb"), Some(vec![Change::CrLf, Change::LastLineOpen]));
    assert_eq!(changes(b"a\n", b"b\n"), None);
}
