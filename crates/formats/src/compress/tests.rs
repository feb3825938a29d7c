use std::io::Write;

use super::*;

/// Text that compresses, but not to nothing.
fn sample() -> Vec<u8> {
    (0..20_000_u32).flat_map(|n| (n.wrapping_mul(n) >> 7).to_le_bytes()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; packer.gzip_compress_bound(bytes.len())];
    let length = packer.gzip_compress(bytes, &mut out).unwrap();
    out.truncate(length);
    out
}

fn xz(bytes: &[u8], check: liblzma::stream::Check) -> Vec<u8> {
    let stream = liblzma::stream::Stream::new_easy_encoder(6, check).unwrap();
    let mut packer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut packer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd_sized(bytes: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(bytes, 3).unwrap()
}

fn zstd_piped(bytes: &[u8]) -> Vec<u8> {
    ::zstd::stream::encode_all(bytes, 3).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x02, 0x21, 0x4c, 0x18];
    for block in bytes.chunks(8 << 20) {
        let packed = lz4_flex::block::compress(block);
        out.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        out.extend(packed);
    }
    out
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// As `lzop` frames blocks; what is one byte repeated is packed, the rest is stored.
fn lzop(bytes: &[u8]) -> Vec<u8> {
    let be = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let mut out = [&LZOP[0][..17], &be(0x0300_0001), &[0; 12 + 1 + 4]].concat();
    for block in bytes.chunks(256 << 10) {
        let mut packed = block.to_vec();
        if block.len() > 1000 && block.iter().all(|b| *b == block[0]) {
            // Four bytes as they are, then one match as long as the rest, then the end.
            let rest = block.len().saturating_sub(4 + 33 + 1);
            let (zeros, last) = (rest / 255, (rest % 255).saturating_add(1));
            packed = [&[17 + 4], &block[..4], &[0x20]].concat();
            packed.extend(vec![0; zeros]);
            packed.extend([u8::try_from(last).unwrap(), 0, 0, 0x11, 0, 0]);
        }
        out.extend([be(block.len()), be(packed.len())].concat());
        out.extend(libdeflater::adler32(block).to_be_bytes());
        out.extend(packed);
    }
    out.extend([0; 4]);
    out
}

fn all(bytes: &[u8]) -> Vec<(Compression, Vec<u8>)> {
    vec![
        (Compression::Gzip, gzip(bytes)),
        (Compression::Xz, xz(bytes, liblzma::stream::Check::Crc32)),
        (Compression::Zstd, zstd_sized(bytes)),
        (Compression::Zstd, zstd_piped(bytes)),
        (Compression::Lz4Legacy, lz4(bytes)),
        (Compression::Lzma, lzma(bytes)),
        (Compression::Bzip2, bzip2(bytes)),
        (Compression::Lzo, lzop(bytes)),
    ]
}

const MAX: usize = 1 << 20;

fn open(bytes: &[u8], how: Compression, max: usize) -> (Result<Unpacked, Error>, Vec<u8>) {
    let mut out = b"left over".to_vec();
    let got = unpack(bytes, how, max, &Limits::DEFAULT, &mut out);
    (got, out)
}

#[test]
fn what_was_packed_comes_out() {
    for bytes in [sample(), b"one".to_vec()] {
        for (how, packed) in all(&bytes) {
            assert_eq!(sniff(&packed), Some(how));
            let (got, out) = open(&packed, how, MAX);
            assert_eq!(got.unwrap().consumed, packed.len(), "{how:?}");
            assert_eq!(out, bytes, "{how:?}");
        }
    }
}

#[test]
fn what_is_behind_a_stream_is_left() {
    for (how, mut packed) in all(&sample()) {
        let whole = packed.len();
        packed.extend_from_slice(&[0; 12]);
        let (got, out) = open(&packed, how, MAX);
        assert_eq!(got.unwrap().consumed, whole, "{how:?}");
        assert_eq!(out, sample());
    }
}

#[test]
fn streams_in_a_row_are_one() {
    let twice = [sample(), sample()].concat();
    for (how, packed) in all(&sample()) {
        if how == Compression::Lzma {
            continue;
        }
        let (got, out) = open(&[packed.clone(), packed.clone()].concat(), how, MAX);
        assert_eq!(got.unwrap().consumed, packed.len() * 2, "{how:?}");
        assert_eq!(out, twice, "{how:?}");
    }
}

#[test]
fn output_is_bounded() {
    let zeros = vec![0; 3 << 20];
    for (how, packed) in all(&zeros) {
        let (got, out) = open(&packed, how, MAX);
        let limit = Kind::TooLarge { limit: wide(MAX) };
        assert_eq!(got.unwrap_err().kind, limit, "{how:?}");
        assert!(out.capacity() <= 2 * MAX, "{how:?}");
        assert_eq!(open(&packed, how, zeros.len()).1.len(), zeros.len(), "{how:?}");
    }
}

#[test]
fn decoder_memory_is_bounded() {
    let packed = xz(&sample(), liblzma::stream::Check::Crc64);
    let limits = Limits { decoder_memory: 1 << 20, ..Limits::DEFAULT };
    let got = unpack(&packed, Compression::Xz, MAX, &limits, &mut Vec::new());
    assert_eq!(got.unwrap_err().kind, Kind::TooLarge { limit: 1 << 20 });
}

#[test]
fn the_xz_check_is_told() {
    for (check, said) in [
        (liblzma::stream::Check::None, Check::None),
        (liblzma::stream::Check::Crc32, Check::Crc32),
        (liblzma::stream::Check::Crc64, Check::Crc64),
        (liblzma::stream::Check::Sha256, Check::Sha256),
    ] {
        let packed = xz(b"x", check);
        assert_eq!(xz_check(&packed), Some(said));
        assert_eq!(open(&packed, Compression::Xz, MAX).0.unwrap().check, Some(said));
    }
}

/// What `lzop` 1.04 made of `"abcabcabc ".repeat(40)`: with Adler-32 and, by
/// `--crc32 -9`, with CRC-32.
const LZOP: [&[u8]; 2] = [include_bytes!("samples/default.lzo"), include_bytes!("samples/crc.lzo")];

#[test]
fn files_of_the_lzop_tool_are_read() {
    let content = b"abcabcabc ".repeat(40);
    for packed in LZOP {
        assert_eq!(sniff(packed), Some(Compression::Lzo));
        let (got, out) = open(packed, Compression::Lzo, MAX);
        assert_eq!((got.unwrap().consumed, out), (packed.len(), content.clone()));
        // Nothing behind the header changes the content without being noticed.
        for at in 38..packed.len() {
            let mut bad = packed.to_vec();
            bad[at] ^= 1;
            let (got, out) = open(&bad, Compression::Lzo, MAX);
            assert!(got.is_err() || out == content, "{at}");
        }
    }
}

#[test]
fn a_filter_of_lzop_is_not_read() {
    let mut packed = LZOP[0].to_vec();
    packed[19] |= 8;
    assert_eq!(open(&packed, Compression::Lzo, MAX).0.unwrap_err().kind, Kind::Unsupported);
}

#[test]
fn a_cut_or_damaged_stream_ends_in_an_error_or_less() {
    let bytes = sample();
    for (how, packed) in all(&bytes) {
        for cut in (0..packed.len()).step_by(packed.len() / 40) {
            let (got, out) = open(&packed[..cut], how, MAX);
            assert!(got.is_err(), "{how:?} cut at {cut}");
            assert!(out.len() <= bytes.len());
        }
        for at in (0..packed.len()).step_by(packed.len() / 60) {
            let mut bad = packed.clone();
            bad[at] ^= 0x55;
            let (_, out) = open(&bad, how, MAX);
            assert!(out.len() <= MAX);
        }
    }
}

#[test]
fn only_the_first_stream_where_asked() {
    for (how, packed) in all(&sample()) {
        if how == Compression::Lz4Legacy {
            continue;
        }
        let twice = [packed.clone(), packed.clone()].concat();
        let mut out = Vec::new();
        let got = unpack_first(&twice, how, MAX, &Limits::DEFAULT, &mut out).unwrap();
        assert_eq!((got.consumed, out), (packed.len(), sample()), "{how:?}");
    }
}

#[test]
fn many_small_streams_cost_little() {
    let mut member = gzip(b"x");
    let many: Vec<u8> = member.iter().copied().cycle().take(member.len() * 20_000).collect();
    let (got, out) = open(&many, Compression::Gzip, MAX);
    assert_eq!((got.unwrap().consumed, out.len()), (many.len(), 20_000));
    member = lz4(b"x").split_off(4);
    let mut many = lz4(b"x");
    many.extend(member.iter().copied().cycle().take(member.len() * 100_000));
    assert_eq!(open(&many, Compression::Lz4Legacy, MAX).1.len(), 100_001);
}

#[test]
fn a_wide_zstd_window_is_decoder_memory_too() {
    let mut packer = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    packer.window_log(22).unwrap();
    packer.write_all(&[7; 5000]).unwrap();
    let packed = packer.finish().unwrap();
    let within = |decoder_memory| {
        let limits = Limits { decoder_memory, ..Limits::DEFAULT };
        unpack(&packed, Compression::Zstd, 1 << 20, &limits, &mut Vec::new()).map_err(|e| e.kind)
    };
    assert!(within(4 << 20).is_ok());
    assert_eq!(within(1 << 20).unwrap_err(), Kind::TooLarge { limit: 1 << 20 });
}
