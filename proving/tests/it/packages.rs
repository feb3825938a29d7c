//! Packages on their way to the hardware portal and back.

use crate::skipped::{ask, tool, with_package};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::driver;
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "packages: the same folder gives the same cabinet, which others unpack",
            cabinet,
        ),
        Trial::test("packages: what is not ready for the portal is told and not written", stopped),
        Trial::test("packages: what the portal changed is told file by file", compared),
        Trial::test("packages: a statement is signed, verified, and tells what changed", statement),
        Trial::test(
            "packages: the steps of the GitHub Action annotate and end as check does",
            action,
        ),
        Trial::test("packages: the GitHub Action is what the schema of actions says", schema),
        Trial::test("packages: other implementations verify the statement", verified),
        Trial::test("packages: every command of docs/ci.md runs", pipeline),
    ]
}

const INF: &str = "[Version]\r
Signature = \"$Windows NT$\"\r
Class = System\r
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}\r
Provider = %Maker%\r
CatalogFile = demo.cat\r
DriverVer = 01/02/2026,1.0.0.0\r
PnpLockdown = 1\r
[Manufacturer]\r
%Maker% = Models, NTamd64\r
[Models.NTamd64]\r
%Maker% = Install, ROOT\\Demo\r
[Install.NT]\r
CopyFiles = @demo.sys\r
[Install.NT.Services]\r
AddService = demo, 2, Service\r
[Service]\r
ServiceType = 1\r
StartType = 3\r
ErrorControl = 1\r
ServiceBinary = %12%\\demo.sys\r
[DestinationDirs]\r
DefaultDestDir = 12\r
[SourceDisksNames]\r
1 = %Maker%\r
[SourceDisksFiles]\r
demo.sys = 1\r
[Strings]\r
Maker = \"Demo\"\r
";

fn package(at: &Path, inf: &str) -> Result<(), Failed> {
    fs::create_dir_all(at)?;
    fs::write(at.join("demo.inf"), inf)?;
    fs::write(at.join("demo.sys"), driver::unsigned())?;
    Ok(fs::write(at.join("demo.pdb"), "symbols")?)
}

fn expect(what: &str, holds: bool, document: &Value) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("{what}: {document:#}").into()) }
}

fn cabinet() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("one"), INF)?;
    let prepare = ["package", "prepare", "one", "-o", "one.cab", "--json"];
    let (document, code) = program::said(&prepare, at)?;
    expect("it is ready", code == Some(0) && document["ready"] == true, &document)?;
    let files = document["folders"][0]["files"].as_array().cloned().unwrap_or_default();
    let names: Vec<_> = files.iter().filter_map(|f| f["path"].as_str()).collect();
    let wanted = ["one\\demo.inf", "one\\demo.pdb", "one\\demo.sys"];
    expect("no file lies at the root", names == wanted, &document)?;
    let first = fs::read(at.join("one.cab"))?;
    program::said(&prepare, at)?;
    expect("the same bytes again", fs::read(at.join("one.cab"))? == first, &document)?;
    let Some(cabextract) = tool("cabextract") else { return Ok(()) };
    let done = ask(Command::new(cabextract).args(["-q", "-d", "out", "one.cab"]).current_dir(at))?;
    let unpacked = fs::read(at.join("out/one/demo.sys"))?;
    expect("it unpacks", done.status.success() && unpacked == driver::unsigned(), &document)
}

fn stopped() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    let prepare = ["package", "prepare", "all", "-o", "all.cab", "--json"];
    let codes = |document: &Value| -> Vec<String> {
        let all = document["findings"].as_array().cloned().unwrap_or_default();
        let errors = all.iter().filter(|f| f["level"] == "error");
        errors.filter_map(|f| Some(f["code"].as_str()?.to_owned())).collect()
    };
    let cases = [
        (INF.replace("demo.sys = 1", "demo.sys = 1, gone"), "LW2037"),
        (INF.replace("NTamd64", "NTarm64"), "LW2016"),
        (INF.replace("CatalogFile = demo.cat\r\n", ""), "LW2032"),
        (INF.replace("= Install, ROOT", "= Instal, ROOT"), "LW2070"),
    ];
    for (inf, code) in cases {
        package(&at.join("all"), &inf)?;
        let (document, exit) = program::said(&prepare, at)?;
        let told = codes(&document).iter().any(|c| c == code);
        expect(code, told && exit == Some(1) && document["path"].is_null(), &document)?;
        expect("nothing is written", !at.join("all.cab").exists(), &document)?;
    }
    fs::remove_dir_all(at.join("all"))?;
    package(&at.join("all/one"), INF)?;
    package(&at.join("all/other"), &INF.replace("NTamd64", "NTarm64"))?;
    let (document, _) = program::said(&prepare, at)?;
    expect("folders for other processors", codes(&document).contains(&"LW2072".into()), &document)
}

