//! Time-stamps: asked for, held against what was asked, and refused when they are wrong; the authority for
//! tests and labs against other tools.

use crate::signing::{expect, said};
use crate::signing_windows::Desk;
use crate::skipped::{ask, tool};
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("stamping: code is stamped, as osslsigncode verifies it", stamped),
        Trial::test("stamping: what is signed already is stamped, and not signed again", later),
        Trial::test("stamping: other tools believe the authority for labs", believed),
        Trial::test("stamping: an answer that does not hold is not taken", refused),
        Trial::test("stamping: over TLS, where the server is who it says", private),
        Trial::test("stamping: the next authority is asked where one fails", fallback),
    ]
}

/// An authority that runs until it is dropped.
struct Authority {
    child: Child,
    url: String,
}

impl Authority {
    fn start(desk: &Desk, words: &str) -> Result<Self, Failed> {
        let mut command = Command::new(program::path()?);
        command.args(["key", "timestamp-authority", "--listen", "127.0.0.1:0"]);
        command.args(words.split_whitespace()).current_dir(desk.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let url = line.split_whitespace().nth(1).map(str::to_owned);
        match url {
            Some(url) => Ok(Self { child, url }),
            None => {
                child.kill()?;
                Err(format!("it does not listen: {line:?}").into())
            }
        }
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TSA: &str = "--key tsa.key --cert tsa.der";

/// A desk with an authority's key, made by ourselves.
fn desk() -> Result<Option<Desk>, Failed> {
    let Some(desk) = Desk::new()? else { return Ok(None) };
    let mut command = Command::new(program::path()?);
    command.args(["key", "new", "--name", "Lab time", "--timestamps", "--kind", "rsa-2048"]);
    command.args(TSA.split(' ')).args(["--days", "9"]).current_dir(desk.path());
    said(&ask(&mut command)?, 0)?;
    desk.openssl(&["x509", "-inform", "DER", "-in", "tsa.der", "-out", "tsa.crt"], &[])?;
    Ok(Some(desk))
}

fn words(authority: &Authority) -> String {
    let url = &authority.url;
    format!("-k v.key -c v.crt --timestamp {url} --timestamp-root tsa.der --timestamp-timeout 5")
}

fn stamped() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let authority = Authority::start(&desk, TSA)?;
    for (more, kind) in [
        ("", "rfc3161"),
        (" --timestamp-digest sha1 -d sha1", "rfc3161"),
        (" --timestamp-protocol authenticode", "pkcs9"),
    ] {
        for name in ["demo.sys", "demo.cat"] {
            let told = desk.must(&format!("{name} {}{more}", words(&authority)), 0)?;
            expect(&told, told.contains("(stamped 2") && told.contains("by Lab time"))?;
            let [one] = &desk.signatures(name)?[..] else { return Err("not one".into()) };
            let stamp = &one["timestamp"];
            expect(&one.to_string(), stamp["kind"] == kind && stamp["verifies"] == true)?;
            expect(&one.to_string(), one["verifies"] == true)?;
            let tsa = ["-TSA-CAfile", "tsa.crt", name];
            if let Some(count) = desk.verified(&tsa)? {
                expect(&format!("osslsigncode, {name}{more}"), count == 1)?;
            }
        }
    }
    let told = desk.must(&format!("demo.sys {} --append --json", words(&authority)), 0)?;
    let receipt: serde_json::Value = serde_json::from_str(told.trim())?;
    let stamp = &receipt["files"][0]["stamp"];
    expect(&told, stamp["kind"] == "rfc3161" && stamp["url"] == authority.url.as_str())
}

/// Both protocols, nested signatures too; the signature itself stays byte for byte.
fn later() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let authority = Authority::start(&desk, TSA)?;
    let stamp = format!(
        "--timestamp-only --timestamp {} --timestamp-root tsa.der --timestamp-timeout 5",
        authority.url
    );
    for (how, kind) in [("", "rfc3161"), (" --timestamp-protocol authenticode", "pkcs9")] {
        for name in ["demo.sys", "demo.cat"] {
            desk.must(&format!("{name} -k v.key -c v.crt -d sha1"), 0)?;
            desk.must(&format!("{name} -k v.key -c v.crt --append"), 0)?;
            let before = desk.signatures(name)?;
            let told = desk.must(&format!("{name} {stamp}{how} --json"), 0)?;
            let receipt: serde_json::Value = serde_json::from_str(told.trim())?;
            let file = &receipt["files"][0];
            expect(&told, file["fate"] == "stamped" && file["stamp"]["kind"] == kind)?;
            expect(&told, receipt["key"].is_null() && receipt["summary"]["stamped"] == 1)?;
            let after = desk.signatures(name)?;
            for (one, old) in after.iter().zip(&before) {
                let stamped = &one["timestamp"];
                expect(&one.to_string(), stamped["kind"] == kind && stamped["verifies"] == true)?;
                expect(&one.to_string(), one["verifies"] == true && old["timestamp"].is_null())?;
            }
            expect("both are there", after.len() == 2 && before.len() == 2)?;
            if name == "demo.sys"
                && let Some(count) = desk.verified(&["-TSA-CAfile", "tsa.crt", name])?
            {
                expect(&format!("osslsigncode, {kind}: {count}"), count == 2)?;
            }
            let whole = desk.read(name)?;
            let told = desk.must(&format!("{name} {stamp}{how}"), 0)?;
            expect(&told, told.contains("unchanged") && desk.read(name)? == whole)?;
        }
    }
    // Nothing to stamp, nobody to ask, and an answer that does not hold.
    desk.must("--strip demo.sys", 0)?;
    let told = desk.must(&format!("demo.sys {stamp}"), 2)?;
    expect(&told, told.contains("nobody signed it") && told.contains("LW5011"))?;
    let told = desk.must("demo.sys --timestamp-only", 2)?;
    expect(&told, told.contains("--timestamp <URL>"))?;
    desk.must("demo.sys -k v.key -c v.crt", 0)?;
    let before = desk.read("demo.sys")?;
    let bad = Authority::start(&desk, &format!("{TSA} --fault nonce"))?;
    let told = desk.must(&format!("demo.sys {}", stamp.replace(&authority.url, &bad.url)), 2)?;
    expect(&told, told.contains("the nonce differs") && desk.read("demo.sys")? == before)
}

fn believed() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let authority = Authority::start(&desk, TSA)?;
    // openssl asks, and verifies what it is told.
    let query = ["ts", "-query", "-data", "demo.inf", "-sha256", "-cert", "-out", "query"];
    desk.openssl(&query, &[])?;
    let place = authority.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&place)?;
    let query = desk.read("query")?;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/timestamp-query\r\nContent-Length: {}\r\n\r\n",
        query.len()
    );
    stream.write_all(&[head.as_bytes(), &query].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let at = answer.windows(4).position(|w| w == b"\r\n\r\n").ok_or("no answer")?;
    desk.write("answer", &answer[at + 4..])?;
    let verify = ["ts", "-verify", "-queryfile", "query", "-in", "answer", "-CAfile", "tsa.crt"];
    desk.openssl(&verify, &[])?;
    // osslsigncode asks, both ways, and what it writes holds here.
    let Some(osslsigncode) = tool("osslsigncode") else { return Ok(()) };
    for (how, name) in [("-ts", "new.sys"), ("-t", "old.sys")] {
        let mut command = Command::new(&osslsigncode);
        command.args(["sign", "-certs", "v.crt", "-key", "v.key", "-h", "sha256", how]);
        command.args([&authority.url, "-in", "demo.sys", "-out", name]);
        said(&ask(command.current_dir(desk.path()))?, 0)?;
        let [one] = &desk.signatures(name)?[..] else { return Err("not one".into()) };
        expect(&one.to_string(), one["timestamp"]["verifies"] == true)?;
    }
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let before = desk.read("demo.sys")?;
    let tries = |words: &str, says: &str| -> Result<(), Failed> {
        let told = desk.must(words, 2)?;
        expect(&format!("{says}: {told}"), told.contains("no time-stamp") && told.contains(says))?;
        expect("the old file", desk.read("demo.sys")? == before)
    };
    for (fault, says) in [
        ("--fault nonce", "the nonce differs"),
        ("--fault imprint", "the imprint differs"),
        ("--fault signature", "does not hold"),
        ("--fault unnamed", "does not name the certificate"),
        ("--fault refusal", "timeNotAvailable: not today"),
        ("--fault rubbish", "is no time-stamp"),
        ("--fault status", "HTTP 500"),
        ("--skew 3600", "one of both clocks is wrong"),
        ("--skew -3600", "one of both clocks is wrong"),
    ] {
        let authority = Authority::start(&desk, &format!("{TSA} {fault}"))?;
        tries(&format!("demo.sys {}", words(&authority)), says)?;
    }
    for (fault, says) in [
        ("--fault imprint", "over something else"),
        ("--fault signature", "does not hold"),
        ("--fault rubbish", "no base 64"),
        ("--skew 3600", "one of both clocks is wrong"),
    ] {
        let authority = Authority::start(&desk, &format!("{TSA} {fault}"))?;
        let old = "--timestamp-protocol authenticode";
        tries(&format!("demo.sys {} {old}", words(&authority)), says)?;
    }
    let silent = Authority::start(&desk, &format!("{TSA} --fault silence"))?;
    let patience = words(&silent).replace("-timeout 5", "-timeout 1");
    tries(&format!("demo.sys {patience}"), "no answer within 1 second")?;
    // Nobody vouches for it; and a certificate for code is none for time.
    let authority = Authority::start(&desk, TSA)?;
    let url = &authority.url;
    tries(&format!("demo.sys -k v.key -c v.crt --timestamp {url}"), "--timestamp-root")?;
    let signer = Authority::start(&desk, "--key v.key --cert v.crt")?;
    tries(&format!("demo.sys {}", words(&signer)), "is not for time-stamps")?;
    tries("demo.sys -k v.key -c v.crt --timestamp ftp://127.0.0.1:1/", "scheme")
}

