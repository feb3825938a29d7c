use super::*;
use crate::package::contents::File;
use crate::tables::Tables;
use alloc::format;
use alloc::string::ToString;

const SOUND: &str = "[Version]
Signature = \"$Windows NT$\"
Class = System
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}
Provider = %Maker%
CatalogFile = demo.cat
DriverVer = 01/02/2026,1.0.0.0
PnpLockdown = 1
[Manufacturer]
%Maker% = Models, NTamd64.10.0...16299
[Models.NTamd64.10.0...16299]
%Maker% = Install, ROOT\\Demo
[Install.NT]
CopyFiles = Files
AddReg = Values
[Install.NT.Services]
AddService = demo, 2, Service
[Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\\demo.sys
[Files]
demo.sys
[Values]
HKR,,Level,0x00010001,5
[DestinationDirs]
DefaultDestDir = 13
[SourceDisksNames]
1 = %Maker%
[SourceDisksFiles]
demo.sys = 1
[Strings]
Maker = \"Demo\"
";

fn found(text: &str) -> Vec<String> {
    let file = File { path: "demo.inf", bytes: text.as_bytes() };
    let contents = Contents::of(&[file], &Limits::DEFAULT);
    let table = Tables::inf_lints().unwrap();
    let all = lint(&contents, 0, &table, &Limits::DEFAULT);
    all.iter().map(|f| format!("{} {} {}", f.number, f.at, f.said)).collect()
}

/// What is told after `from` was changed into `to`.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from), "{from}");
    found(&SOUND.replacen(from, to, 1))
}

#[test]
fn nothing_is_told_of_an_inf_as_the_documentation_wants_it() {
    assert_eq!(found(SOUND), Vec::<String>::new());
}

#[test]
fn each_line_is_told_by_infverifs_number_with_its_place() {
    let cases: &[(&str, &str, &str)] = &[
        ("\"$Windows NT$\"", "none", "1001 1:1 none"),
        ("[Files]", "[Files", "1002 23:1 a section header without `]`"),
        ("{4d36e97d-e325-11ce-bfc1-08002be10318}", "4d36e97d", "1010 4:1 4d36e97d"),
        ("%Maker% = Models, NTamd64.10.0...16299", "%Maker% =", "1011 10:1 %Maker%"),
        ("ErrorControl = 1\n", "", "1013 18:1 ErrorControl of demo"),
        ("StartType = 3", "StartType = 9", "1014 20:1 StartType = 9 of demo"),
        ("demo.sys\n[Values]", "demo.sys,other.sys\n[Values]", "1100 24:1 demo.sys from other.sys"),
        ("AddReg = Values", "CopyINF = demo.sys", "1110 15:11 demo.sys"),
        ("AddReg = Values", "AddReg = Value", "1203 15:10 [Value] of addreg"),
        ("Provider = %Maker%", "Provider = Microsoft", "1204 5:1 Microsoft"),
        ("AddReg = Values", "AddReg = Values\nDelFiles = Files", "1205 24:1 Files"),
        ("[Strings]", "[Files]\nmore.sys\n[Strings]", "1209 33:1 Files"),
        ("demo.sys = 1", "demo.sys = 1\ndemo.cat = 1", "1213 33:1 demo.cat"),
        ("CatalogFile = demo.cat", "CatalogFile = cats\\demo.cat", "1214 6:1 cats\\demo.cat"),
        ("1.0.0.0", "1.0.0.0.0", "1217 7:13 1.0.0.0.0"),
        ("01/02/2026", "13/02/2026", "1218 7:13 13/02/2026"),
        ("HKR,,Level", "HKX,,Level", "1224 26:1 hkx"),
        ("demo.sys = 1", "other.sys = 1", "1230 24:1 demo.sys for amd64"),
        ("demo.sys = 1", "demo.sys = 1\nother.sy_ = 1", "1231 33:1 other.sy_"),
        ("CatalogFile = demo.cat\n", "", "1233 1:1 CatalogFile"),
        ("Provider = %Maker%\n", "", "1234 1:1 Provider"),
        ("HKR,,Level", "HKR,,%Level%", "1235 26:6 %Level%"),
        ("DefaultDestDir = 13", "DefaultDestDir = system32", "1243 28:1 system32"),
        ("AddReg = Values", "AddReg = Values\nFeatureScore = 1FF", "1245 16:1 1ff"),
        ("StartType = 3", "StartType = 4", "1251 18:1 demo"),
        ("AddService = demo, 2, Service", "AddService = , , Service", "1272 17:1 AddService"),
        ("AddService = demo, 2, Service", "AddService = , 0", "1253 17:1 AddService"),
        ("= Install, ROOT", "= Instal, ROOT", "1261 12:1 [Instal] for amd64"),
        ("0x00010001,5", "0x00010001,five", "1268 26:1 five"),
        ("0x00010001,5", "1,0g", "1267 26:1 0g"),
        ("%Maker% = Install, ROOT", "%Maker% = , ROOT", "1271 12:1 %Maker%"),
        ("1 = %Maker%", "2 = %Maker%", "1273 24:1 disk 1 of demo.sys, for amd64"),
        ("DefaultDestDir = 13", "Other = 12", "1275 24:1 Files"),
        (
            "Class = System",
            "Class = Net",
            "1280 3:1 Class = Net: {4d36e97d-e325-11ce-bfc1-08002be10318} is System",
        ),
        ("Models, NTamd64.10.0...16299", "Models, NTmips", "1287 10:19 NTmips"),
        ("[Install.NT.Services]", "[Install.NT.Servces]", "1296 13:1 Install.NT"),
        ("AddReg = Values", "Needs = Other.NT", "1319 15:9 [Install.NT] needs Other.NT"),
        ("PnpLockdown = 1\n", "", "1324 1:1 PnpLockdown"),
        ("2, Service", "2, Servce", "2006 17:1 [Servce] of demo"),
        ("AddReg = Values\n", "", "2083 24:1 Values"),
        ("%13%\\demo.sys", "%13%\\other.sys", "2084 22:1 %13%\\other.sys"),
        ("%13%\\demo.sys", "C:\\demo.sys", "2085 22:1 C:\\demo.sys"),
    ];
    for (from, to, told) in cases {
        let said = after(from, to);
        assert!(said.iter().any(|s| s == told), "{to}: {told} is not in {said:#?}");
    }
}

#[test]
fn what_an_older_windows_cannot_do_is_told_once() {
    let older = SOUND.replace("10.0...16299", "10.0");
    assert_eq!(found(&older), ["1199 24:1 demo.sys".to_string()]);
}

#[test]
fn hostile_texts_end() {
    for text in
        ["", "[", "[Version]", "%", "[Version]\nSignature=\"$Windows NT$\"\n[Manufacturer]\n%=%,%%"]
    {
        let _ = found(text);
    }
}
