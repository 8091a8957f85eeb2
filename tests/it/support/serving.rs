//! The service as a process of its own, whose log is kept.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use super::command::{Place, command};
use super::site::{Reply, request};

/// `portcullis serve` with a log that says as much as it can.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Serving {
    pub(crate) fn start(place: &Place, format: &str) -> Self {
        let settings = format!(
            "[data]\ndir = {:?}\n[service]\nbind = \"127.0.0.1:0\"\n[log]\nlevel = \"debug\"\nformat = \"{format}\"\n",
            place.site()
        );
        let config = place.write("portcullis.toml", settings);
        let log = place.path("log");
        let mut command = command(&["serve", "--config", &config]);
        let mut child = command.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
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

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
