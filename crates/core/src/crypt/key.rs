//! Public keys and signatures under them.

use core::fmt;

use super::digest::{Digest, DigestAlgorithm, digest};
use super::refusal::Refusal;
use super::{ecdsa, rsa};

/// A kind of public key, by the names of the Linux crypto API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// ECDSA on NIST P-192.
    EcdsaP192,
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521.
    EcdsaP521,
    /// EC-RDSA, GOST R 34.10-2012.
    Ecrdsa,
    /// SM2, GB/T 32918.
    Sm2,
    /// ML-DSA-44, FIPS 204.
    MlDsa44,
    /// ML-DSA-65, FIPS 204.
    MlDsa65,
    /// ML-DSA-87, FIPS 204.
    MlDsa87,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rsa,
        Self::EcdsaP192,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Ecrdsa,
        Self::Sm2,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The name in the Linux crypto API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::EcdsaP192 => "ecdsa-nist-p192",
            Self::EcdsaP256 => "ecdsa-nist-p256",
            Self::EcdsaP384 => "ecdsa-nist-p384",
            Self::EcdsaP521 => "ecdsa-nist-p521",
            Self::Ecrdsa => "ecrdsa",
            Self::Sm2 => "sm2",
            Self::MlDsa44 => "mldsa44",
            Self::MlDsa65 => "mldsa65",
            Self::MlDsa87 => "mldsa87",
        }
    }

    /// The kind with this name in the Linux crypto API.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A public key, taken apart once and used often.
///
/// One that is not a key at all is kept too: a kernel finds that out only when it uses it.
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    form: Form,
    identity: [u8; 32],
}

enum Form {
    Rsa(rsa::Key),
    Ec(ecdsa::Key),
    Unusable(Refusal),
    /// Arithmetic that is not here.
    Foreign,
}

/// The answer of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verified {
    /// The signature is the key's, over this digest.
    Yes,
    /// It is not.
    No(Refusal),
    /// The arithmetic for this kind of key is not here.
    Unsupported,
}

