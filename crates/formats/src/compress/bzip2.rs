//! bzip2 streams.

use bzip2::{Decompress, Status};

use crate::compress::{Extent, Step, stream};
use crate::error::{Error, Kind};
use crate::reader::index;

pub(super) fn unpack(
    bytes: &[u8],
    extent: Extent,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<usize, Error> {
    let mut at = 0;
    loop {
        let mut decoder = Decompress::new(false);
        at = stream("bzip2 stream", (bytes, at), max_bytes, out, &mut |input, out| {
            let before = decoder.total_in();
            let status = decoder.decompress_vec(input, out).map_err(|_| Kind::Corrupt)?;
            let taken = index(decoder.total_in().saturating_sub(before));
            Ok(Step { taken, ended: status == Status::StreamEnd })
        })?;
        if extent == Extent::First
            || !matches!(bytes.get(at..), Some([b'B', b'Z', b'h', b'1'..=b'9', ..]))
        {
            return Ok(at);
        }
    }
}
