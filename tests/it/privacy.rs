//! Document numbers are personal data: outside the answer itself and the index nobody finds them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use portcullis::domain::mrz::check_digit;
use serde_json::{Value, json};

use crate::support::command::{
    HEADER, Place, Run, files, flip_a_byte, hours_ago, portcullis, portcullis_reading, start,
};
use crate::support::serving::Serving;
use crate::support::site::{Reply, request};

const NUMBER: &str = "ZQ7W4K9X2";
const SEPARATED: &str = "zq7-w4k 9x2";
const SURNAME: &str = "QUILLFEATHER";
const PERSONAL_NUMBER: &str = "XJ5502771Q";
const SECRETS: [&str; 3] = [NUMBER, SURNAME, PERSONAL_NUMBER];

/// A passport with the number, a name and a personal number; all check digits are right but the composite.
fn zone() -> String {
    let digit = char::from(check_digit(NUMBER.bytes()));
    let personal = format!("{PERSONAL_NUMBER:<<14}");
    let personal_digit = char::from(check_digit(personal.bytes()));
    let upper = format!("{:<<44}", format!("P<UTO{SURNAME}<<ANNA"));
    format!("{upper}\n{NUMBER}{digit}UTO7408122F1204159{personal}{personal_digit}0")
}

/// Which of the secrets stand in a text or a file, in whatever case and with whatever between their characters.
fn told<'a>(secrets: &[&'a str], bytes: &[u8]) -> Vec<&'a str> {
    let bare: Vec<u8> =
        bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
    let stands = |secret: &&&str| bare.windows(secret.len()).any(|window| window == secret.as_bytes());
    secrets.iter().filter(stands).copied().collect()
}

#[track_caller]
fn tells_nothing(what: &str, bytes: impl AsRef<[u8]>) {
    assert_eq!(told(&SECRETS, bytes.as_ref()), [""; 0], "in {what}");
}

