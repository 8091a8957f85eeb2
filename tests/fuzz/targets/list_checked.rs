#![no_main]

// The index catches panics of `fst`, and the fuzzer's own hook would end the process before it can. What nobody
// catches still ends it.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| {
        if !panic.location().is_some_and(|place| place.file().contains("/fst-")) {
            eprintln!("{panic}");
        }
    })),
    |data: &[u8]| invariants::list_checked(data)
);
