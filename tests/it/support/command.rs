//! The real binary, run as an operator runs it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the binary left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Holds the exit code and shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// It failed, said why, and what it said has this in it.
    #[track_caller]
    pub(crate) fn fails_saying(self, text: &str) -> Self {
        let run = self.exits(1);
        assert!(run.err.contains(text), "{text:?} is not said in {run:#?}");
        run
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("standard output is one JSON document")
    }

    /// Standard output as lines of JSON.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        json_lines(&self.out)
    }

    /// The accounting of an import, which has to add up.
    #[track_caller]
    pub(crate) fn accounting(&self) -> Accounting {
        let line =
            self.out.lines().find(|line| line.starts_with("read ")).expect("an import accounts for its rows");
        let words: Vec<_> = line.split(' ').collect();
        let [
            "read",
            read,
            "=",
            "accepted",
            accepted,
            "+",
            "duplicates",
            duplicates,
            "+",
            "rejected",
            rejected,
        ] = words[..]
        else {
            panic!("{line:?} is no accounting")
        };
        let number = |word: &str| word.parse::<u64>().unwrap();
        let accounting = Accounting {
            read: number(read),
            accepted: number(accepted),
            duplicates: number(duplicates),
            rejected: number(rejected),
        };
        let Accounting { read, accepted, duplicates, rejected } = accounting;
        assert_eq!(read, accepted + duplicates + rejected, "{line}");
        accounting
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accounting {
    pub(crate) read: u64,
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejected: u64,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the binary to its end without any input.
pub(crate) fn portcullis(arguments: &[&str]) -> Run {
    command(arguments).output().unwrap().into()
}

/// Runs the binary with something on its standard input.
pub(crate) fn portcullis_reading(arguments: &[&str], input: impl AsRef<[u8]> + Send) -> Run {
    let mut child = start(arguments);
    let mut pipe = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // Beside the reading, for both pipes hold only so much. One that refuses may end before it has read everything.
        scope.spawn(move || drop(pipe.write_all(input.as_ref())));
        child.wait_with_output().unwrap()
    });
    output.into()
}

/// Starts the binary with its standard input held open.
pub(crate) fn start(arguments: &[&str]) -> Child {
    command(arguments).stdin(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// A time some hours ago as `--as-of` takes it.
pub(crate) fn hours_ago(hours: i64) -> String {
    format!("{:.0}", Timestamp::now() - SignedDuration::from_hours(hours))
}

/// The columns that every register needs.
pub(crate) const HEADER: &str = "document_number,issuing_state,kind,status\n";

/// A folder of a test: registers and lists beside a site in `site`.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A site whose feed `local` lists two documents of Utopia, one hour old.
    pub(crate) fn with_site() -> Self {
        let place = Self::new();
        let register = place
            .write("local.csv", format!("{HEADER}L898902C3,UTO,passport,stolen\nX1,UTO,passport,lost\n"));
        place.import(&["--feed", "local", "--format", "csv", "--as-of", &hours_ago(1), &register]).exits(0);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A path in it as an argument.
    pub(crate) fn argument(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The site's data directory as an argument.
    pub(crate) fn site(&self) -> String {
        self.argument("site")
    }

    /// Writes a file and gives its path as an argument.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.argument(name)
    }

    pub(crate) fn import(&self, arguments: &[&str]) -> Run {
        portcullis(&[&["import", "--data", &self.site()], arguments].concat())
    }

    pub(crate) fn check(&self, number: &str) -> Run {
        portcullis_reading(
            &["check", "--data", &self.site(), "--number", "-", "--issuer", "UTO", "--json"],
            number,
        )
    }

    /// What CURRENT says; `None` if nothing was ever published.
    pub(crate) fn current(&self) -> Option<String> {
        fs::read_to_string(self.path("site/index/CURRENT")).ok()
    }

    /// The segment files, by name.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        files(&self.path("site/index/segments"))
    }
}

/// Every file below a folder, in any depth, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort_unstable();
    found
}

/// Changes one byte in the middle of a file.
pub(crate) fn flip_a_byte(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, middle).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], middle).unwrap();
}
