//! `portcullis feed` and `portcullis sync`: a national centre publishes, a site with nothing but a root file follows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::command::{HEADER, Place, Run, files, portcullis};

/// A centre and a site in one place; the site's settings name the centre's repository.
struct Feeds {
    place: Place,
}

impl Feeds {
    fn new() -> Self {
        let place = Place::new();
        let feeds = Self { place };
        feeds.centre(&["init", "national"]).exits(0);
        fs::copy(feeds.path("centre/repository/metadata/1.root.json"), feeds.path("root.json")).unwrap();
        feeds.settings("");
        feeds
    }

    fn path(&self, name: &str) -> String {
        self.place.path(name).display().to_string()
    }

    fn settings(&self, more: &str) {
        let text = format!(
            "[data]\ndir = {:?}\n[sources.national]\nroot-file = {:?}\nmirrors = [{:?}]\n{more}\n",
            self.place.site(),
            self.path("root.json"),
            self.path("centre/repository")
        );
        fs::write(self.path("site.toml"), text).unwrap();
    }

    fn centre(&self, arguments: &[&str]) -> Run {
        portcullis(&[&["feed"], arguments, &["--dir", &self.path("centre")]].concat())
    }

    fn gather(&self, what: &str, rows: &str) {
        let register = self.place.write("register.csv", format!("{HEADER}{rows}"));
        self.centre(&[what, "--format", "csv", &register]).exits(0);
    }

    fn sync(&self, more: &[&str]) -> Run {
        portcullis(&[&["sync", "--config", &self.path("site.toml")], more].concat())
    }
}

fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|at| format!("B{at:05},UTO,passport,lost\n")).collect()
}

#[test]
fn a_site_with_only_a_root_file_follows_additions_corrections_and_withdrawals() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..500));
    let published = feeds.centre(&["publish"]).exits(0).out;
    assert!(published.contains("sequence 1") && published.contains("501 added"), "{published}");
    let dry = feeds.sync(&["--dry-run"]).exits(0).out;
    assert!(dry.contains("fetch base") && dry.contains("dry run"), "{dry}");
    assert!(!feeds.place.path("site/index/CURRENT").exists());
    let run = feeds.sync(&[]).exits(0).out;
    assert!(run.contains("generation 1 is in force"), "{run}");
    feeds.place.check("B00000").exits(10);
    feeds.place.check("UNKNOWN1").exits(0);
    assert!(feeds.sync(&[]).exits(0).out.contains("nothing is new"));

    feeds.gather("withdraw", "B00000,UTO,passport,stolen\nNEVER1,UTO,passport,lost\n");
    feeds.gather("withdraw", "B00001,UTO,passport,lost\n");
    feeds.gather(
        "add",
        "B00001,UTO,passport,stolen\nB00002,UTO,passport,stolen\nC00001,UTO,passport,revoked\n",
    );
    let published = feeds.centre(&["publish"]).exits(0).out;
    assert!(published.contains("1 added, 1 changed, 1 withdrawn"), "{published}");
    assert!(published.contains("1 additions are not listed"), "{published}");
    assert!(published.contains("1 withdrawals of what was not listed"), "{published}");
    let run = feeds.sync(&[]).exits(0).out;
    assert!(!run.contains("fetch base"), "a base is never fetched twice: {run}");
    feeds.place.check("B00000").exits(0);
    assert!(feeds.place.check("B00001").exits(10).out.contains("stolen"));
    feeds.place.check("C00001").exits(10);
    let verified = feeds.centre(&["verify"]).exits(0).out;
    assert!(verified.contains("sound"), "{verified}");
    let audit = portcullis(&["inspect", "audit", "--data", &feeds.place.site()]).exits(0).out;
    assert!(audit.contains("sync 2"), "{audit}");
}

#[test]
fn a_list_that_shrinks_is_an_operators_act_for_one_feed_and_on_the_record() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..500));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    feeds.gather("withdraw", &rows(0..400));
    feeds.centre(&["publish"]).exits(0);
    let refused = feeds.sync(&[]).exits(1).err;
    assert!(refused.contains("--accept-shrink="), "{refused}");
    assert!(feeds.sync(&["--accept-shrink=allies"]).exits(2).err.contains("allies"));
    feeds.sync(&["--accept-shrink=national"]).exits(0);
    let audit = portcullis(&["inspect", "audit", "--data", &feeds.place.site()]).exits(0).out;
    assert!(audit.contains("sync 1") && audit.contains("sync_shrunk 1"), "{audit}");
    let root = feeds.path("root.json");
    feeds.settings(&format!("[sources.allies]\nroot-file = {root:?}\nmirrors = [{root:?}]"));
    assert!(feeds.sync(&["--accept-shrink"]).exits(2).err.contains("which feed"));
}

