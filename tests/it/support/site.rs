//! A site in a temporary directory, and the service over real HTTP on a free loopback port.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use jiff::{SignedDuration, Timestamp};
use portcullis::app::Server;
use portcullis::config::Settings;
use portcullis::domain::*;
use portcullis::feed::verify_local;
use portcullis::ground::clock::{Clock, SystemClock, TimeSource};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::index::{Builder, FeedRecord, Generation, IndexError, Publisher, Stamp, segment_path};
use serde_json::Value;
use tempfile::TempDir;

/// The official passport specimen of Doc 9303 part 4.
pub(crate) const SPECIMEN: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

pub(crate) fn feed(name: &str) -> FeedName {
    FeedName::parse(name).unwrap()
}

pub(crate) fn notice(state: &str, number: &str, kind: Kind) -> Notice {
    Notice {
        document: DocumentId {
            issuing_state: IssuingState::recognise(state).unwrap().state,
            number: DocumentNumber::parse(number).unwrap(),
        },
        kind,
        status: Status::Stolen,
        reported_on: Some(jiff::civil::date(2024, 5, 6)),
        review_on: None,
        reference: None,
        alias: false,
    }
}

/// Publishes notices as a feed's list, as of some time ago.
pub(crate) fn publish(data_dir: &Path, name: &str, notices: &[Notice], age: SignedDuration) -> GenerationId {
    publish_through(Arc::new(Disk), data_dir, name, notices, Timestamp::now() - age)
}

pub(crate) fn publish_through(
    storage: Arc<dyn Storage>,
    data_dir: &Path,
    name: &str,
    notices: &[Notice],
    as_of: Timestamp,
) -> GenerationId {
    try_publish(storage, data_dir, name, notices, as_of).unwrap()
}

pub(crate) fn try_publish(
    storage: Arc<dyn Storage>,
    data_dir: &Path,
    name: &str,
    notices: &[Notice],
    as_of: Timestamp,
) -> Result<GenerationId, IndexError> {
    let publisher = Publisher::lock(storage.clone(), data_dir)?;
    let current = publisher.current()?;
    let previous = current.as_ref().map(|(generation, id)| (generation, *id));
    let floor = previous.and_then(|(generation, _)| generation.floor(&feed(name)));
    let sequence = floor.map_or(0, |floor| floor.sequence) + 1;
    let mut builder = Builder::new();
    notices.iter().for_each(|notice| builder.push(notice).unwrap());
    let mut staged = publisher.stage()?;
    let built = builder.finish(Stamp { sequence, as_of }, staged.file(), &mut |_, _| {})?;
    publisher.keep(staged, &built.segment)?;
    let bulletin = Bulletin {
        feed: feed(name),
        sequence,
        as_of,
        authority: Authority::Local,
        segments: vec![built.segment],
    };
    verify_local(&*storage, bulletin.clone(), |file| segment_path(data_dir, file.digest)).unwrap();
    let record = FeedRecord { bulletin, metadata: Default::default(), root: None, epoch: 0 };
    let now = previous.map_or(as_of, |(generation, _)| generation.highest_time.max(as_of));
    let next = Generation::with_feed(previous, record, now)?;
    publisher.publish(&next)
}

/// A clock that stands still.
pub(crate) struct Standing(pub(crate) Timestamp);

impl TimeSource for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The service, running on a thread of this process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<Box<dyn FnOnce() + Send + Sync>>,
    thread: Option<JoinHandle<()>>,
    _data: Option<TempDir>,
}

impl Running {
    /// A site with one feed `local` that lists the specimen and one other document.
    pub(crate) fn with_specimen() -> Self {
        let data = tempfile::tempdir().unwrap();
        let notices = [notice("UTO", "L898902C3", Kind::Passport), notice("UTO", "X1", Kind::Passport)];
        publish(data.path(), "local", &notices, SignedDuration::from_hours(1));
        let settings = Settings::defaults_for(data.path());
        let mut running = Self::start(settings);
        running._data = Some(data);
        running
    }

    pub(crate) fn start(settings: Settings) -> Self {
        Self::start_with(settings, Arc::new(Disk), Arc::new(Clock::new(SystemClock)))
    }

    pub(crate) fn start_with(mut settings: Settings, storage: Arc<dyn Storage>, clock: Arc<Clock>) -> Self {
        settings.service.bind = "127.0.0.1:0".parse().unwrap();
        let (told, tell) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = Server::start(&settings, storage, clock).unwrap();
                told.send((server.address(), server.handle())).unwrap();
                server.run().await.unwrap();
            });
        });
        let (address, handle) = tell.recv().expect("the service starts");
        let stop = Box::new(move || {
            // Stopping is asked for from outside the service's own runtime.
            futures_util::FutureExt::now_or_never(handle.stop(true));
        });
        Self { address, stop: Some(stop), thread: Some(thread), _data: None }
    }

    /// The folder of the service's log.
    pub(crate) fn log_folder(&self) -> std::path::PathBuf {
        let answer = self.check(&serde_json::json!({"mrz": ""}));
        let data = self._data.as_ref().expect("the site is this service's own").path();
        data.join("audit").join(answer["audit"]["log_id"].as_str().unwrap())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        request(self.address, "GET", path, None, b"")
    }

    pub(crate) fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Reply {
        request(self.address, "POST", path, Some(media_type), body)
    }

    pub(crate) fn check(&self, request: &Value) -> Value {
        let reply = self.post("/v1/checks", "application/json", request.to_string().as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take().unwrap()();
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.expect("the service ends in order");
        }
    }
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The lines of an NDJSON body.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    pub(crate) fn has_header(&self, name: &str, value: &str) -> bool {
        let wanted = format!("{name}: {value}").to_lowercase();
        self.head.to_lowercase().lines().any(|line| line.starts_with(&wanted))
    }
}

pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    media_type: Option<&str>,
    body: &[u8],
) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    let media_type =
        media_type.map(|media_type| format!("Content-Type: {media_type}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{media_type}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A service that refuses may close before it has read everything.
    let _ = stream.write_all(body);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    parse(&reply)
}

/// Parses a reply, whole or chunked.
pub(crate) fn parse(reply: &[u8]) -> Reply {
    let at = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a reply has a head");
    let head = String::from_utf8_lossy(&reply[..at]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut reply_parsed = Reply { status, head, body: reply[at + 4..].to_vec() };
    if reply_parsed.has_header("transfer-encoding", "chunked") {
        reply_parsed.body = unchunk(&reply_parsed.body);
    }
    reply_parsed
}

fn unchunk(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = chunked.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&chunked[..at]).unwrap(), 16).unwrap();
        let rest = &chunked[at + 2..];
        if size == 0 || rest.len() < size {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        chunked = &rest[size + 2..];
    }
    body
}
