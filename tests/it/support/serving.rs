//! The service as a process of its own, whose log is kept.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::command::{PROGRAM, Place};
use super::site::{Reply, request};

/// `portcullis serve` with a log that says as much as it can.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Serving {
    pub(crate) fn start(place: &Place, format: &str) -> Self {
        Self::start_under(&[], &place.path("site"), &place.path("."), format)
    }

    /// Serves a site with more settings.
    pub(crate) fn start_with(place: &Place, more: &str) -> Self {
        let settings = settings(&place.path("site"), "text");
        Self::start_as(&[], &place.path("."), &format!("{settings}{more}"))
    }

    /// Serves a site under another program, such as a tracer; settings and log stand in `folder`.
    pub(crate) fn start_under(under: &[&str], site: &Path, folder: &Path, format: &str) -> Self {
        Self::start_as(under, folder, &settings(site, format))
    }

    fn start_as(under: &[&str], folder: &Path, settings: &str) -> Self {
        let (config, log) = (folder.join("portcullis.toml"), folder.join("log"));
        fs::write(&config, settings).unwrap();
        let config = config.display().to_string();
        let words = [under, &[PROGRAM, "serve", "--config", &config]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(fs::File::create(&log).unwrap()).spawn();
        let mut child = child.expect("the program is there: tests/run installs what tests need");
        for _ in 0..200 {
            let said = fs::read_to_string(&log).unwrap();
            let address =
                said.lines().find_map(|line| line.split_once("listening on http://")?.1.trim().parse().ok());
            if let Some(address) = address {
                return Self { child, address, log };
            }
            assert!(child.try_wait().unwrap().is_none(), "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the service does not start");
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        request(self.address, "GET", path, None, b"")
    }

    pub(crate) fn post(&self, path: &str, media_type: &str, body: &str) -> Reply {
        request(self.address, "POST", path, Some(media_type), body.as_bytes())
    }

    /// Ends it in order and gives everything that it said.
    pub(crate) fn log(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert!(self.child.wait().unwrap().success());
        fs::read_to_string(&self.log).unwrap()
    }
}

fn settings(site: &Path, format: &str) -> String {
    format!(
        "[data]\ndir = {:?}\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n[service]\nbind = \"127.0.0.1:0\"\n",
        site.display().to_string()
    )
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
