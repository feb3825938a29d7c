//! Two machines compared: what differs, and which verdicts that turns.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("diff of a machine with itself is empty", itself),
        Trial::test("diff, several bundles: one table, the odd one first", several),
        Trial::test("diff, an image under another machine's policy", under),
        Trial::test("diff, an image under a named platform's policy", under_a_name),
        Trial::test("diff holds a machine against a profile", profile),
        Trial::test("diff tells a key that is not enrolled and whom that stops", enrolled),
    ]
}

const AT: &str = "2026-11-21";

fn host(toml: &str, at: &Path) -> Result<(), Failed> {
    let host: Host = toml::from_str(toml)?;
    let module = Module { signed_by: "owner".to_owned(), ..Module::default() };
    host.forge(&module, at)?;
    Ok(())
}

fn diff(more: &[&str], at: &Path) -> Result<(Value, Option<i32>), Failed> {
    let arguments = ["diff", "--json", "--exit-code", "--at", AT];
    Ok(program::said(&[&arguments, more].concat(), at)?)
}

fn itself() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]", &folder.path().join("a"))?;
    let collected = program::run(&["collect", "-o", "a.lwb", "--root", "a"], folder.path())?;
    let (told, code) = diff(&["a", "a.lwb"], folder.path())?;
    let nothing = told["differs"] == false && told["differences"] == Value::Array(Vec::new());
    match collected.status.success() && nothing && code == Some(0) {
        true => Ok(()),
        false => Err(told.to_string().into()),
    }
}

fn enrolled() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]", &folder.path().join("a"))?;
    host("modprobe_d = [\"blacklist demo\"]\ncmdline = \"nosmt\"", &folder.path().join("b"))?;
    let (told, code) = diff(&["a", "b"], folder.path())?;
    let of = |topic: &str| -> Vec<Value> {
        let all = told["differences"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|d| d["topic"] == topic).collect()
    };
    let (keys, lines) = (of("machine-owner-key"), of("command-line"));
    let turned = &keys[0]["turns"][0];
    let right = code == Some(1)
        && keys.len() == 1
        && keys[0]["b"]["state"] == "absent"
        && turned["subject"] == "demo"
        && turned["a"]["outcome"] == "loads"
        && turned["b"]["outcome"] == "refused"
        && lines.len() == 1
        && lines[0]["name"] == "nosmt"
        && lines[0]["turns"] == Value::Array(Vec::new())
        && of("modprobe-config")[0]["name"] == "blacklist demo"
        && told["verdicts"][0]["subject"] == "demo";
    match right {
        true => Ok(()),
        false => Err(told.to_string().into()),
    }
}

/// Three hosts in a folder of bundles; on one the owner's key is not enrolled.
fn several() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("fleet"))?;
    for (name, of) in [("web1", "[\"owner\"]"), ("web2", "[\"owner\"]"), ("web3", "[]")] {
        host(&format!("enrolled = {of}"), &folder.path().join(name))?;
        let bundle = format!("fleet/{name}.lwb");
        let done = program::run(&["collect", "-o", &bundle, "--root", name], folder.path())?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into());
        }
    }
    let asked = ["check", "demo", "--bundle", "fleet", "--at", AT];
    let said = program::run(&asked, folder.path())?;
    let table = String::from_utf8_lossy(&said.stdout).into_owned();
    let wanted = "\
3 hosts, 1 driver: something is refused on 1
refused  web3  demo (LW1004)
loads  web1
loads  web2

      web3           web1           web2
demo  refused        loads          loads
";
    if said.status.code() != Some(1) || table != wanted {
        return Err(format!("{table}{}", String::from_utf8_lossy(&said.stderr)).into());
    }
    let told = program::document(&[&asked, ["--json"].as_slice()].concat(), folder.path())?;
    let right = told["summary"]["refused"] == 1
        && told["hosts"][0]["name"] == "web3"
        && told["hosts"][0]["unlike_most"] == 1
        && told["hosts"][0]["check"]["verdicts"][0]["code"] == "LW1004";
    if !right {
        return Err(told.to_string().into());
    }
    let shown = |format: &str| -> Result<String, Failed> {
        let said =
            program::run(&[&asked, ["--format", format].as_slice()].concat(), folder.path())?;
        match said.status.code() {
            Some(1) => Ok(String::from_utf8_lossy(&said.stdout).into_owned()),
            _ => Err(String::from_utf8_lossy(&said.stderr).into()),
        }
    };
    let markdown = shown("markdown")?;
    let wanted = "\
## loadworthy: 3 hosts, 1 driver: something is refused on 1

