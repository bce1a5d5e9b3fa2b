//! Zstandard files: several frames one after another, some of them skippable.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// The header of a frame without content. A decoder checks the window a frame asks for (100 MiB at
/// most) only from its second frame on; started with this one it checks every frame of the file.
const EMPTY_FRAME_HEADER: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00];

/// Decompresses all frames of a stream, each checked against its checksum, if it has one.
pub struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    pub fn new(source: R) -> io::Result<Self> {
        let mut decoder = FrameDecoder::new();
        decoder.init(&EMPTY_FRAME_HEADER[..]).map_err(to_io)?;
        Ok(Self { source, decoder, in_frame: false })
    }

    /// Goes to the next frame with content; `false` at the end of the stream.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = self.source.by_ref().take(u64::from(length));
                    if io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(to_io(error)),
            }
        }
    }

    fn check_sum(&self) -> io::Result<()> {
        match self.decoder.get_checksum_from_data() {
            Some(stated) if self.decoder.get_calculated_checksum() != Some(stated) => {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the checksum of the zstd data is wrong",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBytes(buffer.len());
                self.decoder.decode_blocks(&mut self.source, blocks).map_err(to_io)?;
            }
            let len = self.decoder.read(buffer)?;
            if len > 0 {
                return Ok(len);
            }
            self.check_sum()?;
            self.in_frame = false;
        }
    }
}

/// A truncated frame is distinguished from damage, because the advice differs.
fn to_io(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return io::Error::new(io.kind(), format!("zstd: {io}"));
        }
        cause = inner.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        ZstdFrames::new(bytes)?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn frames_follow_each_other_and_skippable_ones_are_skipped() {
        let text = b"some text, some text, some text\n".repeat(10_000);
        let frame = compress_to_vec(&text[..], CompressionLevel::Fastest);
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
        let file = [&skippable[..], &frame, &skippable, &frame].concat();
        assert_eq!(unpack(&file).unwrap(), text.repeat(2));
        assert_eq!(unpack(&[]).unwrap(), b"");
    }

    #[test]
    fn a_cut_or_damaged_file_is_an_error() {
        let text = b"some text, some text, some text\n".repeat(10_000);
        let frame = compress_to_vec(&text[..], CompressionLevel::Fastest);
        for len in 1..frame.len() {
            let error = unpack(&frame[..len]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {len}");
        }
        assert!(
            unpack(b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").is_err()
        );
    }

    #[test]
    fn a_frame_that_asks_for_too_much_memory_is_refused() {
        // Window descriptor 0xa0: 2^30 bytes.
        assert!(unpack(b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00").is_err());
    }
}
