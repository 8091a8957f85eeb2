//! What it takes to reach a web server: its address, who it is, and who this site is to it.

mod address;
mod roots;
mod tls;

pub use address::{Address, AddressFault, basic, is_loopback};
pub use roots::system_roots;
pub use tls::{Identity, TlsFault, tls_config};
