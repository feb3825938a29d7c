//! `loadworthy key`: signing keys, and which of them platforms trust.

use crate::args;
use crate::request::Surroundings;
use crate::trouble::Trouble;
use std::io::Write;

#[cfg(feature = "sign")]
mod authority;
mod enroll;
mod list;
#[cfg(feature = "sign")]
mod new;
mod rotate;
#[cfg(feature = "sign")]
mod test;

pub(crate) fn run(
    args: &args::Key,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    match args {
        args::Key::List(args) => list::run(args, around, out),
        args::Key::Rotate(args) => rotate::run(args, around, out),
        #[cfg(feature = "sign")]
        args::Key::New(args) if args.test => test::run(args, around, out),
        #[cfg(feature = "sign")]
        args::Key::New(args) => new::run(args, around, out, err),
        #[cfg(feature = "sign")]
        args::Key::TimestampAuthority(args) => authority::run(args, around, out),
        args::Key::Enroll(args) => enroll::run(args, around, out, err),
    }
}