#[test]
fn the_registers_of_a_feed_make_it_again_byte_for_byte() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..300));
    feeds.centre(&["publish"]).exits(0);
    feeds.gather("add", &rows(300..310));
    feeds.centre(&["publish"]).exits(0);
    let whole = feeds.place.write("whole.csv", format!("{HEADER}{}", rows(0..310)));
    let run = feeds.centre(&["reproduce", "--format", "csv", &whole]).exits(0);
    assert!(run.out.contains("byte for byte"), "{}", run.out);
    let other = feeds.place.write("other.csv", format!("{HEADER}{}", rows(0..309)));
    let run = feeds.centre(&["reproduce", "--format", "csv", &other]).exits(1);
    assert!(run.out.contains("do not make"), "{}", run.out);
}

#[test]
fn what_was_not_renewed_is_withdrawn_when_its_publisher_says_so() {
    let feeds = Feeds::new();
    let header = "document_number,issuing_state,kind,status,review_on\n";
    let rows = "A1,UTO,passport,lost,2020-01-31\nA2,UTO,passport,lost,2999-01-01\nA3,UTO,passport,lost,\n";
    let rows = rows.replace("2999", "2199");
    let register = feeds.place.write("register.csv", format!("{header}{rows}"));
    feeds.centre(&["add", "--format", "csv", &register]).exits(0);
    feeds.centre(&["publish"]).exits(0);
    assert!(feeds.centre(&["purge", "--before", "2020-01-31"]).exits(0).out.starts_with("0 notices"));
    assert!(feeds.centre(&["purge", "--before", "2020-02-01"]).exits(0).out.starts_with("1 notices"));
    let published = feeds.centre(&["publish"]).exits(0).out;
    assert!(published.contains("0 added, 0 changed, 1 withdrawn"), "{published}");
    feeds.centre(&["purge", "--before", "soon"]).exits(2);
}

#[test]
fn a_new_base_is_folded_at_the_site_and_never_fetched() {
    let feeds = Feeds::new();
    let decided = fs::read_to_string(feeds.path("centre/feed.toml")).unwrap();
    fs::write(feeds.path("centre/feed.toml"), decided.replace("= 250000", "= 20")).unwrap();
    feeds.gather("add", &rows(0..400));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    for day in 0..4 {
        feeds.gather("add", &rows(400 + day * 15..415 + day * 15));
        feeds.centre(&["publish"]).exits(0);
    }
    let run = feeds.sync(&[]).exits(0).out;
    assert!(run.contains("fold into") && !run.contains("fetch base"), "{run}");
    feeds.place.check("B00459").exits(10);
    portcullis(&["inspect", "index", "--data", &feeds.place.site(), "--verify"]).exits(0);
}

#[test]
fn a_heartbeat_vouches_for_the_same_list_as_of_now() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..10));
    feeds.centre(&["publish", "--as-of", "2026-01-01T00:00:00Z"]).exits(0);
    feeds.sync(&[]).exits(0);
    // Older than the 72 hours after which nothing rests on it.
    feeds.place.check("UNKNOWN1").exits(11);
    feeds.centre(&["heartbeat"]).exits(0);
    let run = feeds.sync(&[]).exits(0).out;
    assert!(run.contains("the same list"), "{run}");
    feeds.place.check("UNKNOWN1").exits(0);
    feeds.gather("add", &rows(10..11));
    feeds.centre(&["heartbeat"]).fails_saying("1 changes wait");
    feeds.centre(&["publish"]).exits(0);
    let decided = fs::read_to_string(feeds.path("centre/feed.toml")).unwrap();
    fs::write(feeds.path("centre/feed.toml"), decided.replace("\"30d\"", "\"100d\"")).unwrap();
    for command in ["heartbeat", "status"] {
        let told = feeds.centre(&[command]).exits(0).err;
        assert!(told.contains("role targets ends at") && !told.contains("role root"), "{told}");
    }
    feeds.centre(&["publish"]).exits(0);
    assert_eq!(feeds.centre(&["status"]).exits(0).err, "");
    feeds.centre(&["publish"]).fails_saying("--renew");
    let renewed = feeds.centre(&["publish", "--renew"]).exits(0).out;
    assert!(renewed.contains("0 added, 0 changed, 0 withdrawn"), "{renewed}");
    feeds.sync(&[]).exits(0);
}

#[test]
fn a_no_hit_needs_every_source_of_the_settings_also_one_that_never_came() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..10));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    let with = |config: &str| {
        portcullis(&[
            "check",
            "--data",
            &feeds.place.site(),
            "--config",
            config,
            "--number",
            "X1234567",
            "--issuer",
            "UTO",
        ])
    };
    with(&feeds.path("site.toml")).exits(0);
    feeds.settings("[sources.other]\nroot-file = 'root.json'\nmirrors = ['nowhere']");
    let run = with(&feeds.path("site.toml")).exits(11);
    assert!(run.out.contains("other"), "{}", run.out);
}

#[test]
fn keys_change_and_sites_follow() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..10));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    for role in ["timestamp", "snapshot", "targets", "root"] {
        feeds.centre(&["rotate-key", role]).exits(0);
        feeds.sync(&[]).exits(0);
    }
    feeds.gather("add", &rows(10..20));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    feeds.place.check("B00019").exits(10);
    // A site that begins with the first root finds its way through all of them.
    fs::remove_dir_all(feeds.place.site()).unwrap();
    feeds.sync(&[]).exits(0);
    feeds.place.check("B00019").exits(10);
}

