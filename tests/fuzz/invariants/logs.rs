//! What a site keeps on its disk beside segments: generations and audit logs.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use portcullis::audit::{Act, Draft, Entry, Expected, Recorded, inspect, prove, read_log, verify};
use portcullis::domain::{Digest, GenerationId};
use portcullis::ground::storage::Disk;
use portcullis::index::{Generation, current};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::Choices;

/// With an even first byte the rest is CURRENT; with an odd one it is the file of a generation that CURRENT names.
pub fn generation(data: &[u8]) {
    let mut choices = Choices(data);
    let is_file = choices.byte() & 1 == 1;
    let bytes = choices.rest();
    let data_dir = tempfile::tempdir().expect("there is room for a folder");
    let index = data_dir.path().join("index");
    fs::create_dir_all(index.join("generations")).expect("there is room for a folder");
    if !is_file {
        fs::write(index.join("CURRENT"), bytes).expect("there is room for a file");
        let found = current(&Disk, data_dir.path());
        let is_none = bytes == b"portcullis-current 1\nnone\n";
        assert!(matches!(found, Ok(None)) == is_none, "what CURRENT says is misread: {found:?}");
        assert!(!matches!(found, Ok(Some(_))), "a generation was found where there is none");
        return;
    }
    let number = number_of(bytes);
    let digest = Digest(Sha256::digest(bytes).into());
    let path = index.join("generations").join(format!("{number:010}.generation"));
    fs::write(path, bytes).expect("there is room for a file");
    let text = format!("portcullis-current 1\n{number} {digest}\n");
    fs::write(index.join("CURRENT"), text).expect("there is room for a file");
    match current(&Disk, data_dir.path()) {
        Ok(found) => {
            let (generation, id) = found.expect("a CURRENT that names a generation is not empty");
            assert_eq!(id, GenerationId { number, digest });
            assert_eq!(generation.number, number);
            assert!(generation.encode() == bytes, "a generation has two spellings");
            assert_floors_stay(&generation, id);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Forgetting every feed leaves every floor.
fn assert_floors_stay(generation: &Generation, id: GenerationId) {
    for record in &generation.feeds {
        let feed = &record.bulletin.feed;
        let next = Generation::without_feed((generation, id), feed, Timestamp::UNIX_EPOCH);
        let next = next.expect("a feed in force can be forgotten");
        assert_eq!(next.floor(feed), generation.floor(feed), "a floor is lost");
        assert!(next.highest_time >= generation.highest_time, "the time runs back");
        assert!(next.number >= generation.number, "the number falls");
        let again = Generation::with_feed(Some((&next, id)), record.clone(), Timestamp::UNIX_EPOCH);
        assert!(again.is_err(), "what was forgotten is accepted again");
    }
}

/// The number that a generation's file names, so that CURRENT can name it too.
fn number_of(bytes: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let digits = text.split_once("\"number\": ").map_or("", |(_, rest)| rest);
    let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(1)
}

const ID: &str = "cli-00000001";

/// A byte that says whether headers and frames are made or given, then the two files of a log or what goes in them.
pub fn audit_log(data: &[u8]) {
    let mut choices = Choices(data);
    let choice = choices.byte();
    let (bodies, leaves) =
        if choice & 1 == 1 { framed(&mut choices) } else { given(&mut choices, choice & 2 == 2) };
    let data_dir = tempfile::tempdir().expect("there is room for a folder");
    let folder = data_dir.path().join("audit").join(ID);
    fs::create_dir_all(&folder).expect("there is room for a folder");
    let write =
        |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("there is room for a file");
    if choice & 4 == 0 {
        write("bodies", &bodies);
    }
    if choice & 8 == 0 {
        write("leaves", &leaves);
    }
    assert_agree(data_dir.path(), &folder);
    let unchanged = |name: &str, bytes: &[u8]| fs::read(folder.join(name)).map_or(true, |now| now == bytes);
    assert!(unchanged("bodies", &bodies) && unchanged("leaves", &leaves), "reading a log changes it");
}

/// A byte that says what is given, how many entries the range has, then a sealed file or what is left of an erased one: its checksums
/// are made right where that is asked.
pub fn audit_sealed(data: &[u8]) {
    let mut choices = Choices(data);
    let (choice, count) = (choices.byte(), u64::from(choices.byte() % 8) + 1);
    let mut file = choices.rest().to_vec();
    if choice & 1 == 1 {
        make_right(&mut file);
    }
    let data_dir = tempfile::tempdir().expect("there is room for a folder");
    let folder = data_dir.path().join("audit").join(ID);
    fs::create_dir_all(folder.join("sealed")).expect("there is room for a folder");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("there is room for a file");
    };
    let (mut bodies, mut leaves) = headers();
    leaves.resize(64 + 32 * count as usize, 9);
    bodies[8] = 2;
    bodies[40..48].copy_from_slice(&count.to_le_bytes());
    let checksum = xxh3_64(&bodies[..56]);
    bodies[56..64].copy_from_slice(&checksum.to_le_bytes());
    write(&format!("bodies-{count:016x}"), &bodies);
    write("leaves", &leaves);
    write("sealed/answers-2026-03.key", format!("portcullis-sealing-key 1 {}\n", "07".repeat(32)).as_bytes());
    let ending = if choice & 2 == 2 { "erased" } else { "sealed" };
    write(&format!("sealed/answers-2026-03-01-0000000000000000.{ending}"), &file);
    assert_agree(data_dir.path(), &folder);
    let examined = verify(&Disk, &folder, Expected::default(), &mut |_| {}).expect("it is a log");
    assert!(!examined.faults.is_empty(), "nobody has signed, or recorded an erasure of, this");
    let _ = prove(&Disk, &folder, 0);
}

/// The checksums of a stub's head and of its members.
fn make_right(file: &mut [u8]) {
    let Some(head) = file.first_chunk_mut::<64>() else { return };
    let checksum = xxh3_64(&head[..56]);
    head[56..].copy_from_slice(&checksum.to_le_bytes());
    let length = u32::from_le_bytes(std::array::from_fn(|at| head[52 + at])) as usize;
    let Some(members) = file.get_mut(64..).filter(|rest| rest.len() >= length + 8) else { return };
    let checksum = xxh3_64(&members[..length]);
    members[length..length + 8].copy_from_slice(&checksum.to_le_bytes());
}

/// The summary and the entries tell the same.
fn assert_agree(data_dir: &Path, folder: &Path) {
    let (mut visited, mut erased) = (0, 0);
    let read = read_log(&Disk, folder, &mut |recorded| {
        let sequence = match recorded {
            Recorded::Whole(stored) => stored.entry.sequence,
            Recorded::Erased(entry) => {
                erased += 1;
                entry.sequence
            }
        };
        assert_eq!(sequence, visited, "entries are out of order");
        visited += 1;
    });
    let summaries = inspect(&Disk, data_dir).expect("the folder can be listed");
    let [summary] = summaries.as_slice() else {
        panic!("there is one log and {} were seen", summaries.len())
    };
    assert_eq!((summary.folder.as_str(), summary.entries), (ID, visited));
    assert_eq!((summary.acts.values().sum::<u64>(), summary.erased), (visited - erased, erased));
    assert!(summary.verdicts.values().sum::<u64>() <= visited);
    assert_eq!(summary.first_time.is_some(), visited > erased);
    assert_eq!(summary.last_time.is_some(), visited > erased);
    match (read, &summary.damage) {
        (Ok(entries), None) => assert_eq!(entries, visited),
        (Err(error), Some(damage)) => {
            assert_eq!(error.to_string(), damage.to_string());
            assert_eq!(summary.torn_bytes, 0, "a damaged log counts as torn");
        }
        (read, damage) => panic!("one says {read:?}, the other {damage:?}"),
    }
}

/// The files as they are given, with sound headers or not.
fn given(choices: &mut Choices<'_>, headed: bool) -> (Vec<u8>, Vec<u8>) {
    let len = choices.short();
    let (mut bodies, mut leaves) = if headed { headers() } else { Default::default() };
    bodies.extend_from_slice(choices.take(len));
    leaves.extend_from_slice(choices.rest());
    (bodies, leaves)
}

/// Frames and leaves whose checksums agree, with bodies that are entries or not, and then a tail as it is given.
fn framed(choices: &mut Choices<'_>) -> (Vec<u8>, Vec<u8>) {
    let (mut bodies, mut leaves) = headers();
    for at in 0..u64::from(choices.byte() % 16) {
        let how = choices.byte();
        let sequence = if how & 1 == 1 { choices.byte().into() } else { at };
        let body = match how >> 1 & 3 {
            0 | 1 => entry(sequence, choices),
            2 => {
                let mut body = entry(sequence, choices);
                let place = choices.short() % body.len();
                body[place] ^= choices.byte();
                body
            }
            _ => {
                let len = choices.byte();
                choices.take(len.into()).to_vec()
            }
        };
        let start = bodies.len();
        let settled = u32::from(how >> 3 & 1) << 31;
        let length = u32::try_from(body.len()).expect("bodies are short");
        bodies.extend_from_slice(&(length | settled).to_le_bytes());
        bodies.extend_from_slice(&sequence.to_le_bytes());
        let salt = [how; 16];
        bodies.extend_from_slice(&salt);
        bodies.extend_from_slice(&body);
        let checksum = xxh3_64(&bodies[start..]);
        bodies.extend_from_slice(&checksum.to_le_bytes());
        if how >> 4 & 3 == 3 {
            let place = start + choices.short() % (bodies.len() - start);
            bodies[place] ^= choices.byte();
        }
        match how >> 6 {
            0 | 1 => leaves.extend_from_slice(
                &Sha256::new().chain_update([0]).chain_update(salt).chain_update(&body).finalize(),
            ),
            2 => leaves.extend_from_slice(&[0; 32]),
            _ => {}
        }
    }
    let tail = choices.byte();
    bodies.extend_from_slice(choices.take(tail.into()));
    leaves.extend_from_slice(choices.rest());
    (bodies, leaves)
}

fn entry(sequence: u64, choices: &mut Choices<'_>) -> Vec<u8> {
    let micros = i64::from_le_bytes(choices.array()) % 4_000_000_000_000_000;
    let time = Timestamp::from_microsecond(micros).expect("it is within the calendar");
    let act = Act::ALL[usize::from(choices.byte()) % Act::ALL.len()];
    let mut draft = Draft::new(time, act, "gate-3".into(), Digest([7; 32]));
    draft.verdict =
        [None, Some("hit"), Some("no_hit"), Some("inconclusive")][usize::from(choices.byte() % 4)];
    serde_json::to_vec(&Entry::of(&draft, sequence)).expect("an entry has text keys only")
}

fn headers() -> (Vec<u8>, Vec<u8>) {
    let header = |magic: &[u8; 8]| {
        let mut bytes = [0; 64];
        bytes[..8].copy_from_slice(magic);
        bytes[8] = 1;
        bytes[16..16 + ID.len()].copy_from_slice(ID.as_bytes());
        let checksum = xxh3_64(&bytes[..56]);
        bytes[56..].copy_from_slice(&checksum.to_le_bytes());
        bytes.to_vec()
    };
    (header(b"PCAUBODY"), header(b"PCAULEAF"))
}
