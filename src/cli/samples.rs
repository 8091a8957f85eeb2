//! The four documents that the demonstration screens, and the little HTTP that it takes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use portcullis::domain::{Kind, Notice, mrz::check_digit};
use serde_json::{Value, json};

/// A question with the verdict that it must get.
pub(super) struct Sample {
    pub(super) title: &'static str,
    pub(super) request: Value,
    pub(super) expected: &'static str,
}

/// Chooses samples from what the register lists: a passport of Britain, whose numbers are nine digits, with a zero.
pub(super) fn choose(mut register: impl Iterator<Item = Notice>) -> anyhow::Result<[Sample; 4]> {
    let fits = |notice: &Notice| {
        let document = &notice.document;
        let digits = document.number.as_bytes();
        let plain = digits.len() == 9 && digits.contains(&b'0') && digits.iter().all(u8::is_ascii_digit);
        plain && document.issuing_state.code() == "GBR" && notice.kind == Kind::Passport
    };
    let listed = register.find(fits).context("the register lists no passport to show: use more --records")?;
    let number = listed.document.number.as_str();
    let digit = char::from(check_digit(number.bytes()));
    let misread = number.replacen('0', "O", 1);
    let clean = "QQQQQQQQ7";
    let clean_digit = char::from(check_digit(clean.bytes()));
    Ok([
        Sample {
            title: "a listed passport, scanned",
            request: json!({ "mrz": zone("GBR", number, digit) }),
            expected: "hit",
        },
        Sample {
            title: "the same passport, a 0 misread as O: the check digit shows it, the list knows a look-alike",
            request: json!({ "mrz": zone("GBR", &misread, digit) }),
            expected: "inconclusive",
        },
        Sample {
            title: "an issuing state that nobody knows",
            request: json!({ "document": { "number": number, "issuing_state": "QQQ", "kind": "passport" } }),
            expected: "inconclusive",
        },
        Sample {
            title: "a clean passport, scanned",
            request: json!({ "mrz": zone("GBR", clean, clean_digit) }),
            expected: "no_hit",
        },
    ])
}

/// A passport's zone (Doc 9303 part 4) with a number of nine characters and the digit printed behind it.
fn zone(state: &str, number: &str, digit: char) -> String {
    let upper = format!("{:<<44}", format!("P<{state}SPECIMEN<<SAMPLE"));
    let covered = format!("{number}{digit}{state}");
    let rest = format!("9001011<3101012{:<<14}<", "");
    let composite = format!("{number}{digit}{}{}", &rest[..7], &rest[8..]);
    let composite = char::from(check_digit(composite.bytes()));
    format!("{upper}\n{covered}{rest}{composite}")
}

/// Sends a request as any client would, and reads the answer.
pub(super) fn ask(address: SocketAddr, request: &Value) -> anyhow::Result<Value> {
    let body = request.to_string();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "POST /v1/checks HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the service did not answer with HTTP")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the service refused: {body}");
    }
    serde_json::from_str(body).context("the service did not answer with JSON")
}
