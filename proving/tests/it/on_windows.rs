//! Real drivers and packages against named platforms.
//!
//! `LOADWORTHY_CORPUS` names a folder of real files; without it the tests are skipped. Each expected
//! verdict follows from what is inside the file and the rule that docs/windows.md names.

use crate::skipped::told;
use libtest_mimic::{Failed, Trial};
use loadworthy_assess::request::Trouble;
use loadworthy_assess::windows::{OnRequest, check};
use loadworthy_collect::gather::windows::policy;
use loadworthy_core::answer::{Answered, Phase};
use std::env;
use std::path::PathBuf;

/// File or folder, platform, phase, what must come out.
type Case = (&'static str, &'static str, Phase, &'static str);

const CASES: &[Case] = &[
    // Certified, version 2 catalog for Windows 10 only: asked about elsewhere, silent there.
    ("softether-neo6-win10-x64", "windows-10-22h2", Phase::Install, "loads"),
    ("softether-neo6-win10-x64", "windows-10-22h2", Phase::Load, "loads"),
    ("softether-neo6-win10-x64", "windows-7", Phase::Install, "loads publisher"),
    ("softether-neo6-win10-x64", "windows-7,sha2=no", Phase::Load, "refused LW2003 0xC0000428"),
    ("softether-neo6-win10-x64", "windows-11-24h2,driver-policy=enforced", Phase::Load, "loads"),
    // The same for another processor.
    ("softether-neo6-win10-x86", "windows-10-22h2", Phase::Install, "refused LW2031 0xE0000228"),
    ("softether-neo6-win10-x86", "windows-10-22h2", Phase::Load, "refused LW2016 0xC000007B"),
    ("softether-neo6-win10-x86", "windows-10-22h2,arch=x86", Phase::Load, "loads"),
    // Cross-signed in 2018 with a certificate of 2016 and later, stamped.
    ("softether-wfp-x64-dual", "windows-7", Phase::Load, "loads"),
    ("softether-wfp-x64-dual", "windows-10-1607", Phase::Load, "refused LW2006 0xC0000428"),
    ("softether-wfp-x64-dual", "windows-10-22h2,secure-boot=off", Phase::Load, "loads"),
    ("softether-wfp-x64-dual", "windows-10-22h2,upgraded=yes", Phase::Load, "loads"),
    ("softether-wfp-x64-dual", "windows-10-1507", Phase::Load, "unknown"),
    ("softether-wfp-x64-dual", "windows-11-24h2,secure-boot=off", Phase::Load, "unknown"),
    // The INF names a catalog that is not there.
    ("softether-wfp-x64-dual", "windows-10-22h2", Phase::Install, "refused LW2032 0xE000022F"),
    // A test certificate.
    (
        "softether-neo6-arm64-test",
        "windows-11-23h2,arch=arm64",
        Phase::Load,
        "refused LW2004 0xC0000428",
    ),
    (
        "softether-neo6-arm64-test",
        "windows-11-23h2,arch=arm64,secure-boot=off,test-signing=on",
        Phase::Load,
        "loads",
    ),
    // Attested.
    ("systeminformer", "windows-11-24h2", Phase::Load, "loads"),
    ("systeminformer", "windows-server-2022", Phase::Load, "unknown"),
    ("systeminformer", "windows-8.1", Phase::Load, "refused LW2018 0xC0000428"),
    // Catalogs that nobody signed.
    (
        "universal-adb-unsigned-catalogs",
        "windows-11-23h2",
        Phase::Install,
        "refused LW2033 0xE0000247",
    ),
    // Attestation and an older cross-signed signature on one file.
    ("winpmem-x86/winpmem_x86.sys", "windows-10-22h2,arch=x86", Phase::Load, "loads"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("on windows: real packages are judged as their contents say", real),
        Trial::test("on windows: what is no platform is a usage error", usage),
        Trial::test("on windows: a policy as Windows loads it is read as its XML is", policies),
    ]
}

fn words(a: &Answered) -> String {
    let says = a.judgement.says.windows.clone().unwrap_or_default();
    let parts = [
        Some(a.judgement.verdict.name().to_owned()),
        match &a.judgement.verdict {
            loadworthy_core::verdict::Verdict::Refused(code) => Some(code.id.to_owned()),
            _ => None,
        },
        says.status.map(|s| s.to_string()),
        says.hresult.map(|h| h.to_string()),
        says.prompt.map(|p| p.name().to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn real() -> Result<(), Failed> {
    let Some(folder) = env::var_os("LOADWORTHY_CORPUS").map(PathBuf::from) else {
        told("LOADWORTHY_CORPUS");
        return Ok(());
    };
    let mut wrong = Vec::new();
    for (subject, on, phase, expected) in CASES {
        let path = folder.join("windows/packages").join(subject);
        let request = OnRequest {
            on: vec![(*on).to_owned()],
            subjects: vec![path.to_string_lossy().into_owned()],
            assume: Vec::new(),
            at: "2026-11-21T00:00:00Z".to_owned(),
            knowledge: Vec::new(),
        };
        let answers = check(&request).map_err(|e| e.to_string())?;
        let found = answers.answers.iter().find(|a| a.phase == *phase).map(words);
        if found.as_deref() != Some(*expected) {
            wrong.push(format!("{subject} on {on}: expected `{expected}`, got {found:?}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The policy of `proving/corpus/app_control/demo.cip`, as it would be written.
const DEMO: &str = r#"<SiPolicy xmlns="urn:schemas-microsoft-com:sipolicy">
  <VersionEx>10.0.27685.0</VersionEx>
  <Rules>
    <Rule><Option>Enabled:Audit Mode</Option></Rule>
    <Rule><Option>Required:WHQL</Option></Rule>
  </Rules>
  <EKUs><EKU ID="ID_EKU" Value="010A2B0601040182370A0305" /></EKUs>
  <FileRules>
    <Deny ID="ID_DENY" Hash="abababababababababababababababababababab" />
    <FileAttrib ID="ID_FILE" FileName="demo.sys" InternalName="inner" ProductName="Product"
      MinimumFileVersion="0.0.0.1" MaximumFileVersion="1.2.3.4" />
  </FileRules>
  <Signers>
    <Signer ID="ID_SIGNER" Name="Issuing CA">
      <CertRoot Type="TBS" Value="cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" />
      <CertEKU ID="ID_EKU" />
      <CertIssuer Value="Issuing CA" />
      <CertPublisher Value="Maker" />
      <FileAttribRef RuleID="ID_FILE" />
    </Signer>
  </Signers>
  <SigningScenarios>
    <SigningScenario Value="131" ID="ID_KERNEL"><ProductSigners>
      <DeniedSigners><DeniedSigner SignerId="ID_SIGNER" /></DeniedSigners>
      <FileRulesRef><FileRuleRef RuleID="ID_DENY" /></FileRulesRef>
    </ProductSigners></SigningScenario>
  </SigningScenarios>
  <Settings><Setting Provider="PolicyInfo" Key="Information" ValueName="Name">
    <Value><String>Demo policy</String></Value>
  </Setting></Settings>
</SiPolicy>"#;

fn policies() -> Result<(), Failed> {
    let binary = std::fs::read(xtask::tree::root().join("proving/corpus/app_control/demo.cip"))?;
    let binary = policy::read(&binary).map_err(|e| e.to_string())?;
    let written = policy::read(DEMO.as_bytes()).map_err(|e| e.to_string())?;
    let rules = |read: &policy::Read| {
        let all = read.policy.denies.iter().map(|d| format!("{:?} {}", d.what, d.certain));
        all.collect::<Vec<_>>()
    };
    let same = rules(&binary) == rules(&written)
        && binary.demanded == written.demanded
        && binary.policy.audit == written.policy.audit
        && binary.policy.name == written.policy.name
        && binary.policy.allows == written.policy.allows;
    let told = format!("binary: {binary:#?}\nwritten: {written:#?}");
    if same && rules(&binary).len() == 2 { Ok(()) } else { Err(told.into()) }
}

fn usage() -> Result<(), Failed> {
    for (on, near) in [
        ("windows-11-24h", "windows-11-24h2"),
        ("windows-10-22h2,secureboot=on", "secure-boot"),
        ("windows-10-22h2,hvci=yes", "hvci takes on, off"),
    ] {
        let request = OnRequest {
            on: vec![on.to_owned()],
            subjects: Vec::new(),
            assume: Vec::new(),
            at: "2026-11-21T00:00:00Z".to_owned(),
            knowledge: Vec::new(),
        };
        match check(&request) {
            Err(trouble @ Trouble::Profile { .. }) if trouble.to_string().contains(near) => {}
            other => return Err(format!("--on {on}: {other:?}").into()),
        }
    }
    Ok(())
}
