//! An agent for one server: patience, proxies, TLS.
//!
//! Proxies come from the variables that everybody's do (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`,
//! `NO_PROXY`). Whom TLS believes is the system's own list of authorities, or the one that `SSL_CERT_FILE`
//! or `SSL_CERT_DIR` names in its place, as OpenSSL takes them.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// What is asked of an agent for this address, for the rest to be added.
///
/// # Errors
/// The address wants TLS, and there is no authority that could be believed.
pub fn config(url: &str, patience: Duration) -> Result<ConfigBuilder<AgentScope>, String> {
    let wants_tls = url.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("https:"));
    let authorities = if wants_tls { authorities()? } else { Vec::new() };
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(authorities)))
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .build();
    Ok(Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .user_agent(concat!("loadworthy/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls))
}

/// What went wrong, with what would help.
#[must_use]
pub fn told(problem: &ureq::Error, patience: Duration) -> String {
    match problem {
        ureq::Error::Timeout(_) => format!("no answer within {} seconds", patience.as_secs()),
        problem => {
            let mut said = problem.to_string();
            if said.contains("UnknownIssuer") {
                said += ": no authority of this system vouches for the server; where it is the right one, \
                         SSL_CERT_FILE names a file with its authority";
            }
            said
        }
    }
}

fn authorities() -> Result<Vec<Certificate<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let mut said =
            "no certificates of authorities on this system: install them (ca-certificates), or \
                        name a file of them with SSL_CERT_FILE"
                .to_owned();
        said.extend(found.errors.iter().map(|problem| format!("; {problem}")));
        return Err(said);
    }
    Ok(found.certs.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect())
}
