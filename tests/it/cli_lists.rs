//! `portcullis import --delta`, `fold` and `rollback`: what is in force changes its shape, or goes back, and floors stay.

use crate::support::command::{HEADER, Place, hours_ago, portcullis};

/// A site with a base of 2 000 documents and a delta: one gone, one changed, one new.
fn with_delta() -> Place {
    let place = Place::new();
    let row = |at: usize| format!("B{at:04},UTO,passport,lost\n");
    let rows: String = (0..2000).map(row).collect();
    let before = place.write("before.csv", format!("{HEADER}{rows}"));
    place.import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(2), &before]).exits(0);
    let rows: String = (1..2000)
        .map(row)
        .collect::<String>()
        .replace("B0001,UTO,passport,lost", "B0001,UTO,passport,revoked");
    let after = place.write("after.csv", format!("{HEADER}{rows}NEW1,UTO,passport,stolen\n"));
    place.import(&["--feed", "n", "--format", "csv", "--delta", "--as-of", &hours_ago(1), &after]).exits(0);
    place
}

fn inspected(place: &Place) -> String {
    portcullis(&["inspect", "index", "--data", &place.site(), "--verify"]).exits(0).out
}

fn line<'s>(shown: &'s str, begins: &str) -> &'s str {
    shown
        .lines()
        .find(|line| line.trim_start().starts_with(begins))
        .unwrap_or_else(|| panic!("{begins} in {shown}"))
}

fn assert_after(place: &Place) {
    place.check("B0000").exits(0);
    assert!(place.check("B0001").exits(10).out.contains("revoked"));
    place.check("B0002").exits(10);
    place.check("NEW1").exits(10);
}

#[test]
fn a_delta_is_asked_with_its_base_and_folding_it_changes_no_answer() {
    let place = with_delta();
    assert_after(&place);
    let before = inspected(&place);
    assert!(before.contains("segment     base") && before.contains("segment     delta"), "{before}");
    let delta = before.split("segment     delta").nth(1).unwrap();
    assert!(line(delta, "file").ends_with("a document), format 3"), "{before}");

    let run = portcullis(&["fold", "--data", &place.site(), "--feed", "n"]).exits(0);
    assert!(run.out.contains("generation 3 is in force"), "{}", run.out);
    assert_after(&place);
    let after = inspected(&place);
    assert!(!after.contains("segment     delta"), "{after}");
    assert_eq!(line(&before, "state"), line(&after, "state"));
    assert_eq!(line(&before, "sequence"), line(&after, "sequence"));
    let again = portcullis(&["fold", "--data", &place.site(), "--feed", "n"]).exits(0);
    assert!(again.out.contains("no delta"), "{}", again.out);
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(line(&audit, "acts").contains("fold 1"), "{audit}");
}

#[test]
fn a_folded_base_is_the_file_that_an_import_of_the_whole_list_makes() {
    let place = with_delta();
    portcullis(&["fold", "--data", &place.site(), "--feed", "n"]).exits(0);
    let folded = line(&inspected(&place), "segment     base").to_owned();
    let other = Place::new();
    let (before, after) = (place.argument("before.csv"), place.argument("after.csv"));
    let as_of = line(&inspected(&place), "sequence").split("as of ").nth(1).unwrap()[..20].to_owned();
    other.import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(30), &before]).exits(0);
    other.import(&["--feed", "n", "--format", "csv", "--as-of", &as_of, &after]).exits(0);
    assert_eq!(folded, line(&inspected(&other), "segment     base"));
}

