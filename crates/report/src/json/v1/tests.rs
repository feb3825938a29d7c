//! The shape of `loadworthy/check/v1`, field by field.

use super::{Proofs, check};
use crate::sample;
use serde_json::{Value, json};

fn written(answers: Vec<loadworthy_core::answer::Answered>) -> Value {
    let mut out = Vec::new();
    check(&sample::answers(answers), Proofs::All, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn proofs_are_of_all_or_of_trouble_or_of_none() {
    let nodes = |proofs| {
        let answers = sample::answers(vec![sample::refused("a"), sample::loads("b")]);
        let mut out = Vec::new();
        check(&answers, proofs, &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let walked = |n: usize| document["verdicts"][n]["walk"].as_array().unwrap().len();
        (walked(0) > 0, walked(1) > 0, document["proof"].as_array().unwrap().is_empty())
    };
    assert_eq!(nodes(Proofs::All), (true, true, false));
    assert_eq!(nodes(Proofs::OfTrouble), (true, false, false));
    assert_eq!(nodes(Proofs::None), (false, false, true));
}

#[test]
fn a_refused_module_has_every_field_of_the_contract() {
    let document = written(vec![sample::refused("lpfc")]);
    assert_eq!(document["schema"], "loadworthy/check/v1");
    assert_eq!(document["at"], "2026-11-21T00:00:00Z");
    assert_eq!(
        document["host"],
        json!({"source": "root", "platform": "linux", "kernel": "6.1.0-56-amd64",
               "secure_boot": "on", "lockdown": "integrity", "boot_entry": null})
    );
    assert_eq!(
        document["summary"],
        json!({"loads": 0, "loads-tainted": 0, "refused": 1, "unknown": 0})
    );
    assert_eq!(
        document["verdicts"][0],
        json!({
            "subject": {"kind": "linux-module", "name": "lpfc",
                        "path": "lib/modules/6.1.0-56-amd64/lpfc.ko",
                        "sha256": "ab".repeat(32), "required_by": [],
                        "class": null, "blocks": false, "optional": false,
                        "loses": [], "accepted": null},
            "on": null,
            "phase": "load",
            "outcome": "refused",
            "confidence": "confirmed",
            "code": "LW1003",
            "host_says": {"errno": "EKEYREJECTED",
                          "log": ["Loading of unsigned module is rejected"], "taint": []},
            "reasons": [
                {"code": "LW1003", "bucket": "never-signed",
                 "title": "The module is not signed, and this kernel refuses unsigned modules",
                 "because": [4], "reached": true},
                {"code": "LW1036", "bucket": "not-signature",
                 "title": "The module was built outside the kernel tree; marked O",
                 "because": [6], "reached": false},
            ],
            "unknown": [],
            "pending": null,
            "remedies": [{"does": "sign", "title": "sign it with the enrolled key lab owner",
                          "first": [],
                          "command": "loadworthy sign --key MOK.priv --cert MOK.der \
                                      lib/modules/6.1.0-56-amd64/lpfc.ko",
                          "judged": "loads-tainted"}],
            "would_not_help": [{"does": "enforce-off",
                                "title": "module.sig_enforce=0 on the kernel command line",
                                "first": [], "command": null, "judged": "refused"}],
            "walk": [8, 4, 6],
        })
    );
    assert_eq!(
        document["proof"][3],
        json!({"id": 4, "is": "drawn", "rule": "linux/vouched",
               "source": "kernel/module/signing.c",
               "claim": "nobody the kernel trusts vouches for the module, and it insists on that",
               "from": [3]})
    );
}

#[test]
fn what_is_missing_is_named() {
    let document = written(vec![sample::unknown("demo")]);
    assert_eq!(document["verdicts"][0]["outcome"], "unknown");
    assert_eq!(document["verdicts"][0]["code"], "LW0001");
    assert_eq!(document["verdicts"][0]["unknown"][0]["question"], "secure-boot");
    assert_eq!(document["verdicts"][0]["unknown"][0]["item"], "sys/firmware/efi");
}

#[test]
fn nodes_that_say_the_same_are_one() {
    let one = written(vec![sample::refused("a")]);
    let two = written(vec![sample::refused("a"), sample::refused("a")]);
    assert_eq!(one["proof"], two["proof"]);
}

#[test]
fn nodes_come_after_what_they_rest_on() {
    let document = written(vec![sample::refused("a"), sample::tainted("b")]);
    for (n, node) in document["proof"].as_array().unwrap().iter().enumerate() {
        let id = node["id"].as_u64().unwrap();
        assert_eq!(id, u64::try_from(n).unwrap() + 1);
        for from in node["from"].as_array().into_iter().flatten() {
            assert!(from.as_u64().unwrap() < id);
        }
    }
}
