//! Reading a zone takes nothing from the heap, so nothing of a traveller is left there.

use portcullis::domain::mrz::{self, Format};
use portcullis::domain::{DocumentId, IssuingState};
use portcullis::index::Key;

use crate::support::zones::Chance;

#[test]
fn reading_a_zone_and_making_its_key_allocates_nothing() {
    let _ = IssuingState::recognise("UTO");
    for format in Format::ALL {
        let text = Chance(7).zone(format).text();
        for text in [text.clone(), text.to_lowercase(), format!("{text}\n?"), format!("{text}*")] {
            let used = allocation_counter::measure(|| {
                let Ok(zone) = mrz::read(&text) else { return };
                let code = str::from_utf8(&zone.issuing_state).unwrap();
                let state = IssuingState::recognise(code);
                if let (Some(found), Some(number)) = (state, zone.number.document_number()) {
                    let _ = Key::pack(&DocumentId { issuing_state: found.state, number });
                }
            });
            assert_eq!(used.count_total, 0, "{format:?}");
        }
    }
}
