//! Digests: which there are, and how to make several in one pass.

use alloc::vec::Vec;
use core::fmt;

use aws_lc_rs::digest as fast;
use md5::Digest as _;

/// A digest algorithm that a signature may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// MD4, RFC 1320.
    Md4,
    /// MD5, RFC 1321.
    Md5,
    /// SHA-1, FIPS 180-4.
    Sha1,
    /// SHA-224, FIPS 180-4.
    Sha224,
    /// SHA-256, FIPS 180-4.
    Sha256,
    /// SHA-384, FIPS 180-4.
    Sha384,
    /// SHA-512, FIPS 180-4.
    Sha512,
    /// SHA3-256, FIPS 202.
    Sha3_256,
    /// SHA3-384, FIPS 202.
    Sha3_384,
    /// SHA3-512, FIPS 202.
    Sha3_512,
    /// SM3, GB/T 32905.
    Sm3,
    /// Streebog with 256 bits, RFC 6986.
    Streebog256,
    /// Streebog with 512 bits, RFC 6986.
    Streebog512,
}

impl DigestAlgorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Md4,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Sm3,
        Self::Streebog256,
        Self::Streebog512,
    ];

    /// The name in the Linux crypto API (`include/crypto/hash_info.h`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md4 => "md4",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
            Self::Sm3 => "sm3",
            Self::Streebog256 => "streebog256",
            Self::Streebog512 => "streebog512",
        }
    }

    /// The algorithm with this name in the Linux crypto API.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// Its object identifier, contents octets.
    #[must_use]
    pub const fn oid(self) -> &'static [u8] {
        match self {
            Self::Md4 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 4],
            Self::Md5 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5],
            Self::Sha1 => &[0x2b, 0x0e, 3, 2, 0x1a],
            Self::Sha224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
            Self::Sha256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
            Self::Sha384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
            Self::Sha512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
            Self::Sha3_256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8],
            Self::Sha3_384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 9],
            Self::Sha3_512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 10],
            Self::Sm3 => &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11],
            Self::Streebog256 => &[0x2a, 0x85, 3, 7, 1, 1, 2, 2],
            Self::Streebog512 => &[0x2a, 0x85, 3, 7, 1, 1, 2, 3],
        }
    }

    /// The algorithm with this object identifier.
    #[must_use]
    pub fn from_oid(oid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.oid() == oid)
    }

    /// Length of its digests, in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 | Self::Sha3_256 | Self::Sm3 | Self::Streebog256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 | Self::Streebog512 => 64,
        }
    }
}

/// A digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    len: u8,
    bytes: [u8; 64],
}

impl Digest {
    /// A digest made elsewhere; `None` above 64 bytes.
    #[must_use]
    pub fn from_bytes(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; 64];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self { len: u8::try_from(from.len()).ok()?, bytes })
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    /// Lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of digest algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DigestSet(u16);

impl DigestSet {
    /// Of one.
    #[must_use]
    pub fn of(algorithm: DigestAlgorithm) -> Self {
        let mut set = Self::default();
        set.insert(algorithm);
        set
    }

    fn bit(algorithm: DigestAlgorithm) -> u16 {
        DigestAlgorithm::ALL
            .iter()
            .position(|a| *a == algorithm)
            .and_then(|i| u32::try_from(i).ok())
            .map_or(0, |i| 1_u16.wrapping_shl(i))
    }

    /// Puts one in.
    pub fn insert(&mut self, algorithm: DigestAlgorithm) {
        self.0 |= Self::bit(algorithm);
    }

    /// Whether it is in.
    #[must_use]
    pub fn contains(self, algorithm: DigestAlgorithm) -> bool {
        self.0 & Self::bit(algorithm) != 0
    }

    /// Those that are in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in.
    pub fn iter(self) -> impl Iterator<Item = DigestAlgorithm> {
        DigestAlgorithm::ALL.into_iter().filter(move |a| self.contains(*a))
    }
}

/// The digest of `bytes`.
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut state = State::new(algorithm);
    state.update(bytes);
    state.finish()
}

