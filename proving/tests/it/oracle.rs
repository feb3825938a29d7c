//! Every recorded answer of a real kernel is ours too: error, letters and lines.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::oracles::answer::difference;
use loadworthy_proving::oracles::archive::Archive;
use loadworthy_proving::oracles::roots::{Shown, policies, policy};
use loadworthy_proving::oracles::{judge, recorded, roots};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Table;

/// How much of the machine is shown, and the word for it.
const SHOWN: [(&str, Shown); 3] = [
    ("disk and firmware", Shown { runtime: false, headers: true }),
    ("the running kernel too", Shown { runtime: true, headers: true }),
    ("no headers", Shown { runtime: false, headers: false }),
];

pub(crate) fn trials() -> Vec<Trial> {
    let archive = match recorded::archive() {
        Ok(archive) => Arc::new(archive),
        Err(problem) => return vec![Trial::test("oracle recorded", move || Err(problem.into()))],
    };
    let known = Arc::new(divergences());
    let mut trials = Vec::new();
    for policy in policies(&archive) {
        let runs = archive.below(&format!("policies/{policy}/runtime")).next().is_some();
        for (word, shown) in SHOWN.into_iter().filter(|(_, shown)| runs || !shown.runtime) {
            let (archive, known, policy) = (archive.clone(), known.clone(), policy.clone());
            trials.push(Trial::test(format!("oracle recorded {policy}, {word}"), move || {
                replay(&archive, &policy, shown, &known)
            }));
        }
    }
    let other = archive.clone();
    trials.push(Trial::test("oracle divergences name recorded cases", move || {
        stray(&archive, &known)
    }));
    trials.push(Trial::test("oracle notices another answer", move || notices(&other)));
    trials
}

/// Names of cases that must differ, with the reason.
type Known = BTreeMap<String, String>;

fn replay(archive: &Archive, policy: &str, shown: Shown, known: &Known) -> Result<(), Failed> {
    // Whoever may not look without the running kernel's facts is not asked without them.
    if roots::policy(archive, policy)?.needs_runtime && !shown.runtime {
        return Ok(());
    }
    let done = recorded::replay(archive, policy, shown)?;
    if done.cases == 0 || done.with_lines == 0 {
        return Err(format!("{} cases, {} with lines", done.cases, done.with_lines).into());
    }
    let mut wrong = Vec::new();
    for (case, how) in &done.differences {
        if !known.contains_key(&format!("{policy}/{case}")) {
            wrong.push(format!("{case}: {how}"));
        }
    }
    for name in known.keys() {
        let case = name.strip_prefix(policy).and_then(|rest| rest.strip_prefix('/'));
        if case.is_some_and(|case| !done.differences.iter().any(|(c, _)| c == case)) {
            wrong.push(format!("{name} agrees now; strike it from proving/divergences.toml"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn stray(archive: &Archive, known: &Known) -> Result<(), Failed> {
    for name in known.keys() {
        let (policy, case) = name.split_once('/').ok_or("a name is POLICY/CASE")?;
        if !recorded::answers(archive, policy)?.iter().any(|a| a.case == case && a.comparable) {
            return Err(format!("{name}: not recorded").into());
        }
    }
    Ok(())
}

/// The comparison is not idle: any other error, letter or line is a difference.
fn notices(archive: &Archive) -> Result<(), Failed> {
    let policy = policy(archive, "6.1-sb-on-mok")?;
    let folder = tempfile::tempdir()?;
    roots::write(archive, &policy, SHOWN[0].1, folder.path())?;
    let mut said = Vec::new();
    for case in ["signfile_mok_sha256.ko", "unsigned.ko"] {
        let bytes = archive.get(&format!("cases/{}/{case}", policy.tag))?;
        roots::put(folder.path(), case, bytes)?;
        let file = folder.path().join(case).display().to_string();
        said.extend(judge::ask(folder.path(), &policy.kernel, &[file])?);
    }
    let line = "lab_hello: loading out-of-tree module taints kernel.".to_owned();
    let lines = std::slice::from_ref(&line);
    let differs = [
        difference(None, "O", Some(lines), &said[0]),
        difference(Some("EPERM"), "", None, &said[0]),
        difference(None, "OE", Some(lines), &said[0]),
        difference(None, "O", Some(&[]), &said[0]),
        difference(Some("EKEYREJECTED"), "", None, &said[1]),
        difference(Some("EPERM"), "", None, &said[1]),
        difference(None, "OE", None, &said[1]),
    ]
    .map(|differs| differs.is_some());
    assert_eq!(differs, [false, true, true, true, false, true, true]);
    Ok(())
}

fn divergences() -> Known {
    let table: Table = include_str!("../../divergences.toml").parse().unwrap_or_default();
    let rows = table.get("oracle").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let word = |name| row.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            let reason = word("reason").filter(|r| !r.is_empty())?;
            word("expected").and(word("actual"))?;
            Some((word("name")?, reason))
        })
        .collect()
}
