#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::hits_cursor(data));
