//! Russia's internal passports: a register line, the zone of that document, a hit.

use crate::support::command::{Place, portcullis, portcullis_reading};

const ZONE: &str =
    "PNRUSZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<\n3919353498RUS7207233M<<<<<<<4151218910003<50";

#[test]
fn a_line_of_ten_digits_in_a_register_is_a_hit_for_the_zone_that_prints_nine() {
    let place = Place::new();
    let register = place.write(
        "register.csv",
        "document_number,issuing_state,kind,status\n3914935349,RUS,identity_card,invalid\n",
    );
    let site = place.site();
    portcullis(&["import", "--data", &site, "--feed", "mvd", "--format", "csv", &register]).exits(0);
    let check = |zone: &str| portcullis_reading(&["check", "--data", &site, "--mrz", "-", "--json"], zone);
    let answer = check(ZONE).exits(10).json();
    assert_eq!(answer["findings"][0]["match"], "exact");
    assert_eq!(answer["findings"][0]["document"]["number"], "3914935349");
    let other = ZONE.replace("4151218910003<5", "5151218910003<2");
    assert_eq!(check(&other).exits(0).json()["document"]["number"], "3915935349");
}
