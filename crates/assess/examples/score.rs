use loadworthy_assess::{check, request::*};
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    // check --root R --kernel K --json FILES
    let mut root = String::new();
    let mut kernel = Which::Next;
    let mut files = vec![];
    let mut assume = vec![];
    let mut i = 0;
    let mut all = false;
    while i < a.len() {
        match a[i].as_str() {
            "check" | "--json" => {}
            "--all" => all = true,
            "--root" => {
                i += 1;
                root = a[i].clone()
            }
            "--kernel" => {
                i += 1;
                kernel = Which::Release(a[i].clone())
            }
            "--assume" => {
                i += 1;
                let (k, v) = a[i].split_once('=').unwrap();
                assume.push((k.to_string(), v.to_string()))
            }
            f => files.push(f.to_string()),
        }
        i += 1
    }
    let r = Request {
        source: if root.is_empty() { Source::Live } else { Source::Root(root.into()) },
        kernel,
        subjects: if all { Subjects::All } else { Subjects::Named(files) },
        assume,
        at: String::new(),
        jobs: 2,
    };
    let out = check::check(&r, &|_, _| {}).unwrap();
    let esc = |s: &str| format!("{s:?}").replace("\\'", "'").replace("\\u{", "\\\\u{");
    let mut v = vec![];
    let mut n = std::collections::BTreeMap::new();
    for x in &out.answers {
        let j = &x.judgement;
        *n.entry((
            j.verdict.name(),
            format!("{:?}", j.says.taint),
            format!(
                "{:?}",
                if let loadworthy_core::verdict::Verdict::Refused(c) = &j.verdict {
                    c.id
                } else {
                    ""
                }
            ),
        ))
        .or_insert(0) += 1;
        let errno = j.says.errno.map_or("null".into(), |e| format!("\"{}\"", e.name()));
        let log: Vec<String> = j.says.lines.iter().map(|l| esc(&l.text)).collect();
        let t: Vec<String> = j.says.taint.iter().map(|l| format!("\"{}\"", l.name())).collect();
        let unk = if let loadworthy_core::verdict::Verdict::Unknown(g) = &j.verdict {
            esc(&format!("{g:?}"))
        } else {
            "null".into()
        };
        v.push(format!("{{\"subject\":{{\"path\":{}}},\"outcome\":\"{}\",\"host_says\":{{\"errno\":{errno},\"log\":[{}],\"taint\":[{}]}},\"unknown\":{unk}}}", esc(x.subject.path.as_deref().unwrap_or("")), j.verdict.name(), log.join(","), t.join(",")));
    }
    if all {
        eprintln!("{n:#?}");
        for x in out
            .answers
            .iter()
            .filter(|x| {
                !matches!(
                    x.judgement.verdict,
                    loadworthy_core::verdict::Verdict::Loads
                        | loadworthy_core::verdict::Verdict::LoadsTainted
                )
            })
            .take(3)
        {
            eprintln!(
                "{:?} {} {:?} {:?}",
                x.subject.path,
                x.judgement.verdict.name(),
                if let loadworthy_core::verdict::Verdict::Unknown(g) = &x.judgement.verdict {
                    Some(g)
                } else {
                    None
                },
                x.judgement.says
            )
        }
        return;
    }
    println!("{{\"verdicts\":[{}]}}", v.join(",\n"));
}
