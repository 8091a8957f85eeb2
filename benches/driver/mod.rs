//! A server as a process of its own, and whoever asks it over many connections.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");

pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("taskset is there");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.split_once("listening on http://")?.1.trim().parse().ok());
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it listens") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

pub(crate) struct Driven {
    /// How long each answer took, in ms, from the quickest.
    pub(crate) times: Vec<f64>,
}

impl Driven {
    pub(crate) fn count(&self) -> u64 {
        self.times.len() as u64
    }

    pub(crate) fn p99_ms(&self) -> f64 {
        self.times[self.times.len() * 99 / 100]
    }
}

/// Asks for a while, as fast as answers come, or so many times a second in all.
pub(crate) fn drive(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    per_second: Option<f64>,
) -> Driven {
    let (asked, begun) = (AtomicU64::new(0), Instant::now());
    let pause = per_second.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let asking = (0..connections).map(|at| {
            let asked = &asked;
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                let mut times = Vec::new();
                let mut due = begun + pause.unwrap_or_default().mul_f64(at as f64 / connections as f64);
                while begun.elapsed() < duration {
                    if let Some(pause) = pause {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        due += pause;
                    }
                    let asked_at = Instant::now();
                    connection.ask(asked.fetch_add(1, Ordering::Relaxed));
                    times.push(asked_at.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        });
        let asking: Vec<_> = asking.collect();
        asking.into_iter().flat_map(|connection| connection.join().expect("it asks to the end")).collect()
    });
    times.sort_by(f64::total_cmp);
    Driven { times }
}

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    pub(crate) answer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket has that");
        Self { stream: BufReader::new(stream), answer: Vec::new() }
    }

    pub(crate) fn ask(&mut self, number: u64) {
        let body = format!(
            r#"{{"document":{{"number":"Q{:07}","issuing_state":"UTO","kind":"passport"}},"client_reference":"gate-7:{number}"}}"#,
            number % 9_999_991
        );
        assert!(self.post("/v1/checks", "application/json", &body), "the server answers");
    }

    pub(crate) fn post(&mut self, path: &str, media_type: &str, body: &str) -> bool {
        self.send(path, media_type, body);
        self.receive()
    }

    pub(crate) fn get(&mut self, path: &str) -> Option<String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes()).expect("the server reads");
        self.receive().then(|| String::from_utf8_lossy(&self.answer).into_owned())
    }

    pub(crate) fn send(&mut self, path: &str, media_type: &str, body: &str) {
        let head = format!("POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes()).expect("the server reads");
    }

    /// Whether the answer is 200.
    pub(crate) fn receive(&mut self) -> bool {
        let (mut is_ok, mut length) = (true, Some(0));
        loop {
            let line = self.line();
            match line.split_once(':') {
                None if line.is_empty() => break,
                None => is_ok = line.starts_with("HTTP/1.1 200"),
                Some((name, told)) if name.eq_ignore_ascii_case("content-length") => {
                    length = Some(told.trim().parse().expect("a length"));
                }
                Some((name, _)) if name.eq_ignore_ascii_case("transfer-encoding") => length = None,
                Some(_) => {}
            }
        }
        self.answer.clear();
        match length {
            Some(length) => self.take(length),
            None => self.take_chunks(),
        }
        is_ok
    }

    fn take(&mut self, length: usize) {
        let from = self.answer.len();
        self.answer.resize(from + length, 0);
        self.stream.read_exact(&mut self.answer[from..]).expect("the answer is whole");
    }

    fn take_chunks(&mut self) {
        loop {
            let length = usize::from_str_radix(&self.line(), 16).expect("a length");
            self.take(length);
            self.line();
            if length == 0 {
                return;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stream.read_line(&mut line).expect("the server answers"), 0, "the server answers");
        line.trim_end().to_owned()
    }
}

pub(crate) fn run(arguments: &[String]) {
    let done = Command::new(PROGRAM).args(arguments).stdout(Stdio::null()).status();
    assert!(done.expect("the program is there").success(), "{arguments:?}");
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn text(name: &str) -> Option<PathBuf> {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(PathBuf::from)
}

pub(crate) fn number(name: &str, default: u64) -> u64 {
    let given = text(name).map(|text| text.display().to_string().replace('_', ""));
    given.map_or(default, |text| text.parse().expect("a number"))
}
