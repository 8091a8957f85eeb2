//! Bounds on manifests.

/// Bounds on manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, in bytes; a longer one is answered with an error and stepped over.
    pub line_bytes_max: usize,
    /// Lines decided on one snapshot and recorded together.
    pub chunk_lines: usize,
    /// Bytes of a streamed manifest that may wait for a client that does not read its answers.
    pub backlog_bytes_max: usize,
    /// Manifests in work at once over HTTP; one more is refused.
    pub concurrent_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line_bytes_max: 16 << 10, chunk_lines: 256, backlog_bytes_max: 64 << 20, concurrent_max: 2 }
    }
}
