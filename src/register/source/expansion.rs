//! A bound on how far an archive may grow: a small file must not keep a reader busy for days.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most bytes that one byte of an archive may become. Registers reach 10 to 20.
pub const EXPANSION_MAX: u64 = 250;

/// Output up to which [`EXPANSION_MAX`] is not looked at: small files of equal rows compress well.
pub const EXPANSION_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// The most bytes that an archive may become, whatever its own size: ten times the largest register known.
pub const EXPANDED_BYTES_MAX: u64 = 128 * 1024 * 1024 * 1024;

/// A decoder's output, refused with [`ExpandsTooFar`] when it grows beyond the bound.
pub(super) struct Bounded<R> {
    decoder: R,
    consumed: Arc<AtomicU64>,
    produced: u64,
}

/// The reason inside the [`io::Error`] of a [`Bounded`] reader.
#[derive(Debug, thiserror::Error)]
#[error("the archive grows too far")]
pub(super) struct ExpandsTooFar;

impl<R> Bounded<R> {
    /// `consumed` counts the bytes that the decoder has taken from its file.
    pub(super) fn new(decoder: R, consumed: Arc<AtomicU64>) -> Self {
        Self { decoder, consumed, produced: 0 }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        self.produced += count as u64;
        let allowed = self.consumed.load(Ordering::Relaxed).saturating_mul(EXPANSION_MAX);
        if self.produced > allowed.clamp(EXPANSION_FREE_BYTES, EXPANDED_BYTES_MAX) {
            return Err(io::Error::other(ExpandsTooFar));
        }
        Ok(count)
    }
}
