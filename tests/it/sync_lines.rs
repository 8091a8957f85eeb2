//! A site whose only mirror stands behind a bad line.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::feed::mirror::{Https, HttpsSettings, Limits};
use portcullis::ground::causes;
use portcullis::syncing::{Source, Wish};

use crate::support::centre::{Centre, Post, hour, in_force, listed, litter, unsynced};

/// What the line does to the large files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Good,
    /// Ends after so many bytes, every time.
    Cut(usize),
    /// Carries something else.
    Garbage,
    /// Carries a byte now and then.
    Drip,
    /// Announces one byte too many.
    Lie,
    /// Ends at once, also for the small files.
    Gone,
    /// Is good, and what is not there is forbidden: a store whose files may be read and not listed.
    Closed,
}

/// A web server that has a folder, on a port of its own; it ends with the test.
pub(crate) struct Web {
    address: SocketAddr,
    line: Arc<Mutex<Line>>,
    /// Bytes of large files that were sent.
    sent: Arc<AtomicU64>,
}

impl Web {
    pub(crate) fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let web = Self { address, line: Arc::new(Mutex::new(Line::Good)), sent: Arc::default() };
        let (line, sent) = (web.line.clone(), web.sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let line = *line.lock().unwrap();
                // The client may be gone, and often the test wants it to be.
                let _ = serve(stream, line, &folder, &sent);
            }
        });
        web
    }

    pub(crate) fn is(&self, line: Line) {
        *self.line.lock().unwrap() = line;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn source(&self, centre: &Centre) -> Source {
        let limits = Limits {
            bytes_per_second_min: 10_000,
            window: Duration::from_millis(400),
            connect_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let url = self.url();
        let settings =
            HttpsSettings { url: &url, roots_pem: None, identity: None, proxy: None, plain_http: false };
        let mirror = Https::new(&settings, &limits).unwrap();
        Source { limits, ..centre.source_at(vec![Arc::new(mirror)]) }
    }
}

fn serve(mut stream: TcpStream, line: Line, folder: &Path, sent: &AtomicU64) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    let path = asked.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let mut from = 0;
    for header in lines.map_while(Result::ok).take_while(|header| !header.is_empty()) {
        let range = header.to_lowercase();
        let range = range.strip_prefix("range: bytes=").and_then(|range| range.strip_suffix('-'));
        from = range.map_or(from, |from| from.parse().unwrap());
    }
    if line == Line::Gone {
        return Ok(());
    }
    let Ok(mut bytes) = std::fs::read(folder.join(&path)) else {
        let status = if line == Line::Closed { "403 Forbidden" } else { "404 Not Found" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return stream.write_all(head.as_bytes());
    };
    let is_large = path.starts_with("targets/");
    let line = if is_large { line } else { Line::Good };
    if line == Line::Garbage {
        bytes.fill(0x47);
    }
    let length = bytes.len() + usize::from(line == Line::Lie);
    let (status, left) = (if from == 0 { "200 OK" } else { "206 Partial Content" }, length - from);
    let range = format!("Content-Range: bytes {from}-{}/{length}\r\n", length - 1);
    let range = if from == 0 { "" } else { &range };
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {left}\r\n{range}\r\n");
    stream.write_all(head.as_bytes())?;
    let body = &bytes[from..];
    let body = if let Line::Cut(at) = line { &body[..at.min(body.len())] } else { body };
    let piece = if line == Line::Drip { 16 } else { body.len().max(1) };
    for piece in body.chunks(piece) {
        stream.write_all(piece)?;
        if is_large {
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        if line == Line::Drip {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

#[test]
fn a_line_that_is_cut_every_64_kib_brings_each_byte_once() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = Centre::found(unsynced(folder.path()), folder.path(), "national", hour(0));
    let published = centre.add(0..30_000).publish(hour(1));
    let web = Web::of(centre.repository());
    web.is(Line::Cut(64 << 10));
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    let mut tries = 1;
    while let Err(error) = post.sync(&web.source(&centre), Wish::default()) {
        let said = causes(&error);
        assert!(said.contains("a file did not come; what came of it is kept"), "{said}");
        assert!(in_force(site.path()).is_none());
        tries += 1;
        assert!(tries < 100, "{said}");
    }
    let length = published.base.length;
    assert!(length > 128 << 10, "the file is long enough: {length}");
    assert_eq!((tries, web.sent.load(Ordering::Relaxed)), (length.div_ceil(64 << 10), length));
    assert_eq!(in_force(site.path()).unwrap().sequence, 1);
}

#[test]
fn whatever_a_line_does_the_list_in_force_stays_until_the_next_has_come() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = Centre::found(unsynced(folder.path()), folder.path(), "national", hour(0));
    centre.add(0..900).publish(hour(1));
    let web = Web::of(centre.repository());
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&web.source(&centre));
    for (at, line) in (2..).zip([Line::Gone, Line::Garbage, Line::Drip, Line::Lie, Line::Cut(100)]) {
        let at: i8 = at;
        centre.add([900 + u32::from(at.unsigned_abs())]).rebase(hour(at));
        // The site must fetch something, be it only an increment.
        let before = in_force(site.path());
        web.is(line);
        for _ in 0..2 {
            let error = post.sync(&web.source(&centre), Wish::default()).unwrap_err();
            assert!(causes(&error).len() > 40, "{line:?}: {}", causes(&error));
            assert_eq!(in_force(site.path()), before, "{line:?}");
        }
        web.is(Line::Good);
        post.follow(&web.source(&centre));
        assert!(listed(site.path()).contains(&(900 + u32::from(at.unsigned_abs()))), "{line:?}");
        assert!(litter(site.path()).is_empty(), "{line:?}: {:?}", litter(site.path()));
    }
}

#[test]
fn a_store_that_forbids_what_is_not_there_is_followed_and_one_that_forbids_all_is_told_of() {
    let (folder, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let centre = Centre::found(unsynced(folder.path()), folder.path(), "national", hour(0));
    centre.add(0..10).publish(hour(1));
    let web = Web::of(centre.repository());
    web.is(Line::Closed);
    let post = Post::new(unsynced(site.path()), site.path(), hour(20));
    post.follow(&web.source(&centre));
    assert_eq!(in_force(site.path()).unwrap().sequence, 1);
    let nothing = tempfile::tempdir().unwrap();
    let web = Web::of(nothing.path().to_owned());
    web.is(Line::Closed);
    let error = post.sync(&web.source(&centre), Wish::default()).unwrap_err();
    assert!(causes(&error).contains("HTTP status 403"), "{}", causes(&error));
}