/// Every file of a site but the segments, whose keys are the numbers, and every file's name.
fn site_tells_nothing(secrets: &[&str], site: &Path) {
    let mut looked_at = 0;
    for path in files(site) {
        assert_eq!(told(secrets, path.to_string_lossy().as_bytes()), [""; 0], "in a file's name");
        if path.extension().is_none_or(|extension| extension != "segment") {
            assert_eq!(told(secrets, &fs::read(&path).unwrap()), [""; 0], "in {}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 5, "the logs, the key, the generation and the list of rejects are there");
}

/// What other users of the machine may see of a process.
fn process_tells_nothing(child: &Child) {
    let read = |file: &str| fs::read(format!("/proc/{}/{file}", child.id())).unwrap();
    // A process shows its own arguments only once it has begun to run.
    let begun = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        !read("cmdline").is_empty()
    });
    assert!(begun, "the process is there to be looked at");
    for file in ["cmdline", "environ", "comm"] {
        tells_nothing(file, read(file));
    }
}

/// A site that lists the number.
fn place() -> Place {
    let place = Place::new();
    let register =
        place.write("register.csv", format!("{HEADER}{NUMBER},UTO,passport,stolen\nX1,UTO,visa,lost\n"));
    let as_of = hours_ago(1);
    let imported =
        place.import(&["--feed", "local", "--format", "csv", "--as-of", &as_of, &register]).exits(0);
    run_tells_nothing("import", &imported);
    place
}

fn run_tells_nothing(what: &str, run: &Run) {
    tells_nothing(what, &run.out);
    tells_nothing(what, &run.err);
}

#[test]
fn the_search_sees_through_case_and_separators() {
    assert!(told(&SECRETS, b"nothing of the sort: ZQ7W4K9X").is_empty());
    for text in [NUMBER, SEPARATED, "z.q/7<w\"4\\\n-K9 X2", &zone().replace('<', "")] {
        assert!(told(&SECRETS, format!("{{\"before\": \"{text}\"}}").as_bytes()).contains(&NUMBER), "{text}");
    }
    assert_eq!(told(&SECRETS, zone().as_bytes()), SECRETS);
}

#[test]
fn an_import_says_where_a_row_is_broken_and_never_what_stands_there() {
    let place = place();
    let n = NUMBER;
    let rows = [
        format!("{n}_,UTO,passport,stolen,,"),
        format!("{n}{n}{n},UTO,passport,stolen,,"),
        format!("{n},{n},passport,stolen,,"),
        format!("{n},UTO,{n},stolen,,"),
        format!("{n},UTO,passport,{n},,"),
        format!("{n},UTO,passport,stolen,{n},"),
        format!("{n},UTO,passport,stolen,,{}", n.repeat(9)),
        n.to_owned(),
        format!("\"{n},UTO,passport,stolen,,"),
        "X2,UTO,passport,stolen,,".to_owned(),
    ];
    let header = "document_number,issuing_state,kind,status,reported_on,reference\n";
    let csv = place.write("broken.csv", format!("{header}{}\n", rows.join("\n")));
    let whole = json!({ "document_number": n, "issuing_state": "UTO", "kind": "passport", "status": n });
    let ndjson = [
        whole.to_string(),
        format!("{{\"{n}\":\"{n}\"}}"),
        format!("{{\"document_number\":\"{n}\",\"document_number\":\"{n}\"}}"),
        format!("{{\"document_number\":\"{n}"),
        format!("{{\"document_number\":[\"{n}\"]}}"),
        format!("\"{n}\""),
        whole.to_string().replace(&format!("\"status\":\"{n}\""), "\"status\":\"lost\"").replace(n, "X3"),
    ];
    let ndjson = place.write("broken.ndjson", ndjson.join("\n"));
    let headless = place.write("headless.csv", format!("{n},UTO,passport,stolen\n"));
    let quoted = place.write("quoted.csv", format!("\"{n},UTO\n"));
    let empty = place.write("rejected.csv", format!("{HEADER}{n},QQQ,passport,stolen\n"));
    for (format, path, code) in
        [("csv", csv, 0), ("ndjson", ndjson, 0), ("csv", headless, 1), ("csv", quoted, 1), ("csv", empty, 1)]
    {
        let (feed, report) = (format!("broken-{format}"), place.argument("report.json"));
        let arguments =
            ["--feed", &feed, "--format", format, "--max-rejects", "1", "--report", &report, &path];
        let run = place.import(&arguments).exits(code);
        run_tells_nothing(&path, &run);
        if code == 0 {
            assert!(told(&SECRETS, &std::fs::read(report).unwrap()).is_empty(), "the report tells it");
            assert!(run.accounting().rejected >= 6, "{run:?}");
        }
    }
    site_tells_nothing(&SECRETS, &place.path("site"));
    let inspect = |part| portcullis(&["inspect", part, "--data", &place.site()]).exits(0);
    run_tells_nothing("inspect index", &inspect("index"));
    run_tells_nothing("inspect audit", &inspect("audit"));
}

#[test]
fn a_check_shows_the_number_in_its_answer_and_nowhere_else() {
    let place = place();
    let site = place.site();
    let asked = |more: &[&str], input: &str| {
        let mut child = start(&[&["check", "--data", &site], more].concat());
        let mut pipe = child.stdin.take().unwrap();
        let _ = pipe.write_all(input.as_bytes());
        if input.len() <= 4096 {
            // It waits for the end of its input, so that there is time to look at it.
            process_tells_nothing(&child);
        }
        drop(pipe);
        let run = Run::from(child.wait_with_output().unwrap());
        tells_nothing("standard error", &run.err);
        run
    };
    let typed = ["--number", "-", "--issuer", "UTO"];
    for (more, input, code) in [
        (&typed[..], NUMBER, 10),
        (&typed, SEPARATED, 10),
        (&[&typed[..], &["--json"]].concat(), NUMBER, 10),
        (&["--mrz", "-"], &zone(), 10),
        (&["--mrz", "-", "--json"], &zone(), 10),
    ] {
        let run = asked(more, input).exits(code);
        assert_eq!(
            told(&SECRETS, run.out.as_bytes()),
            [NUMBER],
            "the answer names the number and nothing else"
        );
    }
    for (more, input, code) in [
        (&typed[..], &*format!("{NUMBER};"), 11),
        (&["--mrz", "-"], &zone()[1..], 11),
        (&[&typed[..], &["--kind", "licence"]].concat(), NUMBER, 2),
        (&typed, &*NUMBER.repeat(9), 2),
        (&["--mrz", "-"], &zone().repeat(60), 2),
    ] {
        let run = asked(more, input).exits(code);
        tells_nothing("standard output", &run.out);
    }
    site_tells_nothing(&SECRETS, &place.path("site"));
    flip_a_byte(&place.segments()[0]);
    asked(&typed, NUMBER).exits(11);
    fs::rename(place.path("site/audit"), place.path("audit-before")).unwrap();
    place.write("site/audit", "in the way");
    asked(&typed, NUMBER).exits(1);
}

#[test]
fn a_number_that_slipped_onto_the_command_line_is_not_repeated() {
    let place = place();
    let (site, zone) = (place.site(), zone());
    for (arguments, code) in [
        (&["check", "--data", &site, NUMBER][..], 2),
        (&["check", "--data", &site, "--number", "-", "--issuer", "UTO", NUMBER], 2),
        (&["check", "--data", &site, "--number", NUMBER], 2),
        (&["check", "--data", &site, "--number", NUMBER, "--issuer", "UTO", "--kind", NUMBER], 2),
        (&["check", "--data", &site, "--numbr", NUMBER], 2),
        (&["check", "--data", &site, &zone], 2),
        (&["check", "--data", &site, "--mrz", &zone], 2),
        (&["check", "--data", &site, "--mrz", NUMBER], 2),
        (&["manifest", "--data", &site, "-", NUMBER], 2),
        (&[NUMBER], 2),
    ] {
        let run = portcullis(arguments).exits(code);
        run_tells_nothing("wrong usage", &run);
        assert!(run.out.is_empty() && run.err.lines().count() > 0, "{run:?}");
    }
    let typo = portcullis(&["check", "--data", &site, "--numbr", "-"]).exits(2);
    assert!(typo.err.contains("'--numbr'"), "what is no content is named: {}", typo.err);
}

#[test]
fn a_manifest_shows_numbers_in_its_answers_and_never_in_its_faults() {
    let place = place();
    let n = NUMBER;
    let list = [json!({ "mrz": zone() }).to_string()].into_iter().chain(broken_lines());
    let list: String = list.map(|line| line + "\n").collect();
    let mut child = start(&["manifest", "--data", &place.site(), "-"]);
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(list.as_bytes()).unwrap();
    process_tells_nothing(&child);
    drop(pipe);
    let run = Run::from(child.wait_with_output().unwrap()).exits(1);
    tells_nothing("standard error", &run.err);
    let lines = run.lines();
    faults_tell_nothing(&lines);
    assert_eq!(lines.last().unwrap()["summary"]["hit"], 1);
    let csv = format!(
        "document_number,issuing_state,client_reference\n{n},UTO,{n}\n{n}\n\"{n},UTO,\n{n},UTO,,{n}\n"
    );
    let run = portcullis_reading(&["manifest", "--data", &place.site(), "-"], csv).exits(1);
    run_tells_nothing("a manifest of faults", &run);
    let run = portcullis_reading(&["manifest", "--data", &place.site(), "-"], format!("{n},UTO\n{n},UTO\n"));
    run_tells_nothing("a manifest without a header", &run.exits(1));
    site_tells_nothing(&SECRETS, &place.path("site"));
}

/// Requests that are broken, with the number in every place.
fn broken_lines() -> Vec<String> {
    let n = NUMBER;
    let document = json!({ "number": n, "issuing_state": "UTO" });
    vec![
        n.to_owned(),
        format!("{{\"mrz\":\"{n}"),
        format!("{{\"{n}\":1}}"),
        format!("{{\"document\":{{\"number\":\"{n}\",\"{n}\":\"{n}\"}}}}"),
        format!("{{\"document\":{{\"number\":[\"{n}\"]}}}}"),
        format!("{{\"document\":\"{n}\"}}"),
        json!({ "document": { "number": n, "issuing_state": "UTO", "kind": n } }).to_string(),
        json!({ "document": { "number": n, "issuing_state": n.repeat(3) } }).to_string(),
        json!({ "document": document, "input": n }).to_string(),
        json!({ "document": document, "client_reference": format!("seat-{n}") }).to_string(),
        json!({ "document": document, "client_reference": "a.Zq7-W4k:9x2" }).to_string(),
        json!({ "document": document, "operator": n }).to_string(),
        json!({ "document": document, "purpose": n, "terminal": n }).to_string(),
        json!({ "document": document, "min_sequences": { n: 1 } }).to_string(),
        json!({ "document": document, "max_data_age_s": n }).to_string(),
        json!({ "document": document, "mrz": zone() }).to_string(),
        json!({ "mrz": zone().repeat(20) }).to_string(),
    ]
}

/// Lines that are faults are there and tell nothing; the summary tells nothing either.
fn faults_tell_nothing(lines: &[Value]) {
    let others: Vec<_> = lines.iter().filter(|line| line["verdict"].is_null()).collect();
    assert_eq!(
        others.len(),
        broken_lines().len() + 1,
        "every broken line is a fault, and there is a summary"
    );
    others.iter().for_each(|line| tells_nothing("a fault", line.to_string()));
}

fn reply_tells_nothing(what: &str, reply: &Reply) {
    tells_nothing(what, &reply.head);
    tells_nothing(what, &reply.body);
}

#[test]
fn the_service_tells_numbers_to_whoever_asked_and_to_nobody_else() {
    for format in ["text", "json"] {
        let place = place();
        let service = Serving::start(&place, format);
        let json_type = "application/json";
        for good in
            [json!({ "mrz": zone() }), json!({ "document": { "number": SEPARATED, "issuing_state": "UTO" } })]
        {
            let reply = service.post("/v1/checks", json_type, &good.to_string());
            assert_eq!((reply.status, told(&SECRETS, &reply.body)), (200, vec![NUMBER]));
            tells_nothing("the head of an answer", &reply.head);
        }
        for body in broken_lines() {
            let reply = service.post("/v1/checks", json_type, &body);
            assert_eq!(reply.status, 400, "{}", reply.text());
            reply_tells_nothing("a problem", &reply);
        }
        let n = NUMBER;
        let long = json!({ "mrz": n.repeat(4000) }).to_string();
        for (method, path, media_type, body) in [
            ("POST", "/v1/checks".to_owned(), Some(json_type), &*long),
            ("POST", "/v1/checks".to_owned(), Some("text/plain"), n),
            ("POST", "/v1/checks".to_owned(), Some(n), n),
            ("POST", "/v1/manifests".to_owned(), Some(json_type), n),
            ("GET", format!("/v1/checks/{n}"), None, ""),
            ("GET", format!("/{n}?{n}={n}"), None, ""),
            ("DELETE", format!("/v1/coverage?number={n}"), None, ""),
            (n, "/v1/checks".to_owned(), Some(json_type), n),
        ] {
            let reply = request(service.address, method, &path, media_type, body.as_bytes());
            assert!((400..500).contains(&reply.status), "{method} {path}: {}", reply.head);
            reply_tells_nothing(&path, &reply);
        }
        for raw in [
            format!("{n} / HTTP/9.9\r\n\r\n"),
            format!("POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Length: {n}\r\n\r\n{n}"),
            format!("POST /v1/checks HTTP/1.1\r\nHost: x\r\n{n} {n}: {n}\r\n\r\n"),
            format!(
                "POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{n}\r\n"
            ),
        ] {
            let mut stream = TcpStream::connect(service.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            stream.write_all(raw.as_bytes()).unwrap();
            let mut reply = Vec::new();
            let _ = stream.read_to_end(&mut reply);
            tells_nothing("an answer to what is no HTTP", reply);
        }
        let list: String = broken_lines().into_iter().map(|line| line + "\n").collect();
        let reply = service.post("/v1/manifests", "application/x-ndjson", &list);
        faults_tell_nothing(&reply.lines());
        for path in ["/metrics", "/v1", "/v1/coverage", "/livez", "/readyz"] {
            reply_tells_nothing(path, &request(service.address, "GET", path, None, b""));
        }
        process_tells_nothing(&service.child);
        site_tells_nothing(&SECRETS, &place.path("site"));
        let log = service.log();
        assert!(log.contains("generation in force"), "the log says something: {log}");
        tells_nothing("the log", log);
        site_tells_nothing(&SECRETS, &place.path("site"));
    }
}

#[test]
fn the_demonstration_shows_its_samples_on_its_screen_only() {
    let place = Place::new();
    let run =
        portcullis(&["demo", "--once", "--port", "0", "--records", "2000", "--data", &place.site()]).exits(0);
    let candidate =
        run.out.lines().find(|line| line.contains("differs: number")).expect("a look-alike is shown");
    let number = candidate.split(',').next().unwrap().split(' ').next_back().unwrap();
    assert!(number.len() == 9 && number.bytes().all(|byte| byte.is_ascii_digit()), "{candidate}");
    let misread = number.replacen('0', "O", 1);
    let samples = [number, &misread, "QQQQQQQQ7"];
    assert_eq!(told(&samples, run.err.as_bytes()), [""; 0], "in the log");
    fs::remove_file(place.path("site/register.csv.zst")).unwrap();
    site_tells_nothing(&samples, &place.path("site"));
}
