//! A web server that answers as a test tells it to: rightly, or in one of the ways in which lines and servers fail.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A request, and the line that it came on.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The request line and the headers, as they came.
    pub(crate) head: String,
    /// The first byte that is asked for.
    pub(crate) from: usize,
    drips: Arc<AtomicBool>,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// From now on the line carries a byte now and then, below TLS.
    pub(crate) fn drip(&self) {
        self.drips.store(true, Ordering::Relaxed);
    }
}

/// A server on a port of its own. Each connection has one answer and a thread, which end with the test.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Web {
    /// What `answer` writes is the answer; an error of it cuts the line.
    pub(crate) fn start(
        answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(None, answer)
    }

    pub(crate) fn start_with(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let (asked, answer) = (web.asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, answer, tls) = (asked.clone(), answer.clone(), tls.clone());
                std::thread::spawn(move || {
                    let drips = Arc::new(AtomicBool::new(false));
                    let line = Line { stream, drips: drips.clone(), dripped: 0 };
                    let served = match tls {
                        None => serve(line, drips, &asked, &*answer).map(|_| ()),
                        Some(config) => {
                            let tls = ServerConnection::new(config).unwrap();
                            let served = serve(StreamOwned::new(tls, line), drips, &asked, &*answer);
                            served.and_then(|mut line| {
                                line.conn.send_close_notify();
                                line.flush()
                            })
                        }
                    };
                    // The client may be gone, and often the test wants it to be.
                    drop(served);
                });
            }
        });
        web
    }

    /// A server that has one file under every name, and does all that HTTP asks of it.
    pub(crate) fn of(file: &[u8]) -> Self {
        let file = file.to_vec();
        Self::start(move |asked, out| right(asked, &file, out))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/feed/", self.address)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve<S: Read + Write>(
    line: S,
    drips: Arc<AtomicBool>,
    asked: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked, &mut dyn Write) -> io::Result<()>,
) -> io::Result<S> {
    let mut reader = BufReader::new(line);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut request = Asked { head, from: 0, drips };
    let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    request.from = range.map_or(0, |from| from.parse().unwrap());
    asked.lock().unwrap().push(request.clone());
    let mut line = reader.into_inner();
    answer(&request, &mut line)?;
    line.flush()?;
    Ok(line)
}

/// So long a line drips before it is cut: a test whose client never gives up is to fail, not to hang.
const DRIPS_MAX: usize = 500;

struct Line {
    stream: TcpStream,
    drips: Arc<AtomicBool>,
    dripped: usize,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.drips.load(Ordering::Relaxed) {
            return self.stream.write(bytes);
        }
        std::thread::sleep(Duration::from_millis(20));
        self.dripped += 1;
        if self.dripped > DRIPS_MAX {
            return Err(io::Error::other("nobody has given this line up"));
        }
        self.stream.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The head of an answer.
pub(crate) fn head(out: &mut dyn Write, status: u16, headers: &[(&str, String)]) -> io::Result<()> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    out.write_all(format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}\r\n").as_bytes())
}

/// The head that is right for what was asked.
pub(crate) fn right_head(asked: &Asked, length: usize, out: &mut dyn Write) -> io::Result<()> {
    let from = asked.from;
    if from == 0 {
        return head(out, 200, &[("Content-Length", length.to_string())]);
    }
    let range = format!("bytes {from}-{}/{length}", length - 1);
    head(out, 206, &[("Content-Length", (length - from).to_string()), ("Content-Range", range)])
}

/// The answer that is right for what was asked.
pub(crate) fn right(asked: &Asked, file: &[u8], out: &mut dyn Write) -> io::Result<()> {
    if asked.from >= file.len() && asked.from > 0 {
        return head(out, 416, &[("Content-Range", format!("bytes */{}", file.len()))]);
    }
    right_head(asked, file.len(), out)?;
    out.write_all(&file[asked.from..])
}

/// A certificate authority that one test believes in.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn issue(&self, name: &str) -> Pair {
        let (certificate, key) = self.leaf(name);
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// What a server needs that is `localhost`, and lets in whom `clients` vouches for; everybody if that is none.
    pub(crate) fn server(&self, clients: Option<&Self>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.0.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let (certificate, key) = self.leaf("localhost");
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }

    fn leaf(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }
}