#[test]
fn a_rollback_brings_the_older_list_back_and_no_floor_down() {
    let place = with_delta();
    portcullis(&["rollback", "--data", &place.site(), "--to", "7"])
        .fails_saying("kept before the one in force are 1");
    let run = portcullis(&["rollback", "--data", &place.site(), "--to", "1"]).exits(0);
    assert!(run.out.contains("generation 3 is in force"), "{}", run.out);
    place.check("B0000").exits(10);
    place.check("NEW1").exits(0);
    let shown = inspected(&place);
    assert!(line(&shown, "sequence").contains("1, as of"), "{shown}");
    assert_eq!(line(&shown, "kept"), "kept          2, 1 (portcullis rollback)");
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(line(&audit, "acts").contains("rollback 1"), "{audit}");

    // What was taken back is not accepted again as it was, nor anything older; a corrected list is.
    let older = place.argument("before.csv");
    place
        .import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(2), &older])
        .fails_saying("earlier than");
    place.import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(0), &older]).exits(0);
    assert!(line(&inspected(&place), "sequence").contains("3, as of"));
}

#[test]
fn two_bases_of_a_feed_are_kept_at_most() {
    let place = Place::new();
    for hour in [5, 4, 3, 2] {
        let rows = format!("A{hour},UTO,passport,lost\nB,UTO,passport,lost\n");
        let register = place.write("list.csv", format!("{HEADER}{rows}"));
        place
            .import(&[
                "--feed",
                "n",
                "--format",
                "csv",
                "--accept-shrink",
                "--as-of",
                &hours_ago(hour),
                &register,
            ])
            .exits(0);
    }
    assert_eq!(place.segments().len(), 2);
    assert_eq!(line(&inspected(&place), "kept"), "kept          3 (portcullis rollback)");
}

#[test]
fn a_list_by_which_everything_has_lapsed_is_refused_as_one_that_lost_everything() {
    let place = Place::new();
    let rows = |review: &str| {
        let rows: String =
            (0..50).map(|at| format!("A{at},UTO,passport,lost,2020-01-01,{review}\n")).collect();
        format!("document_number,issuing_state,kind,status,reported_on,review_on\n{rows}")
    };
    let import = |name: &str, review: &str, hour: i64, more: &[&str]| {
        let register = place.write(name, rows(review));
        let as_of = hours_ago(hour);
        place.import(&[&["--feed", "n", "--format", "csv", "--as-of", &as_of, &register], more].concat())
    };
    import("sound.csv", "2099-01-01", 3, &[]).exits(0);
    // As where a day of report is read as a day of review.
    import("lapsed.csv", "2021-01-01", 2, &[])
        .fails_saying("50 of the 50 notices in force of feed n would be gone or lapse");
    place.check("A7").exits(10);
    let run = import("lapsed.csv", "2021-01-01", 2, &["--accept-shrink"]).exits(0);
    assert!(run.out.contains("50 of the changed have lapsed"), "{}", run.out);
    place.check("A7").exits(0);
}

#[test]
fn a_line_that_hides_thousands_of_rows_refuses_the_file() {
    let place = Place::new();
    let sound: String = (0..1000).map(|at| format!("A{at},UTO,passport,lost\n")).collect();
    // Rows that end as no row does here: to a reader of lines they are one.
    let hidden: String = (0..60_000).map(|at| format!("B{at:05},UTO,passport,lost\r")).collect();
    let register = place.write("mixed.csv", format!("{HEADER}{sound}{hidden}"));
    place
        .import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(1), &register])
        .fails_saying("more than 1 MiB");
    let element = |at: usize| format!(r#"{{"ID":{at}}}"#);
    let array: Vec<_> = (0..60_000).map(element).collect();
    let text = format!("[{{\"ID\":\"a\"b\"}},{},{{\"ID\":\"a\"b\"}}]", array.join(",").repeat(2));
    let register = place.write("quotes.json", text);
    place
        .import(&["--feed", "u", "--format", "ua-mvs", "--as-of", &hours_ago(1), &register])
        .fails_saying("more than 1 MiB");
}

#[test]
fn what_is_not_there_cannot_be_folded() {
    let place = Place::with_site();
    portcullis(&["fold", "--data", &place.site(), "--feed", "elsewhere"]).fails_saying("no feed elsewhere");
    portcullis(&["fold", "--data", &place.argument("nowhere"), "--feed", "n"])
        .fails_saying("no data directory");
}
