//! A key in a token: PKCS#11, named by a `pkcs11:` URI.
//!
//! Smart cards, HSMs, SoftHSM, and a TPM 2.0 through its own module. The key never comes out: the token
//! is given a digest. Sources: PKCS #11 3.0, RFC 7512 (the URI).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use loadworthy_core::crypt::key::KeyAlgorithm;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::der::write::{algorithm, element, integer, sequence};

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::secret::{Ask, Secret};
use crate::signer::Signer;
use crate::signers::uri::{Uri, without_pin};

/// Where modules are looked for when the URI names none: everything that is registered, through p11-kit.
const ANY: &str = "p11-kit-proxy.so";

/// A key in a token.
#[expect(missing_debug_implementations, reason = "it is logged in to a token")]
pub struct TokenSigner {
    session: Mutex<Session>,
    key: ObjectHandle,
    certificate: Certificate,
    named: String,
}

impl TokenSigner {
    /// Opens the key that `text` names. Without a certificate the token must hold one beside the key.
    ///
    /// # Errors
    /// When the URI is none, the module or token is not there, the PIN is wrong, or there is no such key or
    /// more than one.
    pub fn open(
        text: &str,
        certificate: Option<Certificate>,
        ask: Ask<'_>,
    ) -> Result<Self, SignError> {
        let text = &without_pin(text);
        let wrong = |problem: String| SignError::Key { key: text.to_owned(), problem };
        let uri = Uri::read(text).map_err(wrong)?;
        let context = load(&uri).map_err(wrong)?;
        let slot = slot(&context, &uri).map_err(wrong)?;
        let session =
            context.open_ro_session(slot).map_err(|e| wrong(format!("no session: {e}")))?;
        login(&context, slot, &session, &uri, text, ask)?;
        let key = only(&session, &uri, ObjectClass::PRIVATE_KEY).map_err(wrong)?;
        let certificate = match certificate {
            Some(given) => given,
            None => beside(&session, key, &uri, text)?,
        };
        Ok(Self { session: Mutex::new(session), key, certificate, named: text.to_owned() })
    }
}

fn load(uri: &Uri) -> Result<Pkcs11, String> {
    let candidates = match (&uri.module_path, &uri.module_name) {
        (Some(path), _) => vec![path.clone()],
        (None, Some(name)) => [format!("lib{name}.so"), format!("{name}.so")]
            .into_iter()
            .flat_map(|file| {
                let folders = [
                    "",
                    "/usr/lib/x86_64-linux-gnu/pkcs11/",
                    "/usr/lib64/pkcs11/",
                    "/usr/lib/pkcs11/",
                ];
                folders.map(|folder| format!("{folder}{file}"))
            })
            .collect(),
        (None, None) => vec![ANY.to_owned()],
    };
    let mut last = String::new();
    for candidate in &candidates {
        match Pkcs11::new(Path::new(candidate)) {
            Ok(context) => {
                let flags = CInitializeFlags::OS_LOCKING_OK;
                return match context.initialize(CInitializeArgs::new(flags)) {
                    Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
                        Ok(context)
                    }
                    Err(e) => Err(format!("{candidate}: {e}")),
                };
            }
            Err(e) => last = format!("{candidate}: {e}"),
        }
    }
    let hint = "name the token's module with ?module-path=/path/to/module.so";
    Err(format!("the PKCS#11 module cannot be loaded: {last}: {hint}"))
}

fn slot(context: &Pkcs11, uri: &Uri) -> Result<Slot, String> {
    let slots = context.get_slots_with_token().map_err(|e| format!("no slots: {e}"))?;
    let mut found = Vec::new();
    for slot in slots {
        let Ok(token) = context.get_token_info(slot) else { continue };
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value.trim_end())
        };
        if is(&uri.token, token.label())
            && is(&uri.serial, token.serial_number())
            && is(&uri.manufacturer, token.manufacturer_id())
            && is(&uri.model, token.model())
            && token.token_initialized()
            && uri.slot.is_none_or(|id| id == slot.id())
        {
            found.push((slot, token.label().trim_end().to_owned()));
        }
    }
    match found.as_slice() {
        [(slot, _)] => Ok(*slot),
        [] => Err("no such token is there".to_owned()),
        many => {
            let labels: Vec<&str> = many.iter().map(|(_, label)| label.as_str()).collect();
            Err(format!("several tokens could be meant: {}", labels.join(", ")))
        }
    }
}

