//! Two marks for others to go by: one while a kernel is held back, one while no reboot would bring
//! the machine back. A unit takes an inhibitor lock of systemd while the second one is there.

use std::io;

use super::Act;
use crate::ground::Ground;
use crate::places::RUN;

/// Puts a mark there with its reason, or takes it away.
pub fn mark(ground: &Ground, path: &str, why: Option<&str>) -> Option<Act> {
    let there = ground.text(path);
    if there.as_deref() == why {
        return None;
    }
    let done = match why {
        Some(why) => {
            ground.make_folder(RUN).and_then(|_| ground.write(path, why.as_bytes(), 0o644))
        }
        None => ground.remove(path).map(|_| ()),
    };
    let what = if why.is_some() { "is there" } else { "is gone" };
    Some(match done {
        Ok(()) => Act::done("block", format!("/{path} {what}")),
        Err(error) => failed(path, &error),
    })
}

fn failed(path: &str, error: &io::Error) -> Act {
    Act::failed("block", format!("/{path}: {error}"))
}
