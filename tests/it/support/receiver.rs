//! A receiver of webhooks that answers as a test tells it to, or does not.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use super::web::head;

/// What a receiver does with what comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// It takes it and answers with a status and headers.
    Status(u16, Vec<(&'static str, String)>),
    /// The line is cut when half of it has come.
    CutBefore,
    /// It takes it, and the line is cut before it answers.
    CutAfter,
    /// It takes it, and answers once it is told something else.
    Holds,
}

/// What has come whole.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Delivery {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).expect(name).1.trim()
    }

    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn id(&self) -> String {
        self.event()["id"].as_str().unwrap().to_owned()
    }
}

#[derive(Debug)]
struct State {
    says: Says,
    taken: Vec<Delivery>,
}

/// A receiver on a port of its own.
pub(crate) struct Receiver {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

pub(crate) fn ok() -> Says {
    Says::Status(204, Vec::new())
}

impl Receiver {
    pub(crate) fn start(says: Says) -> Self {
        Self::start_with(None, says)
    }

    pub(crate) fn start_with(tls: Option<Arc<ServerConfig>>, says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new((Mutex::new(State { says, taken: Vec::new() }), Condvar::new()));
        let receiver = Self { address: listener.local_addr().unwrap(), state: state.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (state, tls) = (state.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &state),
                    Some(config) => {
                        serve(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), &state)
                    }
                });
            }
        });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hits?of=north", self.address)
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("https://localhost:{}/hits", self.address.port())
    }

    pub(crate) fn says(&self, says: Says) {
        self.state.0.lock().unwrap().says = says;
        self.state.1.notify_all();
    }

    pub(crate) fn taken(&self) -> Vec<Delivery> {
        self.state.0.lock().unwrap().taken.clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.taken().iter().map(Delivery::id).collect()
    }
}

/// The client may be gone, and often the test wants it to be.
fn serve(line: impl Read + Write, state: &(Mutex<State>, Condvar)) {
    drop(try_serve(line, state));
}

fn try_serve(line: impl Read + Write, (state, told): &(Mutex<State>, Condvar)) -> io::Result<()> {
    let mut reader = BufReader::new(line);
    let mut asked = String::new();
    while !asked.ends_with("\r\n\r\n") {
        if reader.read_line(&mut asked)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length =
        asked.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    let says = state.lock().unwrap().says.clone();
    if says == Says::CutBefore {
        let half = body.len() / 2;
        return reader.read_exact(&mut body[..half]);
    }
    reader.read_exact(&mut body)?;
    let delivery = Delivery { head: asked, body: String::from_utf8(body).unwrap() };
    let mut state = state.lock().unwrap();
    state.taken.push(delivery);
    while state.says == Says::Holds {
        state = told.wait(state).unwrap();
    }
    if let Says::Status(status, headers) = &state.says {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.clone())).collect();
        headers.push(("Content-Length", "0".to_owned()));
        head(reader.get_mut(), *status, &headers)?;
        reader.get_mut().flush()?;
    }
    Ok(())
}
