//! What is written is what the schemas describe.

use crate::diff;
use crate::json::schema::misfits::misfits;
use crate::json::{
    self, builds, changed, collect, config, enrolment, explain, keys, rotation, schema, sign, v1,
};
use crate::lookup;
use crate::made;
use crate::platforms;
use crate::receipt::{Denied, Receipt};
use crate::sample;
use loadworthy_core::answer::{Demand, Kind};
use loadworthy_core::codes::SIGN_INPUT;
use loadworthy_core::drift::{Change, Compared, Difference, Side, Told, Topic};
use loadworthy_core::keys::builds::Form;
use loadworthy_core::keys::rotation::plan;
use loadworthy_core::proof::{Assumption, Node, Origin, Proof, text};
use loadworthy_core::signed::{self as acts, Fate, Judged, Reach, Says, Signed, Stamp, Target};
use loadworthy_core::tables::Tables;
use loadworthy_formats::limits::Limits;
use serde_json::Value;

fn fits(command: &str, written: &[u8]) {
    assert_eq!(misfits(command, written), [""; 0]);
}

#[test]
fn check_writes_what_its_schema_says() {
    let mut answers = sample::answers(vec![
        sample::refused("a"),
        sample::tainted("b"),
        sample::unknown("c"),
        sample::loads("d"),
    ]);
    answers.notes.push(sample::note());
    let mut out = Vec::new();
    v1::check(&answers, v1::Proofs::All, &mut out).unwrap();
    fits("check", &out);
}

#[test]
fn the_list_of_platforms_is_what_its_schema_says() {
    let mut out = Vec::new();
    platforms::json(&Tables::built_in().unwrap(), &Tables::platforms().unwrap(), &mut out).unwrap();
    fits("platforms", &out);
}

#[test]
fn policy_writes_what_its_schema_says() {
    let said = Assumption { key: text("secure-boot"), value: text("on") };
    let demand = Demand {
        name: "secure-boot",
        value: Some("on".to_owned()),
        because: Proof::new(Node::Assumed(said)),
    };
    let mut out = Vec::new();
    let kernels: &[(&str, &[Demand])] = &[("6.1.0-56-amd64", &[demand])];
    v1::policy("2026-11-21T00:00:00Z", Origin::Root, kernels, &mut out).unwrap();
    fits("policy", &out);
}

#[test]
fn collect_writes_what_its_schema_says() {
    let denied = vec![Denied { item: "proc/keys", what: "keys in the running kernel's keyrings" }];
    let receipt = Receipt {
        at: "2026-11-21T00:00:00Z",
        source: Origin::Live,
        file: Some("host.lwb".into()),
        size: 2013,
        items: 63,
        modules: 1,
        full: false,
        redacted: true,
        replaced: 2,
        denied,
    };
    let mut out = Vec::new();
    collect::v1(&receipt, &mut out).unwrap();
    fits("collect", &out);
}

#[test]
fn sign_writes_what_its_schema_says() {
    let row = |path: &str, fate: Fate, judged: Vec<Judged>| Signed {
        stamp: Some(Stamp {
            url: "http://tsa.example".to_owned(),
            kind: "rfc3161",
            time: "2026-11-21T00:00:00Z".to_owned(),
            authority: "A".to_owned(),
        }),
        path: path.to_owned(),
        to: Some("out/a.ko".to_owned()),
        kind: Some(Kind::LinuxModule),
        compression: Some("xz"),
        fate,
        before: Some("00".to_owned()),
        after: None,
        replaced: 1,
        kept: 0,
        judged,
    };
    let judged = |answered| Judged { target: 0, accepts: None, answered };
    let receipt = acts::Receipt {
        at: "2026-11-21T00:00:00Z".to_owned(),
        by: Some(acts::By {
            key: "MOK.priv".to_owned(),
            subject: "CN = demo".to_owned(),
            certificate: "00".to_owned(),
            digest: "sha256",
        }),
        targets: vec![Target { name: "this host".to_owned(), kernel: None, problem: None }],
        notes: vec!["the certificate has expired".to_owned()],
        files: vec![
            row("a.ko", Fate::Refused, vec![judged(sample::refused("demo"))]),
            row("b.ko", Fate::Signed, vec![judged(sample::unknown("demo"))]),
            row(
                "c.ko",
                Fate::Failed { code: &SIGN_INPUT, why: "not a module".to_owned() },
                Vec::new(),
            ),
        ],
        log: None,
    };
    let mut out = Vec::new();
    sign::v1(&receipt, &mut out).unwrap();
    fits("sign", &out);
    let fates = [Fate::Stamped, Fate::Stripped, Fate::Unsigned, Fate::Unchanged];
    let files = fates.map(|fate| row("d.sys", fate, Vec::new())).to_vec();
    let mut out = Vec::new();
    sign::v1(&acts::Receipt { by: None, files, ..receipt }, &mut out).unwrap();
    fits("sign", &out);
}

#[test]
fn diff_writes_what_its_schema_says() {
    let host = sample::answers(Vec::new()).host;
    let change = Change { name: "demo".to_owned(), a: Some(("loads", None)), b: None };
    let difference = Difference {
        topic: Topic::Modprobe,
        name: "blacklist demo".to_owned(),
        a: Side::Is("set".to_owned()),
        b: Side::Unknown,
    };
    let compared = Compared {
        at: "2026-11-21T00:00:00Z".to_owned(),
        a: ("a.lwb".to_owned(), host.clone()),
        b: ("b.lwb".to_owned(), host),
        told: vec![Told { difference, turns: Some(vec![change.clone()]) }],
        verdicts: vec![change],
    };
    let mut out = Vec::new();
    diff::json(&compared, &mut out).unwrap();
    fits("diff", &out);
}