fn compared() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("sent"), INF)?;
    program::said(&["package", "prepare", "sent", "-o", "sent.cab", "--json"], at)?;
    let back = at.join("back/drivers/x");
    package(&back, INF)?;
    fs::remove_file(back.join("demo.pdb"))?;
    let plain = driver::unsigned();
    let message = driver::over_image(&plain, &Key::named("owner")?, &driver::Shape::default())?;
    fs::write(back.join("demo.sys"), driver::attach(&plain, &[message]))?;
    let compare = ["package", "compare", "--submitted", "sent.cab", "--returned", "back", "--json"];
    let became = |document: &Value, name: &str| -> String {
        let all = document["files"].as_array().cloned().unwrap_or_default();
        let of = |f: &&Value| f["sent"].as_str().is_some_and(|p| p.ends_with(name));
        all.iter().find(of).and_then(|f| f["became"].as_str()).unwrap_or_default().to_owned()
    };
    let (document, code) = program::said(&compare, at)?;
    expect("it is what was sent", code == Some(0) && document["as_sent"] == true, &document)?;
    for (name, word) in [("demo.inf", "same"), ("demo.pdb", "kept"), ("demo.sys", "signed")] {
        expect(name, became(&document, name) == word, &document)?;
    }
    let judged = [compare.as_slice(), &["--on", "windows-11-24h2"]].concat();
    let (document, code) = program::said(&judged, at)?;
    let refused = document["verdicts"][0]["outcome"] == "refused";
    expect("nobody's signature is refused", code == Some(1) && refused, &document)?;
    fs::write(back.join("demo.inf"), INF.replace('\r', ""))?;
    let (document, code) = program::said(&compare, at)?;
    let ends = document["files"][0]["change"] == "line ends";
    expect("line ends", code == Some(1) && ends && document["as_sent"] == false, &document)
}