impl PublicKey {
    /// The key in these bytes: the contents of `subjectPublicKey`.
    #[must_use]
    pub fn new(algorithm: KeyAlgorithm, bytes: &[u8]) -> Self {
        let form = match algorithm {
            KeyAlgorithm::Rsa => rsa::Key::new(bytes)
                .map_or_else(Form::Unusable, |key| key.map_or(Form::Foreign, Form::Rsa)),
            KeyAlgorithm::EcdsaP256 => {
                ecdsa::Key::new(ecdsa::P256, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP384 => {
                ecdsa::Key::new(ecdsa::P384, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP521 => {
                ecdsa::Key::new(ecdsa::P521, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP192
            | KeyAlgorithm::Ecrdsa
            | KeyAlgorithm::Sm2
            | KeyAlgorithm::MlDsa44
            | KeyAlgorithm::MlDsa65
            | KeyAlgorithm::MlDsa87 => Form::Foreign,
        };
        let named = [algorithm.name().as_bytes(), &[0], bytes].concat();
        let identity = digest(DigestAlgorithm::Sha256, &named).as_bytes().try_into();
        Self { algorithm, form, identity: identity.unwrap_or_default() }
    }

    /// SHA-256 of its kind and its bytes.
    pub(super) const fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Its kind.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Whether the kernel takes it in FIPS mode, too.
    #[must_use]
    pub fn fits_fips(&self) -> bool {
        match &self.form {
            Form::Rsa(key) => key.fits_fips(),
            Form::Ec(_) | Form::Unusable(_) | Form::Foreign => true,
        }
    }

    /// Size of the modulus or the curve, in bits, where that is known.
    #[must_use]
    pub fn bits(&self) -> Option<u64> {
        match &self.form {
            Form::Rsa(key) => Some(key.bits()),
            Form::Ec(key) => Some(key.bits()),
            Form::Unusable(_) | Form::Foreign => None,
        }
    }

    /// Whether `signature` is this key's over `digest`.
    ///
    /// RSA signatures are PKCS#1 v1.5, those of elliptic curves a sequence of two integers.
    /// `digest` is `None` where a kernel could not make one.
    #[must_use]
    pub fn verify(
        &self,
        by: DigestAlgorithm,
        digest: Option<&Digest>,
        signature: &[u8],
    ) -> Verified {
        let refusal = match &self.form {
            Form::Foreign => return Verified::Unsupported,
            Form::Unusable(_) | Form::Rsa(_)
                if self.algorithm == KeyAlgorithm::Rsa && rsa::prefix(by).is_none() =>
            {
                Some(Refusal::NoScheme)
            }
            Form::Unusable(refusal) => Some(*refusal),
            Form::Rsa(key) => match digest {
                None => Some(Refusal::NoDigest),
                Some(digest) => key.refuses(by, digest, signature),
            },
            Form::Ec(key) => key.refuses(digest.map_or(&[], Digest::as_bytes), signature),
        };
        refusal.map_or(Verified::Yes, Verified::No)
    }
}

impl PublicKey {
    /// Whether `signature` is this key's over `digest` without the digest's name before it: RSA with
    /// the padding of PKCS#1 v1.5 around the bare digest.
    #[must_use]
    pub fn verifies_bare(&self, digest: &Digest, signature: &[u8]) -> bool {
        match &self.form {
            Form::Rsa(key) => key.holds_bare(digest, signature),
            Form::Ec(_) | Form::Unusable(_) | Form::Foreign => false,
        }
    }

    /// Whether `signature` is this key's over `digest` with the padding PSS, its mask made by `mask`
    /// and with `salt` bytes of salt; `None`: that cannot be worked out here.
    #[must_use]
    pub fn verifies_pss(
        &self,
        digest: (DigestAlgorithm, &Digest),
        mask: DigestAlgorithm,
        salt: usize,
        signature: &[u8],
    ) -> Option<bool> {
        match &self.form {
            Form::Rsa(key) => Some(key.holds_pss(digest, mask, salt, signature)),
            Form::Ec(_) | Form::Unusable(_) => Some(false),
            Form::Foreign => None,
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}", self.algorithm.name())?;
        match self.bits() {
            Some(bits) => write!(f, ", {bits} bits)"),
            None => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |b: u8| u8::try_from(char::from(b).to_digit(16)?).ok();
        let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    const RSA: &str = "\
            30818902818100c4d2e12a807d7745580caed7a9d96657394ddf00650e9caa5f4a9dc0019eee4d03\
            9bcc6d55ace2f688a5b7ee8618f6682efcfdfd03e3b40cef175c2e53c9ee36dec6fa2a4fec651a02\
            595530ef4487dbae85e569e48b1d5311764c794b4fe8f4682aa21fd7348d742f281d3d7461a3795b\
            2485c85fd4885930e2858119bebb190203010001";
    const P256: &str = "\
            04ad171be3f507fd05c7817155e7486a0bf00ba4e73a4179e4f7ceddc81aceb1cb0798f67e0a3aac\
            31387dd82d141acb0aef3f5a6f429d0f35821ee3d7f3650110";
    const P384: &str = "\
            0488168b47da75d974a24d04200d21f3dcabaa2d2bd9532c906d6416c804756e108ad50d2a8b02ca\
            dacdc001a29db4bce1ac0c6c041e5f0f5a8f674606530ee9e18a8ad9db058a5ca55475ec9806da0e\
            da82e2b98cdd4dc38cb8aebfee9a7a29f8";
    const P521: &str = "\
            0400e816ffe080e80c6206137a00cf9d80b1288a08bf50e4dd91934dc06713a253283663f0ca8e94\
            1d32d07db9d51ecc9e938d74b327884ea443cf13aa123995a2c7de01b21c265cba4de73dd078279c\
            5a80dd21f0e32931672c973d800f97c8d06bd0e03f529b2db5c7fe955e38139928be04d032728c38\
            8fc59a074fd8a9366018b323d2";

    /// Smaller than aws-lc takes, with an exponent of 3.
    const RSA_512: &str = "\
            3046024100b489d2d3cbbd21af0120aa515bcf1359e8964d65803e57d8318c35be6936b67ce42be6\
            a93185a270b9a833d956bd062a529f2548f618fd69d25179a85822a54f020103";

    /// Signatures over `content`, made with `openssl dgst -sign`.
    const SIGNATURES: [(KeyAlgorithm, &str, DigestAlgorithm, &str); 10] = [
        (
            KeyAlgorithm::Rsa,
            RSA,
            DigestAlgorithm::Sha256,
            "\
            aed7d02f83a3484e5c0d69eac47343dbd9d32e39f48ae1edd33f2641a9589ee081592e063a45db82\
            149fb915beb6eb18c61af171e1e14106eb952f3fc31f5fbfb23c493b5cf67c0ad094f586750655d8\
            e70917d1613f5017abee818a69a0a9929b44ce7239ab6fdd1c552256f79fa1870ba1098638c9a8bf\
            53efdd9c4f366605",
        ),
        (
            KeyAlgorithm::Rsa,
            RSA,
            DigestAlgorithm::Md5,
            "\
            5e2278976cae3dac61a9b4b6dc87bbf9f3681293bcb6598c5d2a697e9413b25c0a46323dbcf37ebd\
            672fa69ed5f288ce9c8ba01e3f64ced39570577f97a936e83d374b1e217fea6c99b6fdea1713c9e2\
            a7e7519fc138fb4f18163ea87a91809d33f91686165210541480282da9ba9ce75b08d43e6704f57d\
            029e7220b0835b48",
        ),
        (
            KeyAlgorithm::Rsa,
            RSA,
            DigestAlgorithm::Sha224,
            "\
            4c308cb324a004605eb9be5defa4216c5abb926390161ba064a26d98d9631aebc2489cb85fefb733\
            650d8368884e50b8a3e77bf185b12af125b90fb07da8454b1859d8353ff1fdc2c68586213950fd68\
            a67e5916df03a405a4d6dcc61e824da4c169425eba3a96ef72b27b887f6bb950ddb1f97e855d3999\
            c32acd01b03134f8",
        ),
        (
            KeyAlgorithm::Rsa,
            RSA,
            DigestAlgorithm::Sha3_256,
            "\
            05783a20d58a164e9bcedbf787809d5401fae8de1713548c8725f744d25aded67679307d61a005b1\
            f743cef57a0f0a646531ce85c1fa0a0cc93834469c030b6532f436971d82349a21bac1f82329372b\
            39f30dd8fb296e0cd39e27b1e67d2a216155dd4b8f9ee1b48ddb85e1afa8b7ebc3e4b7e4e99e1464\
            961dfb7198a4743f",
        ),
        (
            KeyAlgorithm::Rsa,
            RSA_512,
            DigestAlgorithm::Sha256,
            "\
            9294d49fb17212b02101416de77b16b220252958a08b455612add4e469bdfe79cfbdfec35432783b\
            604d4352ccf0e11011899ad28ae40580de7e20e9adad0462",
        ),
        (
            KeyAlgorithm::EcdsaP256,
            P256,
            DigestAlgorithm::Sha1,
            "\
            30450220607e0511e0ac2af3e522d04d253baca878137525cf195b43759febd094cd3f9d022100e7\
            e4e1ef9acec2a6debb324d4e3e44972a2ecaa72ade58790383454f92fc8571",
        ),
        (
            KeyAlgorithm::EcdsaP256,
            P256,
            DigestAlgorithm::Sha512,
            "\
            304502205d08f2d371b5dad312773cd5c0348e830d1283464fd735ebfa617329673605d9022100a3\
            0670c39a327c6fde97697a308ee5ce5c85c3a860e090fa95bc662295d3287a",
        ),
        (
            KeyAlgorithm::EcdsaP384,
            P384,
            DigestAlgorithm::Sha256,
            "\
            3064023048982381f6b47a65c80977f27dfa7be178b01a621f7352733969c1de921ad7bb71cf161b\
            bc3e2cb9d76e344fa1ede50e02306c78d8bd75b644b8bc834ac19082ec99390748ea1b8d6e72b723\
            84968818cf64cc0b0980c97379d3c225e8c55b3ef998",
        ),
        (
            KeyAlgorithm::EcdsaP384,
            P384,
            DigestAlgorithm::Sha512,
            "\
            30650231009f9487a25ca55ab5d1c61429307a6d0050b4757e1654ecafd738a12abf1cd9d5440532\
            99d03e821f8df8cf80da78700402302696bdf6acdda6d5d8e68b7c7f78ae7ac6fac17de147ccf719\
            15e6a174951df65ba2ec6372ffe69202178306f21b4bce",
        ),
        (
            KeyAlgorithm::EcdsaP521,
            P521,
            DigestAlgorithm::Sha512,
            "\
            308188024200c87970c3233d430be2cff601c873af7953c8df312b45d148355112a4e9f01d20da93\
            338c0d8f48234dbb109b13143f3bfba140bffc59b0a98b1eb6676545c399460242012e6a9583b6ef\
            9d1da88d15053db383f4a6df6b5d90c75559bde013c909921522bce76b5369cba937569df5b237d1\
            2a3e8189b107d17c3b4be8bc048246c0e879ba",
        ),
    ];

    #[test]
    fn signatures_of_openssl_verify_and_damaged_ones_do_not() {
        for (algorithm, key, by, signature) in SIGNATURES {
            let key = PublicKey::new(algorithm, &unhex(key));
            let mut signature = unhex(signature);
            let right = digest(by, b"content");
            assert_eq!(key.verify(by, Some(&right), &signature), Verified::Yes, "{key:?} {by:?}");
            let wrong = digest(by, b"contenu");
            let mismatch = Verified::No(Refusal::Mismatch);
            assert_eq!(key.verify(by, Some(&wrong), &signature), mismatch, "{key:?} {by:?}");
            signature.truncate(signature.len() - 1);
            let refused = match algorithm {
                KeyAlgorithm::Rsa => Refusal::SignatureLength,
                _ => Refusal::SignatureMalformed,
            };
            assert_eq!(key.verify(by, Some(&right), &signature), Verified::No(refused));
        }
    }

    /// A key and its signatures over `content` with the padding PSS, made with `openssl dgst -sigopt
    /// rsa_padding_mode:pss`: digest, mask, bytes of salt.
    const PSS_KEY: &str = "\
            30818902818100c1fba2cf4fed3620c26c6b28d0ee5bf7ba30197d087aa53d06dc0b32b48a9a45e1\
            edf9168953bf5842c5707e5c3248255f1b6591bc8727cab00236610dc61961676470cc7b64138f6a\
            2ff16531cf25453c1d335f6b0e05943426087b2e972310d94cf7626fe3c9b2283cfb102282be47c6\
            7cc6ed73729ad89b36a2434c4116610203010001";
    const PSS: [(DigestAlgorithm, DigestAlgorithm, usize, &str); 3] = [
        (
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha256,
            32,
            "\
            239c719d02914dae8ccf8c591fad69cf6e22a124c8d8180040f9a09b3b6dba602ba7a6535c40b77e\
            64d351123bbb9535cd923ddf6489b0d733436d4fd4fcfab52d5e60d7225da4d87356ce5fc848a383\
            b3dab9c61f5bf99539c5fd81fc0e1d2bf0ab278e8fe9c584223b3ee24083545c4d6d1ec4810457f8\
            f97370b8bf38841d",
        ),
        (
            DigestAlgorithm::Sha1,
            DigestAlgorithm::Sha1,
            20,
            "\
            40f3860b6f395b8d5951b75f5b0df0bbe6bb80d13ae651da8c03d273052b718927b5b0ecd54c3619\
            8fb6e65e8aefbceb21cbc192db97d5e1804901ddb67444ce00538c33f390f06e83a038e9e0801633\
            fd927fb271ca69cf4ad2b6c519aa1f6b9ef8114e81d4e24be1005d075fa9591c4c4a7c9152d1937a\
            c5fe40165a8538bc",
        ),
        (
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha512,
            0,
            "\
            245e2deedb50a7b6961cf41778fc10645f57b9ed3a53a5528782444587a666de5958738d20999392\
            5e3b45a20a574a963ed90223b8320e89873a54febad38f2a5025e5f9e2ade7a5deb495cc1419fdc3\
            335e2621c829e1e93a303069f1b1709b7c9b0d8aed5498cbaf61fb872875ce97855428f63c120ee8\
            1c44b38ed60a3af8",
        ),
    ];

    #[test]
    fn signatures_with_the_other_padding_verify_as_they_were_made_and_in_no_other_way() {
        let key = PublicKey::new(KeyAlgorithm::Rsa, &unhex(PSS_KEY));
        for (by, mask, salt, signature) in PSS {
            let signature = unhex(signature);
            let (right, wrong) = (digest(by, b"content"), digest(by, b"contenu"));
            assert_eq!(key.verifies_pss((by, &right), mask, salt, &signature), Some(true));
            assert_eq!(key.verifies_pss((by, &wrong), mask, salt, &signature), Some(false));
            assert_eq!(key.verifies_pss((by, &right), mask, salt + 1, &signature), Some(false));
            let md5 = DigestAlgorithm::Md5;
            assert_eq!(key.verifies_pss((by, &right), md5, salt, &signature), Some(false));
            assert_ne!(key.verify(by, Some(&right), &signature), Verified::Yes);
            for at in 0..signature.len() {
                let mut damaged = signature.clone();
                damaged[at] ^= 0x10;
                assert_eq!(key.verifies_pss((by, &right), mask, salt, &damaged), Some(false));
            }
        }
    }

    #[test]
    fn refusals_name_the_step() {
        let (algorithm, key, by, signature) = SIGNATURES[0];
        let key = PublicKey::new(algorithm, &unhex(key));
        let digest = digest(by, b"content");
        let refusal = |signature: &[u8]| match key.verify(by, Some(&digest), signature) {
            Verified::No(refusal) => Some(refusal),
            Verified::Yes | Verified::Unsupported => None,
        };
        assert_eq!(refusal(&[0xff; 128]), Some(Refusal::SignatureRange));
        assert_eq!(refusal(&[0; 128]), Some(Refusal::SignatureTrivial));
        let mut damaged = unhex(signature);
        damaged[127] ^= 1;
        assert_eq!(refusal(&damaged), Some(Refusal::LeadingByte));
        // The digest's name inside the signature is another one.
        let sha512 = super::super::digest::digest(DigestAlgorithm::Sha512, b"content");
        assert_eq!(
            key.verify(DigestAlgorithm::Sha512, Some(&sha512), &unhex(signature)),
            Verified::No(Refusal::Padding)
        );
        let sm3 = DigestAlgorithm::Sm3;
        assert_eq!(key.verify(sm3, None, &[]), Verified::No(Refusal::NoScheme));
        // An even modulus is not worked with, and not called wrong.
        let mut even = unhex(RSA_512);
        even[68] ^= 1;
        let even = PublicKey::new(KeyAlgorithm::Rsa, &even);
        assert_eq!(even.verify(by, Some(&digest), &[1; 64]), Verified::Unsupported);
        let empty = PublicKey::new(KeyAlgorithm::Rsa, &[]);
        assert_eq!(empty.verify(by, None, &[]), Verified::No(Refusal::KeyMalformed));
    }
}
