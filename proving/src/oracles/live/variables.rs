//! What shim adds to the lists of the machine's owner.

use crate::forge::firmware::guid;

/// What shim adds to the lists of the machine's owner: its vendor's certificate and denied hashes,
/// as signature lists, out of the section `.vendor_cert`.
///
/// # Errors
/// When this is no such image.
pub fn vendor(shim: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let word = |at: usize| {
        shim.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
    };
    let head = word(0x3c);
    let sections = head + 24 + (word(head + 20) & 0xffff);
    for at in (0..word(head + 6) & 0xffff).map(|n| sections + 40 * n) {
        // cert_table: sizes and places of what is allowed and what is denied.
        let table = word(at + 20);
        let (allowed, denied) = (word(table), word(table + 4));
        if word(table + 8) == 16 && word(table + 12) == 16 + allowed && allowed > 0 {
            let from = table + 16;
            let middle = from + allowed;
            let certificate = shim.get(from..middle).ok_or("vendor certificate cut short")?;
            let hashes = shim.get(middle..middle + denied).ok_or("denied hashes cut short")?;
            let mut list = guid("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
            let entry = 16 + certificate.len();
            for size in [28 + entry, 0, entry] {
                list.extend((size as u32).to_le_bytes());
            }
            list.extend(guid(crate::forge::firmware::SHIM));
            list.extend(certificate);
            return Ok((list, hashes.to_vec()));
        }
    }
    Err("shim without a vendor certificate".to_owned())
}