/// The envelope as another implementation would take it apart: what is signed follows from the DSSE
/// specification, and OpenSSL verifies it.
fn statement() -> Result<(), Failed> {
    let Some(openssl) = tool("openssl") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("demo"), INF)?;
    let mut key = Command::new(&openssl);
    key.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-subj", "/CN=demo"]);
    key.args(["-keyout", "key.pem", "-out", "cert.pem"]).current_dir(at);
    ask(&mut key)?;
    let attest =
        ["check", "demo", "--on", "windows-11-24h2", "--json", "--attest", "demo.load.json"];
    let (document, _) =
        program::said(&[&attest[..], &["--key", "key.pem", "--cert", "cert.pem"]].concat(), at)?;
    let envelope: Value = serde_json::from_slice(&fs::read(at.join("demo.load.json"))?)?;
    expect("its type", envelope["payloadType"] == "application/vnd.in-toto+json", &envelope)?;
    let decode = |text: &Value| -> Result<Vec<u8>, Failed> {
        let mut decoded = Command::new(&openssl);
        fs::write(at.join("text"), text.as_str().unwrap_or_default())?;
        Ok(ask(decoded.args(["base64", "-d", "-A", "-in", "text"]).current_dir(at))?.stdout)
    };
    let payload = decode(&envelope["payload"])?;
    let kind = "application/vnd.in-toto+json";
    let mut over = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    over.extend(&payload);
    fs::write(at.join("over"), over)?;
    fs::write(at.join("sig"), decode(&envelope["signatures"][0]["sig"])?)?;
    let mut public = Command::new(&openssl);
    ask(public
        .args(["x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "pub.pem"])
        .current_dir(at))?;
    let mut verify = Command::new(&openssl);
    verify.args(["dgst", "-sha256", "-verify", "pub.pem", "-signature", "sig", "over"]);
    let verified = ask(verify.current_dir(at))?.status.success();
    expect("OpenSSL verifies it", verified, &envelope)?;
    let stated: Value = serde_json::from_slice(&payload)?;
    let same = stated["predicate"]["verdicts"][0]["outcome"] == document["verdicts"][0]["outcome"];
    expect("verdicts", same && stated["_type"] == "https://in-toto.io/Statement/v1", &stated)?;
    let subjects = stated["subject"].as_array().map_or(0, Vec::len);
    expect("every file is a subject", subjects == 3, &stated)?;

    let against = ["check", "--json", "--against", "demo.load.json", "--cert", "cert.pem"];
    let (held, code) = program::said(&against, at)?;
    let holds = held["holds"] == true && held["signature"] == "good";
    expect("it holds, and says what is refused", holds && code == Some(1), &held)?;
    let words: Vec<_> = against.into_iter().filter(|word| *word != "--json").collect();
    let text = String::from_utf8(program::run(&words, at)?.stdout)?;
    let told = text.contains("demo.load.json holds")
        && text.contains("  judged now: ")
        && text.contains(" refused");
    expect("and so it does in words", told, &text.into())?;
    fs::write(at.join("demo/new.txt"), "new")?;
    fs::write(at.join("demo/demo.inf"), INF.replace("1.0.0.0", "1.0.0.1"))?;
    let (held, code) = program::said(&against, at)?;
    let all = held["changes"].as_array().cloned().unwrap_or_default();
    let what: Vec<_> = all.iter().filter_map(|c| c["what"].as_str()).collect();
    let told = what.contains(&"bytes") && what.contains(&"added") && held["holds"] == false;
    expect("what changed", told && code == Some(1), &held)?;
    let text = fs::read_to_string(at.join("demo.load.json"))?;
    let forged = text.replacen("\"payload\":\"e", "\"payload\":\"f", 1);
    fs::write(at.join("demo.load.json"), forged)?;
    let done = program::run(&against, at)?;
    expect("what is no statement any more is an error", done.status.code() == Some(2), &held)
}

/// The package of a certificate in PEM, verified with its key, and what is in it.
const VERIFY: &str = "import json, sys
from cryptography.x509 import load_pem_x509_certificate
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey
certificate = load_pem_x509_certificate(open(sys.argv[2], 'rb').read())
envelope = Envelope.from_dict(json.load(open(sys.argv[1])))
key = SSlibKey.from_crypto(certificate.public_key(), list(envelope.signatures)[0], sys.argv[3])
envelope.verify([key], 1)
payload = envelope.payload
envelope.payload = payload.replace(b'refused', b'loads')
try:
    envelope.verify([key], 1)
    raise SystemExit('another payload verifies')
except VerificationError:
    pass
sys.stdout.buffer.write(payload)
";

/// The payload as the in-toto project reads statements.
const STATED: &str = "import sys
from google.protobuf import json_format
import in_toto_attestation.v1.statement_pb2 as pb
from in_toto_attestation.v1.statement import Statement
proto = json_format.Parse(open(sys.argv[1]).read(), pb.Statement())
Statement.copy_from_pb(proto).validate()
";

/// DSSE by `securesystemslib`, in-toto by its own library; RSA and both curves.
fn verified() -> Result<(), Failed> {
    let Some(openssl) = tool("openssl") else { return Ok(()) };
    let Some(python) = with_package("securesystemslib.dsse")? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("demo"), INF)?;
    for (kind, option, scheme) in [
        ("rsa:2048", "rsa_keygen_pubexp:65537", "rsa-pkcs1v15-sha256"),
        ("ec", "ec_paramgen_curve:P-256", "ecdsa-sha2-nistp256"),
        ("ec", "ec_paramgen_curve:P-384", "ecdsa-sha2-nistp384"),
    ] {
        let mut key = Command::new(&openssl);
        key.args(["req", "-x509", "-newkey", kind, "-pkeyopt", option, "-nodes", "-subj", "/CN=x"]);
        let key = ask(key.args(["-keyout", "key.pem", "-out", "cert.pem"]).current_dir(at))?;
        expect("a key", key.status.success(), &Value::Null)?;
        let attest = ["check", "demo", "--matrix", "--json", "--attest", "x.json"];
        program::said(&[&attest[..], &["--key", "key.pem", "--cert", "cert.pem"]].concat(), at)?;
        let mut verify = Command::new(&python);
        verify.args(["-c", VERIFY, "x.json", "cert.pem", scheme]);
        let done = ask(verify.current_dir(at))?;
        let told = Value::String(String::from_utf8_lossy(&done.stderr).into_owned());
        expect(scheme, done.status.success(), &told)?;
        fs::write(at.join("payload"), &done.stdout)?;
    }
    let Some(python) = with_package("in_toto_attestation.v1.statement")? else { return Ok(()) };
    let done = ask(Command::new(&python).args(["-c", STATED, "payload"]).current_dir(at))?;
    let told = Value::String(String::from_utf8_lossy(&done.stderr).into_owned());
    expect("in-toto reads it", done.status.success(), &told)
}

