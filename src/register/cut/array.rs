//! The elements of one JSON array, which may stand on one line or on many.
//!
//! Only as much of JSON is looked at as it takes to find where elements end (RFC 8259): strings, and how deep brackets
//! are nested. What an element holds is for its parser to refuse; what stands between elements is for this one, since
//! a list whose end is missing or followed by another is not the list that was published.

use std::io::Read;

use super::block::{BLOCK_BYTES, Block, Cut, CutFault, LINE_BYTES_MAX, SKIPPED_BYTES_MAX, fill};

/// Cuts the array into its elements, which are counted from 1.
#[derive(Debug, Default)]
pub(in crate::register) struct Array {
    state: State,
    elements: u64,
    element: Vec<u8>,
    /// Bytes of the element, kept or not.
    length: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    BeforeArray,
    /// After `[`.
    First,
    /// After a comma.
    Next,
    /// In an element in brackets.
    Nested {
        depth: u64,
    },
    /// In a string: of such an element, or one that is an element itself.
    InString {
        depth: u64,
    },
    /// After a backslash in that string.
    Escaped {
        depth: u64,
    },
    /// In a number or a word, which ends with what cannot be part of it.
    Bare,
    /// After an element.
    Behind,
    AfterArray,
}

impl Cut for Array {
    fn next(&mut self, text: &mut dyn Read) -> Result<Option<Block>, CutFault> {
        let mut block = Block::default();
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        while block.records.is_empty() {
            bytes.clear();
            if fill(text, &mut bytes, BLOCK_BYTES)? == 0 {
                return match self.state {
                    State::AfterArray => Ok(None),
                    State::BeforeArray => Err(CutFault::Shape("it has no JSON array")),
                    _ => Err(CutFault::Shape("its JSON array has no end")),
                };
            }
            for byte in &bytes {
                self.take(*byte, &mut block)?;
            }
            if self.length > SKIPPED_BYTES_MAX {
                return Err(CutFault::Shape(
                    "an element of its JSON array has more than 1 MiB: is a quote missing?",
                ));
            }
        }
        Ok(Some(block))
    }
}

impl Array {
    fn take(&mut self, byte: u8, block: &mut Block) -> Result<(), CutFault> {
        let blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.state = match self.state {
            State::BeforeArray | State::First | State::Next | State::Behind | State::AfterArray if blank => {
                return Ok(());
            }
            State::BeforeArray if byte == b'[' => State::First,
            State::BeforeArray => return Err(CutFault::Shape("it is no JSON array")),
            State::First if byte == b']' => State::AfterArray,
            State::Behind => self.behind(byte)?,
            State::First | State::Next => {
                self.element.clear();
                self.length = 0;
                self.keep(byte);
                match byte {
                    b'{' | b'[' => State::Nested { depth: 1 },
                    b'"' => State::InString { depth: 0 },
                    b',' | b']' | b'}' => {
                        return Err(CutFault::Shape("an element of its JSON array is missing"));
                    }
                    _ => State::Bare,
                }
            }
            State::Nested { depth } => {
                self.keep(byte);
                match byte {
                    b'"' => State::InString { depth },
                    b'{' | b'[' => State::Nested { depth: depth + 1 },
                    b'}' | b']' if depth == 1 => self.end(block),
                    b'}' | b']' => State::Nested { depth: depth - 1 },
                    _ => State::Nested { depth },
                }
            }
            State::InString { depth } => {
                self.keep(byte);
                match byte {
                    b'"' if depth == 0 => self.end(block),
                    b'"' => State::Nested { depth },
                    b'\\' => State::Escaped { depth },
                    _ => State::InString { depth },
                }
            }
            State::Escaped { depth } => {
                self.keep(byte);
                State::InString { depth }
            }
            State::Bare if blank || matches!(byte, b',' | b']') => {
                self.end(block);
                if blank { State::Behind } else { self.behind(byte)? }
            }
            State::Bare => {
                self.keep(byte);
                State::Bare
            }
            State::AfterArray => return Err(CutFault::Shape("something follows its JSON array")),
        };
        Ok(())
    }

    fn behind(&self, byte: u8) -> Result<State, CutFault> {
        match byte {
            b',' => Ok(State::Next),
            b']' => Ok(State::AfterArray),
            _ => Err(CutFault::Shape("a comma is missing in its JSON array")),
        }
    }

    /// Keeps one byte more than an element may have, by which it is known to be too long.
    fn keep(&mut self, byte: u8) {
        self.length += 1;
        if self.element.len() <= LINE_BYTES_MAX {
            self.element.push(byte);
        }
    }

    fn end(&mut self, block: &mut Block) -> State {
        self.elements += 1;
        let start = block.bytes.len();
        block.bytes.extend_from_slice(&self.element);
        block.push(self.elements, start, block.bytes.len());
        State::Behind
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn elements(text: &[u8]) -> Result<Vec<String>, &'static str> {
        let (mut text, mut cutter, mut found) = (Cursor::new(text), Array::default(), Vec::new());
        loop {
            match cutter.next(&mut text) {
                Ok(None) => return Ok(found),
                Ok(Some(block)) => {
                    for record in &block.records {
                        assert_eq!(record.line, found.len() as u64 + 1);
                        let element = String::from_utf8_lossy(&block.bytes[record.start..record.end]);
                        found.push(if record.too_long {
                            "too long".to_owned()
                        } else {
                            element.into_owned()
                        });
                    }
                }
                Err(CutFault::Shape(what)) => return Err(what),
                Err(CutFault::Io(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn elements_end_where_json_says_so() {
        assert_eq!(elements(b" [ ]\n"), Ok(vec![]));
        let text = br#"[{"a":"}]\"","b":[1,{}]} ,[] , null,"x],{" ,-1.5]"#;
        assert_eq!(elements(text).unwrap(), [r#"{"a":"}]\"","b":[1,{}]}"#, "[]", "null", "\"x],{\"", "-1.5"]);
    }

    #[test]
    fn an_array_without_its_end_or_with_something_behind_it_is_no_list() {
        for (text, what) in [
            ("", "no JSON array"),
            ("{}", "is no JSON array"),
            ("[{}", "no end"),
            ("[{},", "no end"),
            ("[{}{}]", "comma"),
            ("[{},]", "missing"),
            ("[,{}]", "missing"),
            ("[{}][]", "follows"),
            ("[{\"a\":\"]", "no end"),
        ] {
            assert!(elements(text.as_bytes()).unwrap_err().contains(what), "{text}");
        }
    }

    #[test]
    fn an_endless_element_is_one_that_is_too_long() {
        let long = format!("[{{}},{{\"a\":\"{}\"}},{{}}]", "x".repeat(3 * BLOCK_BYTES));
        assert_eq!(elements(long.as_bytes()).unwrap(), ["{}", "too long", "{}"]);
    }

    proptest! {
        #[test]
        fn elements_are_those_of_the_json_library(
            values in prop::collection::vec("[\\PC\"\\\\{}\\[\\],\n]{0,12}", 0..12),
            pretty in any::<bool>(),
        ) {
            let values: Vec<_> = values.iter().map(|text| serde_json::json!({ text: [text, {"n": 1}] })).collect();
            let text = if pretty { serde_json::to_string_pretty(&values) } else { serde_json::to_string(&values) };
            let found = elements(text.unwrap().as_bytes()).unwrap();
            let read: Vec<serde_json::Value> = found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
