use loadworthy_assess::diagnose::scan;
use loadworthy_assess::diagnose::texts::{Input, Text};
use loadworthy_core::diagnose::reason::{Matter, diagnose};
use loadworthy_core::tables::diagnose::Knowledge;
use loadworthy_formats::evidence::recogniser::Recogniser;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut k = Knowledge::default();
    for name in [
        "linux.toml",
        "linux_tongues.toml",
        "firmware.toml",
        "words.toml",
        "reasons.toml",
        "causes.toml",
        "windows.toml",
        "windows_tongues.toml",
        "windows_words.toml",
        "windows_reasons.toml",
        "windows_causes.toml",
    ] {
        let text = std::fs::read_to_string(format!("{}/{name}", args[1])).unwrap();
        k.add(&format!("diagnose/{name}"), &text).unwrap();
    }
    k.sound("x").unwrap();
    let r = Recogniser::new(&k.rows()).unwrap();
    // files: each is a case
    for path in &args[2..] {
        let bytes = std::fs::read(path).unwrap();
        let texts = vec![Text { name: "standard input".into(), input: Input::Bytes(bytes) }];
        let s = scan::scan(texts, &r, 1).unwrap();
        let d = diagnose(&Matter { clues: &s.clues, short: s.short, judged: &[] }, &k);
        let id = path.rsplit('/').next().unwrap();
        match d.findings.first() {
            None => println!("{id}\tnothing\t\t\tfalse\t\t\t\t"),
            Some(f) => println!(
                "{id}\t{}\t{:?}\t{}\t{}\t{}\t{}\t{}\t{}",
                f.cause,
                f.confidence,
                f.detail.clone().unwrap_or_default(),
                f.signature,
                f.family,
                f.because,
                f.others.iter().map(|o| o.cause.clone()).collect::<Vec<_>>().join(","),
                f.recovery.path.clone().unwrap_or("none".into())
            ),
        }
        if std::env::var("CLUES").is_ok() {
            for c in &s.clues {
                println!(
                    "   {} {} | {}",
                    c.line,
                    k.patterns[c.seen.row].common.id,
                    c.seen.quote.chars().take(100).collect::<String>()
                );
            }
        }
    }
}