#[test]
fn explain_writes_what_its_schema_says() {
    let tables = Tables::explaining().unwrap();
    let asked = [
        "LW1003",
        "EPERM",
        "Module demo is blacklisted",
        "0xC0000428",
        "code52",
        "event 3077",
        "VerificationError 21",
        "1.3.6.1.5.5.7.3.3",
        "cc1deebf6d55c2c9061ba16f10a0bfa6979a4a32",
        "State=0x40000",
        "State=absent",
        "rank 00FF0001",
        "signer score 0x0F000000",
    ];
    let topics: Vec<_> = asked.iter().flat_map(|asked| lookup::find(asked, &tables)).collect();
    assert_eq!(topics.len(), asked.len());
    let mut out = Vec::new();
    explain::v1(&topics, &mut out).unwrap();
    fits("explain", &out);
}

#[test]
fn every_schema_names_its_document() {
    for (command, schema) in schema::ALL {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let name = format!("loadworthy/{command}/v1");
        assert_eq!(schema.pointer("/properties/schema/const"), Some(&Value::from(name)));
    }
}

#[test]
fn config_writes_what_its_schema_says() {
    let text = b"[profile]\nsecure-boot = true\n[[require]]\nmodule = \"lpfc\"\n";
    let read = loadworthy_formats::manifest::read("etc/m.toml", text, &Limits::DEFAULT);
    let mut out = Vec::new();
    config::v1(&read.manifest, &["etc/m.toml".to_owned()], &mut out).unwrap();
    fits("config", &out);
}

#[test]
fn diagnose_writes_what_its_schema_says() {
    use crate::json::diagnose;
    use loadworthy_core::diagnose::clue::Clue;
    use loadworthy_core::diagnose::finding::Coverage;
    use loadworthy_core::diagnose::reason::{Matter, diagnose as reason};
    use loadworthy_core::tables::diagnose::Knowledge;
    use loadworthy_formats::evidence::recogniser::{Recogniser, Seen};

    let knowledge = Knowledge::built_in().unwrap();
    let recogniser = Recogniser::new(&knowledge.rows()).unwrap();
    let text = b"modprobe: ERROR: could not insert 'acme': Key was rejected by service\n\
        the acme module is signed\n";
    let mut clues = Vec::new();
    let clue =
        |seen: Seen| Clue { source: "t".into(), order: 0, line: seen.line + 1, seen, times: 1 };
    recogniser.short(text, &mut |seen| clues.push(clue(seen)));
    let told = reason(&Matter { clues: &clues, short: true, said: &[], judged: &[] }, &knowledge);
    assert_eq!(told.findings.first().map(|f| f.cause.as_str()), Some("key-not-enrolled"));
    let mut out = Vec::new();
    diagnose::v1(&told, &Coverage::default(), &mut out).unwrap();
    fits("diagnose", &out);
}

#[test]
fn key_list_writes_what_its_schema_says() {
    let mut out = Vec::new();
    keys::v1(&sample::keys(), &mut out).unwrap();
    fits("key-list", &out);
}

#[test]
fn key_enroll_writes_what_its_schema_says() {
    let mut out = Vec::new();
    enrolment::v1(&sample::enrolment(), &mut out).unwrap();
    fits("key-enroll", &out);
}

#[test]
fn dkms_writes_what_its_schema_says() {
    let mut out = Vec::new();
    builds::v1(&sample::builds(), &mut out).unwrap();
    fits("dkms", &out);
}

#[test]
fn key_new_writes_what_its_schema_says() {
    let kernel = |verifies| made::Kernel {
        target: "debian-12".to_owned(),
        release: "6.1.0-56-amd64".to_owned(),
        verifies,
    };
    let pair = made::Pair {
        certificate: sample::certificate(),
        key: "MOK.priv".to_owned(),
        cert: "MOK.der".to_owned(),
        also: vec!["MOK.pfx".to_owned()],
        locked: true,
    };
    let says = |outcome, code| Some(Says { outcome, code });
    let reach = Reach {
        platform: "windows-11-24h2".to_owned(),
        install: says("refused", Some("LW2006")),
        trusted: says("loads", None),
        load: says("refused", Some("LW2030")),
        without: None,
        test: says("loads", None),
    };
    for (pair, reach) in [(None, None), (Some(pair), Some(vec![reach]))] {
        let made = made::Made {
            at: "2026-11-21T00:00:00Z".to_owned(),
            algorithm: "rsa",
            kernels: [None, Some(true), Some(false)].map(kernel).into(),
            pair,
            reach,
        };
        let mut out = Vec::new();
        json::made::v1(&made, &mut out).unwrap();
        fits("key-new", &out);
    }
}

#[test]
fn dkms_setup_and_undo_write_what_their_schemas_say() {
    let files = ["etc/dkms/loadworthy-sign".to_owned()];
    let mut out = Vec::new();
    changed::set_up(Form::SignFile, &files, &mut out).unwrap();
    fits("dkms-setup", &out);
    out.clear();
    changed::undone(&files, &mut out).unwrap();
    fits("dkms-undo", &out);
}

#[test]
fn key_rotate_writes_what_its_schema_says() {
    let mut out = Vec::new();
    let key = sample::certificate();
    let hosts = sample::keys().hosts;
    let planned = plan("2026-11-21T00:00:00Z", &hosts, &key, &key, &[Some(true)]);
    rotation::v1(&planned, &mut out).unwrap();
    fits("key-rotate", &out);
}
