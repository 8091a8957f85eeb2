//! Looks behind a bad frame.

use std::io::{self, Read, Seek, SeekFrom};

use super::format::{CHECKSUM_BYTES, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FrameHead, checksum_agrees};

const WINDOW_BYTES: usize = 4 * FRAME_BYTES_MAX;

/// True if a sound frame that bears the settled mark begins anywhere in `after + 1..end`, with a sequence
/// that can follow the bad frame's. Reads through a window of constant size.
pub(super) fn settled_frame_after(
    mut file: impl Read + Seek,
    after: u64,
    end: u64,
    bad_sequence: u64,
) -> io::Result<bool> {
    let start = after + 1;
    file.seek(SeekFrom::Start(start))?;
    let mut rest = file.take(end.saturating_sub(start));
    let follows = |head: &FrameHead| {
        head.settled && head.sequence > bad_sequence && head.sequence - bad_sequence <= end - after
    };
    let mut window = Vec::with_capacity(WINDOW_BYTES);
    loop {
        let room = (WINDOW_BYTES - window.len()) as u64;
        let at_end = (rest.by_ref().take(room).read_to_end(&mut window)? as u64) < room;
        // Until the end is in sight, the last places are left to the next window, where any frame there fits.
        let places = if at_end { window.len() } else { WINDOW_BYTES - FRAME_BYTES_MAX };
        let found = (0..places).any(|at| {
            let candidate = &window[at..];
            candidate
                .first_chunk::<FRAME_HEAD_BYTES>()
                .and_then(FrameHead::decode)
                .filter(follows)
                .and_then(|head| candidate.get(..head.frame_bytes()))
                .is_some_and(checksum_agrees)
        });
        if found || at_end {
            return Ok(found);
        }
        window.drain(..places);
    }
}

const _: () = assert!(WINDOW_BYTES > FRAME_BYTES_MAX + CHECKSUM_BYTES, "each window makes progress");

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::audit::format::append_frame;

    #[test]
    fn a_settled_frame_is_found_wherever_it_stands() {
        let lengths =
            [0, 1, 27, WINDOW_BYTES - FRAME_BYTES_MAX - 1, WINDOW_BYTES - FRAME_BYTES_MAX, 3 * WINDOW_BYTES];
        for junk in lengths {
            for (settled, sequence, found) in
                [(true, 8, true), (false, 8, false), (true, 7, false), (true, u64::MAX, false)]
            {
                let mut bytes = vec![0xa5; 10 + junk];
                append_frame(&mut bytes, settled, sequence, [0; 16], &vec![b'x'; 60_000]);
                let end = bytes.len() as u64;
                bytes.extend_from_slice(b"beyond");
                assert_eq!(
                    settled_frame_after(Cursor::new(&bytes), 9, end, 7).unwrap(),
                    found,
                    "{junk} {sequence}"
                );
                assert!(!settled_frame_after(Cursor::new(&bytes), 9, end - 1, 7).unwrap());
            }
        }
    }
}