fn login(
    context: &Pkcs11,
    slot: Slot,
    session: &Session,
    uri: &Uri,
    text: &str,
    ask: Ask<'_>,
) -> Result<(), SignError> {
    let wrong = |problem: String| SignError::Key { key: text.to_owned(), problem };
    if !context.get_token_info(slot).is_ok_and(|token| token.login_required()) {
        return Ok(());
    }
    let given = match &uri.pin_source {
        Some(path) => {
            let path = Path::new(path);
            Some(Secret::line(std::fs::read(path).map_err(|e| SignError::file(path, &e))?))
        }
        None => ask(text).map_err(|e| wrong(format!("its PIN cannot be read: {e}")))?,
    };
    let given = given.ok_or_else(|| SignError::Locked { key: text.to_owned() })?;
    let pin = std::str::from_utf8(given.bytes()).map_err(|_| wrong("the PIN is no text".into()))?;
    // The box is wiped when it is dropped.
    match session.login(UserType::User, Some(&AuthPin::new(pin.into()))) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid,
            _,
        )) => Err(SignError::WrongPassphrase { key: text.to_owned() }),
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(wrong("its PIN is locked".to_owned())),
        Err(e) => Err(wrong(format!("cannot log in: {e}"))),
    }
}

/// The one object of a class that the URI names.
fn only(session: &Session, uri: &Uri, class: ObjectClass) -> Result<ObjectHandle, String> {
    let mut wanted = vec![Attribute::Class(class)];
    wanted.extend(uri.object.clone().map(|label| Attribute::Label(label.into_bytes())));
    wanted.extend(uri.id.clone().map(Attribute::Id));
    let found = session.find_objects(&wanted).map_err(|e| format!("no objects: {e}"))?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("there is no such {class} in the token")),
        many => Err(format!("{} objects could be meant: add object= or id=", many.len())),
    }
}

/// The certificate in the token that has the key's identifier.
fn beside(
    session: &Session,
    key: ObjectHandle,
    uri: &Uri,
    text: &str,
) -> Result<Certificate, SignError> {
    let wrong = |problem: String| SignError::Certificate { named: text.to_owned(), problem };
    let hint = "give one with --cert";
    let told = |e: Error| wrong(format!("the certificate cannot be read from the token: {e}"));
    let id = session.get_attributes(key, &[AttributeType::Id]).map_err(told)?;
    let id = id.into_iter().find_map(|a| match a {
        Attribute::Id(id) if !id.is_empty() => Some(id),
        _ => None,
    });
    let wanted = Uri { id: id.or_else(|| uri.id.clone()), object: None, ..uri.clone() };
    let found = only(session, &wanted, ObjectClass::CERTIFICATE)
        .map_err(|problem| wrong(format!("{problem}: {hint}")))?;
    let value = session.get_attributes(found, &[AttributeType::Value]).map_err(told)?;
    let der = value.into_iter().find_map(|a| match a {
        Attribute::Value(der) => Some(der),
        _ => None,
    });
    Certificate::read(&der.unwrap_or_default(), text)
}

impl Signer for TokenSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn named(&self) -> &str {
        &self.named
    }

    fn sign(&self, by: DigestAlgorithm, digest: &Digest) -> Result<Vec<u8>, SignError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = self.certificate.algorithm();
        let made = match kind {
            // RFC 8017, 9.2: the token pads; what says which digest it is comes from here.
            KeyAlgorithm::Rsa => {
                let digest = element(tag::OCTET_STRING, digest.as_bytes());
                let info = sequence(&[algorithm(by.oid()), digest]);
                session.sign(&Mechanism::RsaPkcs, self.key, &info)
            }
            // Tokens want no more bytes than the curve has.
            _ => {
                let size = if kind == KeyAlgorithm::EcdsaP256 { 32 } else { 48 };
                let digest = digest.as_bytes();
                session.sign(&Mechanism::Ecdsa, self.key, &digest[..digest.len().min(size)])
            }
        };
        let made = made.map_err(|e| SignError::Signing {
            key: self.named.clone(),
            problem: match e {
                Error::Pkcs11(
                    RvError::DeviceRemoved
                    | RvError::TokenNotPresent
                    | RvError::SessionHandleInvalid
                    | RvError::DeviceError,
                    _,
                ) => format!("the token is gone: {e}"),
                e => format!("the token does not sign: {e}"),
            },
        })?;
        Ok(match kind {
            KeyAlgorithm::Rsa => made,
            // PKCS #11 gives both numbers one after the other, at full length.
            _ => {
                let (r, s) = made.split_at(made.len() / 2);
                sequence(&[integer(r), integer(s)])
            }
        })
    }
}
