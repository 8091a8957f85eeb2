//! Proofs of entries, checkpoints and keys.

use portcullis::audit::{Checkpoint, NoteKey, check_proof};

use super::assert_silent;

/// A log that was closed for good: nobody has its private key.
const KEY: &str = "portcullis/cli-607ee678+e551c126+AWwUALWoubGWZf86MYmYKx34zNvRQ1Of8xkR6NVcghUt";
/// Its leaves, from the first.
const LEAVES: [&str; 10] = [
    "be9239bf815699a8d62d9a2c60519bd420cdbab64ffabb490bffbaa5cc13dd82",
    "35e8bb25c6161e94986d09bfd086028b9a729c67a013101aa398586c295f8f12",
    "9f93913c2e135ad64e7d074910f10282cd546bf8253a58797811f4853319baeb",
    "8ade6f0707b2874694f14d7cdbae96da8aa14ee73667d5f4a2d655d19979014c",
    "5b0d26ecce7004938a324cfe2a8bd40dc96af536221b81e0f6113f8b5ab0ca07",
    "5b065ad7cd18e58aa85a02160c0c59c1a66cae918288f674fed282720405eade",
    "34cf163674d1c7bd77959adcdd95bcaf96766105b3a3b25bebc51c401e985ee9",
    "8f6fcc2219f21a11373cb9b5d14bbf010e6e469600d2912458b150a01aab088b",
    "e3881220475ba63dcb36df0ab15780ef95eddb48941da3dd9bd422921d7b7192",
    "430e535282e05568c05478861cd4f4b8594e2ea7498005a315c10ac9e965c291",
];

/// A proof, a checkpoint or a key: whatever is proved is an entry that the log has, in its place.
pub fn audit_proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = NoteKey::parse(KEY).expect("it is a key");
    if let Some(read) = NoteKey::parse(text) {
        assert_eq!(NoteKey::parse(&read.to_string()), Some(read), "a key is written as another one");
    }
    if let Some(checkpoint) = Checkpoint::open(text, &key) {
        assert!(checkpoint.size <= LEAVES.len() as u64, "nobody has signed that");
    }
    match check_proof(text, &key, None) {
        Ok(proved) => {
            let place = usize::try_from(proved.entry_id).expect("there are few");
            assert_eq!(LEAVES[place], proved.leaf.to_string(), "the log has no such entry there");
            assert_eq!(proved.entry.expect("it was given with its body").sequence, proved.entry_id);
        }
        Err(fault) => assert_silent(&fault, &[]),
    }
}
