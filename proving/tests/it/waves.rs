//! Nodes of one cluster, each recorded as a bundle and all asked about together: in which waves they may
//! be rebooted. What must come out follows from the majority that etcd (*FAQ*, failure tolerance) and
//! votequorum(5) ask for: of three voters one may be down, of five two.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("waves: of five voters two at once, of three one", voters),
        Trial::test("waves: workers go before those that vote", workers),
        Trial::test("waves: the manifest says which cluster a node belongs to", named),
        Trial::test("waves: nodes that would not come back stay up", held),
        Trial::test("waves: more that reboot by themselves than may be down", by_themselves),
    ]
}

/// Nodes that were recorded.
struct Nodes(TempDir);

/// A file of a node, and its text.
type File<'a> = (&'a str, &'a str);

const COROSYNC: File<'_> = ("etc/corosync/corosync.conf", "totem {\n  cluster_name: san\n}\n");
const NEEDS: &str = "[[require]]\nmodule = \"lpfc\"\n";

impl Nodes {
    fn new() -> Result<Self, Failed> {
        let nodes = Self(tempfile::tempdir()?);
        fs::create_dir(nodes.0.path().join("nodes"))?;
        Ok(nodes)
    }

    /// Records a node with this manifest and these files, whose driver is signed or not.
    fn add(
        &self,
        name: &str,
        rollback: &str,
        files: &[File<'_>],
        signed: bool,
    ) -> Result<(), Failed> {
        let mut host = Host { older: "whole".to_owned(), ..Host::default() };
        let manifest = format!("{NEEDS}[rollback]\nkernels = 0\n{rollback}");
        let manifest = [("etc/loadworthy/manifest.toml", manifest.as_str())];
        for (path, text) in manifest.iter().chain(files) {
            host.files.insert((*path).to_owned(), (*text).to_owned());
        }
        let by = if signed { "distribution" } else { "none" };
        let module = Module { name: "lpfc".into(), signed_by: by.into(), ..Module::default() };
        host.forge(&module, &self.0.path().join(name))?;
        let bundle = format!("nodes/{name}.lwb");
        let asked = ["collect", "--root", name, "-o", &bundle, "--at", "2026-11-21"];
        let done = program::run(&asked, self.0.path())?;
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        if done.status.success() { Ok(()) } else { Err(told.into()) }
    }

    fn said(&self, more: &[&str]) -> Result<String, Failed> {
        let asked = ["check", "--bundle", "nodes", "--at", "2026-11-21"];
        let said = program::run(&[&asked[..], more].concat(), self.0.path())?;
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    }

    /// That this is told of the clusters: name, waves, who stays up, and findings.
    fn tells(&self, expected: &Value) -> Result<(), Failed> {
        let document: Value = serde_json::from_str(&self.said(&["--json"])?)?;
        let clusters = document["clusters"].as_array().into_iter().flatten().map(|of| {
            let found = of["findings"].as_array().into_iter().flatten();
            let codes: Vec<&Value> = found.map(|finding| &finding["code"]).collect();
            json!([of["name"], of["waves"], of["held"], codes])
        });
        let clusters = Value::Array(clusters.collect());
        match clusters == *expected {
            true => Ok(()),
            false => Err(format!("{clusters}, not {expected}").into()),
        }
    }
}

fn voters() -> Result<(), Failed> {
    let nodes = Nodes::new()?;
    for name in ["n1", "n2", "n3", "n4", "n5"] {
        // Whoever allows the fewest is heard, and who says nothing is not.
        let allowed = match name {
            "n2" => "at-once = 2\n",
            "n4" => "at-once = 4\n",
            _ => "",
        };
        nodes.add(name, allowed, &[COROSYNC], true)?;
    }
    let waves = json!([["n1"], ["n2", "n3"], ["n4", "n5"]]);
    nodes.tells(&json!([["corosync san", waves, [], []]]))?;
    let text = nodes.said(&[])?;
    for line in [
        "cluster corosync san: 5 nodes, 5 with a vote; at most 2 at once",
        "reboot   n1, then n2 n3, then n4 n5",
    ] {
        if !text.contains(line) {
            return Err(format!("{line:?} is not told: {text}").into());
        }
    }
    // The same wish, and a majority of three is two.
    let few = Nodes::new()?;
    for name in ["n1", "n2", "n3"] {
        few.add(name, "at-once = 2\n", &[COROSYNC], true)?;
    }
    few.tells(&json!([["corosync san", [["n1"], ["n2"], ["n3"]], [], []]]))
}

/// A member of Kubernetes, and one that runs etcd, too.
const AUTHORITY: File<'_> = ("etc/kubernetes/pki/ca.crt", "the authority of the cluster");
const ETCD: File<'_> = ("etc/kubernetes/manifests/etcd.yaml", "kind: Pod\n");

fn workers() -> Result<(), Failed> {
    let nodes = Nodes::new()?;
    for name in ["m1", "m2", "m3"] {
        nodes.add(name, "at-once = 2\n", &[AUTHORITY, ETCD], true)?;
    }
    for name in ["w1", "w2", "w3"] {
        nodes.add(name, "at-once = 2\n", &[AUTHORITY], true)?;
    }
    let document: Value = serde_json::from_str(&nodes.said(&["--json"])?)?;
    let waves = json!([["w1"], ["w2", "w3"], ["m1"], ["m2"], ["m3"]]);
    match document["clusters"][0]["waves"] == waves {
        true => Ok(()),
        false => Err(document["clusters"].to_string().into()),
    }
}

fn named() -> Result<(), Failed> {
    let nodes = Nodes::new()?;
    for (name, cluster) in [("a1", "east"), ("a2", "east"), ("b1", "west"), ("b2", "west")] {
        nodes.add(name, &format!("cluster = \"{cluster}\"\n"), &[COROSYNC], true)?;
    }
    // One node of a cluster is no question of waves.
    nodes.add("c1", "cluster = \"north\"\n", &[COROSYNC], true)?;
    nodes.tells(&json!([["east", [["a1"], ["a2"]], [], []], ["west", [["b1"], ["b2"]], [], []],]))
}

fn held() -> Result<(), Failed> {
    let nodes = Nodes::new()?;
    for name in ["n1", "n2", "n3", "n4", "n5"] {
        let signed = !matches!(name, "n1" | "n2");
        nodes.add(name, "at-once = 2\n", &[COROSYNC], signed)?;
    }
    // Two of five may be lost, and stay up.
    let waves = json!([["n3"], ["n4", "n5"]]);
    nodes.tells(&json!([["corosync san", waves, ["n1", "n2"], []]]))?;
    // Three may not.
    fs::remove_dir_all(nodes.0.path().join("n5"))?;
    nodes.add("n5", "at-once = 2\n", &[COROSYNC], false)?;
    let expected = json!([["n3"], ["n4"]]);
    nodes.tells(&json!([["corosync san", expected, ["n1", "n2", "n5"], ["LW3034"]]]))
}

fn by_themselves() -> Result<(), Failed> {
    let reboots: File<'_> = (
        "etc/apt/apt.conf.d/50unattended-upgrades",
        "Unattended-Upgrade::Automatic-Reboot \"true\";\n",
    );
    for (allowed, codes) in [("at-once = 2\n", json!(["LW3036"])), ("at-once = 3\n", json!([]))] {
        let nodes = Nodes::new()?;
        for name in ["n1", "n2", "n3"] {
            nodes.add(name, allowed, &[COROSYNC, reboots], true)?;
        }
        nodes.tells(&json!([["corosync san", [["n1"], ["n2"], ["n3"]], [], codes]]))?;
    }
    Ok(())
}