| host | kernel | outcome | what | unlike most |
|---|---|---|---|---|
| web3 | 6.12.199+deb12-amd64 | refused | demo \\(LW1004\\) | demo |
| web1 | 6.12.199+deb12-amd64 | loads |  |  |
| web2 | 6.12.199+deb12-amd64 | loads |  |  |

| what | web3 | web1 | web2 |
|---|---|---|---|
| demo | refused LW1004 | loads | loads |
";
    if markdown != wanted {
        return Err(markdown.into());
    }
    let html = shown("html")?;
    let all = [
        "<li class=\"refused\"><b>1</b> refused</li>",
        "<tr><td class=\"refused\">refused</td><td><b>web3</b>",
        "<tr><th scope=\"row\">web3</th><td class=\"refused\">refused LW1004</td></tr>",
        "<tr><th scope=\"row\">web1</th><td class=\"loads\">loads</td></tr>",
        "<h2>What would help</h2>",
    ];
    let alone = !html.contains("<script") && html.matches("http").count() == 1;
    match all.iter().find(|part| !html.contains(**part)) {
        None if alone && html.find("web3") < html.find("web1") => Ok(()),
        missing => Err(format!("{missing:?} in {html}").into()),
    }
}

/// The files of a machine, judged as an ordinary boot of a named platform would.
fn under_a_name() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]\nsecure_boot = false", &folder.path().join("image"))?;
    for (policy, code) in [
        (None, 0),
        (Some("debian-12"), 1),
        (Some("debian-12,secure-boot=off"), 0),
        (Some("debian-12,enroll=owner.der"), 0),
        (Some("no-such-thing"), 2),
        (Some("debian-12,sure=yes"), 2),
    ] {
        let owner = loadworthy_proving::forge::key::Key::named("owner")?;
        std::fs::write(folder.path().join("owner.der"), owner.certificate)?;
        let mut asked = vec!["check", "demo", "--root", "image", "--at", AT];
        asked.extend(policy.iter().flat_map(|policy| ["--policy", policy]));
        let said = program::run(&asked, folder.path())?;
        if said.status.code() != Some(code) {
            let text = String::from_utf8_lossy(&said.stdout).into_owned();
            return Err(
                format!("{policy:?}: {text}{}", String::from_utf8_lossy(&said.stderr)).into()
            );
        }
    }
    Ok(())
}

/// What a machine should be stands in a manifest: its own, or one by its file.
fn profile() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]", &folder.path().join("a"))?;
    let site = folder.path().join("site.toml");
    let keeps = "[profile]\nname = \"site\"\nsecure-boot = true\nlockdown = \"integrity\"\n";
    std::fs::write(&site, keeps)?;
    let (told, code) = diff(&["a", "site.toml"], folder.path())?;
    if code != Some(0) || told["b"]["name"] != "site" || told["b"]["source"] != "profile" {
        return Err(told.to_string().into());
    }
    let differs =
        "[profile]\nsecure-boot = false\nenrolled = [\"sha256:ffff\"]\ndbx = \">=2018-04-01\"\n";
    std::fs::create_dir_all(folder.path().join("a/etc/loadworthy"))?;
    std::fs::write(folder.path().join("a/etc/loadworthy/manifest.toml"), differs)?;
    let (told, code) = diff(&["a", "profile"], folder.path())?;
    let topics: Vec<&str> = told["differences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|d| d["topic"].as_str())
        .collect();
    let right = code == Some(1) && topics == ["secure-boot", "machine-owner-key", "dbx"];
    let states = (&told["differences"][0]["b"]["value"], &told["differences"][1]["a"]["state"]);
    let right = right && states.0 == "off" && states.1 == "absent";
    // The same under an assumption: Secure Boot would be as it should.
    let (assumed, _) = diff(&["a", "profile", "--assume", "secure-boot=off"], folder.path())?;
    let right = right && assumed["differences"][0]["topic"] == "machine-owner-key";
    if right { Ok(()) } else { Err(format!("{told}\n{assumed}").into()) }
}

/// The files of one machine, the keys of another.
fn under() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    host("enrolled = [\"owner\"]", &folder.path().join("image"))?;
    host("enrolled = []", &folder.path().join("production"))?;
    program::run(&["collect", "-o", "p.lwb", "--root", "production"], folder.path())?;
    for (policy, code) in
        [(None, 0), (Some("p.lwb"), 1), (Some("production"), 1), (Some("image"), 0)]
    {
        let mut asked = vec!["check", "demo", "--root", "image", "--at", AT];
        asked.extend(policy.iter().flat_map(|policy| ["--policy", policy]));
        let said = program::run(&asked, folder.path())?;
        if said.status.code() != Some(code) {
            return Err(format!("{policy:?}: {}", String::from_utf8_lossy(&said.stdout)).into());
        }
    }
    Ok(())
}
