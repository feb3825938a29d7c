//! A value of the registry.

/// A value: its name, type and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name; empty: the key's own value.
    pub name: String,
    /// `REG_SZ` 1, `REG_EXPAND_SZ` 2, `REG_BINARY` 3, `REG_DWORD` 4, `REG_MULTI_SZ` 7, `REG_QWORD` 11.
    pub kind: u32,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Value {
    /// The name of its type; nothing where it has none.
    #[must_use]
    pub const fn kind_name(&self) -> Option<&'static str> {
        Some(match self.kind {
            0 => "REG_NONE",
            1 => "REG_SZ",
            2 => "REG_EXPAND_SZ",
            3 => "REG_BINARY",
            4 => "REG_DWORD",
            5 => "REG_DWORD_BIG_ENDIAN",
            6 => "REG_LINK",
            7 => "REG_MULTI_SZ",
            11 => "REG_QWORD",
            _ => return None,
        })
    }

    /// The number of a `REG_DWORD`.
    #[must_use]
    pub fn dword(&self) -> Option<u32> {
        let bytes = <[u8; 4]>::try_from(self.data.as_slice()).ok()?;
        (self.kind == 4).then(|| u32::from_le_bytes(bytes))
    }

    /// The number of a `REG_QWORD`.
    #[must_use]
    pub fn qword(&self) -> Option<u64> {
        let bytes = <[u8; 8]>::try_from(self.data.as_slice()).ok()?;
        (self.kind == 11).then(|| u64::from_le_bytes(bytes))
    }

    /// The text of a `REG_SZ` or `REG_EXPAND_SZ`, up to its first zero.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        matches!(self.kind, 1 | 2).then(|| {
            let whole = wide(&self.data);
            whole.split('\0').next().unwrap_or_default().to_owned()
        })
    }
}

pub(super) fn wide(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| u16::from_le_bytes(*pair)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
