//! Object identifiers as text (X.690 8.19).

/// The contents octets of the identifier written as `1.2.840.113549`; `None` when that is not one.
#[must_use]
pub fn from_dotted(text: &str) -> Option<Vec<u8>> {
    let mut arcs = text.split('.').map(|arc| arc.parse::<u64>().ok());
    let (first, second) = (arcs.next()??, arcs.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut octets = Vec::new();
    push_arc(&mut octets, first.checked_mul(40)?.checked_add(second)?);
    for arc in arcs {
        push_arc(&mut octets, arc?);
    }
    Some(octets)
}

fn push_arc(octets: &mut Vec<u8>, arc: u64) {
    let mut septets = [0_u8; 10];
    let mut rest = arc;
    let mut used = 0_usize;
    for slot in septets.iter_mut().rev() {
        let last = if used == 0 { 0 } else { 0x80 };
        *slot = u8::try_from(rest & 0x7f).unwrap_or(0) | last;
        used = used.saturating_add(1);
        rest = rest.wrapping_shr(7);
        if rest == 0 {
            break;
        }
    }
    octets.extend(septets.get(septets.len().saturating_sub(used)..).unwrap_or_default());
}

/// The identifier as dotted numbers; arcs that do not fit or do not end are written `?`.
#[must_use]
pub fn to_dotted(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let end =
            rest.iter().position(|b| b & 0x80 == 0).map_or(rest.len(), |i| i.saturating_add(1));
        let (arc, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let whole = arc.last().is_some_and(|b| b & 0x80 == 0) && arc.len() <= 9;
        let number = arc.iter().fold(0_u64, |n, b| n.wrapping_shl(7) | u64::from(b & 0x7f));
        let shown = match (whole, text.is_empty()) {
            (false, _) => "?".to_owned(),
            (true, false) => number.to_string(),
            (true, true) => {
                let first = number.wrapping_div(40).min(2);
                format!("{first}.{}", number.saturating_sub(first.saturating_mul(40)))
            }
        };
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&shown);
        rest = after;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_comes_back_as_it_was() {
        for text in ["1.2.840.113549.1.7.2", "2.16.840.1.101.3.4.2.1", "1.3.132.0.34", "2.999.0"] {
            assert_eq!(from_dotted(text).map(|o| to_dotted(&o)).as_deref(), Some(text));
        }
        // ITU-T X.690 8.19.5: {2 999 3} is 06 03 88 37 03.
        assert_eq!(from_dotted("2.999.3"), Some(vec![0x88, 0x37, 0x03]));
        assert_eq!(from_dotted("1.40"), None);
        assert_eq!(to_dotted(&[0x2a, 0x86]), "1.2.?");
    }
}
