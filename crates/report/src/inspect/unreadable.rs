//! Why a file is not what its first bytes promise.

use loadworthy_formats::cab::cabinet;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::msi::{database, installer};
use loadworthy_formats::pe::header;

/// The problem of an image, a cabinet or an installer that could not be read at all; `None`: the file
/// promises none of them.
pub(super) fn why(bytes: &[u8], limits: &Limits) -> Option<String> {
    let problem = if header::begins(bytes) {
        header::read(bytes, limits).err()
    } else if cabinet::begins(bytes) {
        cabinet::read(bytes, limits).err()
    } else if database::begins(bytes) {
        installer::read(bytes, limits).err()
    } else {
        None
    };
    problem.map(|problem| problem.to_string())
}
