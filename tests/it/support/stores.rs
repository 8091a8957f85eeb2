//! Object stores as others wrote them: one that speaks like S3, and a web server with WebDAV. `tests/run` installs both.

use std::fs;
use std::io::{self, Read as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A store as a process of its own, that keeps its files in a folder.
pub(crate) struct Store {
    child: Child,
    port: u16,
    folder: PathBuf,
}

pub(crate) const ACCESS_KEY: &str = "portcullis-tests";
pub(crate) const SECRET_KEY: &str = "not-a-secret-0123456789";
pub(crate) const USER: &str = "publisher";
pub(crate) const PASSWORD: &str = "not a secret: äöü";

impl Store {
    /// A store that speaks like S3, with a bucket `feeds` that only who has the keys may read.
    pub(crate) fn s3(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("feeds")).unwrap();
        let port = free_port();
        let mut command = Command::new(oracles().join("bin/s3s-fs"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]).arg(folder);
        Self::start(command, port, folder)
    }

    /// A web server whose folder `feeds` takes files of who has the password.
    pub(crate) fn web(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("feeds")).unwrap();
        let port = free_port();
        let settings = serde_json::json!({
            "host": "127.0.0.1",
            "port": port,
            "provider_mapping": { "/": folder },
            "http_authenticator": { "accept_basic": true, "accept_digest": false, "default_to_digest": false },
            "simple_dc": { "user_mapping": { "*": { (USER): { "password": PASSWORD } } } },
        });
        let file = folder.with_extension("json");
        fs::write(&file, settings.to_string()).unwrap();
        let mut command = Command::new("python3");
        command.args(["-m", "wsgidav.server.server_cli", "--config"]).arg(file);
        command.env("PYTHONPATH", oracles().join("python"));
        Self::start(command, port, folder)
    }

    fn start(mut command: Command, port: u16, folder: &Path) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().expect("the store is there: tests/run installs it");
        let mut store = Self { child, port, folder: folder.to_owned() };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return store;
            }
            assert!(store.child.try_wait().unwrap().is_none(), "the store ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the store does not start");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the store keeps a file of the bucket, or the web folder, `feeds`.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.join("feeds").join(path)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line to a store that breaks each time it has carried so many bytes there.
pub(crate) struct BadLine {
    port: u16,
}

impl BadLine {
    pub(crate) fn to(store: &Store, bytes: u64) -> Self {
        let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), store.port);
        let line = Self { port: listener.local_addr().unwrap().port() };
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { return };
                    let (mut back, mut from) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                    std::thread::spawn(move || drop(io::copy(&mut from, &mut back)));
                    drop(io::copy(&mut (&near).take(bytes), &mut &far));
                    let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
                });
            }
        });
        line
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// A line to a store that can be cut and mended.
pub(crate) struct CutLine {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl CutLine {
    pub(crate) fn to(store: &Store) -> Self {
        let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), store.port);
        let line = Self { port: listener.local_addr().unwrap().port(), cut: Arc::default() };
        let cut = line.cut.clone();
        std::thread::spawn(move || {
            // One that is cut takes the call and lets go of it.
            for near in listener.incoming().map_while(Result::ok).filter(|_| !cut.load(Ordering::SeqCst)) {
                std::thread::spawn(move || {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { return };
                    let (mut back, mut from) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                    std::thread::spawn(move || drop(io::copy(&mut from, &mut back)));
                    drop(io::copy(&mut &near, &mut &far));
                    let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
                });
            }
        });
        line
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    /// The store's folder `feeds`.
    pub(crate) fn web_url(&self) -> String {
        format!("http://127.0.0.1:{}/feeds", self.port)
    }
}

fn oracles() -> PathBuf {
    std::env::var_os("PORTCULLIS_ORACLES").expect("tests/run tells where they are").into()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
