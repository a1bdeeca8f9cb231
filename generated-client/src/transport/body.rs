//! Receives and decompresses response bodies, never beyond the size limit.
//!
//! The HTTP library does not decompress, because its errors do not distinguish a broken connection, after
//! which the outcome is unknown, from a response that arrived and makes no sense.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// Collects a body.
pub(super) struct Received {
    /// Bytes that were received, compressed or not.
    received: usize,
    /// Most of them.
    limit: usize,
    form: Form,
}

enum Form {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

/// Why a body that came cannot be taken.
#[derive(Debug)]
pub(super) enum Fault {
    TooLarge,
    /// It is not compressed as its headers say.
    Corrupt(io::Error),
}

impl Received {
    /// An empty body. `reserved` bytes are expected, and more than `limit` are refused, before and after
    /// decompression.
    pub(super) fn new(encoding: Option<&[u8]>, reserved: usize, limit: usize) -> Self {
        let bounded = Bounded { bytes: Vec::with_capacity(reserved.min(limit)), limit };
        let form = match encoding {
            Some(name) if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => {
                Form::Gzip(Box::new(MultiGzDecoder::new(bounded)))
            }
            // Nothing else is asked for; what comes nevertheless is shown as it is.
            _ => Form::Plain(bounded),
        };
        // Compression makes some bodies a little longer.
        let limit = limit.saturating_add(limit / 1024).saturating_add(1024);
        Self { received: 0, limit, form }
    }

    pub(super) fn push(&mut self, part: &[u8]) -> Result<(), Fault> {
        self.received += part.len();
        if self.received > self.limit {
            return Err(Fault::TooLarge);
        }
        match &mut self.form {
            Form::Plain(bounded) => bounded.write_all(part),
            Form::Gzip(decoder) => decoder.write_all(part),
        }
        .map_err(Fault::new)
    }

    /// All of it, after its last part.
    pub(super) fn finish(self) -> Result<Vec<u8>, Fault> {
        match self.form {
            Form::Plain(bounded) => Ok(bounded.bytes),
            // No body is none, whatever the headers say.
            Form::Gzip(_) if self.received == 0 => Ok(Vec::new()),
            Form::Gzip(decoder) => decoder.finish().map(|bounded| bounded.bytes).map_err(Fault::new),
        }
    }
}

impl Fault {
    fn new(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => Self::TooLarge,
            _ => Self::Corrupt(error),
        }
    }
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.limit - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn received(encoding: &[u8], parts: &[&[u8]], limit: usize) -> Result<Vec<u8>, Fault> {
        let mut body = Received::new(Some(encoding), 0, limit);
        parts.iter().try_for_each(|part| body.push(part))?;
        body.finish()
    }

    proptest! {
        #[test]
        fn a_body_comes_back_however_it_is_cut_and_never_exceeds_its_limit(
            plain in prop::collection::vec(0u8..4, 0..2000), size in 1usize..100, less in 1usize..100
        ) {
            let twice = [gzip(&plain), gzip(&plain)].concat();
            let whole = plain.repeat(2);
            let too_small = whole.len().saturating_sub(less);
            for (encoding, bytes) in [("GZip", &twice), ("x-gzip", &twice), ("identity", &whole)] {
                let parts: Vec<&[u8]> = bytes.chunks(size).collect();
                let body = received(encoding.as_bytes(), &parts, whole.len());
                prop_assert_eq!(&body.unwrap(), &whole);
                if too_small < whole.len() {
                    let body = received(encoding.as_bytes(), &parts, too_small);
                    prop_assert!(matches!(body, Err(Fault::TooLarge)));
                }
            }
        }

        #[test]
        fn what_is_cut_or_changed_is_never_taken_for_whole(
            plain in prop::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index, bit in 0u8..8
        ) {
            let whole = gzip(&plain);
            let at = at.index(whole.len());
            // An empty body is one that was not sent.
            let cut = received(b"gzip", &[&whole[..at.max(1)]], 1 << 20);
            prop_assert!(matches!(cut, Err(Fault::Corrupt(_))));
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            // Some bits mean nothing: when and where it was made, and what fills up a byte.
            match received(b"gzip", &[&changed], 1 << 20) {
                Ok(body) => prop_assert_eq!(body, plain),
                Err(fault) => prop_assert!(matches!(fault, Fault::Corrupt(_))),
            }
        }
    }

    #[test]
    fn no_body_is_none() {
        assert_eq!(received(b"gzip", &[], 0).unwrap(), b"");
        assert_eq!(received(b"", &[], 0).unwrap(), b"");
    }

    #[test]
    fn a_body_without_content_is_limited_while_it_is_compressed() {
        let empty = gzip(b"");
        let mut body = Received::new(Some(b"gzip"), 0, 100_000);
        let pushed = (0..10_000).take_while(|_| body.push(&empty).is_ok()).count();
        assert!((5_000..5_200).contains(&pushed), "{pushed} times {} bytes", empty.len());
    }
}