/// Makes digests by several algorithms in one pass over the bytes.
#[derive(Clone, Debug)]
pub struct Hasher {
    states: Vec<(DigestAlgorithm, State)>,
}

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new(algorithms: DigestSet) -> Self {
        Self { states: algorithms.iter().map(|a| (a, State::new(a))).collect() }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for (_, state) in &mut self.states {
            state.update(bytes);
        }
    }

    /// The digests of what was seen so far; more may follow.
    #[must_use]
    pub fn so_far(&self) -> Vec<(DigestAlgorithm, Digest)> {
        self.clone().finish()
    }

    /// The digests of everything.
    #[must_use]
    pub fn finish(self) -> Vec<(DigestAlgorithm, Digest)> {
        self.states.into_iter().map(|(a, state)| (a, state.finish())).collect()
    }
}

#[derive(Clone)]
enum State {
    Fast(fast::Context),
    Md4(md4::Md4),
    Md5(md5::Md5),
    Sm3(sm3::Sm3),
    Streebog256(streebog::Streebog256),
    Streebog512(streebog::Streebog512),
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

impl State {
    fn new(algorithm: DigestAlgorithm) -> Self {
        let algorithm = match algorithm {
            DigestAlgorithm::Md4 => return Self::Md4(md4::Md4::default()),
            DigestAlgorithm::Md5 => return Self::Md5(md5::Md5::default()),
            DigestAlgorithm::Sm3 => return Self::Sm3(sm3::Sm3::default()),
            DigestAlgorithm::Streebog256 => {
                return Self::Streebog256(streebog::Streebog256::default());
            }
            DigestAlgorithm::Streebog512 => {
                return Self::Streebog512(streebog::Streebog512::default());
            }
            DigestAlgorithm::Sha1 => &fast::SHA1_FOR_LEGACY_USE_ONLY,
            DigestAlgorithm::Sha224 => &fast::SHA224,
            DigestAlgorithm::Sha256 => &fast::SHA256,
            DigestAlgorithm::Sha384 => &fast::SHA384,
            DigestAlgorithm::Sha512 => &fast::SHA512,
            DigestAlgorithm::Sha3_256 => &fast::SHA3_256,
            DigestAlgorithm::Sha3_384 => &fast::SHA3_384,
            DigestAlgorithm::Sha3_512 => &fast::SHA3_512,
        };
        Self::Fast(fast::Context::new(algorithm))
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Fast(state) => state.update(bytes),
            Self::Md4(state) => state.update(bytes),
            Self::Md5(state) => state.update(bytes),
            Self::Sm3(state) => state.update(bytes),
            Self::Streebog256(state) => state.update(bytes),
            Self::Streebog512(state) => state.update(bytes),
        }
    }

    fn finish(self) -> Digest {
        let made = match self {
            Self::Fast(state) => Digest::from_bytes(state.finish().as_ref()),
            Self::Md4(state) => Digest::from_bytes(&state.finalize()),
            Self::Md5(state) => Digest::from_bytes(&state.finalize()),
            Self::Sm3(state) => Digest::from_bytes(&state.finalize()),
            Self::Streebog256(state) => Digest::from_bytes(&state.finalize()),
            Self::Streebog512(state) => Digest::from_bytes(&state.finalize()),
        };
        // No algorithm here makes more than 64 bytes.
        made.unwrap_or(Digest { len: 0, bytes: [0; 64] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn digests_agree_with_their_standards() {
        // `openssl dgst` of "abc"; Streebog: RFC 6986 does not list it, GOST R 34.11-2012 engines do.
        for (name, want) in [
            ("md4", "a448017aaf21d8525fc10ae87aa6729d"),
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            ("sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            ("sm3", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let algorithm = DigestAlgorithm::from_name(name).unwrap();
            assert_eq!(digest(algorithm, b"abc").to_string(), want, "{name}");
        }
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(digest(algorithm, b"").as_bytes().len(), algorithm.output_len());
            assert_eq!(DigestAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
        }
    }

    #[test]
    fn one_pass_gives_the_digest_of_a_prefix_and_of_the_whole() {
        let mut set = DigestSet::of(DigestAlgorithm::Sha256);
        set.insert(DigestAlgorithm::Md5);
        let mut hasher = Hasher::new(set);
        hasher.update(b"content");
        let prefix = hasher.so_far();
        hasher.update(b"signature");
        for (algorithm, made) in prefix {
            assert_eq!(made, digest(algorithm, b"content"));
        }
        for (algorithm, made) in hasher.finish() {
            assert_eq!(made, digest(algorithm, b"contentsignature"));
        }
    }
}
