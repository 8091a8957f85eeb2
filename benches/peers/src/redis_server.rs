//! Redis: a server of its own at a socket in a folder, asked in pipelines and with many keys at once.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use redis::{Client, Connection, InfoDict, Pipeline};

use crate::data::Record;
use crate::engine::Peer;

const PIPELINED: usize = 1000;
const START_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Redis {
    connection: Connection,
    bytes_before: u64,
    // Last, so that it is ended when nobody is connected any more.
    _server: Server,
}

impl Peer for Redis {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let (server, mut connection) = Server::start(folder)?;
        let bytes_before = used_bytes(&mut connection)?;
        let mut writing = Pipeline::with_capacity(PIPELINED);
        for some in records.chunks(PIPELINED) {
            writing.clear();
            for (key, number) in some {
                // Small numbers in digits are shared among all keys, the most frugal form there is.
                writing.set(key.to_be_bytes().as_slice(), number).ignore();
            }
            writing.exec(&mut connection)?;
        }
        Ok(Self { connection, bytes_before, _server: server })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(used_bytes(&mut self.connection)? - self.bytes_before)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        redis::cmd("GET").arg(&key.to_be_bytes()).query(&mut self.connection).expect("the server answers")
    }

    fn find_batch(&mut self, keys: &[u64]) -> usize {
        let mut question = redis::cmd("MGET");
        for key in keys {
            question.arg(&key.to_be_bytes());
        }
        let answers: Vec<Option<u32>> = question.query(&mut self.connection).expect("the server answers");
        answers.into_iter().flatten().count()
    }

    fn find_each(&mut self, keys: &[u64]) -> usize {
        let mut questions = Pipeline::with_capacity(PIPELINED);
        let mut found = 0;
        for some in keys.chunks(PIPELINED) {
            questions.clear();
            for key in some {
                questions.get(key.to_be_bytes().as_slice());
            }
            let answers: Vec<Option<u32>> =
                questions.query(&mut self.connection).expect("the server answers");
            found += answers.into_iter().flatten().count();
        }
        found
    }
}

fn used_bytes(connection: &mut Connection) -> Result<u64> {
    let info: InfoDict = redis::cmd("INFO").arg("memory").query(connection)?;
    info.get("used_memory").context("the server does not tell what memory it uses")
}

/// The process, which ends with this value.
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> Result<(Self, Connection)> {
        let socket = folder.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(folder)
            .arg("--unixsocket")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("`redis-server` is not on the PATH; install it, or leave it out by --only")?;
        let mut server = Self(child);
        let client = Client::open(format!("redis+unix://{}", socket.display()))?;
        let started = Instant::now();
        loop {
            if let Ok(connection) = client.get_connection() {
                return Ok((server, connection));
            }
            if let Some(status) = server.0.try_wait()? {
                bail!("`redis-server` ended at once: {status}");
            }
            if started.elapsed() > START_PATIENCE {
                bail!("`redis-server` does not answer at its socket");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save; if it is gone already, that is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
