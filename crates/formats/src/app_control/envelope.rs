//! The PKCS#7 message around a signed policy.

use crate::der::element::Elements;
use crate::der::grammar::tag;

/// `signedData`, and the content type of policies (1.3.6.1.4.1.311.79.1).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The policy inside a signed message; nothing where it is none.
pub(super) fn content(bytes: &[u8]) -> Option<&[u8]> {
    let mut outer = Elements::new(bytes).next_element().ok()?.inside();
    if outer.next_element().ok()?.value != SIGNED_DATA {
        return None;
    }
    let mut message = outer.next_element().ok()?.inside().next_element().ok()?.inside();
    message.next_element().ok()?;
    message.next_element().ok()?;
    let mut content = message.next_element().ok()?.inside();
    content.next_element().ok()?;
    let wrapped = content.next_element().ok()?.inside().next_element().ok()?;
    (wrapped.tag == tag::OCTET_STRING).then_some(wrapped.value)
}
