//! Which kernels of a machine have the arithmetic of a kind of key.

use std::sync::Arc;

use crate::host::{Host, known};
use crate::request::{Request, Trouble};

/// A kernel's release, and whether it has the arithmetic; `None`: not known.
pub type Verifies = (Arc<str>, Option<bool>);

/// Every kernel that is asked about, and whether it verifies signatures by keys of this kind
/// (`knowledge/linux/algorithms.toml`).
///
/// # Errors
/// When our own work cannot be done.
pub fn by_kernel(request: &Request, algorithm: &str) -> Result<Vec<Verifies>, Trouble> {
    let host = Host::of(request)?;
    let mut found = Vec::new();
    for kernel in host.asked(&request.kernel)? {
        let kernel = host.kernel(kernel, request)?;
        let has = known(&kernel.policy.public_key(algorithm));
        found.push((kernel.kernel.release.clone(), has));
    }
    host.sound()?;
    Ok(found)
}
