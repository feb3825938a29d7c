//! What a reader noticed, sorted.

use loadworthy_formats::error::{Deviation, Kind};

/// Sorts what a reader noticed: what kept it from reading on, and what is only odd.
pub(super) fn tell(found: &[Deviation], errors: &mut Vec<String>, deviations: &mut Vec<String>) {
    for deviation in found {
        let list = match deviation.kind {
            Kind::Truncated { .. }
            | Kind::TooMany { .. }
            | Kind::TooDeep { .. }
            | Kind::TooLarge { .. }
            | Kind::Corrupt => &mut *errors,
            Kind::Illegal { .. }
            | Kind::Overlap { .. }
            | Kind::Trailing { .. }
            | Kind::Unsupported
            | Kind::Missing => &mut *deviations,
        };
        list.push(deviation.to_string());
    }
}
