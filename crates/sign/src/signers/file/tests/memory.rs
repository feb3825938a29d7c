//! The memory of a process that has signed: nothing of the key or its passphrase is left in it.
//!
//! What is looked for is kept in another form (every byte turned), so that only what the signer left is
//! found. A key in use must be found, else the search proves nothing.

use super::FileSigner;
use crate::certificate::Certificate;
use crate::pair::{Kind, Pair, Wish};
use crate::secret::Secret;
use crate::signer::signed;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

/// Every byte is kept combined with this one.
const TURN: u8 = 0xa5;
/// So many bytes of a secret are looked for.
const PIECE: usize = 24;
/// Memory is looked through in steps of so many bytes.
const STEP: usize = 1 << 20;

/// A key of RSA in every kind of file, its certificate and a passphrase; nothing of it passes through
/// this process.
const MAKE: &str = "set -e
openssl rand -hex 16 > word
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=m -days 9
openssl pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout file:word -in key.pem -out locked.pem
openssl pkcs12 -export -inkey key.pem -in cert.pem -passout file:word -out key.p12
chmod 600 key.* locked.pem";

/// A file's bytes, turned one after the other.
fn turned(path: &Path) -> Vec<u8> {
    let mut file = File::open(path).unwrap();
    let mut one = [0];
    let mut all = Vec::new();
    while file.read(&mut one).unwrap() == 1 {
        all.push(one[0] ^ TURN);
    }
    all
}

/// Pieces of secrets, turned, by what they are.
struct Traces(Vec<(&'static str, Vec<u8>)>);

impl Traces {
    /// Of a key: its numbers, as files have them and as arithmetic does, the last byte first.
    fn of_key(der: &[u8]) -> Self {
        let mut all = Vec::new();
        // PKCS#8: the private exponent begins behind the first quarter, then come primes and exponents.
        for (name, at) in [
            ("private exponent", der.len() / 3),
            ("prime", der.len() / 2),
            ("other prime", der.len() * 3 / 5),
            ("coefficient", der.len() - 80),
        ] {
            let piece = &der[at..at + PIECE];
            all.push((name, piece.to_vec()));
            all.push((name, piece.iter().rev().copied().collect()));
        }
        Self(all)
    }

    fn and(mut self, name: &'static str, piece: &[u8]) -> Self {
        self.0.push((name, piece[..PIECE].to_vec()));
        self
    }

    /// Which of them stand in this process's memory.
    fn found(&self) -> Vec<&'static str> {
        let mut maps = String::new();
        File::open("/proc/self/maps").unwrap().read_to_string(&mut maps).unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let mut buffer = vec![0; STEP + PIECE];
        let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
        let mut begins = [false; 256];
        for (_, piece) in &self.0 {
            begins[usize::from(piece[0])] = true;
        }
        let mut found = Vec::new();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (range, _) = line.split_once(' ').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let number = |hex| usize::from_str_radix(hex, 16).unwrap();
            for at in (number(from)..number(to)).step_by(STEP) {
                // Pieces overlap. What is gone by now is no one's memory any more.
                let Ok(read) = memory.read_at(&mut buffer, at as u64) else { continue };
                for (n, _) in buffer[..read]
                    .iter()
                    .enumerate()
                    .filter(|(n, byte)| begins[usize::from(**byte ^ TURN)] && n + PIECE <= read)
                {
                    let is = |piece: &[u8]| {
                        piece.iter().zip(&buffer[n..]).all(|(one, byte)| *one == byte ^ TURN)
                    };
                    if !own.contains(&(at + n))
                        && let Some((name, _)) = self.0.iter().find(|(_, piece)| is(piece))
                    {
                        found.push(*name);
                    }
                }
            }
        }
        found
    }
}

#[test]
fn nothing_of_a_key_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = Command::new("sh").args(["-c", MAKE]).current_dir(folder.path()).output();
    if !made.is_ok_and(|made| made.status.success()) {
        drop(writeln!(std::io::stdout(), "skipped: openssl not found"));
        return;
    }
    let word = turned(&at("word"));
    let base64: Vec<u8> = turned(&at("key.pem"));
    let line = base64.split(|byte| byte ^ TURN == b'\n').nth(10).unwrap();
    let traces = Traces::of_key(&turned(&at("key.der")))
        .and("line of the file", line)
        .and("passphrase", &word);
    let ask = |_: &str| Ok(Some(Secret::new(word[..32].iter().map(|b| b ^ TURN).collect())));
    let by = DigestAlgorithm::Sha256;
    for name in ["key.pem", "key.der", "locked.pem", "key.p12"] {
        let certificate = Certificate::open(&at("cert.pem")).unwrap();
        let signer = FileSigner::open(&at(name), Some(certificate), &ask).unwrap();
        signed(&signer, by, &digest(by, b"content")).unwrap();
        assert!(traces.found().contains(&"prime"), "{name}: a key in use is found");
        drop(signer);
        assert_eq!(traces.found(), Vec::<&str>::new(), "{name}");
    }
    // One that is made here.
    let (key, certificate) = (at("new.key"), at("new.der"));
    let wish = Wish {
        name: "m".to_owned(),
        kind: Kind::Rsa2048,
        images: false,
        stamps: false,
        begins: 1_795_219_200,
        days: 9,
    };
    Pair::make(&wish).unwrap().write(&key, &certificate, None).unwrap();
    let script = "openssl pkcs8 -topk8 -nocrypt -in new.key -outform DER -out new.pk8";
    let done = Command::new("sh").args(["-c", script]).current_dir(folder.path()).status();
    assert!(done.unwrap().success());
    let traces = Traces::of_key(&turned(&at("new.pk8")));
    assert_eq!(traces.found(), Vec::<&str>::new(), "a new key");
}
