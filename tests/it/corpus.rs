//! The inputs that fuzzing kept are replayed through the invariants of their targets.

use std::path::Path;

#[path = "../fuzz/invariants/mod.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets are other packages and share the file")]
mod invariants;

use invariants::TARGETS;

#[test]
fn every_kept_input_holds_the_invariants_of_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (target, invariant) in TARGETS {
        let folder = corpus.join(target);
        let mut replayed = 0;
        for entry in std::fs::read_dir(&folder).expect("every target has a folder") {
            let path = entry.expect("the folder can be listed").path();
            let input = std::fs::read(&path).expect("an input can be read");
            println!("{}", path.display());
            invariant(&input);
            replayed += 1;
        }
        assert!(replayed > 0, "{} is empty, so that nothing is replayed", folder.display());
    }
}

#[test]
fn the_kept_inputs_are_few_and_each_belongs_to_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let (mut files, mut bytes) = (0, 0);
    for folder in std::fs::read_dir(corpus).expect("there is a corpus") {
        let folder = folder.expect("the folder can be listed").path();
        let replayed = TARGETS.iter().any(|(target, _)| folder.ends_with(target));
        assert!(replayed, "nobody replays {}", folder.display());
        for file in std::fs::read_dir(folder).expect("the folder can be listed") {
            files += 1;
            bytes += file.and_then(|file| file.metadata()).expect("the file is there").len();
        }
    }
    assert!(files <= 400 && bytes <= 300 << 10, "{files} inputs with {bytes} bytes are too many to keep");
}
