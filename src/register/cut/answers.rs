//! Answers in XML, one after the other: each ends where its root element does.

use std::io::Read;

use memchr::memmem;

use super::block::{BLOCK_BYTES, Block, Cut, CutFault, LINE_BYTES_MAX, fill};

/// What ends an answer of the Czech ministry's register of invalid documents.
const END: &[u8] = b"</doklady_neplatne>";

/// Cuts a text into answers, which are counted from 1. What stands behind the last one, but for blanks, is another that
/// nobody can read.
#[derive(Debug, Default)]
pub(in crate::register) struct Answers {
    rest: Vec<u8>,
    answers: u64,
    skipping: bool,
}

impl Cut for Answers {
    fn next(&mut self, text: &mut dyn Read) -> Result<Option<Block>, CutFault> {
        loop {
            let mut block = Block { bytes: std::mem::take(&mut self.rest), ..Block::default() };
            let ended = fill(text, &mut block.bytes, BLOCK_BYTES)? == 0;
            let mut start = 0;
            let ends: Vec<_> = memmem::find_iter(&block.bytes, END).map(|at| at + END.len()).collect();
            for end in ends {
                if !std::mem::take(&mut self.skipping) {
                    self.answers += 1;
                    block.push(self.answers, start, end);
                }
                start = end;
            }
            let open = &block.bytes[start..];
            if open.len() > LINE_BYTES_MAX + END.len() || (ended && !open.trim_ascii().is_empty()) {
                if !std::mem::replace(&mut self.skipping, !ended) {
                    self.answers += 1;
                    block.push(self.answers, start, block.bytes.len());
                }
                // The end itself may stand across two blocks.
                let tail = block.bytes.len().saturating_sub(END.len() - 1).max(start);
                self.rest = if ended { Vec::new() } else { block.bytes[tail..].to_vec() };
            } else {
                self.rest = block.bytes.split_off(start);
            }
            if ended || !block.records.is_empty() {
                return Ok((!block.records.is_empty()).then_some(block));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn answers(text: &str) -> Vec<Option<String>> {
        let (mut text, mut cutter, mut found) = (Cursor::new(text), Answers::default(), Vec::new());
        while let Some(block) = cutter.next(&mut text).unwrap() {
            for record in &block.records {
                assert_eq!(record.line, found.len() as u64 + 1);
                let answer = String::from_utf8(block.bytes[record.start..record.end].to_vec()).unwrap();
                found.push((!record.too_long).then_some(answer));
            }
        }
        found
    }

    #[test]
    fn answers_end_with_their_root_and_a_rest_is_one_more() {
        let one = "<doklady_neplatne><a/></doklady_neplatne>";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(answers(&format!("{one}\n{one}\n")), [some(one), some(&format!("\n{one}"))]);
        assert_eq!(answers(&format!("{one} <x>")), [some(one), some(" <x>")]);
        assert_eq!(answers(" \n "), []);
    }

    #[test]
    fn an_answer_without_end_is_skipped_as_one() {
        let one = "<doklady_neplatne/></doklady_neplatne>";
        for filler in [3 * BLOCK_BYTES, 3 * BLOCK_BYTES - 7, BLOCK_BYTES + 1] {
            let text = format!("{}{one}{one}", "x".repeat(filler));
            assert_eq!(answers(&text), [None, Some(one.to_owned())], "{filler}");
        }
        assert_eq!(answers(&"x".repeat(3 * BLOCK_BYTES)), [None]);
    }
}