/// `openssl s_server` in front of an authority, for one caller.
struct Tls {
    child: Child,
    port: u16,
}

impl Tls {
    fn start(desk: &Desk, authority: &Authority) -> Result<Self, Failed> {
        let openssl = tool("openssl").ok_or("no openssl")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(openssl);
        command
            .args(["s_server", "-quiet", "-naccept", "1", "-cert", "tls.crt", "-key", "tls.key"]);
        command.args(["-accept", &format!("127.0.0.1:{port}")]).current_dir(desk.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        while !is_awaited(port)? {
            if let Some(ended) = child.try_wait()? {
                return Err(format!("s_server: {ended}").into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        let (mut input, mut output) =
            (child.stdin.take().ok_or("no input")?, child.stdout.take().ok_or("no output")?);
        let place = authority.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        thread::spawn(move || -> std::io::Result<()> {
            let mut inner = TcpStream::connect(place)?;
            let mut back = inner.try_clone()?;
            thread::spawn(move || std::io::copy(&mut back, &mut input));
            std::io::copy(&mut output, &mut inner).map(drop)
        });
        Ok(Self { child, port })
    }
}

/// Whether somebody listens at this port (proc(5), `/proc/net/tcp`): the server takes one caller, and
/// asking would be it.
fn is_awaited(port: u16) -> std::io::Result<bool> {
    let local = format!(":{port:04X} ");
    let sockets = std::fs::read_to_string("/proc/net/tcp")?;
    Ok(sockets.lines().any(|line| line.contains(&local) && line.contains(" 0A ")))
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Against OpenSSL's server; whom TLS believes, and which proxy is asked, is what the variables say.
fn private() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let wish = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out", "tls.csr"];
    desk.openssl(&wish, &["-subj", "/CN=localhost"])?;
    desk.write("tls", b"subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")?;
    let issue = ["x509", "-req", "-in", "tls.csr", "-CA", "root.crt", "-CAkey", "root.key"];
    let out = ["-CAcreateserial", "-extfile", "tls", "-days", "9", "-out", "tls.crt"];
    desk.openssl(&[&issue[..], &out].concat(), &[])?;
    let authority = Authority::start(&desk, TSA)?;
    let believed = [("SSL_CERT_FILE", "root.crt")];
    let before = desk.read("demo.sys")?;
    let signs = |tls: &Tls, host: &str| {
        let url = format!("https://{host}:{}/", tls.port);
        words(&authority).replace(&authority.url, &url)
    };
    let fails = |variables: &[(&str, &str)], host: &str, says: &str| -> Result<(), Failed> {
        let tls = Tls::start(&desk, &authority)?;
        let told = desk.must_among(variables, &format!("demo.sys {}", signs(&tls, host)), 2)?;
        expect(&format!("{says}: {told}"), told.contains("no time-stamp") && told.contains(says))?;
        expect("the old file", desk.read("demo.sys")? == before)
    };
    fails(&[("SSL_CERT_FILE", "v.crt")], "localhost", "SSL_CERT_FILE names a file")?;
    fails(&[("SSL_CERT_FILE", "absent.crt")], "localhost", "no certificates of authorities")?;
    fails(&believed, "127.0.0.1", "not valid for")?;
    let proxy = ("HTTPS_PROXY", "http://127.0.0.1:1");
    fails(&[believed[0], proxy], "localhost", "refused")?;
    let tls = Tls::start(&desk, &authority)?;
    let around = [believed[0], proxy, ("NO_PROXY", "localhost")];
    let told = desk.must_among(&around, &format!("demo.sys {}", signs(&tls, "localhost")), 0)?;
    expect(&told, told.contains("by Lab time"))
}

fn fallback() -> Result<(), Failed> {
    let Some(desk) = desk()? else { return Ok(()) };
    let broken = Authority::start(&desk, &format!("{TSA} --fault status"))?;
    let good = Authority::start(&desk, TSA)?;
    let urls = format!("--timestamp http://127.0.0.1:1/ --timestamp {}", broken.url);
    let told = desk.must(&format!("demo.sys {urls} {}", words(&good)), 0)?;
    expect(&told, told.contains("by Lab time"))?;
    let told =
        desk.must(&format!("demo.sys -k v.key -c v.crt --timestamp-root tsa.der {urls}"), 2)?;
    expect(&told, told.contains("http://127.0.0.1:1/: ") && told.contains("HTTP 500"))
}