/// The schema that editors and linters hold actions against, as `check-jsonschema` brings it.
fn schema() -> Result<(), Failed> {
    let Some(python) = with_package("check_jsonschema")? else { return Ok(()) };
    let mut check = Command::new(python);
    check.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]);
    let done = ask(check.arg(xtask::tree::root().join("action.yml")))?;
    let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    expect("it fits", done.status.success(), &Value::String(told))
}

/// Each line of each `sh` block, in one folder, with a package that loads nowhere: none is a usage error,
/// and what the page promises to write is written.
fn pipeline() -> Result<(), Failed> {
    let (Some(sh), Some(openssl)) = (tool("sh"), tool("openssl")) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(&at.join("package"), INF)?;
    let mut key = Command::new(&openssl);
    key.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-subj", "/CN=demo"]);
    ask(key.args(["-keyout", "release.pem", "-out", "release.crt"]).current_dir(at))?;
    let program = program::path()?;
    let mut path = vec![program.parent().ok_or("no folder")?.to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path)?;
    let page = fs::read_to_string(xtask::tree::root().join("docs/ci.md"))?;
    let blocks = loadworthy_proving::markdown::blocks(&page);
    let lines = blocks.iter().filter(|block| block.info == "sh").flat_map(|b| b.text.lines());
    let mut ran = 0;
    for line in lines.filter(|line| line.starts_with("loadworthy ")) {
        let mut shell = Command::new(&sh);
        shell.args(["-c", line]).current_dir(at).env("PATH", &path).env("AT", "2026-11-21");
        let done = ask(&mut shell)?;
        let told = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        expect(line, matches!(done.status.code(), Some(0 | 1 | 3)), &Value::String(told))?;
        ran += 1;
    }
    for name in ["loadworthy.xml", "catalog.xml", "package.load.json", "package.cab"] {
        expect(name, at.join(name).metadata().is_ok_and(|m| m.len() > 0), &Value::Null)?;
    }
    expect("all of them", ran >= 5, &Value::from(ran))
}

/// The one script of `action.yml`, as a runner would start it.
fn action() -> Result<(), Failed> {
    let Some(bash) = tool("bash") else { return Ok(()) };
    let text = fs::read_to_string(xtask::tree::root().join("action.yml"))?;
    let script: String = text
        .split("      run: |\n")
        .nth(1)
        .ok_or("no script")?
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line)))
        .collect();
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    package(
        &at.join("demo"),
        &INF.replace("AddService = demo", "AddReg = Gone\r\nAddService = demo"),
    )?;
    for name in ["output", "summary"] {
        fs::write(at.join(name), "")?;
    }
    let run = |subject: &str| {
        let mut step = Command::new(&bash);
        step.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script]).current_dir(at);
        for (name, value) in [
            ("LW_SUBJECTS", subject),
            ("LW_ON", "windows-10-22h2\nwindows-11-24h2\n"),
            ("LW_FAIL_ON", "finding"),
            ("LW_AT", "2026-11-21"),
            ("LW_SARIF", "out.sarif"),
            ("LW_JUNIT", "out.xml"),
            ("LW_UNKNOWN", "fail"),
        ] {
            step.env(name, value);
        }
        step.env("LW_PROGRAM", program::path().unwrap_or(Path::new("loadworthy")));
        step.env("GITHUB_OUTPUT", at.join("output")).env("GITHUB_STEP_SUMMARY", at.join("summary"));
        ask(&mut step)
    };
    let done = run("demo")?;
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    let told = Value::String(format!("{printed}{}", String::from_utf8_lossy(&done.stderr)));
    expect("it fails", done.status.code() == Some(1), &told)?;
    let line = printed.contains("::error file=demo/demo.inf,") || printed.contains("::error file=");
    let place = printed.contains("::warning file=demo/demo.inf,line=16,col=10,");
    expect("it annotates, lines too", line && place, &told)?;
    let output = fs::read_to_string(at.join("output"))?;
    expect("the code is an output", output == "exit-code=1\n", &Value::String(output.clone()))?;
    let sarif: Value = serde_json::from_slice(&fs::read(at.join("out.sarif"))?)?;
    let results = sarif["runs"][0]["results"].as_array().cloned().unwrap_or_default();
    let region = |r: &Value| r["locations"][0]["physicalLocation"]["region"]["startLine"] == 16;
    expect("SARIF points at the line", results.iter().any(region), &sarif)?;
    expect(
        "JUnit is there",
        fs::read_to_string(at.join("out.xml"))?.contains("<testsuite"),
        &told,
    )?;
    expect("what is not there is an error", run("gone")?.status.code() == Some(2), &told)
}