#[test]
fn a_root_key_that_is_elsewhere_signs_elsewhere() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..10));
    feeds.centre(&["publish"]).exits(0);
    fs::create_dir(feeds.path("holder")).unwrap();
    for key in ["root-2.pem", "root-3.pem"] {
        fs::rename(feeds.path(&format!("centre/keys/{key}")), feeds.path(&format!("holder/{key}"))).unwrap();
    }
    let run = feeds.centre(&["rotate-key", "timestamp"]).exits(0).out;
    assert!(run.contains("not enough yet"), "{run}");
    assert!(feeds.place.path("centre/next.root.json").exists());
    feeds.sync(&[]).exits(0);
    let key = feeds.path("holder/root-2.pem");
    let run = feeds.centre(&["sign-root", "--key", &key]).exits(0).out;
    assert!(run.contains("the next root is in place"), "{run}");
    feeds.sync(&[]).exits(0);
    feeds.centre(&["heartbeat"]).exits(0);
    feeds.sync(&[]).exits(0);
}

#[test]
fn lost_keys_are_replaced_and_sites_follow() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..10));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    for role in ["timestamp", "snapshot", "targets", "root"] {
        fs::remove_file(feeds.path(&format!("centre/keys/{role}-1.pem"))).unwrap();
        let run = feeds.centre(&["rotate-key", role]).exits(0).out;
        assert!(run.contains("readers follow by themselves"), "{run}");
        feeds.sync(&[]).exits(0);
        let named = fs::read_to_string(feeds.path("centre/feed.toml")).unwrap();
        assert!(!named.contains(&format!("keys/{role}-1.pem\"")) || role == "root", "{named}");
    }
    // Two of one role: which of them is replaced must be told.
    for role in ["root-2", "root-3"] {
        fs::remove_file(feeds.path(&format!("centre/keys/{role}.pem"))).unwrap();
    }
    let run = feeds.centre(&["rotate-key", "root", "--number", "2"]).exits(1).err;
    assert!(run.contains("--old says which"), "{run}");
    feeds.centre(&["rotate-key", "timestamp", "--old", "a1"]).exits(2);
    feeds.centre(&["rotate-key", "timestamp", "--old", &"a1".repeat(32)]).exits(2);
    let unknown = feeds.centre(&["rotate-key", "timestamp", "--number", "2", "--old", &"a1".repeat(32)]);
    assert!(unknown.exits(1).err.contains("does not name the key a1a1"));
    assert!(!feeds.place.path("centre/keys/timestamp-1.pem").exists(), "no key is made in vain");
    feeds.gather("add", &rows(10..20));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    feeds.place.check("B00019").exits(10);
}

#[test]
fn a_site_hands_on_what_it_has_verified() {
    let feeds = Feeds::new();
    feeds.gather("add", &rows(0..50));
    feeds.centre(&["publish"]).exits(0);
    feeds.centre(&["rotate-key", "timestamp"]).exits(0);
    feeds.gather("add", &rows(50..60));
    feeds.centre(&["publish"]).exits(0);
    feeds.sync(&[]).exits(0);
    let out = feeds.path("handed-on");
    portcullis(&["feed", "mirror", "national", "--data", &feeds.place.site(), "--out", &out]).exits(0);
    for path in files(Path::new(&out)) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "a web server is another user: {}", path.display());
    }
    for folder in [&out, &format!("{out}/metadata"), &format!("{out}/targets")] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o755, "{folder}");
    }
    fs::remove_dir_all(feeds.path("centre")).unwrap();
    fs::remove_dir_all(feeds.place.site()).unwrap();
    feeds.sync(&[]).exits(1);
    feeds.sync(&["--from", &out]).exits(0);
    feeds.place.check("B00059").exits(10);
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let feeds = Feeds::new();
    feeds.centre(&["publish"]).fails_saying("nothing waits");
    feeds.centre(&["publish", "--renew"]).fails_saying("published nothing yet");
    feeds.centre(&["sign-root"]).fails_saying("rotate-key");
    feeds.centre(&["heartbeat"]).fails_saying("published nothing yet");
    feeds.centre(&["init", "national"]).fails_saying("already");
    feeds.sync(&[]).fails_saying("is this the address of a feed?");
    feeds.gather("withdraw", &rows(0..1));
    feeds.centre(&["publish"]).fails_saying("feed add");
    let nowhere = feeds.path("nowhere");
    portcullis(&["feed", "status", "--dir", &nowhere]).fails_saying("feed init");
    portcullis(&["feed", "init", "No Name", "--dir", &nowhere]).exits(2);
    portcullis(&["feed", "init", "n", "--dir", &nowhere, "--root-threshold", "4"]).exits(2);
    feeds.sync(&["--feed", "other"]).exits(2);
    let faulty = feeds.place.write("faulty.toml", "[data]\ndir = 'x'\n[sources.n]\nevery = '0s'\n");
    let run = portcullis(&["sync", "--config", &faulty]).exits(1);
    for told in ["sources.n.every", "sources.n.root-file", "sources.n.mirrors"] {
        assert!(run.err.contains(told), "{told} in {}", run.err);
    }
}
